/**
 * All that can happen to a peer. The one law for whoever drives the core:
 *
 *     one input, then perform every effect, then set one timer to `deadline()`.
 */
import type { ReplyWord } from '../broadcast/messages.ts'
import type { TransferMessage } from '../broadcast/transfer-messages.ts'
import type { Draft, Verified } from '../identity/claim.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { WallMillis } from '../identity/millis.ts'
import type { Revoke } from '../identity/proofs.ts'
import type { Routed } from '../overlay/messages.ts'
import type { Entry } from '../state/messages.ts'
import type { Write } from '../state/state.ts'
import type { Claim, Message, RoutedMessage } from './message.ts'

declare const linkBrand: unique symbol

/** One open, authenticated channel, numbered by the driver and never used again. */
export type LinkId = number & { readonly [linkBrand]: 'LinkId' }

/** Stands for the server where a link would stand: nothing that comes over it is believed for that. */
export const door = 0 as LinkId

export type Input =
  /** `deadline()` is reached. Late ticks are noticed by the core and count against its own health. */
  | { readonly type: 'tick' }
  /** Calendar time is `now + wallOffsetMs`; own timers are no finer than `granularityMs` (0 when exact). */
  | { readonly type: 'clock'; readonly wallOffsetMs: number; readonly granularityMs: number }
  /** The page or process was stopped (sleep, freeze, back/forward cache): own beliefs are stale. */
  | { readonly type: 'resumed' }
  /** The signaling server let us in (or let us in again), with a random sample of who else is there. */
  | { readonly type: 'door-opened'; readonly sample: readonly PeerId[] }
  /** A fresh sample over an open door. */
  | { readonly type: 'door-sample'; readonly sample: readonly PeerId[] }
  | { readonly type: 'door-closed' }
  /** A link is authenticated at both ends. `initiator`: we dialled. */
  | { readonly type: 'link-opened'; readonly link: LinkId; readonly peer: PeerId; readonly initiator: boolean }
  /** A hint, never a verdict. */
  | { readonly type: 'link-closed'; readonly link: LinkId }
  | { readonly type: 'dial-failed'; readonly peer: PeerId; readonly code: string }
  | { readonly type: 'received'; readonly link: LinkId; readonly message: Message }
  /**
   * Ingress refused something. `blame`: a fault that needs no clock and no view to see. `final`: the link is
   * over a budget and nothing more of it will be read, since an ordered channel with a gap is of no use: hang up.
   */
  | {
      readonly type: 'refused'
      readonly link: LinkId
      readonly code: string
      readonly blame: boolean
      readonly final?: boolean
    }
  /** A draft came back signed, in the order in which `seal` effects were emitted. */
  | { readonly type: 'sealed'; readonly claim: Verified<Claim> }
  /** Our transport has something to tell the transport of `to`: an offer, an answer, a candidate. */
  | { readonly type: 'signal-out'; readonly to: PeerId; readonly payload: Uint8Array }
  /** The signaling server delivered such a thing. (What the mesh delivers arrives as `received`.) */
  | { readonly type: 'signal-in'; readonly from: PeerId; readonly payload: Uint8Array }
  /** It delivered that `from` has no room for a link, and who may. */
  | { readonly type: 'door-full'; readonly from: PeerId; readonly others: readonly PeerId[] }
  /** The owner's list, from the application; it was verified. */
  | { readonly type: 'revocations'; readonly claim: Verified<Revoke> }
  /** Entries that an earlier run or a disk kept. */
  | { readonly type: 'restored'; readonly entries: readonly Verified<Entry>[] }
  | Command

/** What the application asks for. `ref` comes back in `sent`. */
export type Command =
  | { readonly type: 'set-metadata'; readonly metadata: Uint8Array }
  | {
      readonly type: 'send'
      readonly to: PeerId
      readonly topic: string
      readonly payload: Uint8Array
      readonly ref: number
    }
  /** A word of a large message. It goes over the link to this peer, or nowhere. */
  | { readonly type: 'transfer'; readonly to: PeerId; readonly message: TransferMessage }
  /** The answer to a question; it goes the shortest way, and nobody is told how it ended. */
  | {
      readonly type: 'reply'
      readonly to: PeerId
      readonly id: Uint8Array
      readonly word: ReplyWord
      readonly payload: Uint8Array
    }
  | { readonly type: 'broadcast'; readonly topic: string; readonly payload: Uint8Array; readonly ref: number }
  /** All of these or none. `written` says how it ended. */
  | { readonly type: 'write'; readonly writes: readonly Write[]; readonly ref: number }
  /** Another capability takes the place of the one that we joined with. */
  | ({ readonly type: 'renew' } & Renewal)
  | { readonly type: 'leave' }

/** What admits us from now on, in a room of capabilities. */
export interface Renewal {
  readonly admission: Uint8Array
  readonly admittedUntil: WallMillis
  readonly sharesKeys: boolean
}

/** A routed frame as the core writes it: egress encodes `inner` into the claim's payload before it signs. */
export interface RoutedFrameDraft extends Omit<Draft<Routed>, 'kind' | 'payload'> {
  readonly kind: 'frame'
  readonly inner: RoutedMessage
}

/** A routed signal that egress seals to its receiver's X25519 key before it signs. */
export interface SealedSignalDraft extends Draft<Routed> {
  readonly kind: 'signal'
  readonly sealTo: Uint8Array
}

export type DraftClaim = Draft<Claim> | RoutedFrameDraft | SealedSignalDraft
