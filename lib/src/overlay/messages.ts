/**
 * What crosses more than one link to one receiver: a routed claim, signed by its source, with the
 * path outside the signature because relays spend it.
 */
import type { ClaimBase, Verified } from '../identity/claim.ts'
import type { PeerId } from '../identity/peer-id.ts'

/** What a routed claim carries. The receiver decodes the payload as a frame of that kind. */
export type RoutedKind = 'frame' | 'signal'

export interface Routed extends ClaimBase {
  readonly type: 'routed'
  readonly to: PeerId
  /** 16 bytes; with the author it is the key for de-duplication. */
  readonly id: Uint8Array
  readonly kind: RoutedKind
  /** `frame`: an encoded frame. `signal`: a transport's signaling payload, sealed to the receiver. */
  readonly payload: Uint8Array
}

/** A routed claim under way. `path` are the relays still ahead, then the receiver; at most 8. */
export interface Forward {
  readonly type: 'forward'
  readonly path: readonly PeerId[]
  readonly claim: Verified<Routed>
}

/** "I could not pass it on": back along the link that it came in on, so that the source tries another path. */
export interface Undeliverable {
  readonly type: 'undeliverable'
  readonly author: PeerId
  readonly id: Uint8Array
}

export type OverlayClaim = Routed
export type OverlayMessage = Forward | Undeliverable
