/** How an entry comes back from a disk: as from a stranger, since anybody may have written there. */
import type { Verified } from '../identity/claim.ts'
import { open, unwrap } from '../identity/envelope.ts'
import type { Verifier } from '../identity/keys.ts'
import type { MeshId } from '../identity/peer-id.ts'
import type { Proofs } from '../identity/proofs.ts'
import type { Claim } from '../core/message.ts'
import { decodeClaim } from '../wire/claims.ts'
import type { ErrorCode } from '../wire/errors.ts'
import { codeOf, timeFault } from './ingress.ts'

type Entry = Extract<Claim, { readonly type: 'entry' }>

export interface KeptRoom {
  readonly verifier: Verifier
  readonly meshId: MeshId
  /** In a room of capabilities: without its proof a kept entry would be pulled from us, and we be at fault for it. */
  readonly proofs: Proofs | undefined
}

/** Answers the entry, or why it is none for this room and this time. Throws nothing for what is in it. */
export function openKept(
  { verifier, meshId, proofs }: KeptRoom,
  envelope: Uint8Array,
  wall: number,
  done: (entry: Verified<Entry> | ErrorCode) => void,
): void {
  let unopened
  try {
    unopened = unwrap(envelope, decodeClaim)
  } catch (reason) {
    return done(codeOf(reason))
  }
  if (unopened.claim.type !== 'entry') return done('ERR_CLAIM_TYPE')
  const untimely = timeFault(unopened.claim, wall)
  if (untimely !== undefined) return done(untimely)
  open(verifier, meshId, unopened, (claim) => {
    const entry = claim as Verified<Entry> | undefined
    if (entry === undefined) return done('ERR_CLAIM_SIGNATURE')
    if (proofs === undefined) return done(entry)
    proofs.check(entry, (fault) => done(fault ?? entry))
  })
}
