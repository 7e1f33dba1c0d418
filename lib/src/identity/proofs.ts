/** What ingress asks of a room that lets in only who can prove that it may be there (`capability.ts`). */
import type { ClaimBase } from './claim.ts'

export type ProofFault =
  | 'ERR_CAPABILITY_SHAPE'
  | 'ERR_CAPABILITY_SUBJECT'
  | 'ERR_CAPABILITY_ISSUER'
  | 'ERR_CAPABILITY_DELEGATION'
  | 'ERR_CAPABILITY_SIGNATURE'
  | 'ERR_CAPABILITY_TIME'
  | 'ERR_CAPABILITY_RIGHT'

/** Where the ring seed stands in a proof: that of the capability which names the member, the last one. */
const seedFromEnd = 108

/** The place that the owner, or whoever admitted, chose for a member: 16 bytes of a proof that was verified. */
export function ringSeedIn(proof: Uint8Array): Uint8Array {
  return proof.slice(proof.length - seedFromEnd, proof.length - seedFromEnd + 16)
}

export interface Proofs {
  /** Called for claims whose signature is good. Calls back once, with what is wrong: none of it needs a clock to see. */
  check(claim: ClaimBase, done: (fault?: ProofFault) => void): void
}
