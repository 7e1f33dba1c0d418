/**
 * The rooms on `ws`: one socket in, many sockets held. It owns sockets, addresses and the clock, and
 * nothing of the protocol: frames go into `Rooms`, effects come out and are performed. One bad frame
 * costs one socket.
 */
import { randomBytes, randomInt } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { toBase64Url, type Verifier } from 'shoal/identity'
import type { JoinMessage, PeerId, SignalingCode } from 'shoal/signaling'
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws'
import { clientAddress, ProxyList } from './addresses.ts'
import { admit, originAllowed } from './admission.ts'
import { Backlog, type Reader } from './backlog.ts'
import { Bucket, type Rate } from './bucket.ts'
import { Gate } from './gate.ts'
import { shortId, Summary, type Logger } from './log.ts'
import { Metrics } from './metrics.ts'
import { limitKey, truncatedAddress } from './limit-key.ts'
import type { Settings } from './options.ts'
import type { Registration, Roster } from './roster.ts'
import { Rooms, type RoomsEffect, type SocketId } from './rooms.ts'
import { Tallies } from './tally.ts'

/** What a client waits at least before it comes back from a restart. */
const drainRetryAfterMs = 1_000

/** What may still be under way from a client that was told to go; who says more than that does not listen. */
const framesAfterCloseMax = 32

const tickMs = 250
const summaryMs = 10_000

interface Peer extends Reader {
  readonly socket: WebSocket
  /** The connection below it: holding it back for a moment sends many frames with one system call. */
  readonly raw: Duplex
  /** What limits count by; undefined where none apply. */
  readonly key: string | undefined
  readonly origin: string | undefined
  readonly openedAt: number
  readonly pings: Bucket
  corked: boolean
  /** Frames and pings since it was told to go; undefined before. */
  afterClose: number | undefined
}

export class Host {
  readonly tallies = new Tallies()
  readonly metrics: Metrics
  readonly #settings: Settings
  readonly #verifier: Verifier
  readonly #log: Logger
  readonly #roster: Roster | undefined
  readonly #sockets: WebSocketServer
  readonly #rooms: Rooms
  readonly #gate: Gate
  readonly #proxies: ProxyList
  readonly #pingRate: Rate
  readonly #peers = new Map<SocketId, Peer>()
  readonly #summary = new Summary({ closed: this.tallies.closed, refused: this.tallies.refused })
  readonly #backlog = new Backlog<Peer>()
  #corked: Peer[] = []
  #tickers: NodeJS.Timeout[] = []
  #nextSocket = 1
  #draining = false
  #onEmpty: () => void = () => {}

