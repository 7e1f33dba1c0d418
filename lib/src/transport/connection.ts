/**
 * What carries a link, seen from the negotiator: something that makes a description and candidates,
 * takes the other side's, and becomes a channel between two certificates. simple-peer is one carrier,
 * the in-memory hub another, a bare `RTCPeerConnection` would be a third. A carrier decides nothing:
 * who may connect, which attempt wins and whether the far end is who it says is settled above it.
 */
import type { Role } from './handshake.ts'

/** What a carrier tells. Nothing is called from within a call to the connection, nor after `onClose`. */
export interface ConnectionEvents {
  /** Our offer (initiator) or answer (responder), once. */
  onDescription(sdp: string): void
  /** A way to reach us, as an ICE candidate line without `a=`. */
  onCandidate(candidate: string): void
  /** The channel is open. Messages may come before it (measured in Node and Chromium). */
  onOpen(evidence: ChannelEvidence): void
  /** One message; undefined for what is not binary. */
  onMessage(data: Uint8Array | undefined): void
  /** `bufferedBytes` fell to `bufferedBytesLow` or below. */
  onDrain(): void
  /** Gone, by whosever doing, exactly once; not called after our own `destroy`. */
  onClose(code: string): void
}

/** What an open channel can say of its two certificates. `fingerprint.ts` judges it. */
export interface ChannelEvidence {
  /** Our own description as the engine holds it. */
  readonly ownSdp: string | undefined
  /** The peer's description as the engine holds it now. */
  readonly peerSdp: string | undefined
  /** The certificate (DER) that the peer proved to hold; undefined where the engine cannot tell. */
  readonly peerCertificate: Uint8Array | undefined
}

export interface Connection {
  /** The other side's offer or answer, checked. */
  describe(sdp: string): void
  /** The other side's candidate, checked. */
  addCandidate(candidate: string): void
  send(message: Uint8Array): void
  readonly bufferedBytes: number
  /** Lets out what was sent, then ends; `onClose` follows. */
  close(): void
  /** Ends at once and releases everything; nothing is called back. */
  destroy(): void
}

/** Throws a `CarrierError` where it cannot make one at all. */
export type Carrier = (role: Role, events: ConnectionEvents) => Connection

export class CarrierError extends Error {
  readonly code: 'ERR_UNSUPPORTED' | 'ERR_TOO_MANY_CONNECTIONS'

  constructor(code: CarrierError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CarrierError'
    this.code = code
  }
}

/** The world below the wall, injected. `mesh/host.ts` makes one. */
export interface TransportHost {
  /** Monotonic milliseconds. */
  now(): number
  /** Runs once after `delayMs`; the answer takes it back. */
  after(delayMs: number, run: () => void): () => void
  random(byteCount: number): Uint8Array
}
