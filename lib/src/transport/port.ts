/**
 * What the mesh needs of whatever carries bytes between two peers. simple-peer, a native
 * `RTCPeerConnection` and the in-memory pair all fit; one compliance suite holds them to it.
 *
 * A link that reaches `onLink` is authenticated: both sides ran HELLO and AUTH over the mesh id, both
 * ids, both nonces, both roles and both channel fingerprints, and the first authenticated frame *from*
 * the peer has arrived. A transport never retries, never reconnects and has no opinion on who is alive.
 */
import type { PeerId } from '../identity/peer-id.ts'

/** An open, authenticated channel to one peer. Frames arrive whole, in order, never empty. */
export interface Link {
  readonly peer: PeerId
  /** We dialled. */
  readonly initiator: boolean
  /** The handshake's transcript hash, 32 bytes: the same at both ends, different for every link. */
  readonly session: Uint8Array
  /** Queues one frame, at most `frameBytesMax`. Ignored once the link is closed. */
  send(frame: Uint8Array): void
  /** Bytes accepted by `send` that have not left yet. */
  readonly bufferedBytes: number
  /** Called when `bufferedBytes` has fallen to `bufferedBytesLow` or below after having been above it. */
  onDrain: (() => void) | undefined
  onFrame: ((frame: Uint8Array) => void) | undefined
  /** Called exactly once, whoever closed; never before `onLink`. */
  onClose: ((code: string) => void) | undefined
  close(): void
}

export interface TransportEvents {
  /** Carry this to the transport of `to`, by the server or by the mesh; at most once, order kept where possible. */
  onSignal(to: PeerId, payload: Uint8Array): void
  onLink(link: Link): void
  /** A dial ended without a link. Stable code `ERR_…`. An incoming attempt that fails is reported too. */
  onFailure(peer: PeerId, code: string): void
}

export interface Transport {
  /** Starts a link. Ends in `onLink` or `onFailure` within the dial deadline. A second dial to the same peer while one is under way is ignored. */
  dial(peer: PeerId): void
  /** Gives up, in silence, a dial that nobody has answered: its offer reached nobody. A dial that was answered goes on. */
  abandon(peer: PeerId): void
  /** What the transport of `from` said. Anything may arrive here: bounded, parsed strictly, ignored when it fits nothing. */
  signal(from: PeerId, payload: Uint8Array): void
  /** Closes every link and every attempt; nothing is called back after. */
  close(): void
}

/** Makes a transport once identity and room are known. */
export type TransportFactory = (events: TransportEvents) => Transport
