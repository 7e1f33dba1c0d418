/**
 * A world from a seed. It holds the peers, the network between them, the signaling server and the
 * one queue of what happens next, and it is the only clock there is. The core and the pipeline that
 * run in it are the product's, unchanged, and what crosses its links are the product's bytes.
 *
 *     const world = new World({ seed: 'ada', …})
 *     for (let i = 0; i < 8; i++) world.spawn()
 *     world.runFor(10_000)
 */
import type { CoreEvent } from '../core/effect.ts'
import type { Input, LinkId } from '../core/input.ts'
import type { Message } from '../core/message.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { DoorOptions } from './door.ts'
import { Door, doorDefaults } from './door.ts'
import type { LinkingOptions } from './linking.ts'
import { linkingDefaults } from './linking.ts'
import type { NetworkOptions } from './network.ts'
import { Network, networkDefaults } from './network.ts'
import type { End, SimPeer } from './peer.ts'
import type { Population, SpawnOptions } from './population.ts'
import { Prng } from './prng.ts'
import { EventQueue } from './queue.ts'
import { Trace } from './trace.ts'

export interface WorldOptions {
  readonly seed: string
  readonly network: NetworkOptions
  readonly door: DoorOptions
  readonly linking: LinkingOptions
  /** Each peer's calendar is off by up to this much either way. */
  readonly clockSkewMs: number
  /** What lives here: how a peer's keys, pipeline and core are made. */
  readonly population: Population
}

/** Whoever wants to know what happens: checkers and figures. */
export interface Observer {
  onNotify?(peer: SimPeer, event: CoreEvent): void
  onInput?(peer: SimPeer, input: Input): void
  /** A frame leaves. */
  onSend?(end: End, message: Message, frame: Uint8Array): void
  onHangUp?(end: End, code: string): void
  onLink?(end: End): void
  onSpawn?(peer: SimPeer): void
  onEnd?(peer: SimPeer): void
}

/** 1 January 2026, when simulated worlds begin. */
const worldEpoch = Date.UTC(2026, 0, 1)

const kinds = { input: 1, notify: 2, frame: 3, link: 4, close: 5, spawn: 6, end: 7 } as const

export class World {
  readonly options: WorldOptions
  readonly prng: Prng
  /** Draws for links and machines; scenarios draw from `prng`. */
  readonly linkPrng: Prng
  readonly network: Network
  readonly door: Door
  readonly trace = new Trace()
  readonly peers: SimPeer[] = []
  /** Links are made at a wish and frames go nowhere: how a settled world is set up quickly. */
  warming = false
  now = 0
  readonly #queue = new EventQueue<() => void>()
  readonly #byId = new Map<PeerId, SimPeer>()
  readonly #observers: Observer[] = []
  #links = 0

  constructor(options: Partial<Omit<WorldOptions, 'population' | 'seed'>> & Pick<WorldOptions, 'population' | 'seed'>) {
    this.options = {
      network: networkDefaults,
      door: doorDefaults,
      linking: linkingDefaults,
      clockSkewMs: 0,
      ...options,
    }
    this.prng = new Prng(options.seed)
    this.linkPrng = this.prng.split('links')
    this.network = new Network(this.options.network, this.prng.split('network'))
    this.door = new Door(this.options.door, this, this.prng.split('door'))
  }

  get wallNow(): number {
    return worldEpoch + this.now
  }

  observe(observer: Observer): void {
    this.#observers.push(observer)
  }

  find(id: PeerId): SimPeer | undefined {
    return this.#byId.get(id)
  }

  /** Peers whose process runs. */
  get running(): SimPeer[] {
    return this.peers.filter((peer) => peer.running)
  }

  get honest(): SimPeer[] {
    return this.peers.filter((peer) => peer.running && peer.liar === undefined)
  }

