/** What ingress asks of a room that lets in only who can prove that it may be there (`capability.ts`). */
import type { ClaimBase, Verified } from './claim.ts'
import type { WallMillis } from './millis.ts'
import type { PeerId } from './peer-id.ts'

export type ProofFault =
  | 'ERR_CAPABILITY_SHAPE'
  | 'ERR_CAPABILITY_SUBJECT'
  | 'ERR_CAPABILITY_ISSUER'
  | 'ERR_CAPABILITY_DELEGATION'
  | 'ERR_CAPABILITY_SIGNATURE'
  | 'ERR_CAPABILITY_TIME'
  | 'ERR_CAPABILITY_RIGHT'
  | 'ERR_REVOKE_ISSUER'

export const serialBytes = 16

/** Where the ring seed stands in a proof: that of the capability which names the member, the last one. */
const seedFromEnd = 108

/** The place that the owner, or whoever admitted, chose for a member: 16 bytes of a proof that was verified. */
export function ringSeedIn(proof: Uint8Array): Uint8Array {
  return proof.slice(proof.length - seedFromEnd, proof.length - seedFromEnd + 16)
}

/** Whether its holder may relay what others say to each other: a bit of the same capability, of a proof that was verified. */
export function mayRelay(proof: Uint8Array): boolean {
  return ((proof[proof.length - rightsFromEnd] ?? 0) & relayBit) !== 0
}

/** The byte before the ring seed. */
const rightsFromEnd = seedFromEnd + 1
const relayBit = 4

export interface Proofs {
  /** Called for claims whose signature is good. Calls back once, with what is wrong: none of it needs a clock to see. */
  check(claim: ClaimBase, done: (fault?: ProofFault) => void): void
}

/** "These count for nothing any more." Signed by the room's owner; believed for as long as there is no newer one. */
export interface Revoke extends ClaimBase {
  readonly type: 'revoke'
  /** Only rises: a list with a lower number is an old one. */
  readonly seq: number
  /** Capabilities whose *not before* is earlier count for nothing from this moment on; 0 for none. */
  readonly minIssuedAt: WallMillis
  /** Lines of serial 16 | since u48. */
  readonly serials: Uint8Array
  /** Lines of member 32 | since u48. */
  readonly members: Uint8Array
}

/** The newest list, from neighbour to neighbour. */
export interface PassedList {
  readonly type: 'revocations'
  readonly claim: Verified<Revoke>
}

/** A moment in a line: milliseconds, u48. */
export const momentBytes = 6

/** What is asked of a claim that carries a proof. */
export type Proven = Pick<ClaimBase, 'type' | 'issuedAt'> & { readonly admission?: Uint8Array | undefined }

/** The newest list of a room, and what follows from it (`revocation.ts`). */
export interface RevocationBook {
  /** Shown first to whoever gets a link to us. */
  readonly newest: Verified<Revoke> | undefined
  /** Answers whether it is newer than what was known. */
  take(list: Verified<Revoke>): boolean
  /** When the newest list is no longer sure to be the newest, by the calendar; undefined once that was said. */
  readonly staleAt: WallMillis | undefined
  /** The newest list, once, when its time is over. */
  staleBy(wall: WallMillis): Verified<Revoke> | undefined
  /** Why what its author shows does not let it say this; undefined when it does. */
  refuses(claim: Proven): string | undefined
  /** Whether a proof counts for nothing any more. */
  voids(proof: Uint8Array): boolean
  /** Whether a peer is named itself: no use in talking to it, whatever it holds. */
  bans(peer: PeerId): boolean
  /** Whether a link to a peer has to go: by what it shows as a member, else by what it showed when the link was made. */
  outcast(peer: PeerId, admission: Uint8Array | undefined): boolean
}
