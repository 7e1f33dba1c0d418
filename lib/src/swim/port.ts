/** What this machine asks of its parent: facts about the graph, and hands to act with. */
import type { Numbered } from '../identity/fault.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { MemberRecord } from './member.ts'
import type { Accuse, AckClaim, Alive, Leave, SwimMessage } from './messages.ts'

export type SwimEvent =
  | {
      readonly type:
        | 'member-joined'
        | 'member-suspected'
        | 'member-recovered'
        | 'member-failed'
        | 'member-left'
        | 'member-updated'
        | 'member-revoked'
      readonly record: MemberRecord
    }
  | { readonly type: 'zone-unreachable' | 'zone-recovered'; readonly zone: string; readonly members: readonly PeerId[] }
  | { readonly type: 'isolated' | 'reconnected' }
  | { readonly type: 'duplicate-identity'; readonly instance: string }
  | { readonly type: 'leaving' }
  /** What admitted us has run out: nobody counts us in any more. */
  | { readonly type: 'admission-ended' }
  /** What is in order was not taken: there is no room for it, or its sender asks too much of us. */
  | { readonly type: 'rejected'; readonly from: PeerId; readonly code: string }

export interface SwimPort {
  readonly self: PeerId
  /** Uniform in [0, 1), from the core's seed. */
  random(): number
  /** 16 bytes, from the core's seed. */
  nonce(): Uint8Array
  /** Whom we probe: our neighbours on the rings. */
  neighbours(): readonly PeerId[]
  /** Who probes `subject`. */
  monitorsOf(subject: PeerId): readonly PeerId[]
  /** May `accuser` accuse `subject`, allowing for a view that differs a little from ours? */
  entitled(accuser: PeerId, subject: PeerId): boolean
  linked(peer: PeerId): boolean
  /** Why the author of this may not be in the room; undefined when it may. */
  refuses(claim: Alive): string | undefined
  /** Everyone at the other end of an open link. */
  linkedPeers(): readonly PeerId[]
  /** Links on the way to `peer` that does not lead over `avoid`: 1 when linked, undefined when there is no way. */
  hops(peer: PeerId, avoid: PeerId): number | undefined
  /** Over the link, else over a route, if need be one that does not lead over `avoid`. Dropped when there is neither. */
  send(to: PeerId, message: SwimMessage, priority: 'probe' | 'gossip', avoid?: PeerId): void
  /** What other machines want to ride on probes. */
  extra(): Uint8Array
  seal(draft: Alive | Accuse | Leave | AckClaim): void
  /** One run of somebody signed both, under one number. */
  equivocated(one: Numbered, other: Numbered): void
  /** The set of those who are here changed: rings and routes follow. */
  memberUp(record: MemberRecord): void
  memberDown(record: MemberRecord): void
  notify(event: SwimEvent): void
}
