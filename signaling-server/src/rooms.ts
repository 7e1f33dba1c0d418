/**
 * The whole server, without a socket: what came in goes in, what is to be sent comes out. Every host
 * (a `ws` server, the same over Redis, a Durable Object) is a loop around `handle`:
 *
 *     one input, then perform every effect in order.
 *
 * It knows rooms, seats and limits. It does not know addresses, tokens, curves or clocks: who may open
 * a socket is the gate's business, whether a join is genuine comes back as `checked`, and time is
 * handed in. It never reads what it relays.
 *
 *     opened ─▶ challenged ─▶ checking ─▶ enlisting ─▶ joined      any fault, at any stage: one
 *                   join        checked     enlisted               error, and this socket is closed
 */
import {
  encodeMessage,
  errorMessage,
  joinBytes,
  parseClientMessage,
  pongText,
  protocolVersion,
  sampleMax,
  type IceServer,
  type JoinMessage,
  type PeerId,
  type ServerMessage,
  type SignalingCode,
  type SignalTo,
} from 'shoal/signaling'
import { Bucket, type Rate } from './bucket.ts'
import { Room } from './room.ts'

/** A socket, numbered by the host and never used again. */
export type SocketId = number

export interface RoomsOptions {
  readonly peersPerRoomMax: number
  readonly roomsMax: number
  readonly frameRate: Rate
  /** From `opened` to `joined`. */
  readonly joinTimeoutMs: number
  /** What clients are told to ping at, and how often the host pings them. */
  readonly heartbeatMs: number
  /** A socket that was not heard of for this long is closed. */
  readonly silentMsMax: number
  /** How long a client that cannot be served now should stay away. */
  readonly retryAfterMs: number
  /** `local`: all peers are on this instance. `shared`: some are on others, which the host reaches. */
  readonly roster: 'local' | 'shared'
}

export type RoomsInput =
  | SocketInput
  /** `room`: what the address said, empty when it said nothing. */
  | { readonly type: 'opened'; readonly socket: SocketId; readonly nonce: string; readonly room: string }
  | { readonly type: 'tick' }
  /** Say good-bye to everybody, spread over `spreadMs`. */
  | { readonly type: 'drain'; readonly retryAfterMs: number; readonly spreadMs: number }
  /** For one of ours, from another instance. */
  | {
      readonly type: 'arrived'
      readonly room: string
      readonly to: PeerId
      readonly from: PeerId
      readonly data: string
    }
  /** The same id joined on another instance. */
  | { readonly type: 'displaced'; readonly room: string; readonly id: PeerId }

/** About one socket, which may be gone by then. */
type SocketInput =
  | { readonly type: 'frame'; readonly socket: SocketId; readonly text: string }
  | { readonly type: 'fault'; readonly socket: SocketId; readonly code: SignalingCode }
  /** A sign of life that is not a frame: a pong, or an answer given without waking us. */
  | { readonly type: 'heard'; readonly socket: SocketId }
  /** The answer to `check`: signature and token are good, or the code of what is not. */
  | { readonly type: 'checked'; readonly socket: SocketId; readonly code?: SignalingCode; readonly ice?: IceGrant }
  | { readonly type: 'closed'; readonly socket: SocketId }
  // What a shared roster answers.
  | { readonly type: 'enlisted'; readonly socket: SocketId; readonly sample: readonly PeerId[] }
  | { readonly type: 'not-enlisted'; readonly socket: SocketId; readonly code: SignalingCode }
  | { readonly type: 'drawn'; readonly socket: SocketId; readonly sample: readonly PeerId[] }
  | { readonly type: 'unreachable'; readonly socket: SocketId; readonly to: PeerId }

export interface IceGrant {
  readonly iceServers: readonly IceServer[]
  readonly iceTtlMs: number
}

