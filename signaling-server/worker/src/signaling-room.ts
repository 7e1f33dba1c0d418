/**
 * One room as a Durable Object with hibernating sockets: while nobody says anything it is not in memory
 * and costs nothing, and its sockets stay open. What is known of a socket is attached to the socket and
 * comes back with it. Pings are answered without waking (`setWebSocketAutoResponse`), which is why a ping
 * is one exact text.
 */
import { DurableObject } from 'cloudflare:workers'
import { chooseVerifier, toBase64Url, type SubtleLike, type Verifier } from 'shoal/identity'
import { pingText, pongText, type JoinMessage, type SignalingCode } from 'shoal/signaling'
import { admit } from '../../src/admission.ts'
import { limitKey } from '../../src/limit-key.ts'
import { Gate } from '../../src/gate.ts'
import type { Settings } from '../../src/options.ts'
import { Rooms, type RoomsEffect, type RoomsInput, type Seat, type SocketId } from '../../src/rooms.ts'
import { settingsOf, type Env } from './env.ts'

/** What is attached to a socket: at most 2,048 bytes (Cloudflare's limit), and this is some 400. */
interface Attachment {
  readonly socket: SocketId
  readonly key: string
  readonly origin: string | undefined
  readonly seat: Seat
}

interface Peer {
  readonly socket: WebSocket
  readonly key: string
  readonly origin: string | undefined
}

