/**
 * What the peers of a room share: entries that their writers signed, the same at every replica in the end.
 *
 * A fresh write is passed on at once by everyone to whom it is news. Whatever that misses is found by comparing
 * roots, which ride on probes, and pulled by whoever lacks it. Every replica holds every map, whether or not its
 * application has opened it: neighbours on the rings are all that a write has to travel by.
 *
 * Demers et al., 1987 (rumours and anti-entropy); Kulkarni et al., 2014 (hybrid clocks); Parker et al., 1983
 * (version vectors). It never reads a clock, sets a timer or sends a byte itself.
 */
import type { Digest, Verified } from '../identity/claim.ts'
import type { Numbered } from '../identity/fault.ts'
import type { Millis, WallMillis } from '../identity/millis.ts'
import type { InstanceId, PeerId } from '../identity/peer-id.ts'
import { toBase64Url } from '../identity/base64url.ts'
import { answerEntries, answerTree, entrySize, inFrames } from './answers.ts'
import { HybridClock } from './clock.ts'
import type { StateConfig } from './config.ts'
import { type Entries, type Entry, ownerOf, type StateMessage } from './messages.ts'
import { contextAfter, endOf, momentOf } from './order.ts'
import { Pull } from './pull.ts'
import { type Recall, Replica } from './replica.ts'
import { Roots } from './roots.ts'
import { Rounds } from './rounds.ts'

/** What one write asks for. */
export interface Write {
  readonly map: string
  readonly key: string
  /** Canonical CBOR; undefined deletes. */
  readonly value: Uint8Array | undefined
  /** `siblings`: concurrent writes stand side by side. `lww`: the last one stands. */
  readonly conflict: 'lww' | 'siblings'
  readonly ttlMs: number
}

export type WriteFault = 'ERR_KEY_OWNER' | 'ERR_QUOTA' | 'ERR_CAPABILITY_RIGHT'

export type StateEvent =
  | { readonly type: 'entries-changed'; readonly map: string; readonly keys: readonly string[] }
  /** Every write that was asked for with this ref is signed, stands here and is on its way. */
  | { readonly type: 'written'; readonly ref: number }
  /** A pull from a neighbour goes on; `done` when it has ended. */
  | {
      readonly type: 'sync-progress'
      readonly from: PeerId
      readonly received: number
      readonly remaining: number
      readonly done: boolean
    }
  /** An entry that is in order was not taken. */
  | { readonly type: 'rejected'; readonly from: PeerId; readonly code: string }

export interface StatePort {
  readonly self: PeerId
  /** Everyone at the other end of an open link, neighbours on the rings first. */
  links(): readonly PeerId[]
  /** Over the link; dropped when there is none. */
  send(to: PeerId, message: StateMessage): void
  seal(draft: Entry): void
  wallAt(now: Millis): WallMillis
  /** Why this may not have been written; undefined when it may. */
  refuses(entry: Entry): string | undefined
  recall: Recall
  /** What lets us write, where that has to be shown. */
  admission(): Uint8Array | undefined
  /** False when that lets us write our own keys only. */
  sharesKeys(): boolean
  notify(event: StateEvent): void
  /** One run of somebody signed both, under one number. */
  equivocated(one: Numbered, other: Numbered): void
}

/** What is believed of a neighbour's replica. */
interface Neighbour {
  root: string
  apartSince: Millis | undefined
  pulledAt: Millis | undefined
  /** When it was told of our root besides probes. */
  toldAt: Millis | undefined
  answers: number
  answersAt: Millis
}

/** What those may do who only look. */
export type StateReader = Pick<State, 'read' | 'held' | 'of' | 'all' | 'root' | 'size' | 'neighbourRoots' | 'places'>

