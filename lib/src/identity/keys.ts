/**
 * The two things that this room asks of a crypto library. They answer through a callback, not a
 * promise: WebCrypto answers later, a simulation's stand-in at once, and what drives them need not
 * know which. Each calls back exactly once.
 */
import type { PeerId } from './peer-id.ts'

export interface Signer {
  readonly peerId: PeerId
  /** Answers the 64-byte signature, or the error that kept it from signing. */
  sign(message: Uint8Array, done: (signature: Uint8Array | Error) => void): void
}

export interface Verifier {
  /** Answers false for any signature that the one acceptance rule refuses; never throws. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array, done: (valid: boolean) => void): void
}