export class SignalingRoom extends DurableObject<Env> {
  readonly #settings: Settings
  readonly #rooms: Rooms
  readonly #gate: Gate
  readonly #verifier: Promise<Verifier>
  readonly #peers = new Map<SocketId, Peer>()
  readonly #ids = new Map<WebSocket, SocketId>()
  #nextSocket = 1

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const settings = settingsOf(env)
    this.#settings = settings
    // Cloudflare's types let `exportKey` answer a JsonWebKey for every format; for `raw` it never does.
    this.#verifier = chooseVerifier(crypto.subtle as unknown as SubtleLike, undefined, 0).then(
      ({ verifier }) => verifier,
    )
    const now = Date.now()
    this.#gate = new Gate(
      {
        connectionsMax: settings.connectionsMax,
        connectionsPerAddressMax: settings.connectionsPerAddressMax,
        connectionRate: { perSecond: settings.connectionsPerMinute / 60, burst: settings.connectionsBurst },
        joinRate: { perSecond: settings.joinsPerMinute / 60, burst: settings.joinsBurst },
      },
      now,
    )
    this.#rooms = new Rooms(
      {
        peersPerRoomMax: settings.peersPerRoomMax,
        roomsMax: 1,
        frameRate: { perSecond: settings.framesPerSecond, burst: settings.framesBurst },
        joinTimeoutMs: settings.joinTimeoutMs,
        heartbeatMs: settings.heartbeatMs,
        silentMsMax: settings.silentMsMax,
        retryAfterMs: settings.retryAfterMs,
        roster: 'local',
      },
      randomFraction,
    )
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(pingText, pongText))
    for (const socket of ctx.getWebSockets()) this.#restore(socket, now)
  }

  override async fetch(request: Request): Promise<Response> {
    const address = request.headers.get('cf-connecting-ip') ?? 'unknown'
    const key = limitKey(address)
    if (this.#gate.enter(key, Date.now()) !== undefined) {
      const retry = String(Math.ceil(this.#settings.retryAfterMs / 1000))
      return new Response('Too Many Requests\n', { status: 429, headers: { 'retry-after': retry } })
    }
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    const id = this.#nextSocket++
    this.#peers.set(id, { socket: server, key, origin: request.headers.get('origin') ?? undefined })
    this.#ids.set(server, id)
    const room = new URL(request.url).searchParams.get('room') ?? ''
    const nonce = toBase64Url(crypto.getRandomValues(new Uint8Array(32)))
    await this.#handle({ type: 'opened', socket: id, nonce, room })
    await this.#wakeIn(this.#settings.joinTimeoutMs)
    return new Response(null, { status: 101, webSocket: client })
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    const id = this.#ids.get(socket)
    if (id === undefined) return
    if (typeof data !== 'string') return this.#fault(id, 'ERR_BINARY')
    if (data.length > this.#settings.payloadBytesMax) return this.#fault(id, 'ERR_FRAME_TOO_LARGE')
    await this.#handle({ type: 'frame', socket: id, text: data })
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    await this.#closed(socket)
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.#closed(socket)
  }

  /** Looks for the silent and for those that never joined. */
  override async alarm(): Promise<void> {
    for (const [id, { socket }] of this.#peers) {
      const heardAt = this.ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0
      if (heardAt > (this.#rooms.seat(id)?.heardAt ?? Infinity))
        this.#rooms.handle({ type: 'heard', socket: id }, heardAt)
    }
    await this.#handle({ type: 'tick' })
    this.#gate.sweep(Date.now())
    if (this.#peers.size === 0) return
    const waiting = [...this.#peers.keys()].some((id) => this.#rooms.seat(id)?.stage !== 'joined')
    const { joinTimeoutMs, silentMsMax } = this.#settings
    await this.#wakeIn(waiting ? Math.min(joinTimeoutMs, silentMsMax / 2) : silentMsMax / 2)
  }

  async #handle(input: RoomsInput): Promise<void> {
    const effects = this.#rooms.handle(input, Date.now())
    if ('socket' in input) this.#attach(input.socket)
    await this.#perform(effects)
  }

  async #perform(effects: readonly RoomsEffect[]): Promise<void> {
    for (const effect of effects) {
      switch (effect.type) {
        case 'send':
          this.#peers.get(effect.socket)?.socket.send(effect.text)
          break
        case 'close':
          this.#close(effect.socket, effect.status, effect.code ?? '')
          break
        case 'check':
          await this.#check(effect.socket, effect.join, effect.bytes)
          break
        case 'joined':
          this.#attach(effect.socket)
          break
        case 'ping':
          // Workers cannot send one. Our clients ask by themselves, and who does not is found by its silence.
          break
        case 'enlist':
        case 'withdraw':
        case 'draw':
        case 'forward':
          throw new Error('a local roster asks nobody')
      }
    }
  }

  async #check(id: SocketId, join: JoinMessage, bytes: Uint8Array): Promise<void> {
    const peer = this.#peers.get(id)
    if (peer === undefined) return
    if (!this.#gate.join(peer.key, Date.now()))
      return this.#handle({ type: 'checked', socket: id, code: 'ERR_JOIN_RATE' })
    const answer = await admit(this.#settings, await this.#verifier, join, bytes, peer.origin, Date.now())
    await this.#handle({ type: 'checked', socket: id, ...answer })
  }

  #fault(socket: SocketId, code: SignalingCode): Promise<void> {
    return this.#handle({ type: 'fault', socket, code })
  }

  #close(id: SocketId, status: number, reason: string): void {
    const peer = this.#peers.get(id)
    if (peer === undefined) return
    this.#forget(peer.socket)
    peer.socket.close(status, reason)
  }

  async #closed(socket: WebSocket): Promise<void> {
    const id = this.#forget(socket)
    if (id !== undefined) await this.#handle({ type: 'closed', socket: id })
  }

  #forget(socket: WebSocket): SocketId | undefined {
    const id = this.#ids.get(socket)
    if (id === undefined) return undefined
    const peer = this.#peers.get(id)
    if (peer !== undefined) this.#gate.leave(peer.key)
    this.#peers.delete(id)
    this.#ids.delete(socket)
    // One that is closing may still be among `getWebSockets` after a sleep: it is nobody's any more.
    socket.serializeAttachment(null)
    return id
  }

  #attach(id: SocketId): void {
    const peer = this.#peers.get(id)
    const seat = this.#rooms.seat(id)
    if (peer === undefined || seat === undefined) return
    const { key, origin } = peer
    peer.socket.serializeAttachment({ socket: id, key, origin, seat } satisfies Attachment)
  }

  #restore(socket: WebSocket, now: number): void {
    const attachment = socket.deserializeAttachment() as Attachment | null
    if (attachment === null) return
    const { socket: id, key, origin, seat } = attachment
    this.#peers.set(id, { socket, key, origin })
    this.#ids.set(socket, id)
    this.#gate.enter(key, now)
    this.#rooms.restore(id, seat, now)
    this.#nextSocket = Math.max(this.#nextSocket, id + 1)
  }

  /** Sees to it that `alarm` runs within that time. */
  async #wakeIn(ms: number): Promise<void> {
    const at = Date.now() + ms
    const planned = await this.ctx.storage.getAlarm()
    if (planned === null || planned > at) await this.ctx.storage.setAlarm(at)
  }
}

function randomFraction(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32
}
