/**
 * Links over WebRTC data channels, by simple-peer. It makes offers and answers and trickles candidates;
 * everything else of it is kept out of reach, because each of these was seen to go wrong (measured with
 * 9.11.1, its last release): the side that answers lets any channel that the other opens take the place
 * of ours and leaks a timer for each; `signal` obeys `renegotiate` and `transceiverRequest`, and throws
 * on what it does not understand; its stream loses empty messages, tells text from bytes no more, and
 * buffers without end; an error that nobody listens for is thrown.
 *
 * So: one negotiated channel, which we read and write ourselves; descriptions and candidates that were
 * checked before; a listener for its errors from the first moment on; and no call after its end.
 */
import SimplePeer from '#simple-peer'
import {
  type Carrier,
  CarrierError,
  type ChannelEvidence,
  type Connection,
  type ConnectionEvents,
  type TransportHost,
} from './connection.ts'
import type { Role } from './handshake.ts'
import { defaultLimits, type TransportLimits } from './limits.ts'
import { Negotiator, type TransportOptions } from './negotiator.ts'
import type { TransportFactory } from './port.ts'

/** The parts of a WebRTC implementation that simple-peer uses. Browsers have one; Node needs one handed in. */
export interface WebRtc {
  readonly RTCPeerConnection: typeof RTCPeerConnection
  readonly RTCSessionDescription: typeof RTCSessionDescription
  readonly RTCIceCandidate: typeof RTCIceCandidate
}

export interface SimplePeerOptions extends TransportOptions {
  /**
   * STUN and TURN servers. Default: none, which connects peers in one network and those with a public
   * address. simple-peer's own default would tell Google and Twilio of every visitor.
   */
  readonly iceServers?: readonly RTCIceServer[] | undefined
  /** Default: the browser's own. In Node: `shoal/node` hands in `@roamhq/wrtc`. */
  readonly wrtc?: WebRtc | undefined
}

/** A transport of WebRTC links. Every dial fails with `ERR_UNSUPPORTED` where there is no WebRTC. */
export function simplePeerTransport(options: SimplePeerOptions): TransportFactory {
  return (events) => new Negotiator(options, simplePeerCarrier(options), events)
}

export function simplePeerCarrier(
  options: Pick<SimplePeerOptions, 'iceServers' | 'wrtc' | 'host' | 'limits'>,
): Carrier {
  const limits = { ...defaultLimits, ...options.limits }
  return (role, events) => new SimplePeerConnection(role, events, options, limits)
}

/**
 * What may have been handed over since @roamhq/wrtc was last asked what it holds, and for how long: each question waits
 * for another thread. measured: 20 peers in a process spent a quarter of its time on it when it was asked for each frame.
 */
const unreadBytesMax = 16_384
const unreadMs = 50
/** 64 KiB leave in 5 ms at 100 Mbit/s. */
const drainPollMs = 5
/** A guess: a busy process has delivered what it received by then. */
const closeGraceMs = 50

class SimplePeerConnection implements Connection {
  readonly #events: ConnectionEvents
  readonly #host: TransportHost
  readonly #lingerMs: number
  /** Where the peer's certificate is read. */
  readonly #statistics: boolean
  /** Undefined once it has ended: a page may have 500 connections, and those we still point at count. */
  #peer: InstanceType<typeof SimplePeer> | undefined
  #channel: RTCDataChannel | undefined
  #closing = false
  /** The media section's name: the offer chooses it, the answer repeats it. */
  #mid = '0'
  #stopLinger: (() => void) | undefined
  /** The next step of opening or closing. */
  #stopNext: (() => void) | undefined
  readonly #low: number
  /** @roamhq/wrtc 0.10 has no `bufferedamountlow`: there, whoever read that too much waits looks again. */
  readonly #pollsDrain: boolean
  #stopPoll: (() => void) | undefined
  /** There, to ask what is buffered costs as much as to send: so much at most, as of the last time we asked. */
  #heldMost = 0
  #heldReadAt = 0

