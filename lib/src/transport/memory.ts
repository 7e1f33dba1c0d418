/**
 * Links inside one process, with the same negotiation and handshake as the real ones: only the channel
 * and its certificates are made up. A hub connects any number of transports and lets a test say what
 * becomes of each frame: late, lost, cut off in one direction, or stuck at the sender.
 *
 * Time is the injected timer's, so a test that owns the timer owns the network.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import type { PeerId } from '../identity/peer-id.ts'
import type { Carrier, Connection, ConnectionEvents, TransportHost } from './connection.ts'
import type { Role } from './handshake.ts'
import { defaultLimits } from './limits.ts'
import { Negotiator, type TransportOptions } from './negotiator.ts'
import type { TransportFactory } from './port.ts'
import { onlyFingerprint } from './sdp.ts'

/** What becomes of one frame. Undefined: it arrives after the hub's latency. */
export type Fate = { readonly type: 'drop' } | { readonly type: 'delay'; readonly delayMs: number }

export class MemoryHub {
  readonly #host: TransportHost
  readonly #connections = new Map<string, MemoryConnection>()
  readonly #cut = new Set<string>()
  readonly #held = new Set<string>()
  /** One way, every frame. Order is kept whatever the fates are. */
  latencyMs = 0
  /** Asked for each frame, handshakes included. */
  fate: ((from: PeerId, to: PeerId, frame: Uint8Array) => Fate | undefined) | undefined

  constructor(host: TransportHost) {
    this.#host = host
  }