  /** A new peer starts now. `again` starts a new run under the key of one that ended. */
  spawn(options: SpawnOptions = {}): SimPeer {
    const peer = this.options.population.create(this, this.door, this.peers.length, options)
    this.peers.push(peer)
    this.#byId.set(peer.id, peer)
    this.trace.event(this.now, kinds.spawn, peer.index)
    for (const observer of this.#observers) observer.onSpawn?.(peer)
    peer.start()
    peer.liar?.begin?.(peer, this)
    return peer
  }

  /** The process dies. With `closeHint` its links close as a killed tab's do; without, they fall silent. */
  crash(peer: SimPeer, closeHint = false): void {
    if (!peer.running) return
    peer.crash()
    this.#ended(peer)
    this.door.gone(peer, !closeHint)
    for (const end of peer.ends.values()) {
      const wait = closeHint
        ? this.network.latency(peer.index, end.other.peer.index)
        : this.linkPrng.between(...this.options.linking.consentMs)
      this.at(this.now + wait, () => this.#close(end.other))
    }
  }

  at(time: number, action: () => void): void {
    this.#queue.push(Math.max(time, this.now), action)
  }

  after(delay: number, action: () => void): void {
    this.at(this.now + delay, action)
  }

  runFor(ms: number): void {
    this.runUntil(this.now + ms)
  }

  /** Runs to the instant, or to the first at which `done` holds; asked after each event. */
  runUntil(time: number, done?: () => boolean): boolean {
    while (this.#queue.nextAt !== undefined && this.#queue.nextAt <= time) {
      this.now = this.#queue.nextAt
      this.#queue.pop()?.()
      if (done?.() === true) return true
    }
    this.now = Math.max(this.now, time)
    return done?.() === true
  }

  // ── What peers ask of the world. ──

  /** Both ends of an authenticated link come up. */
  link(initiator: SimPeer, responder: SimPeer): void {
    const openedAt = this.now
    const mine = { link: ++this.#links as LinkId, peer: initiator, initiator: true, openedAt, open: true }
    const theirs = { link: ++this.#links as LinkId, peer: responder, initiator: false, openedAt, open: true }
    const a: End = Object.assign(mine, { other: theirs as End })
    const b: End = Object.assign(theirs, { other: a })
    for (const end of [b, a]) {
      end.peer.ends.set(end.link, end)
      end.peer.pipe.onLink(end)
      this.trace.event(this.now, kinds.link, end.peer.index)
      for (const observer of this.#observers) observer.onLink?.(end)
      end.peer.arrive({ type: 'link-opened', link: end.link, peer: end.other.peer.id, initiator: end.initiator })
    }
  }

  hangUp(end: End, code: string): void {
    if (!end.open) return
    for (const observer of this.#observers) observer.onHangUp?.(end, code)
    // What was sent on it first is flushed first.
    const flushed = end.peer.sendsHeldForMs + this.options.network.latencyMs[1]
    this.at(this.now + flushed, () => this.#close(end.other))
    this.#close(end)
  }

  send(end: End, message: Message, frame: Uint8Array): void {
    if (!end.open || this.warming) return
    for (const observer of this.#observers) observer.onSend?.(end, message, frame)
    const held = end.peer.sendsHeldForMs
    for (const delay of this.network.fate(end.peer.index, end.other.peer.index, this.now + held, end.link)) {
      this.at(this.now + held + delay, () => {
        this.trace.event(this.now, kinds.frame, end.other.peer.index)
        this.trace.bytes(frame)
        end.other.peer.arriveFrame(end.other, frame)
      })
    }
  }

  onInput(peer: SimPeer, input: Input): void {
    this.trace.event(this.now, kinds.input, peer.index)
    this.trace.text(input.type)
    for (const observer of this.#observers) observer.onInput?.(peer, input)
  }

  onNotify(peer: SimPeer, event: CoreEvent): void {
    this.trace.event(this.now, kinds.notify, peer.index)
    this.trace.text(event.type)
    if ('member' in event) this.trace.text(event.member.id)
    for (const observer of this.#observers) observer.onNotify?.(peer, event)
    if (event.type === 'leaving') this.after(0, () => this.#ended(peer))
  }

  // ── Faults that need the links looked at. ──

  /** Splits the network, and gives up the links across the cut when ICE would. */
  partition(...sides: readonly (readonly SimPeer[])[]): void {
    this.network.partition(...sides.map((side) => side.map((peer) => peer.index)))
    this.#expireSevered()
  }

  /** Nothing gets from one to the other any more. */
  cut(from: SimPeer, to: SimPeer): void {
    this.network.cut(from.index, to.index)
    this.#expireSevered()
  }

  heal(): void {
    this.network.heal()
  }

  #expireSevered(): void {
    const severed = (end: End): boolean =>
      end.open &&
      !(
        this.network.passes(end.peer.index, end.other.peer.index) &&
        this.network.passes(end.other.peer.index, end.peer.index)
      )
    for (const peer of this.running) {
      for (const end of peer.ends.values()) {
        if (!severed(end)) continue
        // A heal in between renews ICE's consent: only a link that is still severed then is given up.
        this.after(this.linkPrng.between(...this.options.linking.consentMs), () => severed(end) && this.#close(end))
      }
    }
  }

  #close(end: End): void {
    if (!end.open) return
    end.open = false
    end.peer.ends.delete(end.link)
    end.peer.pipe.onClose(end)
    this.trace.event(this.now, kinds.close, end.peer.index)
    end.peer.arrive({ type: 'link-closed', link: end.link })
  }

  #ended(peer: SimPeer): void {
    this.trace.event(this.now, kinds.end, peer.index)
    for (const observer of this.#observers) observer.onEnd?.(peer)
  }
}