  constructor(
    role: Role,
    events: ConnectionEvents,
    options: Pick<SimplePeerOptions, 'iceServers' | 'wrtc' | 'host'>,
    limits: TransportLimits,
  ) {
    this.#events = events
    this.#host = options.host
    this.#lingerMs = limits.lingerMs
    this.#statistics = options.wrtc !== undefined
    if (options.wrtc === undefined && !SimplePeer.WEBRTC_SUPPORT) {
      throw new CarrierError('ERR_UNSUPPORTED', 'no WebRTC here: use a browser that has it, or shoal/node in Node')
    }
    const peer = new SimplePeer({
      initiator: role === 'initiator',
      trickle: true,
      // Both sides make the same channel themselves, so no other can ever take its place.
      channelConfig: { negotiated: true, id: 0, ordered: true },
      config: { iceServers: [...(options.iceServers ?? [])] },
      // For untrickled gathering, which we never wait for; the default is a 5 s timer that outlives `destroy`.
      iceCompleteTimeout: 1,
      ...(options.wrtc === undefined ? {} : { wrtc: options.wrtc }),
    })
    this.#peer = peer
    peer.on('error', (error) => this.#ended(error))
    peer.on('close', () => this.#ended(undefined))
    const channel = peer._channel
    if (channel === null) {
      this.#peer = undefined
      throw new CarrierError('ERR_TOO_MANY_CONNECTIONS', 'the engine would not make another RTCPeerConnection')
    }
    this.#channel = channel
    // Ours, in place of simple-peer's stream: a message is a frame, and no frame waits in a second buffer.
    channel.onmessage = (event: MessageEvent<unknown>) => {
      if (!this.#closing) events.onMessage(event.data instanceof ArrayBuffer ? new Uint8Array(event.data) : undefined)
    }
    this.#low = limits.bufferedBytesLow
    this.#pollsDrain = typeof channel.bufferedAmountLowThreshold !== 'number'
    channel.bufferedAmountLowThreshold = limits.bufferedBytesLow
    channel.onbufferedamountlow = () => events.onDrain()
    channel.addEventListener('open', () => this.#onOpen())
    peer.on('signal', (signal) => {
      if ('sdp' in signal) {
        this.#mid = midOf(signal.sdp)
        events.onDescription(signal.sdp)
      } else if ('candidate' in signal) {
        events.onCandidate(signal.candidate.candidate)
      }
    })
  }

  describe(sdp: string): void {
    this.#mid = midOf(sdp)
    this.#signal({ type: this.#peer?.initiator === true ? 'answer' : 'offer', sdp })
  }

  addCandidate(candidate: string): void {
    // There is one media section, so its index says all; @roamhq/wrtc wants its name too.
    this.#signal({ type: 'candidate', candidate: { candidate, sdpMLineIndex: 0, sdpMid: this.#mid } })
  }

  send(message: Uint8Array): void {
    if (this.#channel?.readyState !== 'open') return
    try {
      this.#channel.send(message as Uint8Array<ArrayBuffer>)
      this.#heldMost += message.length
    } catch (error) {
      // Chromium throws when its own 16 MB are full, and all do in the moment of closing.
      this.#peer?.destroy(error instanceof Error ? error : undefined)
    }
  }

  get bufferedBytes(): number {
    if (!this.#pollsDrain) return this.#channel?.bufferedAmount ?? 0
    const now = this.#host.now()
    if (this.#heldMost <= unreadBytesMax && now < this.#heldReadAt + unreadMs) return this.#heldMost
    this.#heldReadAt = now
    this.#heldMost = this.#channel?.bufferedAmount ?? 0
    // Here and not after `send`: its other thread may count later what it was handed, and only who reads
    // that too much waits will wait.
    if (this.#heldMost > this.#low) this.#pollDrain()
    return this.#heldMost
  }

  close(): void {
    const channel = this.#channel
    if (this.#peer === undefined || this.#closing) return
    this.#closing = true
    if (channel?.readyState !== 'open') return this.destroy()
    // The channel lets out what waits and then closes at both ends; `peer.destroy` would cut it off.
    // A receiver in @roamhq/wrtc 0.10 loses messages that it has and not yet delivered when the channel
    // closes, so the close comes a little after them.
    this.#stopNext = this.#host.after(closeGraceMs, () => channel.close())
    this.#stopLinger = this.#host.after(this.#lingerMs, () => this.destroy())
  }

  destroy(): void {
    const peer = this.#release()
    peer?.destroy()
  }

  #pollDrain(): void {
    this.#stopPoll ??= this.#host.after(drainPollMs, () => {
      this.#stopPoll = undefined
      // Reading it looks again, if there is still too much.
      if (this.bufferedBytes <= this.#low && this.#channel !== undefined) this.#events.onDrain()
    })
  }

  #onOpen(): void {
    const peer = this.#peer
    const pc = peer?._pc
    if (pc === undefined || pc === null) return
    evidenceOf(pc, this.#statistics).then(
      (evidence) => {
        if (this.#peer !== peer) return
        if (evidence === undefined) this.#stopNext = this.#host.after(evidencePollMs, () => this.#onOpen())
        else this.#events.onOpen(evidence)
      },
      (error: unknown) => peer?.destroy(error instanceof Error ? error : undefined),
    )
  }

  #signal(signal: object): void {
    const peer = this.#peer
    if (peer === undefined || peer.destroyed || peer.destroying) return
    try {
      peer.signal(signal)
    } catch (error) {
      peer.destroy(error instanceof Error ? error : undefined)
    }
  }

  #ended(error: unknown): void {
    if (this.#release() === undefined) return
    this.#events.onClose(codeOf(error))
  }

  #release(): InstanceType<typeof SimplePeer> | undefined {
    const peer = this.#peer
    if (this.#channel !== undefined) this.#channel.onbufferedamountlow = null
    this.#peer = undefined
    this.#channel = undefined
    this.#stopNext?.()
    this.#stopNext = undefined
    this.#stopLinger?.()
    this.#stopPoll?.()
    return peer
  }
}

function midOf(sdp: string): string {
  return /^a=mid:([\w-]{1,32})\r?$/m.exec(sdp)?.[1] ?? '0'
}

/** simple-peer's codes, in our words. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ERR_ICE_CONNECTION_FAILURE' || code === 'ERR_CONNECTION_FAILURE') return 'ERR_UNREACHABLE'
  if (code === 'ERR_SET_REMOTE_DESCRIPTION' || code === 'ERR_ADD_ICE_CANDIDATE') return 'ERR_SIGNAL_DESCRIPTION'
  return 'ERR_LINK_CLOSED'
}

/** Chromium opens the channel some milliseconds before it tells the page whose certificate it is. */
const evidencePollMs = 3

/**
 * Read as soon as it is there, from the time when the channel opens: simple-peer lets go of its
 * connection when it ends. Undefined: not yet.
 */
async function evidenceOf(pc: RTCPeerConnection, statistics: boolean): Promise<ChannelEvidence | undefined> {
  const ownSdp = pc.currentLocalDescription?.sdp
  const peerSdp = pc.currentRemoteDescription?.sdp
  if (ownSdp === undefined || peerSdp === undefined) return undefined
  if (!statistics && !tellsCertificates()) return { ownSdp, peerSdp, peerCertificate: undefined }
  const peerCertificate = statistics ? await certificateInStats(pc) : certificateOfTransport(pc)
  return peerCertificate && { ownSdp, peerSdp, peerCertificate }
}

interface CertificateTeller {
  getRemoteCertificates(): ArrayBuffer[]
}

/** Firefox learnt it in 2026. An engine that has the question must answer it. */
function tellsCertificates(): boolean {
  return typeof RTCDtlsTransport === 'function' && 'getRemoteCertificates' in RTCDtlsTransport.prototype
}

function certificateOfTransport(pc: RTCPeerConnection): Uint8Array | undefined {
  const [leaf] =
    (pc.sctp?.transport as (RTCDtlsTransport & CertificateTeller) | undefined)?.getRemoteCertificates() ?? []
  return leaf && new Uint8Array(leaf)
}

/**
 * The same bytes, from statistics. A process that once read `sctp.transport` of @roamhq/wrtc 0.10 ends
 * with a segmentation fault (measured: 6 of 6); its statistics are harmless.
 */
async function certificateInStats(pc: RTCPeerConnection): Promise<Uint8Array | undefined> {
  const stats = await pc.getStats()
  let id: string | undefined
  for (const entry of stats.values()) if (entry.type === 'transport') id = entry.remoteCertificateId
  const certificate: unknown = id === undefined ? undefined : stats.get(id)?.base64Certificate
  if (typeof certificate !== 'string') return undefined
  return Uint8Array.from(atob(certificate), (letter) => letter.charCodeAt(0))
}
