/**
 * What this room asks of its parent. A link is named by its peer: there is at most one to each, and
 * the parent knows its number.
 */
import type { Draft } from '../identity/claim.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { AnyMessage, Edge, OverlayMessage, Routed, RoutedKind } from './messages.ts'

/** What is to be routed: a message of some machine, which is encoded when it is signed, or bytes. */
export type Cargo<Inner extends AnyMessage> =
  | { readonly kind: 'frame'; readonly inner: Inner | Edge }
  | { readonly kind: Exclude<RoutedKind, 'frame'>; readonly payload: Uint8Array }

/** A routed frame of ours before it is encoded and signed. */
export interface FrameDraft<Inner extends AnyMessage> extends Omit<Draft<Routed>, 'kind' | 'payload'> {
  readonly kind: 'frame'
  readonly inner: Inner | Edge
}

export type EdgesEffect =
  /** Open a link. It ends in `linkOpened` or `dialFailed`. */
  | { readonly type: 'dial'; readonly peer: PeerId }
  /** It has said that nothing will come of our dial, which is over: let the offer go. */
  | { readonly type: 'abandon'; readonly peer: PeerId }
  | { readonly type: 'hang-up'; readonly peer: PeerId; readonly code: string }
  /** What came from that neighbour was in order and is over a budget of its. */
  | { readonly type: 'rejected'; readonly peer: PeerId; readonly code: string }
  /** Stay registered at the server, or let it go. */
  | { readonly type: 'door'; readonly wanted: boolean }

export type RouterEffect<Inner extends AnyMessage> =
  /** Over the open link to `peer`. */
  | { readonly type: 'send'; readonly peer: PeerId; readonly message: OverlayMessage<Inner | Edge> }
  /** Sign it, and hand it back to `sealed`. */
  | { readonly type: 'seal'; readonly draft: Draft<Routed> | FrameDraft<Inner> }
  /** A routed message is here, for the first and only time. `hops`: links that it crossed. */
  | { readonly type: 'deliver'; readonly from: PeerId; readonly message: Inner; readonly hops: number }
  /** The same, from the transport of `from` to ours. `via`: the neighbour at the other end of the last link. */
  | { readonly type: 'signal'; readonly from: PeerId; readonly payload: Uint8Array; readonly via: PeerId }
  /**
   * The end of a routed message of ours. Without a code: its receiver has it, or, when no receipt was
   * asked for, it was handed to a link.
   */
  | { readonly type: 'routed'; readonly ref: number; readonly code?: RouteCode }
  /** The peer at the other end of a link broke a rule that needs no clock and no view to see. */
  | { readonly type: 'blame'; readonly peer: PeerId; readonly code: string }

export type OverlayEffect<Inner extends AnyMessage = AnyMessage> = EdgesEffect | RouterEffect<Inner>

/**
 * `ERR_UNREACHABLE`: no path. `ERR_NO_RECEIPT`: handed to every path there was to try, and the receiver
 * never answered: it may or may not have it. `ERR_BUSY`: too many messages under way.
 */
export type RouteCode = 'ERR_UNREACHABLE' | 'ERR_NO_RECEIPT' | 'ERR_BUSY'
