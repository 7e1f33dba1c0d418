/**
 * A client's door to strangers: registered at every signaling server that it was given, at once. What
 * one server withholds another delivers: signals go out through all of them, and what arrives twice is
 * handed on once. The servers are not trusted with anything; they can only keep quiet.
 *
 * It never reads a clock and never draws by itself (`SignalingWorld`), and it has no opinion on who is alive.
 */
import type { Signer } from '../identity/keys.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { Backoff } from './backoff.ts'
import { fromBase64Url, toBase64Url } from '../identity/base64url.ts'
import { clientCodes, Connection, lossText, type LossCode, type SignalingWorld } from './connection.ts'
import { Recent } from './recent.ts'
import { signalingCodes, type SignalingCode } from './codes.ts'
import { dataBytesMax, encodeMessage, isRoomName, tokenCharsMax, type IceServer } from './messages.ts'

export { audienceOf, clientCodes, lossText } from './connection.ts'
export type { ClientCode, LossCode, SignalingWorld, SocketLike } from './connection.ts'

/** No client registers at more servers than this. */
export const signalingUrlsMax = 8

export interface SignalingOptions {
  /** One to eight `ws://` or `wss://` addresses; all are used at once. */
  readonly urls: readonly string[]
  /** The server-side name of the room, 1 to 64 bytes: its name in an open room, a hash where there is a secret. */
  readonly room: string
  readonly signer: Signer
  /** What a server with tokens wants to see. */
  readonly token?: string
  /** From dialling to `welcome`. */
  readonly joinTimeoutMs?: number
  /** How often a fresh sample is asked for on an open door, ± 20 %. 0: never. */
  readonly sampleEveryMs?: number
  readonly backoffBaseMs?: number
  readonly backoffCapMs?: number
}

export const signalingDefaults = {
  joinTimeoutMs: 10_000, // a guess: twice the server's own deadline for a join
  sampleEveryMs: 60_000, // a guess: islands that met nobody find each other within a minute
  backoffBaseMs: 500, // docs/protocol/signaling.md: 0.5 to 30 s
  backoffCapMs: 30_000,
} as const

export interface SignalingEvents {
  /** A server let us in, or let us in again, and named some of those who are there. */
  onConnected(url: string, sample: readonly PeerId[], ice: IceOffer | undefined): void
  /** A server is lost, or still out of reach; once for each try. `error.code` says why, `retryInMs` when it tries again. */
  onLost(url: string, error: SignalingError): void
  /** A fresh sample over an open door. */
  onSample(sample: readonly PeerId[]): void
  onSignal(from: PeerId, payload: Uint8Array): void
  /** No server that we are connected to has this peer: what was sent to it is gone. */
  onAbsent(to: PeerId): void
}

/** TURN servers with credentials that end. */
export interface IceOffer {
  readonly iceServers: readonly IceServer[]
  readonly ttlMs: number
}

/** Why a server is not connected, or why an option is not one. `code` is stable, `message` says what is allowed. */
export class SignalingError extends Error {
  override readonly name = 'SignalingError'
  readonly code: LossCode
  /** Milliseconds until the next try; undefined when there will be none. */
  readonly retryInMs: number | undefined

  constructor(code: LossCode, message: string, retryInMs?: number) {
    super(message)
    this.code = code
    this.retryInMs = retryInMs
  }
}

/** 1 MB is waiting for the server: it is not reading. */
const bufferedBytesMax = 1_048_576

/**
 * Registers at signaling servers and carries signals.
 *
 * The constructor throws a `SignalingError` with `ERR_SIGNALING_URL_INVALID`, `ERR_ROOM_INVALID` or
 * `ERR_TOKEN_INVALID`; nothing else throws. `resume()` starts it, `pause()` leaves, `stop()` is final.
 */
export class SignalingClient {
  readonly #events: SignalingEvents
  readonly #world: SignalingWorld
  readonly #sampleEveryMs: number
  readonly #connections: readonly Connection[]
  /** Who was told to be absent where, until the next signal to it. */
  readonly #absences = new Map<PeerId, Set<Connection>>()
  readonly #seen = new Recent<Connection>(512)
  #cancelSampling: () => void = () => {}
  #state: 'paused' | 'running' | 'stopped' = 'paused'
  #framesSent = 0