export type RoomsEffect =
  | { readonly type: 'send'; readonly socket: SocketId; readonly kind: ServerMessage['t']; readonly text: string }
  /** Close after what was sent. */
  | {
      readonly type: 'close'
      readonly socket: SocketId
      readonly code: SignalingCode | undefined
      readonly status: number
    }
  | { readonly type: 'ping'; readonly socket: SocketId }
  /** Is `join.signature` one of `join.id` over `bytes`, and is the token good? Answer with `checked`. */
  | { readonly type: 'check'; readonly socket: SocketId; readonly join: JoinMessage; readonly bytes: Uint8Array }
  | { readonly type: 'joined'; readonly socket: SocketId; readonly room: string; readonly id: PeerId }
  // What a shared roster is asked.
  | { readonly type: 'enlist'; readonly socket: SocketId; readonly room: string; readonly id: PeerId }
  | { readonly type: 'withdraw'; readonly socket: SocketId; readonly room: string; readonly id: PeerId }
  | { readonly type: 'draw'; readonly socket: SocketId; readonly room: string; readonly id: PeerId }
  | {
      readonly type: 'forward'
      readonly socket: SocketId
      readonly room: string
      readonly to: PeerId
      readonly from: PeerId
      readonly data: string
    }

/** What is known of one socket. Plain data: a host that sleeps keeps it and gives it back. */
export interface Seat {
  stage: 'challenged' | 'checking' | 'enlisting' | 'joined'
  nonce: string
  /** Before the join: what the address said, or empty. */
  room: string
  id: PeerId | undefined
  openedAt: number
  heardAt: number
  pingedAt: number
}

interface Held extends Seat {
  readonly socket: SocketId
  readonly bucket: Bucket
  ice: IceGrant | undefined
}

export class Rooms {
  readonly #options: RoomsOptions
  readonly #random: () => number
  readonly #seats = new Map<SocketId, Held>()
  readonly #rooms = new Map<string, Room<Held>>()
  #out: RoomsEffect[] = []

  constructor(options: RoomsOptions, random: () => number) {
    this.#options = options
    this.#random = random
  }

  get sockets(): number {
    return this.#seats.size
  }

  get rooms(): number {
    return this.#rooms.size
  }

