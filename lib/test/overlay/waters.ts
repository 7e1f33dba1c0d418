/**
 * Many overlays in virtual time, and as little else as they need: links with latency, a door that
 * introduces strangers, and an ideal membership whose news travels over the links there are. What a
 * real mesh adds is tested by the simulator; here only the overlay can be at fault.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import type { Digest, Verified } from '../../src/identity/claim.ts'
import type { Millis, WallMillis } from '../../src/identity/millis.ts'
import type { PeerId } from '../../src/identity/peer-id.ts'
import type { OverlayEffect } from '../../src/overlay/effect.ts'
import type { EdgeWord, OverlayMessage, Routed } from '../../src/overlay/messages.ts'
import { edgeWords } from '../../src/overlay/messages.ts'
import { Overlay } from '../../src/overlay/overlay.ts'
import type { OverlayOptions } from '../../src/overlay/overlay.ts'
import { Positions } from '../../src/overlay/rings.ts'

export const peer = (n: number) => `${String(n * 7919).padStart(8, '0')}peer-${n}`.padEnd(43, '_') as PeerId

const offer = 1
const answer = 2
const words = Object.keys(edgeWords) as EdgeWord[]
const wallOffset = 1_700_000_000_000

export interface Swimmer {
  readonly id: PeerId
  readonly overlay: Overlay
  readonly links: Map<PeerId, { openedAt: number }>
  readonly view: Set<PeerId>
  readonly news: Set<PeerId>
  readonly delivered: { from: PeerId; payload: Uint8Array; hops: number }[]
  readonly routed: Map<number, string>
  alive: boolean
  doorWanted: boolean
  registered: boolean
  /** Forwards for others vanish here. */
  drops: boolean
  /** Says nothing at all over its links. */
  mute: boolean
  dials: number
  opened: number
  hungUp: number
  gossiping: boolean
  wakeAt: number
}

