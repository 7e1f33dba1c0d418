/**
 * The mesh as the application holds it: a view of the members, events, and commands. Everything of
 * substance happens in the core; this file translates, keeps promises and ends cleanly.
 */
import type { CoreEvent } from '../core/effect.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { textFits } from '../pipeline/index.ts'
import { type ErrorCode, errorCodes, ShoalError } from './errors.ts'
import { checkMetadata } from './join-options.ts'
import { MemberView } from './member-view.ts'
import type { LinkStats, Member, Mesh, MeshEventMap, MeshStats, Metadata } from './mesh.ts'
import { Outbox } from './outbox.ts'
import type { MapOptions, ReplicatedMap } from './replicated-map.ts'
import { Maps } from './maps.ts'
import { Queries, type Query, type QueryOptions, queryPrefix, type Responder } from './queries.ts'
import { Refusals } from './refusals.ts'
import { type Topic, Topics } from './topics.ts'
import { type SendOptions, sizeOf, transferBytesMax, Transfers } from './transfers.ts'
import { watchPage } from './page.ts'
import type { MeshParts, Run, RunEvents } from './parts.ts'

/**
 * Firefox ESR 153 ends a page's connections as soon as its last handler returns, whatever they have not sent yet; its
 * other threads send while this one waits. Nobody sees the wait: the tab is off the screen by then. A guess, measured to be
 * enough at a load of 15 on two cores (`npm run bench:closing`).
 */
const unloadHoldMs = 50

/** `EventTarget`, knowing our events. */
const MeshEventTarget = EventTarget as new () => Pick<Mesh, 'addEventListener' | 'removeEventListener'> &
  Pick<EventTarget, 'dispatchEvent'>

export class JoinedMesh<M extends Metadata = Metadata> extends MeshEventTarget implements Mesh<M> {
  readonly id: PeerId
  readonly room: string
  readonly #parts: MeshParts
  readonly #view: MemberView
  readonly #outbox: Outbox
  readonly #maps: Maps
  readonly #topics: Topics
  readonly #queries: Queries
  readonly #transfers: Transfers
  readonly #rejected = new Map<string, number>()
  readonly #refusals: Refusals
  /** Servers whose loss was told. */
  readonly #lostUrls = new Set<string>()
  readonly #stopWatching: () => void
  #metadata: Uint8Array
  #run: Run
  #closedBy: ErrorCode | undefined
  #leaving: Promise<void> | undefined
  /** The core says that the leave is signed and handed to every link. */
  #onLeaveSaid: (() => void) | undefined

