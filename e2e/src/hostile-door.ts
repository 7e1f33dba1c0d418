/**
 * A signaling server that lies. It stands between the pages and a real server, which it needs only to
 * let them in and to name them to each other; what they then signal goes through its own hands.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket as Socket, WebSocket, WebSocketServer } from 'ws'
import type { WebRtc } from '../../lib/src/transport/simple-peer.ts'
import { fromBase64Url, toBase64Url } from 'shoal/identity'
import { fingerprintIn, MiddleEnd, split } from '../../lib/test/transport/middle.ts'
import { decodeSignal, encodeSignal, type Signal } from '../../lib/src/transport/signal.ts'

/** How the description that one side is shown is written: the server's own, and the honest fingerprint. */
export type Dress = (sdp: string, honest: string) => string

/** Who is shown a description that was tampered with: who dials (the answer), or who answers (the offer). */
export type Side = 'dialler' | 'answerer'

/** One attempt of one peer to link to another, as the server in the middle of it sees it. */
export interface Affair {
  readonly dialler: string
  readonly answerer: string
  /** Who has told the other that this attempt is over. */
  readonly refusedBy: Set<string>
  /** What the two said to the server, taking it for each other. */
  readonly heard: () => readonly Uint8Array[]
}

interface Middle extends Affair {
  readonly toDialler: MiddleEnd
  readonly toAnswerer: MiddleEnd
  readonly waiting: Record<Side, string[]>
  readonly ready: Set<Side>
  offered: string
}

export class HostileDoor {
  readonly #http: Server
  readonly #upstream: string
  readonly #wrtc: WebRtc
  readonly #clients = new Map<string, Socket>()
  readonly #middles = new Map<string, Middle>()
  /** Undefined: signals pass as they are. */
  dress: Partial<Record<Side, Dress>> | undefined
  readonly affairs: Affair[] = []

  private constructor(http: Server, upstream: string, wrtc: WebRtc) {
    this.#http = http
    this.#upstream = upstream
    this.#wrtc = wrtc
    new WebSocketServer({ server: http }).on('connection', (socket) => this.#onConnection(socket))
  }

  static async open(upstream: string, wrtc: WebRtc): Promise<HostileDoor> {
    const http = createServer()
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    return new HostileDoor(http, upstream, wrtc)
  }

  get url(): string {
    return `ws://localhost:${(this.#http.address() as AddressInfo).port}/`
  }

  async close(): Promise<void> {
    for (const middle of this.#middles.values()) end(middle)
    for (const client of this.#clients.values()) client.terminate()
    this.#http.closeAllConnections()
    await new Promise((resolve) => this.#http.close(resolve))
  }

  #onConnection(socket: Socket): void {
    const upstream = new WebSocket(this.#upstream)
    const opened = new Promise<void>((resolve) => upstream.on('open', () => resolve()))
    let id = ''
    socket.on('message', (data: Buffer) => {
      const text = data.toString()
      const message = JSON.parse(text) as { t: string; id: string; to: string; data: string }
      if (message.t === 'join') this.#clients.set((id = message.id), socket)
      if (message.t === 'signal') this.#onSignal(id, message.to, message.data)
      else void opened.then(() => upstream.send(text))
    })
    upstream.on('message', (data: Buffer) => socket.send(data.toString()))
    upstream.on('error', () => socket.terminate())
    upstream.on('close', () => socket.close())
    socket.on('error', () => upstream.terminate())
    socket.on('close', () => upstream.close())
  }

  #deliver(to: string, from: string, signal: Signal): void {
    const text = JSON.stringify({ t: 'signal', from, data: toBase64Url(encodeSignal(signal)) })
    const client = this.#clients.get(to)
    if (client?.readyState === WebSocket.OPEN) client.send(text)
  }

  #onSignal(from: string, to: string, data: string): void {
    const payload = fromBase64Url(data)!
    // A farewell, or that somebody is full: this server keeps it to itself.
    if (payload[0] === 1 && (payload[1] === 5 || payload[1] === 8)) return
    const signal = decodeSignal(payload)
    if (signal === undefined) throw new Error('a client says what no client says')
    const middle = this.#middles.get(signal.attempt)
    if (this.dress === undefined && middle === undefined) return this.#deliver(to, from, signal)
    if (signal.kind === 'offer') this.#onOffer(from, to, signal, this.dress!)
    if (middle === undefined) return
    const side = from === middle.dialler ? 'dialler' : 'answerer'
    if (signal.kind === 'refuse') {
      middle.refusedBy.add(from)
      this.#deliver(to, from, signal)
      return end(middle)
    }
    if (signal.kind === 'answer') void this.#onAnswer(middle, signal, this.dress ?? {}).catch(() => {})
    this.#addCandidates(middle, side, signal.candidates)
  }

  #onOffer(
    dialler: string,
    answerer: string,
    signal: Extract<Signal, { sdp: string }>,
    dress: HostileDoor['dress'],
  ): void {
    const [toDialler, toAnswerer] = [new MiddleEnd(this.#wrtc), new MiddleEnd(this.#wrtc)]
    const middle: Middle = {
      dialler,
      answerer,
      refusedBy: new Set(),
      heard: () => [...toDialler.heard, ...toAnswerer.heard],
      toDialler,
      toAnswerer,
      waiting: { dialler: [...signal.candidates], answerer: [] },
      ready: new Set(),
      offered: signal.sdp,
    }
    this.#middles.set(signal.attempt, middle)
    this.affairs.push(middle)
    // Each of the two is to believe that it talks to the other.
    toDialler.onMessage = (message) => void toAnswerer.opened.then(() => toAnswerer.send(message))
    toAnswerer.onMessage = (message) => void toDialler.opened.then(() => toDialler.send(message))
    void toAnswerer.offer().then((own) => {
      const { sdp, candidates } = split(own)
      const dressed = dress?.answerer?.(sdp, fingerprintIn(signal.sdp)) ?? sdp
      this.#deliver(answerer, dialler, { ...signal, sdp: dressed, candidates })
    })
  }

  async #onAnswer(
    middle: Middle,
    signal: Extract<Signal, { sdp: string }>,
    dress: NonNullable<HostileDoor['dress']>,
  ): Promise<void> {
    await middle.toAnswerer.accept(signal.sdp)
    middle.ready.add('answerer')
    this.#addCandidates(middle, 'answerer', [])
    const { sdp, candidates } = split(await middle.toDialler.answer(middle.offered))
    middle.ready.add('dialler')
    this.#addCandidates(middle, 'dialler', [])
    const dressed = dress.dialler?.(sdp, fingerprintIn(signal.sdp)) ?? sdp
    this.#deliver(middle.dialler, middle.answerer, { ...signal, sdp: dressed, candidates })
  }

  #addCandidates(middle: Middle, side: Side, more: readonly string[]): void {
    middle.waiting[side].push(...more)
    if (!middle.ready.has(side)) return
    const end = side === 'dialler' ? middle.toDialler : middle.toAnswerer
    void end.addCandidates(middle.waiting[side].splice(0)).catch(() => {})
  }
}

function end(middle: Middle): void {
  middle.toDialler.close()
  middle.toAnswerer.close()
}