  constructor(settings: Settings, verifier: Verifier, log: Logger, roster: Roster | undefined) {
    this.#settings = settings
    this.#verifier = verifier
    this.#log = log
    this.#roster = roster
    this.#proxies = new ProxyList(settings.trustedProxies)
    this.#pingRate = { perSecond: settings.pingsPerSecond, burst: settings.pingsBurst }
    // closeTimeout and maxPendingAutoPongs are options of ws 8.23.0 that @types/ws 8.18 does not know yet.
    const options: ServerOptions & { closeTimeout: number; maxPendingAutoPongs: number } = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: settings.payloadBytesMax,
      maxFragments: settings.fragmentsMax,
      maxBufferedChunks: settings.chunksBufferedMax,
      maxPendingAutoPongs: settings.pendingPongsMax,
      closeTimeout: settings.closeTimeoutMs,
    }
    this.#sockets = new WebSocketServer(options)
    this.#gate = new Gate(
      {
        connectionsMax: settings.connectionsMax,
        connectionsPerAddressMax: settings.connectionsPerAddressMax,
        connectionRate: { perSecond: settings.connectionsPerMinute / 60, burst: settings.connectionsBurst },
        joinRate: { perSecond: settings.joinsPerMinute / 60, burst: settings.joinsBurst },
      },
      now(),
    )
    this.#rooms = new Rooms(
      {
        peersPerRoomMax: settings.peersPerRoomMax,
        roomsMax: settings.roomsMax,
        frameRate: { perSecond: settings.framesPerSecond, burst: settings.framesBurst },
        joinTimeoutMs: settings.joinTimeoutMs,
        heartbeatMs: settings.heartbeatMs,
        silentMsMax: settings.silentMsMax,
        retryAfterMs: settings.retryAfterMs,
        roster: roster === undefined ? 'local' : 'shared',
      },
      () => randomInt(2 ** 47) / 2 ** 47,
    )
    this.metrics = new Metrics(this.tallies, () => ({
      sockets: this.#peers.size,
      rooms: this.#rooms.rooms,
      largestRoom: this.#rooms.largestRoom,
      addresses: this.#gate.addresses,
      bufferedBytes: this.#backlog.bytes,
      bufferedBytesMax: this.#bufferedBytes(),
      ready: this.ready,
    }))
  }

  /** New clients are served. */
  get ready(): boolean {
    return !this.#draining && (this.#roster?.ready ?? true)
  }

  get sockets(): number {
    return this.#peers.size
  }

  start(): void {
    this.#tickers = [
      setInterval(() => this.#tick(), tickMs),
      setInterval(() => this.#summarize(), summaryMs),
      setInterval(() => void this.#renew(), Math.floor(this.#settings.rosterTtlMs / 3)),
    ]
  }

  /** Turns an HTTP request into a socket, or refuses it. The socket has an `error` listener already. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { retryAfterMs } = this.#settings
    if (this.#draining) return this.#refuse(socket, 503, 'Service Unavailable', retryAfterMs)
    const origin = request.headers.origin
    if (!originAllowed(this.#settings, origin)) return this.#refuse(socket, 403, 'Forbidden')
    const address = this.#addressOf(request)
    const key = this.#exempt(address) ? undefined : limitKey(address)
    if (key !== undefined && this.#gate.enter(key, now()) !== undefined) {
      this.#log.debug({ address: truncatedAddress(address) }, 'too many connections')
      return this.#refuse(socket, 429, 'Too Many Requests', retryAfterMs)
    }
    let accepted = false
    socket.once('close', () => {
      if (!accepted && key !== undefined) this.#gate.leave(key)
    })
    const room = new URL(request.url ?? '/', 'ws://host').searchParams.get('room') ?? ''
    this.#sockets.handleUpgrade(request, socket, head, (opened) => {
      accepted = true
      this.#onOpened(opened, socket, key, origin, room)
    })
  }

  arrived(room: string, to: PeerId, from: PeerId, data: string): void {
    this.#perform(this.#rooms.handle({ type: 'arrived', room, to, from, data }, now()))
  }

  displaced(room: string, id: PeerId): void {
    this.#perform(this.#rooms.handle({ type: 'displaced', room, id }, now()))
  }

  busReady(ready: boolean): void {
    this.#log[ready ? 'info' : 'warn'](ready ? 'the bus is back' : 'the bus is lost: no new joins until it is back')
    if (ready) void this.#renew()
  }

  /** Sends everybody away with a time to come back, and resolves when they are gone or the deadline is reached. */
  async drain(): Promise<void> {
    const { drainSpreadMs, drainMs } = this.#settings
    this.#draining = true
    this.#log.info({ sockets: this.#peers.size }, 'draining')
    // Two milliseconds for each socket: a handful is back at once, ten thousand are not a herd.
    const spreadMs = Math.min(drainSpreadMs, this.#peers.size * 2)
    this.#perform(this.#rooms.handle({ type: 'drain', retryAfterMs: drainRetryAfterMs, spreadMs }, now()))
    await new Promise<void>((resolve) => {
      if (this.#peers.size === 0) return resolve()
      const deadline = setTimeout(resolve, drainMs)
      this.#onEmpty = () => {
        clearTimeout(deadline)
        resolve()
      }
    })
    for (const ticker of this.#tickers) clearInterval(ticker)
    for (const { socket } of this.#peers.values()) socket.terminate()
    this.#summarize()
    await this.#roster?.close()
  }

  #onOpened(socket: WebSocket, raw: Duplex, key: string | undefined, origin: string | undefined, room: string): void {
    const id = this.#nextSocket++
    const openedAt = now()
    const peer: Peer = {
      get bufferedBytes() {
        return socket.bufferedAmount
      },
      socket,
      raw,
      key,
      origin,
      openedAt,
      pings: new Bucket(this.#pingRate, openedAt),
      corked: false,
      afterClose: undefined,
    }
    this.#peers.set(id, peer)
    this.tallies.opened++
    // ws closes the socket itself after an error (too large, too many fragments, bad UTF-8, a reset): count it.
    socket.on('error', (error: Error & { code?: string }) => this.tallies.closed.add(error.code ?? 'error'))
    socket.on('close', () => {
      this.#peers.delete(id)
      this.#backlog.forget(peer)
      if (key !== undefined) this.#gate.leave(key)
      this.#perform(this.#rooms.handle({ type: 'closed', socket: id }, now()))
      if (this.#peers.size === 0) this.#onEmpty()
    })
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (this.#isDone(peer)) return
      this.tallies.framesReceived++
      this.tallies.bytesReceived += data.length
      if (isBinary) return this.#fault(id, 'ERR_BINARY')
      this.#perform(this.#rooms.handle({ type: 'frame', socket: id, text: data.toString() }, now()))
    })
    socket.on('pong', () => this.#heard(id))
    socket.on('ping', () => {
      if (this.#isDone(peer)) return
      if (peer.pings.take(this.#pingRate, now())) this.#heard(id)
      else this.#fault(id, 'ERR_RATE')
    })
    const nonce = toBase64Url(randomBytes(32))
    this.#perform(this.#rooms.handle({ type: 'opened', socket: id, nonce, room }, now()))
  }

  #perform(effects: readonly RoomsEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'send':
          this.#send(effect.socket, effect.kind, effect.text)
          break
        case 'close':
          this.#close(effect.socket, effect.code, effect.status)
          break
        case 'ping':
          this.#peers.get(effect.socket)?.socket.ping()
          break
        case 'check':
          void this.#check(effect.socket, effect.join, effect.bytes)
          break
        case 'joined':
          this.#onJoined(effect.socket, effect.id)
          break
        case 'enlist':
          void this.#enlist(effect)
          break
        case 'withdraw':
          this.#bus.withdraw(effect)
          break
        case 'draw':
          void this.#draw(effect.socket, effect.room, effect.id)
          break
        case 'forward':
          void this.#forward(effect)
          break
      }
    }
  }

  #send(id: SocketId, kind: string, text: string): void {
    const peer = this.#peers.get(id)
    if (peer === undefined) return
    const { socket } = peer
    if (socket.bufferedAmount > this.#settings.bufferedBytesMax) return this.#cutOff(peer)
    if (!peer.corked) {
      peer.corked = true
      peer.raw.cork()
      if (this.#corked.push(peer) === 1) setImmediate(this.#uncork)
    }
    socket.send(text)
    this.tallies.sent.add(kind)
    if (kind === 'signal') this.tallies.bytesRelayed += text.length
  }

  readonly #uncork = (): void => {
    const peers = this.#corked
    this.#corked = []
    for (const peer of peers) {
      peer.corked = false
      peer.raw.uncork()
      this.#backlog.look(peer)
    }
    for (const peer of this.#backlog.shed(this.#settings.bufferedTotalBytesMax)) this.#cutOff(peer)
  }

  /** It does not read: a close frame would only join the queue. */
  #cutOff({ socket }: Peer): void {
    this.tallies.closed.add('ERR_SLOW_CONSUMER')
    socket.terminate()
  }

  #close(id: SocketId, code: SignalingCode | undefined, status: number): void {
    this.tallies.closed.add(code ?? 'none')
    const peer = this.#peers.get(id)
    if (peer === undefined) return
    peer.afterClose = 0
    peer.socket.close(status, code ?? '')
  }

  /** True for a socket that was told to go. A flood that goes on regardless is not read until the close times out. */
  #isDone(peer: Peer): boolean {
    if (peer.afterClose === undefined) return false
    if (++peer.afterClose > framesAfterCloseMax) peer.socket.terminate()
    return true
  }

  async #check(id: SocketId, join: JoinMessage, bytes: Uint8Array): Promise<void> {
    const peer = this.#peers.get(id)
    if (peer === undefined) return
    if (peer.key !== undefined && !this.#gate.join(peer.key, now())) return this.#checked(id, { code: 'ERR_JOIN_RATE' })
    if (this.#roster?.ready === false) return this.#checked(id, { code: 'ERR_UNAVAILABLE' })
    try {
      this.#checked(id, await admit(this.#settings, this.#verifier, join, bytes, peer.origin, Date.now()))
    } catch (error) {
      this.#log.error({ err: error }, 'a join could not be checked')
      this.#checked(id, { code: 'ERR_UNAVAILABLE' })
    }
  }

  #checked(socket: SocketId, answer: Awaited<ReturnType<typeof admit>>): void {
    this.#perform(this.#rooms.handle({ type: 'checked', socket, ...answer }, now()))
  }

  #onJoined(id: SocketId, peerId: PeerId): void {
    this.tallies.joins++
    const peer = this.#peers.get(id)
    if (peer !== undefined) this.metrics.joined((now() - peer.openedAt) / 1000)
    this.#log.debug({ id: shortId(peerId) }, 'joined')
  }

  get #bus(): Roster {
    if (this.#roster === undefined) throw new Error('a local roster asks nobody')
    return this.#roster
  }

  async #enlist(registration: Registration): Promise<void> {
    const { socket } = registration
    const answer = await this.#bus.enlist(registration)
    const input =
      typeof answer === 'string'
        ? ({ type: 'not-enlisted', socket, code: answer } as const)
        : ({ type: 'enlisted', socket, sample: answer } as const)
    this.#perform(this.#rooms.handle(input, now()))
    // It left while it was being registered: nobody else will take it off the roster.
    if (typeof answer !== 'string' && this.#rooms.seat(socket) === undefined) this.#bus.withdraw(registration)
  }

  async #draw(socket: SocketId, room: string, id: PeerId): Promise<void> {
    const sample = await this.#bus.draw(room, id)
    this.#perform(this.#rooms.handle({ type: 'drawn', socket, sample }, now()))
  }

  async #forward({ socket, room, to, from, data }: Extract<RoomsEffect, { type: 'forward' }>): Promise<void> {
    const taken = await this.#bus.forward(room, to, from, data)
    if (!taken) this.#perform(this.#rooms.handle({ type: 'unreachable', socket, to }, now()))
  }

  async #renew(): Promise<void> {
    await this.#roster?.renew(this.#rooms.registered())
  }

  #heard(socket: SocketId): void {
    this.#perform(this.#rooms.handle({ type: 'heard', socket }, now()))
  }

  #fault(socket: SocketId, code: SignalingCode): void {
    this.#perform(this.#rooms.handle({ type: 'fault', socket, code }, now()))
  }

  #refuse(socket: Duplex, status: number, reason: string, retryAfterMs?: number): void {
    this.tallies.refused.add(String(status))
    refuse(socket, status, reason, retryAfterMs)
  }

  #addressOf(request: IncomingMessage): string {
    const forwarded = request.headers['x-forwarded-for']
    const header = Array.isArray(forwarded) ? forwarded.join(',') : forwarded
    return clientAddress(request.socket.remoteAddress ?? '', header, this.#proxies)
  }

  #exempt(address: string): boolean {
    return this.#settings.exemptLoopback && (address === '::1' || address.startsWith('127.'))
  }

  #bufferedBytes(): number {
    let most = 0
    for (const { socket } of this.#peers.values()) most = Math.max(most, socket.bufferedAmount)
    return most
  }

  #tick(): void {
    this.#perform(this.#rooms.handle({ type: 'tick' }, now()))
    this.#backlog.lookAtAll()
    this.#gate.sweep(now())
  }

  #summarize(): void {
    const counts = this.#summary.take()
    if (counts !== undefined) this.#log.info({ sockets: this.#peers.size, ...counts }, 'sockets closed or refused')
  }
}

/** Answers an upgrade with a plain HTTP status and ends the connection. */
export function refuse(socket: Duplex, status: number, reason: string, retryAfterMs?: number): void {
  const retry = retryAfterMs === undefined ? '' : `Retry-After: ${Math.ceil(retryAfterMs / 1000)}\r\n`
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${retry}Connection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    socket.destroy(),
  )
}

function now(): number {
  return performance.now()
}