  constructor(parts: MeshParts, metadata: M) {
    super()
    this.#parts = parts
    this.id = parts.id
    this.room = parts.room
    this.#metadata = this.#encodeMetadata(metadata)
    this.#view = new MemberView(
      parts.id,
      (bytes) => this.#decodeMetadata(bytes),
      () => parts.host.wall(),
    )
    this.#outbox = new Outbox(
      {
        now: () => parts.host.now(),
        whenRoomy: (to, resume) => this.#run.driver.whenRoomy(to, resume),
        dispatch: (to, payload, ref, topic) =>
          this.#run.driver.handle(
            to === undefined ? { type: 'broadcast', topic, payload, ref } : { type: 'send', to, topic, payload, ref },
          ),
      },
      parts.alarms,
    )
    this.#refusals = new Refusals(parts.alarms, (refusal) => this.#emit('claim-rejected', refusal))
    this.#topics = new Topics({
      nameBytesMax: parts.mapLimits.nameBytesMax,
      fits: textFits,
      publish: (topic, data) => this.#post(() => undefined, data, topic),
      send: (topic, to, data) => this.#sendTo(to, data, topic),
    })
    this.#queries = new Queries({
      alarms: parts.alarms,
      nameBytesMax: parts.mapLimits.nameBytesMax,
      fits: textFits,
      now: () => parts.host.now(),
      id: () => parts.host.random(8),
      members: () => this.members,
      self: () => this.self,
      decode: (bytes) => parts.values.decode(bytes),
      encode: (data) => this.#encodeMessage(data),
      broadcast: (topic, data) => this.#post(() => undefined, data, topic),
      reply: (to, id, word, payload) => this.#run.driver.handle({ type: 'reply', to, id, word, payload }),
      rejected: (from, code) => this.#reject(from, code),
      failed: (error) => this.#emit('error', { error }),
    })
    this.#transfers = new Transfers({
      alarms: parts.alarms,
      receiveBytesMax: parts.limits.receiveBytesMax,
      now: () => parts.host.now(),
      isLinked: (peer) => this.members.get(peer)?.linked === true,
      whenRoomy: (to, resume) => this.#run.driver.whenRoomy(to, resume),
      say: (to, message) => this.#run.driver.handle({ type: 'transfer', to, message }),
      deliver: (from, data) => this.#emit('message', { from, data, broadcast: false, hops: 1 }),
      progress: (from, bytes, ofBytes) => this.#emit('receive-progress', { from, bytes, ofBytes }),
    })
    this.#maps = new Maps({
      self: parts.id,
      values: parts.values,
      limits: parts.mapLimits,
      state: () => this.#run.state,
      now: () => parts.host.wall(),
      room: parts.storeRoom,
      verify: (bytes) => new Promise((resolve) => parts.openKept(bytes, resolve)),
      restore: (entries) => this.#run.driver.handle({ type: 'restored', entries }),
      failed: (error) => this.#emit('error', { error }),
      ask: (writes, ref) => this.#run.driver.handle({ type: 'write', writes, ref }),
      invalid: () => this.#reject(undefined, 'ERR_VALUE_INVALID'),
    })
    this.#run = this.#openRun()
    this.#run.driver.start()
    this.#stopWatching = watchPage({
      onHide: () => this.#onHide(),
      onUnload: (said) => {
        if (!said) this.#run.driver.sayGoodbye()
        parts.host.hold(unloadHoldMs)
      },
      onRestore: () => this.#onRestore(),
      onStir: () => this.#run.driver.stir(),
    })
  }

  get members(): ReadonlyMap<PeerId, Member<M>> {
    return this.#view.read(this.#run.driver.members()) as ReadonlyMap<PeerId, Member<M>>
  }

  get self(): Member<M> {
    return this.members.get(this.id)!
  }

  setMetadata(metadata: M): void {
    this.#assertOpen()
    this.#metadata = this.#encodeMetadata(metadata)
    this.#run.driver.handle({ type: 'set-metadata', metadata: this.#metadata })
  }

  send(to: PeerId, data: unknown, options: SendOptions = {}): Promise<void> {
    return isLarge(data, this.#parts.messageBytesMax) ? this.#sendLarge(to, data, options) : this.#sendTo(to, data)
  }

  broadcast(data: unknown): Promise<void> {
    return this.#post(() => undefined, data)
  }

  map<T>(name: string, options: MapOptions<T> = {}): ReplicatedMap<T> {
    this.#assertOpen()
    return this.#maps.open(name, options)
  }

  topic<T>(name: string): Topic<T> {
    this.#assertOpen()
    return this.#topics.open(name)
  }

  query<A>(name: string, data: unknown, options: QueryOptions = {}): Query<A> {
    this.#assertOpen()
    return this.#queries.ask<A>(name, data, options)
  }

  respond<Q, A>(name: string, responder: Responder<Q, A>): () => void {
    this.#assertOpen()
    return this.#queries.respond(name, responder)
  }

  route(to: PeerId): readonly PeerId[] | undefined {
    return this.#run.route(to)
  }

  async revoke(list: string): Promise<void> {
    const claim = await this.#owned().openList(list, this.#parts.host.wall())
    this.#run.driver.handle({ type: 'revocations', claim })
  }

  async renewCapability(capability: string): Promise<void> {
    const renewal = await this.#owned().renew(capability, this.#parts.host.wall())
    this.#run.driver.handle({ type: 'renew', ...renewal })
  }

  stats(): MeshStats {
    const { driver } = this.#run
    const members = this.members
    const now = this.#parts.host.now()
    const wall = this.#parts.host.wall()
    const vitals = this.#run.vitals()
    const links: LinkStats[] = [...driver.links].map((link) => ({
      peer: link.peer,
      initiator: link.initiator,
      openedAt: wall - (now - link.openedAt),
      rttMs: members.get(link.peer)?.rttMs,
      bytesSent: link.bytesSent,
      bytesReceived: link.bytesReceived,
      bufferedBytes: link.bufferedBytes,
      rings: vitals.rings.flatMap(({ before, after }, ring) =>
        before === link.peer || after === link.peer ? [ring] : [],
      ),
    }))
    const { root, size, neighbourRoots, places } = this.#run.state
    return {
      links,
      ...driver.totals(),
      rejected: Object.fromEntries(this.#rejected),
      ...vitals,
      state: { digest: root, ...size, neighbours: neighbourRoots, places },
    }
  }

  leave(): Promise<void> {
    return this.#leaving ?? this.end('ERR_CLOSED')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave()
  }

  /** Leaves, and says `code` of why. Never rejects. */
  end(code: ErrorCode): Promise<void> {
    return (this.#leaving ??= this.#leave(code))
  }

  /** First what was sent before goes out, for half of the time; then the leave; then everything closes. */
  #leave(code: ErrorCode): Promise<void> {
    const { alarms, host, limits } = this.#parts
    const { driver } = this.#run
    return new Promise((resolve) => {
      const finish = () => {
        cancelDeadline()
        cancelPatience()
        this.#onLeaveSaid = undefined
        this.#close(code)
        // The links let out what was sent, each in its own time but not for ever; then nothing is left.
        alarms.whenIdle(() => {
          const end = () => {
            cancelStoring()
            host.close()
            resolve()
          }
          // A disk that hangs holds nobody up for ever.
          const cancelStoring = alarms.after(limits.leaveTimeoutMs, end)
          void this.#maps.closed.then(end)
        })
      }
      const say = () => {
        cancelPatience()
        this.#outbox.close(closedError(code))
        this.#onLeaveSaid = () => driver.whenFlushed(finish)
        driver.handle({ type: 'leave' })
      }
      const cancelDeadline = alarms.after(limits.leaveTimeoutMs, finish)
      const cancelPatience = alarms.after(limits.leaveTimeoutMs / 2, say)
      if (driver.stopped) finish()
      else this.#outbox.whenEmpty(say)
    })
  }

  #openRun(): Run {
    const events: RunEvents = {
      onEvent: (event) => this.#onEvent(event),
      onAnnounced: () => {},
      onSignalingConnected: (url) => {
        this.#lostUrls.delete(url)
        this.#emit('signaling-connected', { url })
      },
      onSignalingLost: (url, error) => {
        // Once for each loss, and not for each try to get it back.
        if (this.#lostUrls.has(url)) return
        this.#lostUrls.add(url)
        this.#emit('signaling-lost', { url, code: error.code })
      },
      onBroken: (cause) => {
        const error = new ShoalError('ERR_INTERNAL', `${errorCodes.ERR_INTERNAL} ${String(cause)}`, { cause })
        this.#emit('error', { error })
        void this.end('ERR_INTERNAL')
      },
    }
    return this.#parts.openRun(this.#metadata, events)
  }

  #onEvent(event: CoreEvent): void {
    switch (event.type) {
      case 'member-joined':
      case 'member-suspected':
      case 'member-recovered':
      case 'member-failed':
      case 'member-left':
      case 'member-updated':
      case 'member-revoked':
        return this.#emit(event.type, { member: this.#view.of(event.member) })
      case 'zone-unreachable':
      case 'zone-recovered':
        return this.#emit(event.type, { zone: event.zone, members: event.members })
      case 'isolated':
      case 'reconnected':
        return this.#emit(event.type, {})
      case 'duplicate-identity': {
        const message = `${errorCodes.ERR_DUPLICATE_IDENTITY} Its instance is ${event.instance}.`
        this.#emit('error', { error: new ShoalError('ERR_DUPLICATE_IDENTITY', message) })
        return void this.end('ERR_DUPLICATE_IDENTITY')
      }
      case 'link-opened':
        this.#transfers.onLinkChanged(event.peer)
        return this.#emit('link-opened', { peer: event.peer })
      case 'link-closed':
        this.#transfers.onLinkChanged(event.peer)
        return this.#emit('link-closed', {
          peer: event.peer,
          code: this.#run.driver.closeCode(event.peer) ?? 'ERR_LINK_CLOSED',
        })
      case 'claim-rejected':
        return this.#reject(event.from, event.code)
      case 'message':
        return event.topic === ''
          ? this.#onMessage(event.from, event.payload, event.hops)
          : this.#onPublished(event.topic, event.from, event.payload, true)
      case 'broadcast':
        return event.topic === ''
          ? this.#onMessage(event.from, event.payload, undefined)
          : this.#onNamed(event.topic, event.from, event.payload)
      case 'transfer':
        return this.#transfers.onMessage(event.from, event.message)
      case 'reply':
        return this.#queries.onReply(event.from, event.id, event.word, event.payload)
      case 'broadcast-gap':
        return this.#emit('broadcast-gap', { from: event.from, missed: event.missed })
      case 'sent':
        return this.#outbox.onSent(event.ref, event.code === undefined ? undefined : sentError(event.code))
      case 'written':
        return this.#maps.onWritten(event.ref, event.code)
      case 'entries-changed':
        return this.#maps.onChanged(event.map, event.keys)
      case 'sync-progress': {
        const { from, received, remaining, done } = event
        return this.#emit('sync-progress', { from, received, remaining, done })
      }
      case 'admission-ended':
        return void this.end('ERR_CAPABILITY_EXPIRED')
      case 'admission-revoked':
        return void this.end('ERR_CAPABILITY_REVOKED')
      case 'revocations-changed':
      case 'revocations-stale':
        this.#emit(event.type, { seq: event.seq, expiresAt: event.expiresAt })
        if (event.type === 'revocations-stale' && this.#parts.owned?.failClosed) void this.end('ERR_REVOCATIONS_STALE')
        return
      case 'leaving':
        return this.#onLeaveSaid?.()
    }
  }

  #onMessage(from: PeerId, payload: Uint8Array, hops: number | undefined): void {
    const data = this.#parts.values.decode(payload)
    if (data !== undefined) return this.#emit('message', { from, data, broadcast: hops === undefined, hops })
    this.#reject(from, 'ERR_DATA_INVALID')
  }

  #onNamed(topic: string, from: PeerId, payload: Uint8Array): void {
    if (topic.startsWith(queryPrefix)) this.#queries.onQuestion(topic.slice(queryPrefix.length), from, payload)
    else this.#onPublished(topic, from, payload, false)
  }

  #onPublished(topic: string, from: PeerId, payload: Uint8Array, direct: boolean): void {
    if (!this.#topics.isOpen(topic)) return
    const data = this.#parts.values.decode(payload)
    if (data === undefined) this.#reject(from, 'ERR_DATA_INVALID')
    else this.#topics.deliver(topic, from, data, direct)
  }

  #reject(from: PeerId | undefined, code: string): void {
    this.#rejected.set(code, (this.#rejected.get(code) ?? 0) + 1)
    if (!this.#closedBy) this.#refusals.add(from, code)
  }

  #emit<K extends keyof MeshEventMap>(type: K, detail: MeshEventMap[K]): void {
    // A listener that throws is reported by the event target itself, and the others are still called.
    this.dispatchEvent(new CustomEvent(type, { detail }))
  }

  #encodeMetadata(metadata: unknown): Uint8Array {
    let bytes: Uint8Array
    try {
      bytes = this.#parts.values.encode(checkMetadata(metadata))
    } catch (cause) {
      if (cause instanceof ShoalError) throw cause
      throw new ShoalError('ERR_METADATA_INVALID', `${errorCodes.ERR_METADATA_INVALID} ${messageOf(cause)}`, { cause })
    }
    const max = this.#parts.metadataBytesMax
    if (bytes.length <= max) return bytes
    throw new ShoalError('ERR_METADATA_TOO_LARGE', `Metadata is at most ${max} bytes as CBOR; this is ${bytes.length}.`)
  }

  #decodeMetadata(bytes: Uint8Array): Metadata {
    const value = bytes.length === 0 ? undefined : this.#parts.values.decode(bytes)
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
    return Object.freeze(isMap ? (value as Metadata) : {})
  }

  #encodeMessage(data: unknown): Uint8Array {
    let bytes: Uint8Array
    try {
      bytes = this.#parts.values.encode(data)
    } catch (cause) {
      throw new ShoalError('ERR_DATA_INVALID', `${errorCodes.ERR_DATA_INVALID} ${messageOf(cause)}`, { cause })
    }
    const max = this.#parts.messageBytesMax
    if (bytes.length <= max) return bytes
    throw new ShoalError('ERR_MESSAGE_TOO_LARGE', `A message is at most ${max} bytes as CBOR; this is ${bytes.length}.`)
  }

  #sendTo(to: PeerId, data: unknown, topic = ''): Promise<void> {
    return this.#post(() => this.#receiver(to), data, topic)
  }

  async #sendLarge(to: PeerId, data: Uint8Array | Blob, options: SendOptions): Promise<void> {
    this.#assertOpen()
    const receiver = this.#receiver(to)
    if (sizeOf(data) <= transferBytesMax) return this.#transfers.send(receiver, data, options)
    const message = `A message is at most ${transferBytesMax} bytes; this is ${sizeOf(data)}.`
    throw new ShoalError('ERR_MESSAGE_TOO_LARGE', message)
  }

  #receiver(to: PeerId): PeerId {
    if (to === this.id) throw new ShoalError('ERR_UNKNOWN_PEER', 'send() is for others; this id is our own.')
    if (this.members.has(to)) return to
    throw new ShoalError('ERR_UNKNOWN_PEER', `No member of this mesh has the id ${String(to).slice(0, 43)}.`)
  }

  /** What is wrong with a message comes back as a rejection, never as a throw. */
  #post(receiver: () => PeerId | undefined, data: unknown, topic = ''): Promise<void> {
    try {
      this.#assertOpen()
      return this.#outbox.post(receiver(), this.#encodeMessage(data), topic)
    } catch (error) {
      return Promise.reject(error as ShoalError)
    }
  }

  #owned(): NonNullable<MeshParts['owned']> {
    this.#assertOpen()
    if (this.#parts.owned) return this.#parts.owned
    throw new ShoalError('ERR_OPTION_INVALID', 'This is for rooms with an owner: admission: { owner, capability }.')
  }

  #assertOpen(): void {
    if (this.#leaving || this.#closedBy) throw closedError(this.#closedBy ?? 'ERR_CLOSED')
  }

  /** The page goes, perhaps for good: the leave was signed in advance, and gets out before this returns. */
  #onHide(): void {
    const { driver } = this.#run
    driver.handle({ type: 'leave' })
    driver.spill()
  }

  /** Back from the back/forward cache: that instance has left, and its connections are dead. */
  #onRestore(): void {
    if (this.#leaving) return
    const entries = this.#run.state.all()
    this.#run.driver.stop()
    this.#run = this.#openRun()
    this.#run.driver.start()
    this.#run.driver.handle({ type: 'restored', entries })
    this.#maps.onRestarted()
    this.#transfers.restart(new ShoalError('ERR_ABORTED', 'The page was put aside before this was sent.'))
  }

  #close(code: ErrorCode): void {
    if (this.#closedBy) return
    this.#closedBy = code
    this.#stopWatching()
    this.#refusals.flush()
    this.#outbox.close(closedError(code))
    this.#maps.close(closedError(code))
    this.#topics.close()
    this.#queries.close()
    this.#transfers.close(closedError(code))
    this.#run.driver.stop()
    this.#emit('closed', { code })
  }
}

/** Whether it goes in more frames than one: bytes that do not fit one with their head, and every Blob that is not empty. */
function isLarge(data: unknown, messageBytesMax: number): data is Uint8Array | Blob {
  if (data instanceof Uint8Array) return data.length > messageBytesMax - 3
  return typeof Blob === 'function' && data instanceof Blob && data.size > 0
}

function closedError(code: ErrorCode): ShoalError {
  return new ShoalError('ERR_CLOSED', `${errorCodes.ERR_CLOSED}${code === 'ERR_CLOSED' ? '' : ` Here: ${code}.`}`)
}

/** The core's reason for not sending, as an error. */
function sentError(code: string): ShoalError {
  const known = Object.hasOwn(errorCodes, code) ? (code as keyof typeof errorCodes) : 'ERR_UNREACHABLE'
  return new ShoalError(known, known === code ? errorCodes[known] : `${errorCodes[known]} (${code})`)
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
