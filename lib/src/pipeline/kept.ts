/**
 * How a claim comes in by another way than a link: an entry from a disk, a list of revocations from the application. As
 * from a stranger, since anybody may have written it.
 */
import type { Verified } from '../identity/claim.ts'
import { open, unwrap } from '../identity/envelope.ts'
import type { Verifier } from '../identity/keys.ts'
import type { MeshId } from '../identity/peer-id.ts'
import type { Proofs } from '../identity/proofs.ts'
import type { Claim } from '../core/message.ts'
import { decodeClaim } from '../wire/claims.ts'
import type { ErrorCode } from '../wire/errors.ts'
import { codeOf, timeFault } from './ingress.ts'

export interface KeptRoom {
  readonly verifier: Verifier
  readonly meshId: MeshId
  /** In a room of capabilities: without its proof a kept entry would be pulled from us, and we be at fault for it. */
  readonly proofs: Proofs | undefined
}

/** Answers the claim, or why it is none of this type for this room and this time. Throws nothing for what is in it. */
export function openKept<T extends Claim['type']>(
  { verifier, meshId, proofs }: KeptRoom,
  type: T,
  envelope: Uint8Array,
  wall: number,
  done: (claim: Verified<Extract<Claim, { readonly type: T }>> | ErrorCode) => void,
): void {
  let unopened
  try {
    unopened = unwrap(envelope, decodeClaim)
  } catch (reason) {
    return done(codeOf(reason))
  }
  if (unopened.claim.type !== type) return done('ERR_CLAIM_TYPE')
  const untimely = timeFault(unopened.claim, wall)
  if (untimely !== undefined) return done(untimely)
  open(verifier, meshId, unopened, (opened) => {
    const claim = opened as Verified<Extract<Claim, { readonly type: T }>> | undefined
    if (claim === undefined) return done('ERR_CLAIM_SIGNATURE')
    if (proofs === undefined) return done(claim)
    proofs.check(claim, (fault) => done(fault ?? claim))
  })
}
