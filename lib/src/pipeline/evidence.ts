/** Whether both claims of a fault were signed in this room: what makes it evidence. */
import type { Fault } from '../identity/fault.ts'
import { open, unwrap } from '../identity/envelope.ts'
import type { Verifier } from '../identity/keys.ts'
import type { MeshId } from '../identity/peer-id.ts'
import { decodeClaim } from '../wire/claims.ts'
import type { ErrorCode } from '../wire/errors.ts'

/** Signatures that are checked for a fault: its own, and those of both claims in it. */
export const faultChecks = 3

/** One after the other: the second is not worth a check when the first is refused. */
export function openEvidence(
  verifier: Verifier,
  meshId: MeshId,
  { evidence: [one, other] }: Fault,
  done: (fault?: ErrorCode) => void,
): void {
  const check = (envelope: Uint8Array, then: (fault?: ErrorCode) => void): void =>
    open(verifier, meshId, unwrap(envelope, decodeClaim), (claim) => then(claim ? undefined : 'ERR_CLAIM_SIGNATURE'))
  check(one, (fault) => (fault ? done(fault) : check(other, done)))
}
