/**
 * One signaling server, seen from a client: dial, answer the challenge, stay registered, and after any
 * loss wait and dial again. It has one timer at a time and a deadline on everything: a server that
 * refuses, that accepts and stays silent, or that talks nonsense ends in `onLost` and the next try.
 *
 *     waiting ─▶ opening ─▶ joining ─▶ joined ─┐
 *        ▲          │          │         │     │ stop
 *        └──────────┴──────────┴─────────┘     ▼
 *                  any loss                 stopped
 */
import type { Signer } from '../identity/keys.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { toBase64Url } from '../identity/base64url.ts'
import type { Backoff } from './backoff.ts'
import { signalingCodes, type SignalingCode } from './codes.ts'
import {
  audienceCharsMax,
  encodeMessage,
  frameBytesMax,
  joinBytes,
  parseServerMessage,
  pingText,
  protocolVersion,
  type ServerMessage,
  type Welcome,
} from './messages.ts'

/** What of a WebSocket is used: the browser's, Node's and that of `ws` all fit. */
export interface SocketLike {
  readonly bufferedAmount: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number }) => void) | null
  onerror: ((event: never) => void) | null
  send(text: string): void
  close(code?: number): void
}

/** The world, as far as signaling needs it; handed in, so that a test hands in its own. */
export interface SignalingWorld {
  /** Opens a socket; may throw where the page forbids it (mixed content, a policy). */
  openSocket(url: string): SocketLike
  /** Calls back once after the delay, unless the function that it returns is called first. */
  after(delayMs: number, callback: () => void): () => void
  /** A number from 0 (included) to 1 (excluded). */
  random(): number
}

/** Why a server is not connected: the server's own codes, and these that only a client can see. */
export const clientCodes = {
  ERR_SIGNALING_URL_INVALID: 'A signaling address is a ws:// or wss:// URL without user name, password or fragment.',
  ERR_SIGNALING_UNREACHABLE:
    'No WebSocket could be opened: the address is wrong, the server is down, or it refuses this page’s origin.',
  ERR_SIGNALING_BLOCKED: 'This page may not open the socket: a page served over https needs a wss:// address.',
  ERR_SIGNALING_SILENT: 'The server was reached and did not answer within the deadline.',
  ERR_SIGNALING_CLOSED: 'The server closed the connection without a word.',
  ERR_SIGNALING_PROTOCOL: 'The server said something that this protocol does not know: is it a Shoal signaling server?',
  ERR_SIGNALING_SIGNER: 'The key could not sign the server’s challenge.',
} as const

export type ClientCode = keyof typeof clientCodes
export type LossCode = ClientCode | SignalingCode

/** The text that goes with a code: what is allowed, for people. */
export function lossText(code: LossCode): string {
  return code in clientCodes ? clientCodes[code as ClientCode] : signalingCodes[code as SignalingCode]
}

export interface ConnectionOptions {
  readonly url: string
  readonly room: string
  readonly signer: Signer
  readonly token: string | undefined
  readonly joinTimeoutMs: number
  readonly bufferedBytesMax: number
}

export interface ConnectionEvents {
  onJoined(welcome: Welcome): void
  onSample(sample: readonly PeerId[]): void
  onSignal(from: PeerId, data: string): void
  onAbsent(to: PeerId): void
  /** Not connected any more, or still not: once for each try. `retryInMs` is undefined when it will not try again by itself. */
  onLost(code: LossCode, retryInMs: number | undefined): void
}

type State = 'waiting' | 'opening' | 'joining' | 'joined' | 'stopped'

export class Connection {
  readonly url: string
  readonly #options: ConnectionOptions
  readonly #world: SignalingWorld
  readonly #backoff: Backoff
  readonly #events: ConnectionEvents
  #state: State = 'stopped'
  #socket: SocketLike | undefined
  #cancelTimer: () => void = () => {}
  #heartbeatMs = 0
  #heard = false
  #welcomed = false

  constructor(options: ConnectionOptions, world: SignalingWorld, backoff: Backoff, events: ConnectionEvents) {
    this.url = options.url
    this.#options = options
    this.#world = world
    this.#backoff = backoff
    this.#events = events
  }

  get joined(): boolean {
    return this.#state === 'joined'
  }

