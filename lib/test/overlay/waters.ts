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
import type { Edge, OverlayMessage, Routed } from '../../src/overlay/messages.ts'
import { Overlay } from '../../src/overlay/overlay.ts'
import type { OverlayOptions } from '../../src/overlay/overlay.ts'
import { Positions } from '../../src/overlay/rings.ts'

export const peer = (n: number) => `${String(n * 7919).padStart(8, '0')}peer-${n}`.padEnd(43, '_') as PeerId

const offer = 1
const answer = 2
/** What tests send over routes. */
export interface Note {
  readonly type: 'note'
  readonly ref: number
}

const wallOffset = 1_700_000_000_000

export interface Swimmer {
  readonly id: PeerId
  readonly overlay: Overlay<Note>
  readonly links: Map<PeerId, { openedAt: number }>
  /** Whom it holds for alive, by incarnation, and whom for dead. */
  readonly view: Map<PeerId, number>
  readonly graves: Map<PeerId, number>
  readonly news: Map<PeerId, Rumour>
  readonly doubted: Set<PeerId>
  incarnation: number
  readonly delivered: { from: PeerId; message: Note; hops: number }[]
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

/** What members tell each other: as little of SWIM as it takes for islands to merge. */
interface Rumour {
  readonly id: PeerId
  readonly incarnation: number
  readonly dead: boolean
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
  #sinceProgress = 0
  now = 0 as Millis
  /** The server is up. */
  doorUp = true
  /** Pairs between which nothing passes. */
  cut: (a: PeerId, b: PeerId) => boolean = () => false
  /** Pairs that no dial ever links. */
  unlinkable: (a: PeerId, b: PeerId) => boolean = () => false
  detectionMs = 4000
  readonly counts = { frames: 0, opened: 0, closed: 0, dials: 0, blamed: 0, rejected: 0, toTheDoor: 0 }
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
    const outbox: OverlayEffect<Note>[] = []
    const overlay = new Overlay<Note>(
      {
        self: id,
        positions: this.#positions,
        random: dice(Math.floor(this.random() * 2 ** 32)),
        wall: (now) => (wallOffset + now) as WallMillis,
        wellConnected: () => true,
        healthy: () => true,
        dialsFirst: (other) => id < other,
        outbox: (effect) => outbox.push(effect),
      },
      this.#options,
    )
    const swimmer: Swimmer = {
      id,
      overlay,
      links: new Map(),
      view: new Map([[id, 0]]),
      graves: new Map(),
      news: new Map(),
      doubted: new Set(),
      incarnation: 0,
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
    const doorUp = this.doorUp
    this.doorUp = false
    const all = Array.from({ length: count }, (_, n) => this.join(from + n))
    for (const a of all)
      for (const b of all)
        if (a !== b) {
          a.view.set(b.id, 0)
          this.#do(a, () => a.overlay.memberUp(b.id, this.now))
        }
    for (const a of all) this.#do(a, () => a.overlay.tick(this.now))
    for (const a of all)
      for (const b of a.overlay.wanted) {
        const other = this.swimmers.get(b) as Swimmer
        if (!a.links.has(b) && !this.unlinkable(a.id, b)) this.#open(a, other)
      }
    this.doorUp = doorUp
    for (const swimmer of all) this.#register(swimmer)
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
    const incarnation = other.view.get(id)
    if (!other.alive || incarnation === undefined) return
    other.view.delete(id)
    other.graves.set(id, incarnation)
    this.#do(other, () => other.overlay.memberDown(id, reason, this.now))
    if (other.links.delete(id)) this.#do(other, () => other.overlay.linkClosed(id, this.now))
  }

  send(from: Swimmer, to: PeerId, ref: number): void {
    this.#do(from, () => from.overlay.route(to, { kind: 'frame', inner: { type: 'note', ref } }, true, this.now, ref))
  }

  /** A dial that no overlay asked for. */
  forceDial(from: Swimmer, to: PeerId): void {
    this.#dial(from, to)
  }