  /** The largest room on this instance. */
  get largestRoom(): number {
    let largest = 0
    for (const room of this.#rooms.values()) largest = Math.max(largest, room.size)
    return largest
  }

  /** Everybody who is registered here: what a shared roster has to be told again after it was lost. */
  *registered(): Generator<{ socket: SocketId; room: string; id: PeerId }> {
    for (const { stage, socket, room, id } of this.#seats.values()) {
      if (stage === 'joined' && id !== undefined) yield { socket, room, id }
    }
  }

  /** What a host that sleeps has to keep of a socket. */
  seat(socket: SocketId): Seat | undefined {
    const held = this.#seats.get(socket)
    if (held === undefined) return undefined
    const { stage, nonce, room, id, openedAt, heardAt, pingedAt } = held
    return { stage, nonce, room, id, openedAt, heardAt, pingedAt }
  }

  /** Takes back what `seat` gave. A check that was under way when the host fell asleep is lost: the join deadline ends it. */
  restore(socket: SocketId, seat: Seat, now: number): void {
    const held: Held = { ...seat, socket, bucket: new Bucket(this.#options.frameRate, now), ice: undefined }
    this.#seats.set(socket, held)
    if (held.stage === 'joined' && held.id !== undefined) this.#room(held.room).set(held.id, held)
  }

  handle(input: RoomsInput, now: number): readonly RoomsEffect[] {
    this.#out = []
    this.#dispatch(input, now)
    return this.#out
  }

  #dispatch(input: RoomsInput, now: number): void {
    switch (input.type) {
      case 'opened':
        return this.#onOpened(input.socket, input.nonce, input.room, now)
      case 'tick':
        return this.#onTick(now)
      case 'drain':
        return this.#onDrain(input.retryAfterMs, input.spreadMs)
      case 'arrived':
        return this.#onArrived(input.room, input.to, input.from, input.data)
      case 'displaced':
        return this.#displace(this.#rooms.get(input.room)?.get(input.id))
      case 'frame':
      case 'fault':
      case 'heard':
      case 'checked':
      case 'closed':
      case 'enlisted':
      case 'not-enlisted':
      case 'drawn':
      case 'unreachable': {
        const held = this.#seats.get(input.socket)
        if (held !== undefined) this.#onSocket(held, input, now)
      }
    }
  }

  #onSocket(held: Held, input: SocketInput, now: number): void {
    switch (input.type) {
      case 'frame':
        return this.#onFrame(held, input.text, now)
      case 'fault':
        return this.#refuse(held, input.code)
      case 'heard':
        held.heardAt = now
        return
      case 'checked':
        return this.#onChecked(held, input.code, input.ice)
      case 'enlisted':
        return this.#onEnlisted(held, input.sample)
      case 'not-enlisted':
        return this.#refuse(held, input.code, this.#options.retryAfterMs)
      case 'drawn':
        return this.#send(held, { t: 'sample', sample: input.sample })
      case 'unreachable':
        return this.#send(held, { t: 'absent', to: input.to })
      case 'closed':
        return this.#forget(held)
    }
  }

  #onOpened(socket: SocketId, nonce: string, room: string, now: number): void {
    const bucket = new Bucket(this.#options.frameRate, now)
    const times = { openedAt: now, heardAt: now, pingedAt: now }
    const held: Held = { socket, stage: 'challenged', nonce, room, id: undefined, ...times, bucket, ice: undefined }
    this.#seats.set(socket, held)
    this.#send(held, { t: 'challenge', version: protocolVersion, nonce })
  }

  #onFrame(held: Held, text: string, now: number): void {
    held.heardAt = now
    if (!held.bucket.take(this.#options.frameRate, now))
      return this.#refuse(held, 'ERR_RATE', this.#options.retryAfterMs)
    const message = parseClientMessage(text)
    if (!('t' in message)) return this.#refuse(held, message.code)
    if (message.t === 'join') return this.#onJoin(held, message)
    if (message.t === 'leave') return this.#end(held, undefined, 1000)
    if (held.stage !== 'joined') return this.#refuse(held, 'ERR_NOT_JOINED')
    switch (message.t) {
      case 'signal':
        return this.#onSignal(held, message)
      case 'sample':
        return this.#onSample(held)
      case 'ping':
        this.#out.push({ type: 'send', socket: held.socket, kind: 'pong', text: pongText })
        return
    }
  }

  #onJoin(held: Held, join: JoinMessage): void {
    if (held.stage !== 'challenged') return this.#refuse(held, 'ERR_ALREADY_JOINED')
    if (held.room !== '' && held.room !== join.room) return this.#refuse(held, 'ERR_ROOM_MISMATCH')
    held.stage = 'checking'
    held.room = join.room
    held.id = join.id
    const bytes = joinBytes(held.nonce, join.audience, join.room, join.id)
    this.#out.push({ type: 'check', socket: held.socket, join, bytes })
  }

  #onChecked(held: Held, code: SignalingCode | undefined, ice: IceGrant | undefined): void {
    if (held.stage !== 'checking') return
    if (code !== undefined) {
      const later = code === 'ERR_UNAVAILABLE' || code === 'ERR_JOIN_RATE'
      return this.#refuse(held, code, later ? this.#options.retryAfterMs : undefined)
    }
    const full = this.#fullness(held)
    if (full !== undefined) return this.#refuse(held, full, this.#options.retryAfterMs)
    held.ice = ice
    if (this.#options.roster === 'local') return this.#welcome(held, undefined)
    held.stage = 'enlisting'
    this.#out.push({ type: 'enlist', socket: held.socket, room: held.room, id: held.id! })
  }

  #onEnlisted(held: Held, sample: readonly PeerId[]): void {
    if (held.stage === 'enlisting') this.#welcome(held, sample)
  }