  constructor(options: SignalingOptions, world: SignalingWorld, events: SignalingEvents) {
    const { room, signer, token } = options
    const urls = checkUrls(options.urls)
    if (!isRoomName(room)) throw new SignalingError('ERR_ROOM_INVALID', signalingCodes.ERR_ROOM_INVALID)
    if (token !== undefined && (token.length === 0 || token.length > tokenCharsMax)) {
      throw new SignalingError('ERR_TOKEN_INVALID', `A token has 1 to ${tokenCharsMax} characters.`)
    }
    this.#events = events
    this.#world = world
    this.#sampleEveryMs = options.sampleEveryMs ?? signalingDefaults.sampleEveryMs
    const joinTimeoutMs = options.joinTimeoutMs ?? signalingDefaults.joinTimeoutMs
    const backoff = {
      baseMs: options.backoffBaseMs ?? signalingDefaults.backoffBaseMs,
      capMs: options.backoffCapMs ?? signalingDefaults.backoffCapMs,
    }
    this.#connections = urls.map((url) => {
      const connection: Connection = new Connection(
        { url, room, signer, token, joinTimeoutMs, bufferedBytesMax },
        world,
        new Backoff(backoff, () => world.random()),
        {
          onJoined: ({ sample, iceServers, iceTtlMs }) => {
            const offer = iceServers && { iceServers, ttlMs: iceTtlMs ?? 0 }
            this.#events.onConnected(url, sample, offer)
          },
          onSample: (sample) => this.#events.onSample(sample),
          onSignal: (from, data) => this.#onSignal(connection, from, data),
          onAbsent: (to) => this.#onAbsent(connection, to),
          onLost: (code, retryInMs) => {
            this.#events.onLost(url, new SignalingError(code, `${url}: ${lossText(code)}`, retryInMs))
          },
        },
      )
      return connection
    })
  }

  /** Servers that have let us in. */
  get connected(): readonly string[] {
    return this.#connections.filter(({ joined }) => joined).map(({ url }) => url)
  }

  /** Signals and requests handed to a socket since the start. */
  get framesSent(): number {
    return this.#framesSent
  }

  /** Registers everywhere, and stays registered: after a loss it waits, longer each time, and tries again. */
  resume(): void {
    if (this.#state === 'stopped') return
    if (this.#state === 'paused') this.#sampleLater()
    this.#state = 'running'
    // Also when running: a server that was given up for good (`ERR_REPLACED`) is dialled again.
    for (const connection of this.#connections) connection.start()
  }

  /** Leaves every server until `resume`. Nothing is called back meanwhile. */
  pause(): void {
    if (this.#state !== 'running') return
    this.#state = 'paused'
    this.#cancelSampling()
    this.#absences.clear()
    for (const connection of this.#connections) connection.stop()
  }

  /** Leaves for good. Safe to call twice. */
  stop(): void {
    this.pause()
    this.#state = 'stopped'
  }

  /** The core's `door` effect. */
  setWanted(wanted: boolean): void {
    if (wanted) this.resume()
    else this.pause()
  }

  /**
   * Passes a payload of 1 to 16,384 bytes to `to` through every connected server. False when none took
   * it: then nobody will hear of it. A peer that no server knows is reported by `onAbsent`.
   */
  signal(to: PeerId, payload: Uint8Array): boolean {
    if (payload.length === 0 || payload.length > dataBytesMax) return false
    const text = encodeMessage({ t: 'signal', to, data: toBase64Url(payload) })
    this.#absences.delete(to)
    return this.#sendToAll(text)
  }

  /** Asks every connected server for a fresh sample; each answers with `onSample`. */
  requestSample(): void {
    this.#sendToAll('{"t":"sample"}')
  }

  #sendToAll(text: string): boolean {
    let sent = 0
    for (const connection of this.#connections) if (connection.send(text)) sent++
    this.#framesSent += sent
    return sent > 0
  }

  #onSignal(connection: Connection, from: PeerId, data: string): void {
    // The same signal through two servers is one signal; twice through one server is what its sender did.
    const first = this.#seen.note(`${from}${data}`, connection)
    if (first !== connection) return
    const payload = fromBase64Url(data)
    if (payload !== undefined && payload.length > 0) this.#events.onSignal(from, payload)
  }

  #onAbsent(connection: Connection, to: PeerId): void {
    const absentAt = this.#absences.get(to) ?? new Set()
    absentAt.add(connection)
    // A server makes these up at will: no more of them are remembered than a client dials at once, and then some.
    if (this.#absences.size < 256) this.#absences.set(to, absentAt)
    const open = this.#connections.filter(({ joined }) => joined)
    if (!open.every((one) => absentAt.has(one))) return
    this.#absences.delete(to)
    this.#events.onAbsent(to)
  }

  #sampleLater(): void {
    if (this.#sampleEveryMs === 0) return
    const delayMs = Math.round(this.#sampleEveryMs * (0.8 + 0.4 * this.#world.random()))
    this.#cancelSampling = this.#world.after(delayMs, () => {
      this.requestSample()
      this.#sampleLater()
    })
  }
}

/** The addresses as they will be dialled, each once. Throws `ERR_SIGNALING_URL_INVALID`. */
function checkUrls(urls: readonly string[]): readonly string[] {
  if (urls.length === 0 || urls.length > signalingUrlsMax) {
    throw new SignalingError('ERR_SIGNALING_URL_INVALID', `Give 1 to ${signalingUrlsMax} signaling addresses.`)
  }
  return [...new Set(urls.map(checkUrl))]
}

function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const fits = url !== undefined && (url.protocol === 'ws:' || url.protocol === 'wss:') && url.username === ''
  if (!fits || url.password !== '' || text.includes('#')) {
    const shown = JSON.stringify(String(text).slice(0, 200))
    throw new SignalingError('ERR_SIGNALING_URL_INVALID', `${shown}: ${clientCodes.ERR_SIGNALING_URL_INVALID}`)
  }
  return url.href
}

export type { SignalingCode }
