/** What a list of revocations looks like in bytes, and the frame that carries it. */
import { peerIdBytes, peerIdToBytes } from '../identity/peer-id.ts'
import { momentBytes, type PassedList, type Revoke, serialBytes } from '../identity/proofs.ts'
import { uint } from './cbor.ts'
import type { ClaimRows } from './claims.ts'
import { wholeMs } from './fields.ts'
import type { FrameRows } from './frames.ts'
import { revokedMax } from './limits.ts'

const serialLine = serialBytes + momentBytes
const memberLine = peerIdBytes + momentBytes

export const revocationClaims: ClaimRows<Revoke> = {
  revoke: {
    write: (claim) => [
      peerIdToBytes(claim.author),
      wholeMs(claim.issuedAt),
      wholeMs(claim.ttlMs),
      uint(claim.seq),
      wholeMs(claim.minIssuedAt),
      claim.serials,
      claim.members,
    ],
    read: (fields) => ({
      type: 'revoke',
      author: fields.peer(),
      issuedAt: fields.wall(),
      ttlMs: fields.uint(),
      seq: fields.uint(),
      minIssuedAt: fields.wall(),
      serials: fields.bytesUpTo(revokedMax * serialLine, serialLine),
      members: fields.bytesUpTo(revokedMax * memberLine, memberLine),
    }),
  },
}

export const revocationFrames: FrameRows<PassedList> = {
  revocations: {
    kind: 64,
    claim: ['revoke'],
    write: () => [],
    read: () => ({ type: 'revocations' }),
  },
}