interface Event {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** A small seeded generator (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export class Waters {
  readonly random: () => number
  readonly swimmers = new Map<PeerId, Swimmer>()
  readonly #positions = new Positions((bytes) => sha256(bytes))
  readonly #options: OverlayOptions
  #events: Event[] = []
  #order = 0
  now = 0 as Millis
  /** The server is up. */
  doorUp = true
  /** Pairs between which nothing passes. */
  cut: (a: PeerId, b: PeerId) => boolean = () => false
  /** Pairs that no dial ever links. */
  unlinkable: (a: PeerId, b: PeerId) => boolean = () => false
  detectionMs = 4000
  readonly counts = { frames: 0, opened: 0, closed: 0, dials: 0, blamed: 0, toTheDoor: 0 }
  readonly hangUps: Record<string, number> = {}

  constructor(seed: number, options: OverlayOptions = {}) {
    this.random = dice(seed)
    this.#options = options
  }

  get living(): Swimmer[] {
    return [...this.swimmers.values()].filter(({ alive }) => alive)
  }

  get(n: number): Swimmer {
    const swimmer = this.swimmers.get(peer(n))
    if (swimmer === undefined) throw new Error(`no swimmer ${n}`)
    return swimmer
  }

  /** A newcomer at the door. */
  join(n: number): Swimmer {
    const id = peer(n)
    const outbox: OverlayEffect[] = []
    const overlay = new Overlay(
      {
        self: id,
        positions: this.#positions,
        random: dice(Math.floor(this.random() * 2 ** 32)),
        wall: (now) => (wallOffset + now) as WallMillis,
        outbox: (effect) => outbox.push(effect),
      },
      this.#options,
    )
    const swimmer: Swimmer = {
      id,
      overlay,
      links: new Map(),
      view: new Set([id]),
      news: new Set(),
      delivered: [],
      routed: new Map(),
      alive: true,
      doorWanted: true,
      registered: false,
      drops: false,
      mute: false,
      dials: 0,
      opened: 0,
      hungUp: 0,
      gossiping: false,
      wakeAt: Number.POSITIVE_INFINITY,
    }
    this.swimmers.set(id, swimmer)
    this.#outboxes.set(swimmer, outbox)
    this.#register(swimmer)
    return swimmer
  }

  /** Everybody at once in the middle of life: full views, all ring links open. */
  flood(count: number, from = 0): void {
    const all = Array.from({ length: count }, (_, n) => this.join(from + n))
    for (const a of all)
      for (const b of all)
        if (a !== b) {
          a.view.add(b.id)
          this.#do(a, () => a.overlay.memberUp(b.id, this.now))
        }
    for (const a of all)
      for (const b of a.overlay.wanted) {
        const other = this.swimmers.get(b) as Swimmer
        if (!a.links.has(b) && !this.unlinkable(a.id, b)) this.#open(a, other)
      }
  }

  crash(swimmer: Swimmer): void {
    swimmer.alive = false
    swimmer.registered = false
    for (const other of this.living) {
      if (!other.view.has(swimmer.id)) continue
      this.after(this.detectionMs * (0.9 + 0.2 * this.random()), () => this.bury(other, swimmer.id, 'failed'))
    }
  }

  leave(swimmer: Swimmer): void {
    swimmer.alive = false
    swimmer.registered = false
    for (const other of this.living) this.after(50 + 100 * this.random(), () => this.bury(other, swimmer.id, 'left'))
  }

  /** `other` learns that `id` is no more. */
  bury(other: Swimmer, id: PeerId, reason: 'failed' | 'left'): void {
    if (!other.alive || !other.view.delete(id)) return
    this.#do(other, () => other.overlay.memberDown(id, reason, this.now))
    if (other.links.delete(id)) this.#do(other, () => other.overlay.linkClosed(id, this.now))
  }

  send(from: Swimmer, to: PeerId, ref: number): void {
    this.#do(from, () => from.overlay.route(to, 'frame', Uint8Array.of(255, ref & 255), true, this.now, ref))
  }

  act(swimmer: Swimmer, action: () => void): void {
    this.#do(swimmer, action)
  }

  after(ms: number, run: () => void): void {
    this.#push({ at: this.now + ms, order: this.#order++, run })
  }

  runFor(ms: number): void {
    this.runUntil(() => false, ms)
  }

  /** Runs until the condition holds, looked at every `stepMs`; returns how long it took, or undefined when it never held. */
  runUntil(condition: () => boolean, atMostMs: number, stepMs = 50): number | undefined {
    const start = this.now
    const end = start + atMostMs
    let look = start as number
    for (;;) {
      if (this.now >= look) {
        if (condition()) return this.now - start
        look = this.now + stepMs
      }
      const next = this.#events[0]
      if (next === undefined || next.at > end) break
      this.#pop()
      this.now = Math.max(this.now, next.at) as Millis
      next.run()
    }
    this.now = end as Millis
    return condition() ? this.now - start : undefined
  }

  /** Everybody can reach everybody over links. */
  get connected(): boolean {
    return this.islands().length <= 1
  }

  islands(): Set<PeerId>[] {
    const left = new Set(this.living.map(({ id }) => id))
    const islands: Set<PeerId>[] = []
    for (const start of left) {
      const island = new Set([start])
      const queue = [start]
      left.delete(start)
      for (const id of queue)
        for (const next of (this.swimmers.get(id) as Swimmer).links.keys()) {
          if (!left.delete(next)) continue
          island.add(next)
          queue.push(next)
        }
      islands.push(island)
    }
    return islands
  }

  /** All views are full, and everybody has every link that its rings want. */
  get whole(): boolean {
    const living = this.living
    return living.every(
      ({ view, overlay, links }) => view.size === living.length && [...overlay.wanted].every((id) => links.has(id)),
    )
  }

  get degrees(): number[] {
    return this.living.map(({ links }) => links.size)
  }

  readonly #outboxes = new Map<Swimmer, OverlayEffect[]>()

  #do(swimmer: Swimmer, action: () => void): void {
    action()
    const outbox = this.#outboxes.get(swimmer) as OverlayEffect[]
    while (outbox.length > 0) {
      for (const effect of outbox.splice(0)) this.#perform(swimmer, effect)
    }
    this.#wake(swimmer)
  }

  #wake(swimmer: Swimmer): void {
    const deadline = swimmer.overlay.deadline() ?? Number.POSITIVE_INFINITY
    if (deadline >= swimmer.wakeAt) return
    swimmer.wakeAt = deadline
    this.#push({
      at: Math.max(deadline, this.now),
      order: this.#order++,
      run: () => {
        if (swimmer.wakeAt !== deadline) return
        swimmer.wakeAt = Number.POSITIVE_INFINITY
        if (swimmer.alive) this.#do(swimmer, () => swimmer.overlay.tick(this.now))
      },
    })
  }

  #perform(me: Swimmer, effect: OverlayEffect): void {
    switch (effect.type) {
      case 'dial':
        me.dials++
        this.counts.dials++
        return this.#dial(me, effect.peer)
      case 'hang-up':
        this.hangUps[effect.code] = (this.hangUps[effect.code] ?? 0) + 1
        me.hungUp++
        return this.#close(me, effect.peer)
      case 'door':
        me.doorWanted = effect.wanted
        if (effect.wanted) this.after(30, () => this.#register(me))
        else me.registered = false
        return
      case 'send':
        return this.#send(me, effect.peer, effect.message)
      case 'tell':
        if (me.links.has(effect.peer)) return this.#send(me, effect.peer, effect.message)
        return me.overlay.route(effect.peer, 'frame', Uint8Array.of(edgeWords[effect.message.word]), true, this.now)
      case 'seal': {
        const bytes = new Uint8Array(160 + effect.draft.payload.length)
        const claim = { ...effect.draft, bytes, digest: '' as Digest } as Verified<Routed>
        this.after(1, () => me.alive && this.#do(me, () => me.overlay.sealed(claim, this.now)))
        return
      }
      case 'deliver':
        return this.#deliver(me, effect.claim, effect.hops)
      case 'routed':
        me.routed.set(effect.ref, effect.code ?? 'ok')
        return
      case 'blame':
        this.counts.blamed++
        return
    }
  }

  #deliver(me: Swimmer, claim: Verified<Routed>, hops: number): void {
    const from = claim.author
    const first = claim.payload[0] as number
    if (claim.kind === 'signal') return this.#signal(me, from, first, true)
    const word = words[first]
    if (word === undefined) me.delivered.push({ from, payload: claim.payload, hops })
    else this.#do(me, () => me.overlay.received(from, { type: 'edge', word }, this.now))
  }

  readonly #attempts = new Map<string, number>()

  #dial(me: Swimmer, to: PeerId): void {
    const attempt = `${me.id} ${to}`
    if (this.#attempts.has(attempt)) return
    const deadline = this.now + 8000
    this.#attempts.set(attempt, deadline)
    this.after(8000, () => {
      if (this.#attempts.get(attempt) !== deadline) return
      this.#attempts.delete(attempt)
      if (me.alive) this.#do(me, () => me.overlay.dialFailed(to, 'ERR_DIAL_TIMEOUT', this.now))
    })
    const overMesh = me.overlay.canReach(to, this.now)
    if (overMesh) return me.overlay.route(to, 'signal', Uint8Array.of(offer), true, this.now)
    this.#throughDoor(me, to, offer)
  }

  #throughDoor(me: Swimmer, to: PeerId, kind: number): void {
    if (!this.doorUp || !me.registered) return
    this.counts.toTheDoor++
    const other = this.swimmers.get(to)
    this.after(30, () => {
      if (other?.alive === true && other.registered) return this.#signal(other, me.id, kind, false)
      if (kind === offer && this.#attempts.delete(`${me.id} ${to}`) && me.alive) {
        this.#do(me, () => me.overlay.dialFailed(to, 'ERR_ABSENT', this.now))
      }
    })
  }

  #signal(me: Swimmer, from: PeerId, kind: number, overMesh: boolean): void {
    if (!me.alive || me.links.has(from)) return
    if (kind === offer) {
      if (!me.overlay.admits(from, this.now)) return
      if (overMesh) this.#do(me, () => me.overlay.route(from, 'signal', Uint8Array.of(answer), true, this.now))
      else this.#throughDoor(me, from, answer)
      return
    }
    const other = this.swimmers.get(from) as Swimmer
    this.after(3 * this.#latency(), () => {
      if (!me.alive || !other.alive || this.unlinkable(me.id, from) || this.cut(me.id, from)) return
      this.#attempts.delete(`${me.id} ${from}`)
      this.#attempts.delete(`${from} ${me.id}`)
      if (!me.links.has(from) && !other.links.has(me.id)) this.#open(me, other)
    })
  }

  #open(a: Swimmer, b: Swimmer): void {
    this.counts.opened++
    for (const [me, other] of [
      [a, b],
      [b, a],
    ] as const) {
      me.opened++
      me.links.set(other.id, { openedAt: this.now })
    }
    for (const [me, other] of [
      [a, b],
      [b, a],
    ] as const) {
      this.#do(me, () => me.overlay.linkOpened(other.id, this.now))
      // Push-pull, as SWIM does at first contact: the whole view, and the peer itself.
      const view = [...other.view]
      this.after(2 * this.#latency(), () => this.#learn(me, view))
    }
  }

  #close(me: Swimmer, to: PeerId): void {
    const other = this.swimmers.get(to) as Swimmer
    if (!me.links.delete(to)) return
    this.counts.closed++
    this.after(0, () => me.alive && !me.links.has(to) && this.#do(me, () => me.overlay.linkClosed(to, this.now)))
    this.after(this.#latency(), () => {
      if (!other.alive || me.links.has(other.id) || !other.links.delete(me.id)) return
      this.#do(other, () => other.overlay.linkClosed(me.id, this.now))
    })
  }

  #send(me: Swimmer, to: PeerId, message: OverlayMessage): void {
    if (!me.links.has(to) || me.mute) return
    this.counts.frames++
    const other = this.swimmers.get(to) as Swimmer
    this.after(this.#latency(), () => {
      if (!other.alive || !other.links.has(me.id) || this.cut(me.id, to)) return
      if (message.type === 'forward' && other.drops && message.claim.to !== other.id) return
      this.#do(other, () => {
        other.overlay.heard(me.id, this.now)
        other.overlay.received(me.id, message, this.now)
      })
    })
  }

  #learn(me: Swimmer, ids: readonly PeerId[]): void {
    if (!me.alive) return
    for (const id of ids) {
      if (me.view.has(id) || this.swimmers.get(id)?.alive !== true) continue
      me.view.add(id)
      me.news.add(id)
      this.#do(me, () => me.overlay.memberUp(id, this.now))
    }
    if (me.news.size === 0 || me.gossiping) return
    me.gossiping = true
    this.after(50, () => {
      me.gossiping = false
      const news = [...me.news]
      me.news.clear()
      for (const to of me.links.keys()) {
        const other = this.swimmers.get(to) as Swimmer
        this.after(this.#latency(), () => !this.cut(me.id, to) && other.links.has(me.id) && this.#learn(other, news))
      }
    })
  }

  /** What SWIM's probes would do: something crosses every link now and then. */
  heartbeat(everyMs = 4000): void {
    this.after(everyMs, () => {
      for (const me of this.living)
        for (const id of me.links.keys()) {
          const other = this.swimmers.get(id) as Swimmer
          if (other.alive && !other.mute && !this.cut(me.id, id)) me.overlay.heard(id, this.now)
        }
      this.heartbeat(everyMs)
    })
  }

  #register(me: Swimmer): void {
    if (!me.alive || !me.doorWanted || !this.doorUp) return
    const others = this.living.filter((other) => other.registered && other !== me).map(({ id }) => id)
    me.registered = true
    const sample = Array.from(
      { length: Math.min(16, others.length) },
      () => others.splice(Math.floor(this.random() * others.length), 1)[0] as PeerId,
    )
    this.#do(me, () => me.overlay.doorSample(sample, this.now))
  }

  #latency(): number {
    return 10 + 30 * this.random()
  }

  // A binary heap: 1,000 peers make some hundred thousand events.

  #push(event: Event): void {
    const heap = this.#events
    let index = heap.push(event) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!before(event, heap[parent] as Event)) break
      heap[index] = heap[parent] as Event
      index = parent
    }
    heap[index] = event
  }

  #pop(): void {
    const heap = this.#events
    const last = heap.pop() as Event
    if (heap.length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as Event, heap[child] as Event)) child++
      if (!before(heap[child] as Event, last)) break
      heap[index] = heap[child] as Event
      index = child
    }
    heap[index] = last
  }
}

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
