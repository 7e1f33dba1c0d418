/** All that a peer may ask of the world. The driver performs them in the order given. */
import type { ReplyWord } from '../broadcast/messages.ts'
import type { TransferMessage } from '../broadcast/transfer-messages.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { StateEvent } from '../state/state.ts'
import type { MemberStatus } from '../swim/member.ts'
import type { LinkId } from './input.ts'
import type { DraftClaim } from './input.ts'
import type { Message } from './message.ts'

/** Lower goes first on a link: a file transfer never delays a ping. */
export const priorities = { probe: 0, gossip: 1, state: 2, data: 3 } as const
export type Priority = keyof typeof priorities

/** To so many neighbours a leave goes by the server as well. A guess: one of them is still at the door. */
export const farewellsMax = 3
export { othersMax } from '../overlay/door.ts'

export type Effect =
  | { readonly type: 'send'; readonly link: LinkId; readonly message: Message; readonly priority: Priority }
  /** Sign it, and hand it back as `sealed`. */
  | { readonly type: 'seal'; readonly draft: DraftClaim }
  /** Open a link. Its offers come back as `signal-out`; the end is `link-opened` or `dial-failed`. */
  | { readonly type: 'dial'; readonly peer: PeerId }
  /** Nothing will come of this dial: drop it, and say no more of it. */
  | { readonly type: 'abandon'; readonly peer: PeerId }
  /** Close a link after what was sent on it is flushed. */
  | { readonly type: 'hang-up'; readonly link: LinkId; readonly code: string }
  /** Give the transport what its counterpart at `from` says. */
  | { readonly type: 'signal'; readonly from: PeerId; readonly payload: Uint8Array }
  /** Pass a signaling payload to the server, for `to`. */
  | { readonly type: 'door-signal'; readonly to: PeerId; readonly payload: Uint8Array }
  /** Tell `to` through the server that we have no room for a link, and who may. At most `othersMax`. */
  | { readonly type: 'door-full'; readonly to: PeerId; readonly others: readonly PeerId[] }
  /**
   * Say this to `to` through the server, now: a page that closes may be gone before its links are flushed. It
   * arrives at the other end as `received` on the link `door`.
   */
  | { readonly type: 'door-say'; readonly to: PeerId; readonly message: Message }
  /** Stay registered at the server, or let it go. */
  | { readonly type: 'door'; readonly wanted: boolean }
  /** Tell the application. */
  | { readonly type: 'notify'; readonly event: CoreEvent }

/** A member as the core shows it: immutable, a new object whenever anything in it changed. */
export interface CoreMember {
  readonly id: PeerId
  readonly status: MemberStatus
  readonly incarnation: number
  readonly instance: string
  readonly startedAt: number
  /** When its current claim to be here was made, by its own calendar: a renewed lease keeps its incarnation. */
  readonly issuedAt: number
  readonly metadata: Uint8Array
  readonly zone: string
  /** Open, authenticated link to it. */
  readonly linked: boolean
  /** Smoothed round-trip time over the direct link in ms, undefined before the first ack. */
  readonly rttMs: number | undefined
}

export type { ReplyWord } from '../broadcast/messages.ts'
export { NewsPace, ownNews } from '../broadcast/news-pace.ts'
export { creditBytes, creditEveryBytes, type StopWord, type TransferMessage } from '../broadcast/transfer-messages.ts'

export type CoreEvent =
  | {
      readonly type:
        | 'member-joined'
        | 'member-suspected'
        | 'member-recovered'
        | 'member-failed'
        | 'member-left'
        | 'member-updated'
        | 'member-revoked'
      readonly member: CoreMember
    }
  | { readonly type: 'zone-unreachable' | 'zone-recovered'; readonly zone: string; readonly members: readonly PeerId[] }
  | { readonly type: 'isolated' | 'reconnected' }
  /** Our own key turned up in a newer instance: this one stops. */
  | { readonly type: 'duplicate-identity'; readonly instance: string }
  | { readonly type: 'link-opened' | 'link-closed'; readonly peer: PeerId }
  | { readonly type: 'claim-rejected'; readonly from: PeerId | undefined; readonly code: string }
  | {
      readonly type: 'message'
      readonly from: PeerId
      readonly topic: string
      readonly payload: Uint8Array
      readonly hops: number
    }
  /** A word of a large message, over the link from this peer. */
  | { readonly type: 'transfer'; readonly from: PeerId; readonly message: TransferMessage }
  | {
      readonly type: 'reply'
      readonly from: PeerId
      readonly id: Uint8Array
      readonly word: ReplyWord
      readonly payload: Uint8Array
    }
  | { readonly type: 'broadcast'; readonly from: PeerId; readonly topic: string; readonly payload: Uint8Array }
  /** Broadcasts of this author that were lost, and that nobody could give us again. */
  | { readonly type: 'broadcast-gap'; readonly from: PeerId; readonly instance: string; readonly missed: number }
  | Extract<StateEvent, { readonly type: 'entries-changed' | 'sync-progress' }>
  /** The end of a `write`: signed, standing here and on its way, or the code of why not. */
  | { readonly type: 'written'; readonly ref: number; readonly code?: string }
  /** The end of a `send` or `broadcast`: handed to a link or a route, or the code of why not. */
  | { readonly type: 'sent'; readonly ref: number; readonly code?: string }
  /** What admitted us has run out, or was taken back: nobody counts us in any more. */
  | { readonly type: 'admission-ended' | 'admission-revoked' }
  /** A newer list of revocations was taken; the time of the newest that we have is over. */
  | { readonly type: 'revocations-changed' | 'revocations-stale'; readonly seq: number; readonly expiresAt: number }
  /** `leave` is signed and handed to every link: the driver may close. */
  | { readonly type: 'leaving' }
