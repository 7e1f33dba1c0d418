/**
 * A signaling server that names everybody to everybody, and, while it is deaf, carries nothing between one half of the
 * room and the other: two of its instances whose bus has stopped look like that. It stands before a real server.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'

export class DeafRelay {
  readonly #http: Server
  readonly #upstream: string
  /** The half of each who has joined, which is the path it dialled. */
  readonly #halves = new Map<string, string>()
  readonly #clients = new Set<WebSocket>()
  deaf = true
  /** Signals that it has kept to itself. */
  swallowed = 0

  private constructor(http: Server, upstream: string) {
    this.#http = http
    this.#upstream = upstream
    new WebSocketServer({ server: http }).on('connection', (socket, { url }) => this.#onConnection(socket, url ?? ''))
  }

  static async open(upstream: string): Promise<DeafRelay> {
    const http = createServer()
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    return new DeafRelay(http, upstream)
  }

  url(half: string): string {
    return `ws://localhost:${(this.#http.address() as AddressInfo).port}/${half}`
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.terminate()
    this.#http.closeAllConnections()
    await new Promise((resolve) => this.#http.close(resolve))
  }

  #onConnection(socket: WebSocket, half: string): void {
    const upstream = new WebSocket(this.#upstream)
    this.#clients.add(socket)
    socket.on('close', () => this.#clients.delete(socket))
    const opened = new Promise<void>((resolve) => upstream.on('open', () => resolve()))
    socket.on('message', (data: Buffer) => {
      const text = data.toString()
      const message = JSON.parse(text) as { t: string; id: string; to: string }
      if (message.t === 'join') this.#halves.set(message.id, half)
      if (this.deaf && message.t === 'signal' && this.#halves.get(message.to) !== half) this.swallowed++
      else void opened.then(() => upstream.send(text))
    })
    upstream.on('message', (data: Buffer) => socket.send(data.toString()))
    // Whichever end goes takes the other along.
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      one.on('error', () => {})
      one.on('close', () => other.terminate())
    }
  }
}
