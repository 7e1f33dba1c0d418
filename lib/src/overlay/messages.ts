/**
 * What crosses more than one link to one receiver: a routed claim, signed by its source, with the
 * path outside the signature because relays spend it.
 */
import type { ClaimBase, Verified } from '../identity/claim.ts'
import type { PeerId } from '../identity/peer-id.ts'

/**
 * What a routed claim carries. `frame`: an encoded frame, which the receiver decodes as one. `signal`:
 * a transport's signaling payload, sealed to its receiver where that states a key for it. `receipt`: the 16-byte id of a routed claim
 * that its receiver has in hand.
 */
export type RoutedKind = 'frame' | 'signal' | 'receipt'

export interface Routed extends ClaimBase {
  readonly type: 'routed'
  readonly to: PeerId
  /** 16 bytes; with the author it is the key for de-duplication. */
  readonly id: Uint8Array
  readonly kind: RoutedKind
  /** The source waits for a receipt and tries another path when none comes. Always false on a receipt. */
  readonly receipt: boolean
  readonly payload: Uint8Array
}

/**
 * A routed claim under way. `path` is whole and stays whole: the relays in order, then the receiver, at
 * most 8, no peer twice and the source not among them. `at` says whose turn it is: `path[at]` is the
 * peer that reads this, and it came from `path[at - 1]`, or from the source when `at` is 0. So every
 * relay sees that it stands where the path says, and the receiver knows a way back that works.
 */
export interface Forward<Inner extends AnyMessage = AnyMessage> {
  readonly type: 'forward'
  readonly path: readonly PeerId[]
  readonly at: number
  readonly claim: Verified<Routed>
  /** A relay can see that it holds a frame of the failure detector's probes. Filled in by ingress, never transmitted. */
  readonly probe?: true
  /**
   * What a `frame` addressed to us holds, with its own claims verified: its author is the claim's. Filled
   * in by ingress at the receiver, absent everywhere else, never transmitted.
   */
  readonly inner?: Inner
  /** What a `signal` that was sealed to us holds. Filled in likewise. */
  readonly signal?: Uint8Array
}

/** Some machine's message: this room passes it on and does not look inside. */
export interface AnyMessage {
  readonly type: string
}

/** "I could not pass it on": back along the link that it came in on, so that the source tries another path. */
export interface Undeliverable {
  readonly type: 'undeliverable'
  readonly author: PeerId
  readonly id: Uint8Array
}

/** The codes are on the wire: never renumber. */
export const edgeWords = {
  /** "I want this link." What is assumed of a link's peer until it says otherwise. */
  want: 0,
  /** "I could do without this link": a link that both ends could do without is closed. */
  spare: 1,
  /** "Let us be linked although no ring says so." */
  ask: 2,
  /** "Yes: dial me." */
  grant: 3,
  /** "No." */
  decline: 4,
  /** "You and I cannot link": the edge between us falls to the next on its ring, for both of us. */
  cannot: 5,
  /** "Forget that: we can." */
  can: 6,
  /** "I have no room for a link: spare yourself the wait." */
  full: 7,
} as const

export type EdgeWord = keyof typeof edgeWords

/** About the edge between its speaker and its hearer. Its author is the link's peer, or the author of the route it came on. */
export interface Edge {
  readonly type: 'edge'
  readonly word: EdgeWord
}

export type OverlayClaim = Routed
export type OverlayMessage<Inner extends AnyMessage = AnyMessage> = Forward<Inner> | Undeliverable | Edge
