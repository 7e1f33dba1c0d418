/**
 * What lies between two peers. It knows no frames and no peers, only numbers of them: asked what
 * becomes of something sent from one to another at an instant, it answers after how many
 * milliseconds each copy arrives, and no copy at all when it is lost.
 *
 * Frames behave like datagrams: each draws its own latency, so they overtake one another, and what
 * is lost stays lost. `reliable` makes a link what a data channel is: nothing is lost or overtakes,
 * and a loss shows as the delay of its retransmission and of all that waits behind it.
 */
import type { Prng } from './prng.ts'

export interface NetworkOptions {
  /** One-way latency, drawn evenly for each frame. */
  readonly latencyMs: readonly [low: number, high: number]
  /** Chance that a frame is lost. */
  readonly loss: number
  /** Chance that a frame arrives twice. */
  readonly duplication: number
  /** Chance that a frame is held back for up to `reorderMs` more. */
  readonly reordering: number
  readonly reorderMs: number
  readonly reliable: boolean
  /** Least time after which a lost frame is sent again when `reliable`. */
  readonly retransmitMs: number
}

export const networkDefaults: NetworkOptions = {
  latencyMs: [20, 60], // the figures' conditions: two home connections on one continent
  loss: 0,
  duplication: 0,
  reordering: 0,
  reorderMs: 100,
  reliable: false,
  retransmitMs: 200, // usrsctp's and dcSCTP's order of magnitude for a young RTO on such a path
}

/** What one peer's own connection does to what it sends and receives. */
export interface Impairment {
  readonly inboundLoss: number
  readonly outboundLoss: number
  readonly extraLatencyMs: number
}

const lost: readonly number[] = []

export class Network {
  readonly options: NetworkOptions
  readonly #prng: Prng
  /** Which side of a partition each peer is on; everyone is on side 0 until told otherwise. */
  readonly #side = new Map<number, number>()
  readonly #oneWay = new Set<number>()
  readonly #unlinkable = new Set<number>()
  readonly #impaired = new Map<number, Impairment>()
  readonly #lastArrival = new Map<number, number>()
  #partitioned = false

  constructor(options: NetworkOptions, prng: Prng) {
    this.options = options
    this.#prng = prng
  }

  /** Delays of the copies that arrive; `channel` names the ordered stream when `reliable`. */
  fate(from: number, to: number, now: number, channel: number): readonly number[] {
    if (!this.passes(from, to)) return lost
    const { duplication, reordering, reorderMs, reliable } = this.options
    const survival = this.#survival(from, to)
    let delay = this.latency(from, to)
    if (reliable) return [this.#reliably(delay, survival, now, channel)]
    if (survival < 1 && !this.#prng.chance(survival)) return lost
    if (this.#prng.chance(reordering)) delay += this.#prng.between(0, reorderMs)
    if (this.#prng.chance(duplication)) return [delay, this.latency(from, to)]
    return [delay]
  }

  #survival(from: number, to: number): number {
    if (this.#impaired.size === 0) return 1 - this.options.loss
    const sender = this.#impaired.get(from)?.outboundLoss ?? 0
    const receiver = this.#impaired.get(to)?.inboundLoss ?? 0
    return (1 - this.options.loss) * (1 - sender) * (1 - receiver)
  }

  #reliably(delay: number, survival: number, now: number, channel: number | undefined): number {
    let waited = 0
    let wait = this.options.retransmitMs
    // A connection that loses nine in ten frames still gets each one through in the end; the bound
    // keeps a survival of zero from spinning.
    while (waited < 60_000 && !this.#prng.chance(survival)) {
      waited += wait
      wait = Math.min(wait * 2, 60_000)
    }
    if (channel === undefined) return delay + waited
    const at = Math.max(now + delay + waited, this.#lastArrival.get(channel) ?? 0)
    this.#lastArrival.set(channel, at)
    return at - now
  }

  /** One draw of the one-way latency between two peers. */
  latency(from: number, to: number): number {
    const [low, high] = this.options.latencyMs
    if (this.#impaired.size === 0) return this.#prng.between(low, high)
    const extra = (this.#impaired.get(from)?.extraLatencyMs ?? 0) + (this.#impaired.get(to)?.extraLatencyMs ?? 0)
    return this.#prng.between(low, high) + extra
  }

  /** How long so many round trips take when each lost packet is sent again. */
  handshakeMs(one: number, other: number, roundTrips: number): number {
    let total = 0
    for (let i = 0; i < roundTrips; i++) {
      total += this.#reliably(this.latency(one, other), this.#survival(one, other), 0, undefined)
      total += this.#reliably(this.latency(other, one), this.#survival(other, one), 0, undefined)
    }
    return total
  }

  /** Whether anything at all gets from one to the other. */
  passes(from: number, to: number): boolean {
    if (this.#partitioned && this.side(from) !== this.side(to)) return false
    return !(this.#oneWay.size > 0 && this.#oneWay.has(pair(from, to)))
  }

  side(peer: number): number {
    return this.#side.get(peer) ?? 0
  }

  get partitioned(): boolean {
    return this.#partitioned
  }

  /** Splits the peers: each list is one side, and whoever is in none stays with the first. */
  partition(...sides: readonly (readonly number[])[]): void {
    this.#side.clear()
    sides.forEach((side, index) => {
      for (const peer of side) this.#side.set(peer, index)
    })
    this.#partitioned = true
  }

  heal(): void {
    this.#side.clear()
    this.#oneWay.clear()
    this.#partitioned = false
  }

  /** Nothing gets from one to the other; the way back stays open. */
  cut(from: number, to: number): void {
    this.#oneWay.add(pair(from, to))
  }

  mend(from: number, to: number): void {
    this.#oneWay.delete(pair(from, to))
  }

  /** No link between these two can ever be established, as behind two symmetric NATs without TURN. */
  forbid(one: number, other: number): void {
    this.#unlinkable.add(pair(one, other))
    this.#unlinkable.add(pair(other, one))
  }

  linkable(one: number, other: number): boolean {
    return !this.#unlinkable.has(pair(one, other))
  }

  impair(peer: number, impairment: Partial<Impairment>): void {
    this.#impaired.set(peer, { inboundLoss: 0, outboundLoss: 0, extraLatencyMs: 0, ...impairment })
  }

  restore(peer: number): void {
    this.#impaired.delete(peer)
  }

  impaired(peer: number): boolean {
    return this.#impaired.has(peer)
  }
}

/** One number for an ordered pair of peers; exact up to 2^26 peers. */
function pair(from: number, to: number): number {
  return from * 0x400_0000 + to
}
