/** Lists of revocations as their owner makes them: the one place that writes them, by the codec that everybody reads with. */
import { seal, unwrap } from '../identity/envelope.ts'
import type { Signer } from '../identity/keys.ts'
import type { MeshId } from '../identity/peer-id.ts'
import type { Revoke } from '../identity/proofs.ts'
import { decodeClaim, encodeBody } from '../wire/claims.ts'
import { claimTtlMsMax } from '../wire/limits.ts'
import { codeOf } from './ingress.ts'

export { revokedMax } from '../wire/limits.ts'
export const listMsMax = claimTtlMsMax.revoke

/** Answers the envelope, or the signer's error. Throws for a list that no receiver would accept. */
export function signList(
  signer: Signer,
  meshId: MeshId,
  list: Revoke,
  done: (bytes: Uint8Array | Error) => void,
): void {
  seal(signer, meshId, 'revoke', encodeBody(list), decodeClaim, (claim) =>
    done(claim instanceof Error ? claim : claim.bytes),
  )
}

/** What an envelope says, its signature aside; undefined when it is no list. */
export function readList(envelope: Uint8Array): Revoke | undefined {
  try {
    const { claim } = unwrap(envelope, decodeClaim)
    return claim.type === 'revoke' ? claim : undefined
  } catch (reason) {
    codeOf(reason)
    return undefined
  }
}