export class State {
  readonly #config: StateConfig
  readonly #port: StatePort
  readonly #instance: InstanceId
  readonly #replica: Replica
  readonly #clock = new HybridClock()
  readonly #roots: Roots
  readonly #neighbours = new Map<PeerId, Neighbour>()
  readonly #pulls = new Map<PeerId, Pull>()
  readonly #rounds: Rounds
  readonly #fresh = new Map<Digest, { readonly entry: Verified<Entry>; readonly heardFrom: PeerId[] }>()
  #flushAt: Millis | undefined
  #flushedAt: number = Number.NEGATIVE_INFINITY
  /** When a write was last news to us. */
  #freshAt: number = Number.NEGATIVE_INFINITY
  #seq = 0
  /** Writes that are being signed, by number; the last one of a call has its ref. */
  readonly #writing = new Map<number, { readonly draft: Entry; readonly ref: number | undefined }>()
  /** Keys that changed in the turn at hand, by map. */
  #changed = new Map<string, Set<string>>()

  constructor(config: StateConfig, salt: Uint8Array, port: StatePort, instance: InstanceId) {
    this.#config = config
    this.#port = port
    this.#instance = instance
    this.#rounds = new Rounds(config)
    this.#roots = new Roots(config.rootsMax, config.rootsShownMs)
    this.#replica = new Replica(config, salt, port.recall, (map, key) => {
      const keys = this.#changed.get(map)
      if (keys === undefined) this.#changed.set(map, new Set([key]))
      else keys.add(key)
    })
  }

  // ── For those who read. ──

  /** What stands under a key, newest first; deletes are among them. */
  read(map: string, key: string): readonly Verified<Entry>[] {
    return this.#replica.read(map, key)
  }

  /** That, and what will stand when some of it has ended. */
  held(map: string, key: string): readonly Verified<Entry>[] {
    return this.#replica.held(map, key)
  }

  of(map: string): readonly Verified<Entry>[] {
    return this.#replica.of(map)
  }

  /** Everything, to be kept somewhere else. */
  all(): readonly Verified<Entry>[] {
    return this.#replica.all()
  }

  /** The sixteen places below the root of the tree: what they hold, and their hashes. */
  get places(): readonly { readonly entries: number; readonly hash: string }[] {
    return this.#replica.places()
  }

  get root(): string {
    return toBase64Url(this.#replica.tree.root())
  }

  get size(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#replica.entries, bytes: this.#replica.bytes }
  }

  /** The roots that neighbours showed last. */
  get neighbourRoots(): ReadonlyMap<PeerId, string> {
    return new Map([...this.#neighbours].map(([peer, { root }]) => [peer, root]))
  }

  // ── What happens. ──

  /** Writes, all or none of them. Answers why not. */
  write(writes: readonly Write[], ref: number, now: Millis): WriteFault | undefined {
    const { self } = this.#port
    for (const { key } of writes) {
      const owner = ownerOf(key)
      if ((owner ?? self) !== self) return 'ERR_KEY_OWNER'
      if (owner === undefined && !this.#port.sharesKeys()) return 'ERR_CAPABILITY_RIGHT'
    }
    const unsigned = [...this.#writing.values()].map(({ draft }) => draft)
    const asked = writes.map(({ map, key, value = nothing }) => ({ map, key, value }))
    if (!this.#replica.hasRoomFor(self, [...unsigned, ...asked])) return 'ERR_QUOTA'
    writes.forEach((write, index) => {
      const draft = this.#draft(write, now)
      this.#writing.set(draft.seq, { draft, ref: index === writes.length - 1 ? ref : undefined })
      this.#port.seal(draft)
    })
    if (writes.length === 0) this.#port.notify({ type: 'written', ref })
    return undefined
  }

  sealed(entry: Verified<Entry>, now: Millis): void {
    const writing = this.#writing.get(entry.seq)
    this.#writing.delete(entry.seq)
    if (this.#replica.apply(entry) === 'applied') this.#spread(entry, undefined, now)
    this.#tell()
    if (writing?.ref !== undefined) this.#port.notify({ type: 'written', ref: writing.ref })
  }

  /** What an earlier run or a disk kept: taken as if pulled. */
  restore(entries: readonly Verified<Entry>[]): void {
    for (const entry of entries) this.#take(entry)
    this.#tell()
  }

  /** Other entries are refused than before: what was taken meanwhile goes, and whatever it replaced is pulled again. */
  refusalsChanged(): void {
    for (const [digest, { entry }] of this.#fresh) if (this.#refuses(entry)) this.#fresh.delete(digest)
    this.#replica.expel((entry) => this.#refuses(entry))
    this.#tell()
  }

  receive(from: PeerId, message: StateMessage, now: Millis): void {
    switch (message.type) {
      case 'fresh':
        for (const entry of message.claims) this.#onFresh(entry, from, now)
        break
      case 'roots':
        this.onAdvertised(from, message.shown, now)
        break
      case 'entries':
        this.#onEntries(from, message, now)
        break
      case 'tree-have':
        if (this.#pulls.get(from)?.onTree(message, now) === true) this.#goOn(from, now)
        break
      case 'tree-want':
        if (this.#mayAnswer(from, now)) this.#answer(from, answerTree(this.#replica, message))
        // Whoever begins to pull from us has another root than ours: one exchange serves both.
        if (message.paths.some(({ depth }) => depth === 0)) this.#pullIfApart(from, this.#neighbour(from, now), now)
        break
      case 'entries-want':
        if (this.#mayAnswer(from, now)) this.#answer(from, answerEntries(this.#replica, message))
        break
    }
    this.#tell()
  }

  linkClosed(peer: PeerId): void {
    this.#neighbours.delete(peer)
    const pull = this.#pulls.get(peer)
    if (pull !== undefined) this.#end(pull)
  }

  /** To ride on a probe. */
  advertise(now: Millis): Uint8Array {
    return this.#roots.advertise(this.#replica.tree.root(), now)
  }

  /** A neighbour's probe carried this. */
  onAdvertised(from: PeerId, shown: Uint8Array, now: Millis): void {
    const neighbour = this.#neighbour(from, now)
    const standing = this.#roots.compare(this.#replica.tree.root(), shown, now)
    neighbour.root = toBase64Url(shown.length === 0 ? new Uint8Array(8) : shown.subarray(0, 8))
    if (standing === 'equal' || standing === 'behind') {
      neighbour.apartSince = undefined
      return
    }
    neighbour.apartSince ??= now
    // Differing for a moment is what fresh writes do.
    const { quietMs } = this.#config
    const calm = now >= this.#freshAt + quietMs || now >= neighbour.apartSince + 2 * quietMs
    if (standing === 'ahead' || calm) this.#pull(from, neighbour, now)
  }

  deadline(now: Millis): Millis | undefined {
    let next = this.#flushAt
    const by = (at: number): void => {
      if (next === undefined || at < next) next = at as Millis
    }
    for (const pull of this.#pulls.values()) by(this.#patienceOf(pull))
    const { sweepAt } = this.#replica
    if (sweepAt !== undefined) by(now + Math.max(0, sweepAt - this.#port.wallAt(now)))
    return next
  }

  tick(now: Millis): void {
    for (const pull of [...this.#pulls.values()]) if (now >= this.#patienceOf(pull)) this.#askAgain(pull, now)
    this.#replica.sweep(this.#port.wallAt(now))
    this.#tell()
    if (this.#flushAt === undefined || now < this.#flushAt) return
    this.#flushedAt = now
    this.flush()
  }

  /** Passes on what is fresh, now. */
  flush(): void {
    const all = [...this.#fresh.values()]
    this.#fresh.clear()
    this.#flushAt = undefined
    if (all.length === 0) return
    const whole = freshOf(all.map(({ entry }) => entry))
    for (const peer of this.#port.links().slice(0, this.#config.freshFanout)) {
      const rest = all.filter(({ entry, heardFrom }) => entry.author !== peer && !heardFrom.includes(peer))
      // The very same objects where the news is the same: they are encoded once.
      const messages = rest.length === all.length ? whole : freshOf(rest.map(({ entry }) => entry))
      for (const message of messages) this.#port.send(peer, message)
    }
  }

  #draft({ map, key, value, conflict, ttlMs }: Write, now: Millis): Entry {
    const moment = this.#clock.next(this.#port.wallAt(now))
    const held = this.#replica.held(map, key)
    const pending = [...this.#writing.values()].map(({ draft }) => draft)
    const seen = [...held, ...pending.filter((draft) => draft.map === map && draft.key === key)]
    this.#seq += 1
    // A write lives as long as what it takes the place of, which would stand again when it had ended.
    const endsAt = Math.max(0, ...seen.map(endOf))
    return {
      type: 'entry',
      author: this.#port.self,
      issuedAt: moment.wall as WallMillis,
      ttlMs: Math.max(ttlMs, endsAt - moment.wall),
      instance: this.#instance,
      seq: this.#seq,
      map,
      key,
      counter: moment.counter,
      deleted: value === undefined,
      context: conflict === 'lww' ? undefined : contextAfter(seen, this.#config.contextWritersMax),
      value: value ?? nothing,
      admission: this.#port.admission(),
    }
  }

  #onFresh(entry: Verified<Entry>, from: PeerId, now: Millis): void {
    const known = this.#fresh.get(entry.digest)
    if (known !== undefined) {
      known.heardFrom.push(from)
      return
    }
    if (this.#take(entry, from)) this.#spread(entry, from, now)
  }

  #onEntries(from: PeerId, message: Entries, now: Millis): void {
    const pull = this.#pulls.get(from)
    // Only what was asked for: whoever pushes uses `fresh`.
    if (pull === undefined) return
    let news = 0
    for (const entry of message.claims) news += Number(this.#take(entry, from))
    this.#rounds.brought(from, news, now)
    const answered = pull.onEntries(message, now)
    this.#progress(pull, false)
    if (answered && pull.restAt === undefined) this.#goOn(from, now)
  }

  #refuses(entry: Entry): boolean {
    return this.#port.refuses(entry) !== undefined
  }

  /** Answers whether it was news. */
  #take(entry: Verified<Entry>, from?: PeerId): boolean {
    const refusal = this.#port.refuses(entry)
    if (refusal !== undefined) {
      if (from !== undefined) this.#port.notify({ type: 'rejected', from, code: refusal })
      return false
    }
    const result = this.#replica.apply(entry, (held) => this.#port.equivocated(held, entry))
    this.#clock.observe(momentOf(entry))
    if (from !== undefined && (result === 'over-quota' || result === 'full')) {
      this.#port.notify({ type: 'rejected', from, code: result === 'full' ? 'ERR_STATE_FULL' : 'ERR_ENTRY_QUOTA' })
    }
    return result === 'applied'
  }

  #spread(entry: Verified<Entry>, from: PeerId | undefined, now: Millis): void {
    this.#fresh.set(entry.digest, { entry, heardFrom: from === undefined ? [] : [from] })
    this.#freshAt = now
    const { freshDelayMs, freshEveryMs } = this.#config
    this.#flushAt ??= Math.max(now + freshDelayMs, this.#flushedAt + freshEveryMs) as Millis
  }

  #pull(peer: PeerId, neighbour: Neighbour, now: Millis): void {
    if (this.#pulls.has(peer) || this.#pullsUnderWay() >= this.#config.pullsMax) return
    if (neighbour.pulledAt !== undefined && now < neighbour.pulledAt + this.#config.pullIntervalMs) return
    neighbour.pulledAt = now
    this.#pulls.set(peer, new Pull(peer, this.#replica.tree, now))
    this.#goOn(peer, now)
  }

  /** But for those that wait for a silent neighbour: they keep no other from being asked. */
  #pullsUnderWay(): number {
    let count = 0
    for (const { overdue } of this.#pulls.values()) if (!overdue) count += 1
    return count
  }

  #goOn(peer: PeerId, now: Millis): void {
    const pull = this.#pulls.get(peer)
    if (pull === undefined) return
    const question = pull.ask(now)
    if (question === undefined) return this.#finish(pull, now)
    if (this.#rounds.ask(peer, now)) return this.#port.send(peer, question)
    this.#port.notify({ type: 'rejected', from: peer, code: 'ERR_SYNC_ROUNDS' })
    this.#finish(pull, now)
  }

  /** When a pull has waited too long for its neighbour: to be asked again, or to be given up. */
  #patienceOf({ askedAt, heardAt, restAt }: Pull): Millis {
    if (restAt !== undefined) return restAt
    const { pullAgainMs, pullTimeoutMs } = this.#config
    return Math.min(heardAt + pullAgainMs, askedAt + pullTimeoutMs) as Millis
  }

  #askAgain(pull: Pull, now: Millis): void {
    if (pull.restAt !== undefined) return this.#goOn(pull.peer, now)
    const question = now < pull.askedAt + this.#config.pullTimeoutMs ? pull.again(now) : undefined
    if (question === undefined) this.#finish(pull, now)
    else this.#port.send(pull.peer, question)
  }

  #end(pull: Pull): void {
    this.#pulls.delete(pull.peer)
    if (pull.received > 0) this.#progress(pull, true)
  }

  #finish(pull: Pull, now: Millis): void {
    this.#end(pull)
    if (pull.received > 0) this.#lookAround(pull.peer, now)
  }

  /** What we lacked until now others may lack too, and what we lack yet another than `source` may have. */
  #lookAround(source: PeerId, now: Millis): void {
    const shown = this.advertise(now)
    const { root } = this
    for (const [peer, neighbour] of this.#neighbours) {
      if (neighbour.root === '' || neighbour.root === root) continue
      if (now >= (neighbour.toldAt ?? -Infinity) + this.#config.pullIntervalMs) {
        neighbour.toldAt = now
        this.#port.send(peer, { type: 'roots', shown })
      }
      if (peer !== source) this.#pullIfApart(peer, neighbour, now)
    }
  }

  #pullIfApart(peer: PeerId, neighbour: Neighbour, now: Millis): void {
    if (neighbour.root !== '' && this.#roots.isApart(this.#replica.tree.root(), neighbour.root, now))
      this.#pull(peer, neighbour, now)
  }

  #progress(pull: Pull, done: boolean): void {
    const { peer: from, received, remaining } = pull
    this.#port.notify({ type: 'sync-progress', from, received, remaining, done })
  }

  #answer(to: PeerId, messages: readonly StateMessage[]): void {
    for (const message of messages) this.#port.send(to, message)
  }

  /** A neighbour that asks more than its share gets no answer; its pull ends by its own deadline. */
  #mayAnswer(from: PeerId, now: Millis): boolean {
    const { answersPerSecond, answersBurst } = this.#config
    const neighbour = this.#neighbour(from, now)
    const grown = neighbour.answers + ((now - neighbour.answersAt) / 1000) * answersPerSecond
    neighbour.answersAt = now
    neighbour.answers = Math.min(answersBurst, grown) - 1
    if (neighbour.answers >= 0) return true
    neighbour.answers += 1
    this.#port.notify({ type: 'rejected', from, code: 'ERR_SYNC_RATE' })
    return false
  }

  #neighbour(peer: PeerId, now: Millis): Neighbour {
    let neighbour = this.#neighbours.get(peer)
    if (neighbour === undefined) {
      const { answersBurst: answers } = this.#config
      neighbour = { root: '', apartSince: undefined, pulledAt: undefined, toldAt: undefined, answers, answersAt: now }
      this.#neighbours.set(peer, neighbour)
    }
    return neighbour
  }

  /** Says once, for each map, which keys changed in this turn. */
  #tell(): void {
    if (this.#changed.size === 0) return
    const changed = this.#changed
    this.#changed = new Map()
    for (const [map, keys] of changed) this.#port.notify({ type: 'entries-changed', map, keys: [...keys] })
  }
}

const nothing = new Uint8Array(0)

function freshOf(entries: readonly Verified<Entry>[]): StateMessage[] {
  return entries.length === 0 ? [] : inFrames(entries, entrySize).map((claims) => ({ type: 'fresh', claims }))
}
