/**
 * What this room asks of its parent. A link is named by its peer: there is at most one to each, and
 * the parent knows its number.
 */
import type { Draft, Verified } from '../identity/claim.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { Edge, Forward, Routed, RoutedKind, Undeliverable } from './messages.ts'

export type OverlayEffect =
  /** Open a link. It ends in `linkOpened` or `dialFailed`. */
  | { readonly type: 'dial'; readonly peer: PeerId }
  | { readonly type: 'hang-up'; readonly peer: PeerId; readonly code: string }
  /** Stay registered at the server, or let it go. */
  | { readonly type: 'door'; readonly wanted: boolean }
  /** Over the open link to `peer`. */
  | { readonly type: 'send'; readonly peer: PeerId; readonly message: Forward<never> | Undeliverable | Edge }
  /** To `peer` over its link, or else as a routed frame with a receipt. */
  | { readonly type: 'tell'; readonly peer: PeerId; readonly message: Edge }
  /** Sign it, and hand it back to `sealed`. */
  | { readonly type: 'seal'; readonly draft: Draft<Routed> }
  /** A routed claim has arrived here, for the first and only time. `hops`: links that it crossed. */
  | {
      readonly type: 'deliver'
      readonly claim: Verified<Routed>
      readonly kind: Exclude<RoutedKind, 'receipt'>
      readonly hops: number
    }
  /**
   * The end of a routed message of ours. Without a code: its receiver has it, or, when no receipt was
   * asked for, it was handed to a link.
   */
  | { readonly type: 'routed'; readonly ref: number; readonly code?: RouteCode }
  /** The peer at the other end of a link broke a rule that needs no clock and no view to see. */
  | { readonly type: 'blame'; readonly peer: PeerId; readonly code: string }

/**
 * `ERR_UNREACHABLE`: no path. `ERR_NO_RECEIPT`: handed to every path there was to try, and the receiver
 * never answered: it may or may not have it. `ERR_BUSY`: too many messages under way.
 */
export type RouteCode = 'ERR_UNREACHABLE' | 'ERR_NO_RECEIPT' | 'ERR_BUSY'
