/**
 * The default host of the rooms: `ws` on Node. It owns sockets, addresses and the clock, and nothing of
 * the protocol: frames go into `Rooms`, effects come out and are performed. One bad frame costs one
 * socket.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { fromBase64url, toBase64url, type JoinMessage, type SignalingCode } from 'shoal/signaling'
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws'
import { clientAddress, limitKey, ProxyList } from './addresses.ts'
import { Bucket } from './bucket.ts'
import { Gate } from './gate.ts'
import { completeSettings, type Settings } from './options.ts'
import { Rooms, type RoomsEffect, type SocketId } from './rooms.ts'
import { nodeVerifier, type JoinVerifier } from './verifier.ts'

export interface SignalingServerOptions extends Partial<Settings> {
  /** An HTTP server to share; it is left open by `close()`. Without one, one is made and listens on `port`. */
  readonly server?: Server
  /** Answers requests that are not the server's own (only where it has made its HTTP server). */
  readonly fallback?: (request: IncomingMessage, response: ServerResponse) => void
  readonly verifier?: JoinVerifier
}

export interface SignalingServer {
  readonly port: number
  /** `ws://host:port/path`, as reached from this machine. */
  readonly url: string
  /** Sockets open now. */
  readonly sockets: number
  /** Sends everybody away with a time to come back, waits for them to close, then ends. Safe to call twice. */
  close(): Promise<void>
}

/** Starts a signaling server. Rejects with an `OptionError` for a setting that is not allowed, or with what `listen` said. */
export async function startSignalingServer(options: SignalingServerOptions = {}): Promise<SignalingServer> {
  const { server, fallback, verifier, ...given } = options
  const host = new Host(completeSettings(given), verifier ?? nodeVerifier, server, fallback)
  await host.listen()
  return host
}

/** What a client waits at least before it comes back from a restart. */
const drainRetryAfterMs = 1_000

interface Peer {
  readonly socket: WebSocket
  readonly key: string | undefined
  readonly pings: Bucket
}

class Host implements SignalingServer {
  readonly #settings: Settings
  readonly #verifier: JoinVerifier
  readonly #http: Server
  readonly #ownsHttp: boolean
  readonly #fallback: SignalingServerOptions['fallback']
  readonly #sockets: WebSocketServer
  readonly #rooms: Rooms
  readonly #gate: Gate
  readonly #proxies: ProxyList
  readonly #peers = new Map<SocketId, Peer>()
  #ticker: NodeJS.Timeout | undefined
  #nextSocket = 1
  #closing: Promise<void> | undefined

