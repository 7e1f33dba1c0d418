/**
 * The signaling server, as far as peers can tell: it lets a peer in, hands it a random sample of who
 * else is there, and relays opaque payloads. It can be killed and started again, and a peer can be
 * cut off from it. Its connections are TCP, so nothing on them is lost while they stand.
 */
import type { Input } from '../core/input.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { SimPeer } from './peer.ts'
import type { Prng } from './prng.ts'

export interface DoorOptions {
  /** One way between a peer and the server. */
  readonly latencyMs: readonly [low: number, high: number]
  /** How many peers a sample names at most. */
  readonly sampleMax: number
  /** It names nobody but whoever came first. */
  readonly firstOnly: boolean
  /** A fresh sample reaches each peer about this often. */
  readonly sampleEveryMs: number
  /** A peer that vanished without a word is forgotten after this long. */
  readonly forgetMs: number
  /** The first wait before knocking again; doubles up to `retryMaxMs`, with full jitter. */
  readonly retryMs: number
  readonly retryMaxMs: number
}

export const doorDefaults: DoorOptions = {
  latencyMs: [10, 40],
  sampleMax: 16,
  firstOnly: false,
  sampleEveryMs: 30_000,
  forgetMs: 60_000, // the server terminates a silent socket after 60 s
  retryMs: 500,
  retryMaxMs: 30_000,
}

/** What the door needs of the world: to do something later. */
export interface DoorWorld {
  readonly now: number
  at(time: number, action: () => void): void
}

interface Visit {
  readonly peer: SimPeer
  open: boolean
}

export class Door {
  readonly #options: DoorOptions
  readonly #world: DoorWorld
  readonly #prng: Prng
  readonly #visits = new Map<PeerId, Visit>()
  readonly #barred = new Set<PeerId>()
  /** Who is registered, as a list to sample from without walking the map. */
  #present: SimPeer[] = []
  #up = true
  /** Payloads relayed, for the figures. */
  relayed = 0

  constructor(options: DoorOptions, world: DoorWorld, prng: Prng) {
    this.#options = options
    this.#world = world
    this.#prng = prng
  }

  get up(): boolean {
    return this.#up
  }

  /** `{ type: 'door', wanted }` from a peer. */
  want(peer: SimPeer, wanted: boolean): void {
    const visit = this.#visits.get(peer.id)
    if (!wanted) {
      if (visit !== undefined) this.#forget(visit)
      return
    }
    if (visit !== undefined && visit.peer === peer) return
    const fresh: Visit = { peer, open: false }
    this.#visits.set(peer.id, fresh)
    this.#knock(fresh, 0)
  }

  #knock(visit: Visit, attempt: number): void {
    this.#later(2 * this.#latency(), () => {
      if (this.#visits.get(visit.peer.id) !== visit || visit.open || !visit.peer.running) return
      if (this.#up && !this.#barred.has(visit.peer.id)) return this.#admit(visit)
      const ceiling = Math.min(this.#options.retryMs * 2 ** attempt, this.#options.retryMaxMs)
      this.#later(this.#prng.between(ceiling / 2, ceiling), () => this.#knock(visit, attempt + 1))
    })
  }

  #admit(visit: Visit): void {
    visit.open = true
    visit.peer.arrive({ type: 'door-opened', sample: this.#sample(visit.peer) })
    this.#present.push(visit.peer)
    this.#resample(visit)
  }

  #resample(visit: Visit): void {
    this.#later(this.#prng.between(0.5, 1.5) * this.#options.sampleEveryMs, () => {
      if (!visit.open || !visit.peer.running) return
      visit.peer.arrive({ type: 'door-sample', sample: this.#sample(visit.peer) })
      this.#resample(visit)
    })
  }

  #sample(forWhom: SimPeer): PeerId[] {
    if (this.#options.firstOnly) return this.#present.slice(0, 1).flatMap((peer) => (peer === forWhom ? [] : [peer.id]))
    const most = this.#options.sampleMax
    if (this.#present.length <= 4 * most) {
      const others = this.#present.filter((peer) => peer !== forWhom)
      return this.#prng.sample(others, most).map((peer) => peer.id)
    }
    // In a large room a few more draws than wanted give as many different names, whatever its size.
    const out = new Set<PeerId>()
    for (let i = 0; i < 2 * most && out.size < most; i++) {
      const peer = this.#prng.pick(this.#present)
      if (peer !== forWhom) out.add(peer.id)
    }
    return [...out]
  }

  /** `{ type: 'door-signal' }`: delivers to whoever is registered under the name, or says that nobody is. */
  relay(from: SimPeer, to: PeerId, payload: Uint8Array): void {
    this.#relay(from, to, { type: 'signal-in', from: from.id, payload })
  }

  /** `{ type: 'door-full' }` */
  full(from: SimPeer, to: PeerId, others: readonly PeerId[]): void {
    this.#relay(from, to, { type: 'door-full', from: from.id, others })
  }

  #relay(from: SimPeer, to: PeerId, input: Input): void {
    const visit = this.#visits.get(from.id)
    if (visit === undefined || !visit.open) {
      this.#later(0, () => from.unreachable(to, 'ERR_SIGNALING_CLOSED'))
      return
    }
    this.relayed++
    this.#later(this.#latency(), () => {
      if (!visit.open || !this.#up) return
      const target = this.#visits.get(to)
      if (target === undefined || !target.open) {
        this.#later(this.#latency(), () => visit.open && from.unreachable(to, 'ERR_ABSENT'))
        return
      }
      this.#later(this.#latency(), () => target.open && target.peer.arrive(input))
    })
  }

  /** The server dies: every connection breaks at once, and everyone knocks until it is back. */
  kill(): void {
    this.#up = false
    for (const visit of this.#visits.values()) this.#break(visit)
  }

  restart(): void {
    this.#up = true
  }

  /** Cuts one peer off from the server, as a partition that the server is on the other side of does. */
  bar(peer: SimPeer): void {
    this.#barred.add(peer.id)
    const visit = this.#visits.get(peer.id)
    if (visit !== undefined) this.#break(visit)
  }

  unbar(peer: SimPeer): void {
    this.#barred.delete(peer.id)
  }

  /** The peer is gone. With `silent` its socket lingers as a dead one does. */
  gone(peer: SimPeer, silent: boolean): void {
    const visit = this.#visits.get(peer.id)
    if (visit === undefined || visit.peer !== peer) return
    if (!silent) this.#forget(visit)
    else this.#later(this.#options.forgetMs, () => this.#forget(visit))
  }

  #break(visit: Visit): void {
    if (!visit.open) return
    this.#close(visit)
    visit.peer.arrive({ type: 'door-closed' })
    this.#later(this.#prng.between(0, this.#options.retryMs), () => this.#knock(visit, 0))
  }

  #forget(visit: Visit): void {
    this.#close(visit)
    if (this.#visits.get(visit.peer.id) === visit) this.#visits.delete(visit.peer.id)
  }

  #close(visit: Visit): void {
    visit.open = false
    this.#present = this.#present.filter((peer) => peer !== visit.peer)
  }

  #latency(): number {
    return this.#prng.between(...this.#options.latencyMs)
  }

  #later(delay: number, action: () => void): void {
    this.#world.at(this.#world.now + delay, action)
  }
}
