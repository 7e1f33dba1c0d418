/** Who may open a socket, and how many: limits per address and for the whole server, before any frame is read. */
import type { SignalingCode } from 'shoal/signaling'
import { Bucket, type Rate } from './bucket.ts'

export interface GateOptions {
  readonly connectionsMax: number
  readonly connectionsPerAddressMax: number
  /** New sockets at the whole server. */
  readonly connectionRate: Rate
  /** Joins of one address. */
  readonly joinRate: Rate
}

interface Visitor {
  sockets: number
  readonly joins: Bucket
}

export class Gate {
  readonly #options: GateOptions
  readonly #visitors = new Map<string, Visitor>()
  readonly #arrivals: Bucket
  #sockets = 0

  constructor(options: GateOptions, now: number) {
    this.#options = options
    this.#arrivals = new Bucket(options.connectionRate, now)
  }

  get sockets(): number {
    return this.#sockets
  }

  get addresses(): number {
    return this.#visitors.size
  }

  /** Lets a socket in, to be let out again with `leave`, or says why not. */
  enter(key: string, now: number): SignalingCode | undefined {
    const { connectionsMax, connectionsPerAddressMax, connectionRate } = this.#options
    const visitor = this.#visitors.get(key)
    if (this.#sockets >= connectionsMax) return 'ERR_TOO_MANY_CONNECTIONS'
    if ((visitor?.sockets ?? 0) >= connectionsPerAddressMax) return 'ERR_TOO_MANY_CONNECTIONS'
    if (!this.#arrivals.take(connectionRate, now)) return 'ERR_TOO_MANY_CONNECTIONS'
    this.#sockets++
    this.#visitor(key, now).sockets++
    return undefined
  }

  /** One join of this address. False when it is one too many. */
  join(key: string, now: number): boolean {
    return this.#visitor(key, now).joins.take(this.#options.joinRate, now)
  }

  leave(key: string): void {
    const visitor = this.#visitors.get(key)
    if (visitor === undefined) return
    visitor.sockets--
    this.#sockets--
  }

  /** Forgets who has no socket and nothing held against it. */
  sweep(now: number): void {
    for (const [key, { sockets, joins }] of this.#visitors) {
      if (sockets === 0 && joins.isFull(this.#options.joinRate, now)) this.#visitors.delete(key)
    }
  }

  #visitor(key: string, now: number): Visitor {
    const known = this.#visitors.get(key)
    if (known !== undefined) return known
    const visitor = { sockets: 0, joins: new Bucket(this.#options.joinRate, now) }
    this.#visitors.set(key, visitor)
    return visitor
  }
}