  constructor(
    settings: Settings,
    verifier: JoinVerifier,
    server: Server | undefined,
    fallback: SignalingServerOptions['fallback'],
  ) {
    this.#settings = settings
    this.#verifier = verifier
    this.#fallback = fallback
    this.#ownsHttp = server === undefined
    this.#http = server ?? this.#createHttp()
    this.#proxies = new ProxyList(settings.trustedProxies)
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
        roster: 'local',
      },
      () => randomInt(2 ** 47) / 2 ** 47,
    )
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}${this.#settings.path}`
  }

  get sockets(): number {
    return this.#peers.size
  }

  async listen(): Promise<void> {
    this.#http.on('upgrade', this.#onUpgrade)
    this.#ticker = setInterval(() => this.#tick(), 250)
    if (!this.#ownsHttp) return
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', (error) => {
        clearInterval(this.#ticker)
        reject(error)
      })
      this.#http.listen(this.#settings.port, this.#settings.host, resolve)
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#drain()
    return this.#closing
  }

  #createHttp(): Server {
    const { headersTimeoutMs, requestTimeoutMs, headersMax, connectionsMax } = this.#settings
    const http = createServer({ headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs }, this.#onRequest)
    http.maxHeadersCount = headersMax
    // Some room for probes of a full server.
    http.maxConnections = connectionsMax + 64
    http.on('clientError', (_error, socket) => socket.destroy())
    return http
  }

  readonly #onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const path = pathOf(request)
    if (path === '/healthz') return answer(response, 200, 'ok')
    if (path === '/readyz')
      return this.#closing === undefined ? answer(response, 200, 'ready') : answer(response, 503, 'draining')
    if (this.#fallback !== undefined) return this.#fallback(request, response)
    answer(response, 404, 'This is a Shoal signaling server; it speaks WebSocket.')
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // First of all: a socket that resets before anybody listens would end the process.
    socket.on('error', ignore)
    if (pathOf(request) !== this.#settings.path) {
      // On a shared server the path may be somebody else's.
      if (this.#ownsHttp) refuse(socket, 404, 'Not Found')
      return
    }
    if (this.#closing !== undefined) return refuse(socket, 503, 'Service Unavailable', this.#settings.retryAfterMs)
    const { origins, retryAfterMs } = this.#settings
    if (origins.length > 0 && !origins.includes(request.headers.origin ?? '')) return refuse(socket, 403, 'Forbidden')
    const key = this.#keyOf(request)
    if (key !== undefined && this.#gate.enter(key, now()) !== undefined) {
      return refuse(socket, 429, 'Too Many Requests', retryAfterMs)
    }
    let accepted = false
    socket.once('close', () => {
      if (!accepted && key !== undefined) this.#gate.leave(key)
    })
    const room = new URL(request.url ?? '/', 'ws://host').searchParams.get('room') ?? ''
    this.#sockets.handleUpgrade(request, socket, head, (opened) => {
      accepted = true
      socket.off('error', ignore)
      this.#onOpened(opened, key, room)
    })
  }

  #onOpened(socket: WebSocket, key: string | undefined, room: string): void {
    const id = this.#nextSocket++
    const { pingsPerSecond, pingsBurst } = this.#settings
    const pingRate = { perSecond: pingsPerSecond, burst: pingsBurst }
    const peer: Peer = { socket, key, pings: new Bucket(pingRate, now()) }
    this.#peers.set(id, peer)
    // ws closes the socket itself after an error: too large, too many fragments, bad UTF-8, a reset.
    socket.on('error', ignore)
    socket.on('close', () => {
      this.#peers.delete(id)
      if (key !== undefined) this.#gate.leave(key)
      this.#perform(this.#rooms.handle({ type: 'closed', socket: id }, now()))
    })
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) return this.#fault(id, 'ERR_BINARY')
      this.#perform(this.#rooms.handle({ type: 'frame', socket: id, text: data.toString() }, now()))
    })
    socket.on('pong', () => this.#perform(this.#rooms.handle({ type: 'heard', socket: id }, now())))
    socket.on('ping', () => {
      if (!peer.pings.take(pingRate, now())) return this.#fault(id, 'ERR_RATE')
      this.#perform(this.#rooms.handle({ type: 'heard', socket: id }, now()))
    })
    const nonce = toBase64url(randomBytes(32))
    this.#perform(this.#rooms.handle({ type: 'opened', socket: id, nonce, room }, now()))
  }

  #perform(effects: readonly RoomsEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'send':
          this.#send(effect.socket, effect.text)
          break
        case 'close':
          this.#peers.get(effect.socket)?.socket.close(effect.status, effect.code ?? '')
          break
        case 'ping':
          this.#peers.get(effect.socket)?.socket.ping()
          break
        case 'check':
          this.#check(effect.socket, effect.join, effect.bytes)
          break
        case 'joined':
          break
        case 'enlist':
        case 'withdraw':
        case 'draw':
        case 'forward':
          throw new Error('a local roster asks nobody')
      }
    }
  }

  #send(id: SocketId, text: string): void {
    const socket = this.#peers.get(id)?.socket
    if (socket === undefined) return
    if (socket.bufferedAmount > this.#settings.bufferedBytesMax) {
      // It does not read: a close frame would only join the queue.
      socket.terminate()
      return
    }
    socket.send(text)
  }

  #check(id: SocketId, join: JoinMessage, bytes: Uint8Array): void {
    const { audiences } = this.#settings
    const key = this.#peers.get(id)?.key
    const done = (code?: SignalingCode): void => {
      this.#perform(this.#rooms.handle({ type: 'checked', socket: id, ...(code && { code }) }, now()))
    }
    if (key !== undefined && !this.#gate.join(key, now())) return done('ERR_JOIN_RATE')
    if (audiences.length > 0 && !audiences.includes(join.audience)) return done('ERR_AUDIENCE')
    const [publicKey, signature] = [fromBase64url(join.id)!, fromBase64url(join.signature)!]
    this.#verifier.verify(publicKey, bytes, signature, (valid) => done(valid ? undefined : 'ERR_SIGNATURE'))
  }

  #fault(id: SocketId, code: SignalingCode): void {
    this.#perform(this.#rooms.handle({ type: 'fault', socket: id, code }, now()))
  }

  #keyOf(request: IncomingMessage): string | undefined {
    const forwarded = request.headers['x-forwarded-for']
    const header = Array.isArray(forwarded) ? forwarded.join(',') : forwarded
    const address = clientAddress(request.socket.remoteAddress ?? '', header, this.#proxies)
    if (this.#settings.exemptLoopback && (address === '::1' || address.startsWith('127.'))) return undefined
    return limitKey(address)
  }

  #tick(): void {
    this.#perform(this.#rooms.handle({ type: 'tick' }, now()))
    this.#gate.sweep(now())
  }

  async #drain(): Promise<void> {
    const { drainSpreadMs, drainMs } = this.#settings
    // Two milliseconds for each socket: a handful is back at once, ten thousand are not a herd.
    const spreadMs = Math.min(drainSpreadMs, this.#peers.size * 2)
    const effects = this.#rooms.handle({ type: 'drain', retryAfterMs: drainRetryAfterMs, spreadMs }, now())
    this.#perform(effects)
    const gone = new Promise<void>((resolve) => {
      if (this.#peers.size === 0) return resolve()
      const deadline = setTimeout(resolve, drainMs)
      for (const { socket } of this.#peers.values()) {
        socket.once('close', () => {
          if (this.#peers.size > 0) return
          clearTimeout(deadline)
          resolve()
        })
      }
    })
    await gone
    clearInterval(this.#ticker)
    this.#http.off('upgrade', this.#onUpgrade)
    for (const { socket } of this.#peers.values()) socket.terminate()
    if (!this.#ownsHttp) return
    this.#http.closeAllConnections()
    await new Promise<void>((resolve) => this.#http.close(() => resolve()))
  }
}

function now(): number {
  return performance.now()
}

/** Errors of a socket are followed by its close, which is what is acted upon. */
function ignore(): void {}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0]!
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
  response.end(`${text}\n`)
}

function refuse(socket: Duplex, status: number, reason: string, retryAfterMs?: number): void {
  const retry = retryAfterMs === undefined ? '' : `Retry-After: ${Math.ceil(retryAfterMs / 1000)}\r\n`
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${retry}Connection: close\r\nContent-Length: 0\r\n\r\n`)
}
