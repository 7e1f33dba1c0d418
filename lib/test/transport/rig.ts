/**
 * The test's side of the lab: peers in one engine or several, what they said so far, and the carrier
 * of their signals, honest unless a test puts another in its place.
 */
import { randomBytes } from 'node:crypto'
import { LabPeer, type LabCommand, type LabEvent, type LabOptions, type MakeTransport } from './lab.ts'

/** Somewhere a peer can live. */
export interface Engine {
  readonly name: string
  open(options: LabOptions, tell: (event: LabEvent) => void): Promise<EnginePeer>
  close(): Promise<void>
}

export interface EnginePeer {
  readonly id: string
  call(command: LabCommand, ...args: (string | number)[]): Promise<unknown>
}

/** This process. */
export function localEngine(name: string, make: MakeTransport): Engine {
  return {
    name,
    open: async (options, tell) => {
      const peer = await LabPeer.open(options, make, tell)
      return {
        id: peer.id,
        call: async (command, ...args) => (peer[command] as (...given: unknown[]) => unknown).apply(peer, args),
      }
    },
    close: async () => {},
  }
}

export type Relay = (from: RigPeer, to: RigPeer, payload: string) => void

export class Rig {
  readonly peers: RigPeer[] = []
  readonly meshId = randomBytes(32).toString('hex')
  readonly #engines: readonly Engine[]
  relay: Relay = (from, to, payload) => void to.call('signal', from.id, payload)

  /** Peers are made in turn in each of the engines. */
  constructor(...engines: readonly Engine[]) {
    this.#engines = engines
  }

  async peer(options: Partial<LabOptions> = {}): Promise<RigPeer> {
    const engine = this.#engines[this.peers.length % this.#engines.length]!
    const events: LabEvent[] = []
    const peer = new RigPeer(events)
    const complete = { seed: randomBytes(32).toString('hex'), meshId: this.meshId, ...options }
    peer.inner = await engine.open(complete, (event) => {
      if (event.type === 'signal') {
        const to = this.peers.find(({ id }) => id === event.to)
        if (to !== undefined) this.relay(peer, to, event.payload)
      }
      peer.happened(event)
    })
    this.peers.push(peer)
    return peer
  }

  /** Two peers of one link. */
  async pair(a: Partial<LabOptions> = {}, b: Partial<LabOptions> = {}): Promise<[RigPeer, RigPeer]> {
    const peers: [RigPeer, RigPeer] = [await this.peer(a), await this.peer(b)]
    await peers[0].call('dial', peers[1].id)
    await Promise.all([peers[0].until('link'), peers[1].until('link')])
    return peers
  }

  async close(): Promise<void> {
    await Promise.all(this.peers.map((peer) => peer.call('close')))
    this.peers.length = 0
  }
}

/** More than any deadline of the transport: a test that waits longer has hung. */
const patienceMs = 20_000

export class RigPeer {
  inner: EnginePeer | undefined
  readonly events: LabEvent[]
  readonly #waiting = new Set<() => void>()

  constructor(events: LabEvent[]) {
    this.events = events
  }

  get id(): string {
    return this.inner!.id
  }

  call(command: LabCommand, ...args: (string | number)[]): Promise<unknown> {
    return this.inner!.call(command, ...args)
  }

  of<T extends LabEvent['type']>(type: T): Extract<LabEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<LabEvent, { type: T }> => event.type === type)
  }

  /** The `count`th event of this kind, when it has happened. */
  async until<T extends LabEvent['type']>(type: T, count = 1): Promise<Extract<LabEvent, { type: T }>> {
    await this.when(() => this.of(type).length >= count, `${count} × ${type}`)
    return this.of(type)[count - 1]!
  }

  when(condition: () => boolean, what: string): Promise<void> {
    if (condition()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(check)
        const seen = this.events.map(({ type, ...rest }) => `${type} ${'code' in rest ? rest.code : ''}`)
        reject(new Error(`waited in vain for ${what}; saw: ${seen.slice(-12).join(', ')}`))
      }, patienceMs)
      const check = (): void => {
        if (!condition()) return
        clearTimeout(timer)
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
    })
  }

  happened(event: LabEvent): void {
    this.events.push(event)
    for (const check of this.#waiting) check()
  }
}