  /** Dials now. Does nothing when it is under way already. */
  start(): void {
    if (this.#state !== 'stopped') return
    this.#backoff.reset()
    this.#open()
  }

  /** Leaves, and stays away until `start`. Nothing is called back after. */
  stop(): void {
    if (this.#state === 'joined') this.#write('{"t":"leave"}')
    this.#drop()
    this.#state = 'stopped'
  }

  /** False when it was not sent: not joined, or the socket is clogged. */
  send(text: string): boolean {
    return this.#state === 'joined' && this.#write(text)
  }

  #open(): void {
    this.#state = 'opening'
    this.#timer(this.#options.joinTimeoutMs, () => this.#lose('ERR_SIGNALING_SILENT'))
    const address = new URL(this.#options.url)
    // For load balancers that keep a room on one instance, and for hosts with one object per room.
    address.searchParams.set('room', this.#options.room)
    let socket: SocketLike
    try {
      socket = this.#world.openSocket(address.href)
    } catch {
      // The constructor throws where the page may not dial at all. The answer still comes later, as every other.
      this.#timer(0, () => this.#lose('ERR_SIGNALING_BLOCKED'))
      return
    }
    this.#socket = socket
    socket.onopen = () => {
      if (this.#socket === socket && this.#state === 'opening') this.#state = 'joining'
    }
    socket.onmessage = ({ data }) => {
      if (this.#socket === socket) this.#onFrame(data)
    }
    // An error is always followed by a close, which says all that there is to know.
    socket.onerror = () => {}
    socket.onclose = () => {
      if (this.#socket !== socket) return
      this.#lose(this.#state === 'opening' ? 'ERR_SIGNALING_UNREACHABLE' : 'ERR_SIGNALING_CLOSED')
    }
  }

  #onFrame(data: unknown): void {
    if (typeof data !== 'string' || data.length > frameBytesMax) return this.#lose('ERR_SIGNALING_PROTOCOL')
    const message = parseServerMessage(data)
    if (!('t' in message)) return this.#lose('ERR_SIGNALING_PROTOCOL')
    this.#heard = true
    if (message.t === 'bye' || message.t === 'error') return this.#onRefusal(message)
    if (this.#state === 'joined') return this.#onMessage(message)
    if (message.t === 'challenge') return this.#answer(message.version, message.nonce)
    if (message.t === 'welcome' && this.#state === 'joining') return this.#onWelcome(message)
    this.#lose('ERR_SIGNALING_PROTOCOL')
  }

  #onRefusal(message: Extract<ServerMessage, { t: 'bye' | 'error' }>): void {
    // The same identity is at work in a newer tab: coming back would only throw that one out, and so on for ever.
    if (message.code === 'ERR_REPLACED') {
      this.#drop()
      this.#state = 'stopped'
      return this.#events.onLost(message.code, undefined)
    }
    this.#lose(message.code, message.retryAfterMs)
  }

  #answer(version: number, nonce: string): void {
    if (version !== protocolVersion) return this.#lose('ERR_VERSION')
    const { room, signer, token } = this.#options
    const audience = audienceOf(this.#options.url)
    const socket = this.#socket
    // A frame may overtake the open event in some engines; a challenge is proof enough that it is open.
    this.#state = 'joining'
    signer.sign(joinBytes(nonce, audience, room, signer.peerId), (signature) => {
      if (this.#socket !== socket || this.#state !== 'joining') return
      if (signature instanceof Error) return this.#lose('ERR_SIGNALING_SIGNER')
      const join = { version: protocolVersion, room, id: signer.peerId, audience, signature: toBase64Url(signature) }
      this.#write(encodeMessage({ t: 'join', ...join, ...(token === undefined ? {} : { token }) }))
    })
  }

  #onWelcome(welcome: Welcome): void {
    this.#state = 'joined'
    this.#welcomed = true
    this.#backoff.reset()
    this.#heartbeatMs = welcome.heartbeatMs
    this.#listen()
    this.#events.onJoined(welcome)
  }

  /**
   * Each heartbeat asks for a sign of life, and a whole one without any is the end. It asks even while
   * signals come in: a server that sleeps between frames knows only by this that we are still here.
   */
  #listen(): void {
    this.#timer(this.#heartbeatMs, () => {
      if (!this.#heard) return this.#lose('ERR_SIGNALING_SILENT')
      this.#heard = false
      this.#write(pingText)
      this.#listen()
    })
  }

  #onMessage(message: ServerMessage): void {
    switch (message.t) {
      case 'signal':
        return this.#events.onSignal(message.from, message.data)
      case 'absent':
        return this.#events.onAbsent(message.to)
      case 'sample':
        return this.#events.onSample(message.sample)
      case 'pong':
        return
      case 'challenge':
      case 'welcome':
        return this.#lose('ERR_SIGNALING_PROTOCOL')
      case 'bye':
      case 'error':
        return
    }
  }

  #lose(code: LossCode, retryAfterMs = 0): void {
    this.#drop()
    this.#state = 'waiting'
    const retryInMs = this.#backoff.next(retryAfterMs, !this.#welcomed)
    this.#timer(retryInMs, () => this.#open())
    this.#events.onLost(code, retryInMs)
  }

  /** Lets go of socket and timer at once: a close handshake with a dead server may take minutes. */
  #drop(): void {
    this.#cancelTimer()
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.onerror = () => {}
    socket.close()
  }

  #write(text: string): boolean {
    const socket = this.#socket
    if (socket === undefined || socket.bufferedAmount > this.#options.bufferedBytesMax) return false
    socket.send(text)
    return true
  }

  #timer(delayMs: number, callback: () => void): void {
    this.#cancelTimer()
    this.#cancelTimer = this.#world.after(delayMs, callback)
  }
}

/** The host (and port, unless it is the scheme's own) that a client dials, as it signs it. */
export function audienceOf(url: string): string {
  return new URL(url).host.slice(0, audienceCharsMax)
}
