/** The default server: HTTP around the host, with health, metrics, and a graceful end. */
import { timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { chooseVerifier, sha256, type Verifier } from 'shoal/identity'
import { Host, refuse } from './host.ts'
import { openLog, type Logger } from './log.ts'
import { completeSettings, type Settings } from './options.ts'
import type { Roster, RosterEvents } from './roster.ts'

export interface SignalingServerOptions extends Partial<Settings> {
  /** An HTTP server to share; it is left open by `close()`. Without one, one is made and listens on `port`. */
  readonly server?: Server
  /** Answers requests that are not the server's own (only where it has made its HTTP server). */
  readonly fallback?: (request: IncomingMessage, response: ServerResponse) => void
  /** Checks signatures; the engine's own, or the script's where that fails the self-test. */
  readonly verifier?: Verifier
  /** Where log lines go. Without one, and without a `logLevel`, nothing is logged. */
  readonly log?: Logger
}

export interface SignalingServer {
  readonly port: number
  /** The port of `/metrics`; undefined where there is none of its own. */
  readonly metricsPort: number | undefined
  /** `ws://127.0.0.1:port/path`, as reached from this machine. */
  readonly url: string
  /** Sockets open now. */
  readonly sockets: number
  /** Sends everybody away with a time to come back, waits for them to close, then ends. Safe to call twice. */
  close(): Promise<void>
}

/**
 * Starts a signaling server. Rejects with an `OptionError` for a setting that is not allowed, or with what
 * `listen` or Redis said.
 *
 *     const server = await startSignalingServer({ port: 0 })
 *     server.url // 'ws://127.0.0.1:41234/'
 *     await server.close()
 */
export async function startSignalingServer(options: SignalingServerOptions = {}): Promise<SignalingServer> {
  const { server, fallback, verifier, log, ...given } = options
  const settings = completeSettings({ logLevel: 'silent', ...given })
  // Every join has a key of its own: kept ones would only fill memory.
  const chosen = verifier ?? (await chooseVerifier(globalThis.crypto.subtle, undefined, 0)).verifier
  const logger = log ?? openLog(settings.logLevel)
  // The bus tells the host what arrives, and the host is made around the bus: one of them has to wait.
  const made: { host?: Host } = {}
  const roster = await openRoster(settings, logger, {
    onArrived: (room, to, from, data) => made.host?.arrived(room, to, from, data),
    onDisplaced: (room, id) => made.host?.displaced(room, id),
    onReady: (ready) => made.host?.busReady(ready),
  })
  const host = new Host(settings, chosen, logger, roster)
  made.host = host
  const running = new Running(settings, host, logger, server, fallback)
  await running.listen()
  return running
}

async function openRoster(settings: Settings, log: Logger, events: RosterEvents): Promise<Roster | undefined> {
  if (settings.redis === '') return undefined
  // Loaded only where it is used: a server in memory needs no Redis client.
  const { openRedisRoster } = await import('./redis.ts')
  return openRedisRoster(settings, log, events)
}

class Running implements SignalingServer {
  readonly #settings: Settings
  readonly #host: Host
  readonly #log: Logger
  readonly #http: Server
  readonly #ownsHttp: boolean
  readonly #fallback: SignalingServerOptions['fallback']
  readonly #metricsHttp: Server | undefined
  #closing: Promise<void> | undefined

  constructor(
    settings: Settings,
    host: Host,
    log: Logger,
    server: Server | undefined,
    fallback: SignalingServerOptions['fallback'],
  ) {
    this.#settings = settings
    this.#host = host
    this.#log = log
    this.#fallback = fallback
    this.#ownsHttp = server === undefined
    this.#http = server ?? this.#createHttp(this.#onRequest)
    this.#metricsHttp = settings.metricsPort === 0 ? undefined : this.#createHttp(this.#onOperator)
  }

  get port(): number {
    return portOf(this.#http)
  }

  get metricsPort(): number | undefined {
    return this.#metricsHttp && portOf(this.#metricsHttp)
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}${this.#settings.path}`
  }

  get sockets(): number {
    return this.#host.sockets
  }

  async listen(): Promise<void> {
    const { port, host, metricsPort, metricsHost, metricsToken } = this.#settings
    if (this.#metricsHttp !== undefined || metricsToken !== '') this.#host.metrics.observeProcess()
    try {
      if (this.#ownsHttp) await listening(this.#http, port, host)
      if (this.#metricsHttp !== undefined) await listening(this.#metricsHttp, metricsPort, metricsHost)
    } catch (error) {
      await this.#host.drain()
      throw error
    }
    this.#http.on('upgrade', this.#onUpgrade)
    this.#host.start()
    this.#log.info({ port: this.port, metricsPort: this.metricsPort }, 'listening')
  }

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    await this.#host.drain()
    this.#http.off('upgrade', this.#onUpgrade)
    if (this.#ownsHttp) await closed(this.#http)
    if (this.#metricsHttp !== undefined) await closed(this.#metricsHttp)
    this.#log.info('ended')
  }

  #createHttp(handler: (request: IncomingMessage, response: ServerResponse) => void): Server {
    const { headersTimeoutMs, requestTimeoutMs, headersMax, connectionsMax } = this.#settings
    const timeouts = {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: 500,
    }
    const http = createServer(timeouts, handler)
    http.maxHeadersCount = headersMax
    // Some room for health checks of a full server.
    http.maxConnections = connectionsMax + 64
    http.on('clientError', (_error, socket) => socket.destroy())
    return http
  }

  readonly #onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const path = pathOf(request)
    if (path === '/healthz' || path === '/readyz') return this.#answerHealth(path, response)
    const { metricsToken } = this.#settings
    if (path === '/metrics' && metricsToken !== '') {
      if (!sameText(request.headers.authorization ?? '', `Bearer ${metricsToken}`))
        return answer(response, 401, 'Unauthorized')
      return this.#answerMetrics(response)
    }
    if (this.#fallback !== undefined) return this.#fallback(request, response)
    answer(response, 404, 'This is a Shoal signaling server; it speaks WebSocket.')
  }

  readonly #onOperator = (request: IncomingMessage, response: ServerResponse): void => {
    const path = pathOf(request)
    if (path === '/metrics') return this.#answerMetrics(response)
    if (path === '/healthz' || path === '/readyz') return this.#answerHealth(path, response)
    answer(response, 404, 'Here are /metrics, /healthz and /readyz.')
  }

  #answerHealth(path: '/healthz' | '/readyz', response: ServerResponse): void {
    if (path === '/healthz' || this.#host.ready) return answer(response, 200, 'ok')
    answer(response, 503, this.#closing === undefined ? 'waiting for Redis' : 'draining')
  }

  #answerMetrics(response: ServerResponse): void {
    const { metrics } = this.#host
    metrics.text().then(
      (text) => {
        response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' })
        response.end(text)
      },
      (error: unknown) => {
        this.#log.error({ err: error }, 'metrics could not be read')
        answer(response, 500, 'metrics could not be read')
      },
    )
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // First of all: a socket that resets before anybody listens would end the process. Its close says the rest.
    socket.on('error', () => {})
    if (pathOf(request) === this.#settings.path) return this.#host.upgrade(request, socket, head)
    // On a shared server the path may be somebody else's.
    if (this.#ownsHttp) refuse(socket, 404, 'Not Found')
  }
}

function listening(http: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', reject)
    http.listen(port, host, () => {
      http.off('error', reject)
      resolve()
    })
  })
}

function closed(http: Server): Promise<void> {
  return new Promise((resolve) => {
    http.close(() => resolve())
    http.closeAllConnections()
  })
}

function portOf(http: Server): number {
  return (http.address() as AddressInfo).port
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0]!
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
  response.end(`${text}\n`)
}

/** Compares hashes, so that neither content nor length shows in the time that it takes. */
function sameText(a: string, b: string): boolean {
  const encoder = new TextEncoder()
  return timingSafeEqual(sha256(encoder.encode(a)), sha256(encoder.encode(b)))
}