  /** The channel breaks, and both ends notice. */
  cutLink(swimmer: Swimmer, to: PeerId): void {
    this.#close(swimmer, to)
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
      this.#sinceProgress = next.at > this.now ? 0 : this.#sinceProgress + 1
      if (this.#sinceProgress > 1_000_000) throw new Error(`time stands still at ${this.now}`)
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

  /** What ingress would decode: the frame inside a claim, by the claim's id. */
  readonly #inners = new WeakMap<Uint8Array, Note | Edge>()
  readonly #outboxes = new Map<Swimmer, OverlayEffect<Note>[]>()

  #do(swimmer: Swimmer, action: () => void): void {
    action()
    const outbox = this.#outboxes.get(swimmer) as OverlayEffect<Note>[]
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

  #perform(me: Swimmer, effect: OverlayEffect<Note>): void {
    switch (effect.type) {
      case 'abandon':
        // Nobody here says that it has no room: a dial ends by its deadline.
        return
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
      case 'seal': {
        const { draft } = effect
        const inner = 'inner' in draft ? draft.inner : undefined
        const payload = 'payload' in draft ? draft.payload : new Uint8Array(8)
        if (inner !== undefined) this.#inners.set(draft.id, inner)
        const claim = { ...draft, payload, bytes: new Uint8Array(160 + payload.length), digest: '' as Digest }
        this.after(
          1,
          () => me.alive && this.#do(me, () => me.overlay.sealed(claim as unknown as Verified<Routed>, this.now)),
        )
        return
      }
      case 'deliver':
        me.delivered.push({ from: effect.from, message: effect.message, hops: effect.hops })
        return
      case 'rejected':
        this.counts.rejected++
        return
      case 'signal':
        return this.#signal(me, effect.from, effect.payload[0] as number, true, effect.via)
      case 'routed':
        me.routed.set(effect.ref, effect.code ?? 'ok')
        return
      case 'blame':
        this.counts.blamed++
        return
    }
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
    if (overMesh) return me.overlay.route(to, { kind: 'signal', payload: Uint8Array.of(offer) }, true, this.now)
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

  #signal(me: Swimmer, from: PeerId, kind: number, overMesh: boolean, via?: PeerId): void {
    if (!me.alive || me.links.has(from)) return
    if (kind === offer) {
      if (!me.overlay.admits(from, overMesh ? 'mesh' : 'door', this.now, via)) return
      if (overMesh)
        this.#do(me, () => me.overlay.route(from, { kind: 'signal', payload: Uint8Array.of(answer) }, true, this.now))
      else this.#throughDoor(me, from, answer)
      return
    }
    this.#connect(me, this.swimmers.get(from) as Swimmer)
  }

  /** Candidates are checked again and again until the dial's deadline, so a link comes up when a cut heals. */
  #connect(me: Swimmer, other: Swimmer): void {
    this.after(3 * this.#latency(), () => {
      const [ours, theirs] = [`${me.id} ${other.id}`, `${other.id} ${me.id}`]
      if (!me.alive || !other.alive || this.unlinkable(me.id, other.id)) return
      if (!this.#attempts.has(ours) && !this.#attempts.has(theirs)) return
      if (this.cut(me.id, other.id)) return this.after(200, () => this.#connect(me, other))
      this.#attempts.delete(ours)
      this.#attempts.delete(theirs)
      if (!me.links.has(other.id) && !other.links.has(me.id)) this.#open(me, other)
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
      // Push-pull, as SWIM does at first contact: the whole table, the dead included.
      const table = [
        ...[...other.view].map(([id, incarnation]) => ({ id, incarnation, dead: false })),
        ...[...other.graves].map(([id, incarnation]) => ({ id, incarnation, dead: true })),
      ]
      this.after(2 * this.#latency(), () => this.#learn(me, table))
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

  #send(me: Swimmer, to: PeerId, message: OverlayMessage<Note | Edge>): void {
    if (!me.links.has(to) || me.mute) return
    this.counts.frames++
    const other = this.swimmers.get(to) as Swimmer
    this.after(this.#latency(), () => {
      if (!other.alive || !other.links.has(me.id) || this.cut(me.id, to)) return
      if (message.type === 'forward' && other.drops && message.claim.to !== other.id) return
      this.#do(other, () => {
        other.overlay.heard(me.id, this.now)
        other.overlay.received(me.id, this.#ingress(other, message), this.now)
      })
    })
  }

  #learn(me: Swimmer, rumours: Iterable<Rumour>): void {
    if (!me.alive) return
    for (const rumour of rumours) {
      const { id, incarnation, dead } = rumour
      if (id === me.id) {
        if (!dead || incarnation < me.incarnation) continue
        me.incarnation = incarnation + 1
        me.view.set(id, me.incarnation)
        me.news.set(id, { id, incarnation: me.incarnation, dead: false })
        continue
      }
      const known = Math.max(me.view.get(id) ?? -1, me.graves.get(id) ?? -1)
      if (dead) {
        // Passed on once towards its subject, who refutes it; nobody dies of a rumour here.
        if (incarnation !== me.view.get(id) || me.doubted.has(id)) continue
        me.doubted.add(id)
        me.news.set(id, rumour)
      } else if (incarnation > known && this.swimmers.get(id)?.alive === true) {
        const isNew = !me.view.has(id)
        me.view.set(id, incarnation)
        me.graves.delete(id)
        me.doubted.delete(id)
        me.news.set(id, rumour)
        if (isNew) this.#do(me, () => me.overlay.memberUp(id, this.now))
      }
    }
    if (me.news.size === 0 || me.gossiping) return
    me.gossiping = true
    this.after(50, () => {
      me.gossiping = false
      const news = [...me.news.values()]
      me.news.clear()
      for (const to of me.links.keys()) {
        const other = this.swimmers.get(to) as Swimmer
        this.after(this.#latency(), () => !this.cut(me.id, to) && other.links.has(me.id) && this.#learn(other, news))
      }
    })
  }

  #ingress(me: Swimmer, message: OverlayMessage<Note | Edge>): OverlayMessage<Note | Edge> {
    if (message.type !== 'forward' || message.claim.to !== me.id) return message
    const inner = this.#inners.get(message.claim.id)
    return inner === undefined ? message : { ...message, inner }
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