  /** A transport whose links run through this hub. Its signals still need somebody who carries them. */
  transport(options: Omit<TransportOptions, 'host'>): TransportFactory {
    const all = { ...options, host: this.#host }
    return (events) => new Negotiator(all, this.carrier(options), events)
  }

  /** The bare channels, without anybody who checks who is at the other end. */
  carrier(
    options: Pick<TransportOptions, 'limits'> & {
      readonly credentials: { readonly signer: { readonly peerId: PeerId } }
    },
  ): Carrier {
    const low = options.limits?.bufferedBytesLow ?? defaultLimits.bufferedBytesLow
    return (role, events) =>
      new MemoryConnection(this, this.#host, options.credentials.signer.peerId, role, events, low)
  }

  /** What `from` sends to `to` is lost from now on; the channel stays open, as a dead network's does. */
  cut(from: PeerId, to: PeerId): void {
    this.#cut.add(`${from} ${to}`)
  }

  /** What `from` sends to `to` stays in its buffer, as with a peer that reads nothing. */
  hold(from: PeerId, to: PeerId): void {
    this.#held.add(`${from} ${to}`)
  }

  /** Undoes `cut` and `hold`; what was held leaves. */
  heal(from: PeerId, to: PeerId): void {
    this.#cut.delete(`${from} ${to}`)
    if (!this.#held.delete(`${from} ${to}`)) return
    for (const connection of this.#connections.values()) if (connection.owner === from) connection.release()
  }

  /** Closes the channels between two peers, as seen from both ends. */
  sever(a: PeerId, b: PeerId): void {
    for (const connection of this.#connections.values()) {
      const far = connection.far
      if (far !== undefined && [connection.owner, far.owner].sort().join() === [a, b].sort().join()) connection.close()
    }
  }

  /** Channels that exist, open or not: nothing is left when every transport is closed. */
  get size(): number {
    return this.#connections.size
  }

  /** @internal */
  add(fingerprint: string, connection: MemoryConnection): void {
    this.#connections.set(fingerprint, connection)
  }

  /** @internal */
  remove(fingerprint: string): void {
    this.#connections.delete(fingerprint)
  }

  /** @internal */
  find(fingerprint: string): MemoryConnection | undefined {
    return this.#connections.get(fingerprint)
  }

  /** @internal */
  fateOf(from: PeerId, to: PeerId, frame: Uint8Array): Fate | 'hold' | undefined {
    if (this.#cut.has(`${from} ${to}`)) return { type: 'drop' }
    if (this.#held.has(`${from} ${to}`)) return 'hold'
    return this.fate?.(from, to, frame)
  }
}

/** One end of a channel that both ends have described to each other. */
class MemoryConnection implements Connection {
  readonly owner: PeerId
  far: MemoryConnection | undefined
  readonly #hub: MemoryHub
  readonly #host: TransportHost
  readonly #events: ConnectionEvents
  readonly #low: number
  readonly #certificate: Uint8Array
  readonly #fingerprint: string
  readonly #initiator: boolean
  readonly #held: Uint8Array[] = []
  #ownSdp: string | undefined
  #peerSdp: string | undefined
  #wanted: string | undefined
  #open = false
  #ended = false
  #bufferedBytes = 0
  #lastArrival = 0

  constructor(hub: MemoryHub, host: TransportHost, owner: PeerId, role: Role, events: ConnectionEvents, low: number) {
    this.#hub = hub
    this.#host = host
    this.owner = owner
    this.#events = events
    this.#low = low
    this.#initiator = role === 'initiator'
    this.#certificate = host.random(64)
    this.#fingerprint = spell(sha256(this.#certificate))
    hub.add(this.#fingerprint, this)
    if (this.#initiator) this.#describeSelf()
  }

  describe(sdp: string): void {
    const print = onlyFingerprint(sdp)
    if (this.#ended || print === undefined) return
    this.#peerSdp = sdp
    this.#wanted = spell(print)
    if (!this.#initiator) this.#describeSelf()
    this.#connect()
  }

  addCandidate(_candidate: string): void {}

  send(message: Uint8Array): void {
    const far = this.far
    if (!this.#open || this.#ended || far === undefined) return
    const frame = message.slice()
    this.#bufferedBytes += frame.length
    const fate = this.#hub.fateOf(this.owner, far.owner, frame)
    if (fate === 'hold' || this.#held.length > 0) this.#held.push(frame)
    else this.#dispatch(frame, far, fate)
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  close(): void {
    if (this.#ended) return
    const far = this.far
    this.#leave()
    this.#host.after(0, () => this.#events.onClose('ERR_LINK_CLOSED'))
    // After what is under way to it.
    if (far !== undefined)
      this.#host.after(Math.max(this.#hub.latencyMs, this.#lastArrival - this.#host.now()), () => far.#lost())
  }

  destroy(): void {
    if (this.#ended) return
    const far = this.far
    this.#leave()
    if (far !== undefined) this.#host.after(this.#hub.latencyMs, () => far.#lost())
  }

  release(): void {
    const far = this.far
    if (far === undefined) return
    for (const frame of this.#held.splice(0)) this.#dispatch(frame, far, this.#hub.fateOf(this.owner, far.owner, frame))
  }

  #dispatch(frame: Uint8Array, far: MemoryConnection, fate: Fate | 'hold' | undefined): void {
    if (fate === 'hold') {
      this.#held.push(frame)
      return
    }
    const now = this.#host.now()
    const delayMs = this.#hub.latencyMs + (fate?.type === 'delay' ? fate.delayMs : 0)
    this.#lastArrival = Math.max(this.#lastArrival, now + delayMs)
    this.#host.after(this.#lastArrival - now, () => {
      this.#sent(frame.length)
      if (fate?.type !== 'drop' && !far.#ended) far.#events.onMessage(frame)
    })
  }

  #sent(bytes: number): void {
    const before = this.#bufferedBytes
    this.#bufferedBytes -= bytes
    if (!this.#ended && before > this.#low && this.#bufferedBytes <= this.#low) this.#events.onDrain()
  }

  #describeSelf(): void {
    const setup = this.#initiator ? 'actpass' : 'active'
    this.#ownSdp =
      'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n' +
      `c=IN IP4 0.0.0.0\r\na=fingerprint:sha-256 ${this.#fingerprint}\r\na=setup:${setup}\r\na=mid:0\r\n`
    const sdp = this.#ownSdp
    this.#host.after(0, () => {
      if (this.#ended) return
      this.#events.onDescription(sdp)
      this.#events.onCandidate('candidate:1 1 udp 2122260223 127.0.0.1 9 typ host')
    })
  }

  /** As DTLS: both ends must have been told of the other's certificate. */
  #connect(): void {
    const far = this.#wanted === undefined ? undefined : this.#hub.find(this.#wanted)
    if (far === undefined || far.#ended || far.#wanted !== this.#fingerprint || far.far !== undefined) return
    this.far = far
    far.far = this
    this.#host.after(this.#hub.latencyMs, () => far.#opened(this))
    this.#host.after(this.#hub.latencyMs, () => this.#opened(far))
  }

  #opened(far: MemoryConnection): void {
    if (this.#ended) return
    this.#open = true
    this.#events.onOpen({ ownSdp: this.#ownSdp, peerSdp: this.#peerSdp, peerCertificate: far.#certificate })
  }

  #lost(): void {
    if (this.#ended) return
    this.#leave()
    this.#events.onClose('ERR_LINK_CLOSED')
  }

  #leave(): void {
    this.#ended = true
    this.far = undefined
    this.#hub.remove(this.#fingerprint)
  }
}

function spell(fingerprint: Uint8Array): string {
  return Array.from(fingerprint, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':')
}