  #welcome(held: Held, sample: readonly PeerId[] | undefined): void {
    const id = held.id!
    const room = this.#room(held.room)
    // The newest socket of an id is the one that counts: a client that lost its network knows before we do.
    this.#displace(room.get(id))
    // Displacing may have emptied the room, and an empty room is forgotten.
    this.#rooms.set(held.room, room)
    room.set(id, held)
    held.stage = 'joined'
    held.nonce = ''
    const { heartbeatMs } = this.#options
    this.#out.push({ type: 'joined', socket: held.socket, room: held.room, id })
    this.#send(held, {
      t: 'welcome',
      sample: sample ?? room.sample(sampleMax, id, this.#random),
      heartbeatMs,
      ...held.ice,
    })
    held.ice = undefined
  }

  #onSignal(held: Held, { to, data }: SignalTo): void {
    const target = this.#rooms.get(held.room)?.get(to)
    if (target !== undefined) return this.#send(target, { t: 'signal', from: held.id!, data })
    if (this.#options.roster === 'local') return this.#send(held, { t: 'absent', to })
    this.#out.push({ type: 'forward', socket: held.socket, room: held.room, to, from: held.id!, data })
  }

  #onSample(held: Held): void {
    const id = held.id!
    if (this.#options.roster === 'shared') {
      this.#out.push({ type: 'draw', socket: held.socket, room: held.room, id })
      return
    }
    const sample = this.#rooms.get(held.room)?.sample(sampleMax, id, this.#random) ?? []
    this.#send(held, { t: 'sample', sample })
  }

  #onArrived(room: string, to: PeerId, from: PeerId, data: string): void {
    const target = this.#rooms.get(room)?.get(to)
    if (target !== undefined) this.#send(target, { t: 'signal', from, data })
  }

  #onTick(now: number): void {
    const { joinTimeoutMs, heartbeatMs, silentMsMax } = this.#options
    for (const held of this.#seats.values()) {
      if (held.stage !== 'joined' && now - held.openedAt >= joinTimeoutMs) this.#refuse(held, 'ERR_JOIN_TIMEOUT')
      else if (now - held.heardAt >= silentMsMax) this.#refuse(held, 'ERR_SILENT')
      else if (now - Math.max(held.heardAt, held.pingedAt) >= heartbeatMs) {
        held.pingedAt = now
        this.#out.push({ type: 'ping', socket: held.socket })
      }
    }
  }

  #onDrain(retryAfterMs: number, spreadMs: number): void {
    for (const held of this.#seats.values()) {
      const after = retryAfterMs + Math.floor(this.#random() * spreadMs)
      this.#send(held, { t: 'bye', code: 'ERR_SHUTDOWN', retryAfterMs: after })
      this.#end(held, 'ERR_SHUTDOWN', 1012)
    }
  }

  #displace(held: Held | undefined): void {
    if (held === undefined) return
    this.#send(held, { t: 'bye', code: 'ERR_REPLACED', retryAfterMs: 0 })
    this.#end(held, 'ERR_REPLACED', 1000)
  }

  #refuse(held: Held, code: SignalingCode, retryAfterMs?: number): void {
    this.#send(held, errorMessage(code, retryAfterMs))
    this.#end(held, code, retryAfterMs === undefined ? 1008 : 1013)
  }

  #end(held: Held, code: SignalingCode | undefined, status: number): void {
    this.#forget(held)
    this.#out.push({ type: 'close', socket: held.socket, code, status })
  }

  #forget(held: Held): void {
    this.#seats.delete(held.socket)
    const { id, stage, room: name } = held
    if (id === undefined || (stage !== 'joined' && stage !== 'enlisting')) return
    const room = this.#rooms.get(name)
    // Only if it still is this socket's place: a newer one of the same id may have taken it.
    if (room?.get(id) === held) {
      room.delete(id)
      if (room.size === 0) this.#rooms.delete(name)
    }
    if (this.#options.roster === 'shared') this.#out.push({ type: 'withdraw', socket: held.socket, room: name, id })
  }

  /** Why nobody new fits; a newer socket of an id that is here already always fits. */
  #fullness(held: Held): SignalingCode | undefined {
    const room = this.#rooms.get(held.room)
    if (room === undefined) return this.#rooms.size >= this.#options.roomsMax ? 'ERR_ROOMS_FULL' : undefined
    const full = room.size >= this.#options.peersPerRoomMax && room.get(held.id!) === undefined
    return full ? 'ERR_ROOM_FULL' : undefined
  }

  #room(name: string): Room<Held> {
    const known = this.#rooms.get(name)
    if (known !== undefined) return known
    const room = new Room<Held>()
    this.#rooms.set(name, room)
    return room
  }

  #send(held: Held, message: ServerMessage): void {
    this.#out.push({ type: 'send', socket: held.socket, kind: message.t, text: encodeMessage(message) })
  }
}
