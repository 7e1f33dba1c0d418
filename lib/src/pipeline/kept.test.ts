import { describe, expect, it } from 'vitest'
import type { Verified } from '../identity/claim.ts'
import { scriptVerifier, seedSigner } from '../identity/ed25519.ts'
import type { WallMillis } from '../identity/millis.ts'
import { instanceIdFromBytes, meshIdOf } from '../identity/peer-id.ts'
import type { Proofs } from '../identity/proofs.ts'
import type { DraftClaim } from '../core/input.ts'
import type { Claim } from '../core/message.ts'
import type { ErrorCode } from '../wire/errors.ts'
import { clockSkewMsMax } from '../wire/limits.ts'
import { Egress } from './egress.ts'
import { openKept } from './kept.ts'

const meshId = meshIdOf('a room')
const ada = seedSigner(new Uint8Array(32).fill(1))
const wall = 1_800_000_000_000 as WallMillis

/** An entry as it was kept: the bytes of its envelope. */
function kept(more: Partial<DraftClaim> = {}): Uint8Array {
  let sealed: Verified<Claim> | Error | undefined
  const draft = {
    type: 'entry',
    author: ada.peerId,
    issuedAt: wall,
    ttlMs: 60_000,
    instance: instanceIdFromBytes(new Uint8Array(16).fill(5)),
    seq: 1,
    map: 'todos',
    key: 'milk',
    counter: 0,
    deleted: false,
    context: undefined,
    value: new Uint8Array([1]),
    ...more,
  }
  new Egress({ meshId, signer: ada }).seal(draft as DraftClaim, (claim) => (sealed = claim))
  if (!sealed || sealed instanceof Error) throw sealed ?? new Error('not sealed at once')
  return sealed.bytes
}

function opened(envelope: Uint8Array, proofs?: Proofs, room = meshId): unknown {
  let answer: Verified<Claim> | ErrorCode | undefined
  openKept({ verifier: scriptVerifier, meshId: room, proofs }, 'entry', envelope, wall, (entry) => (answer = entry))
  return typeof answer === 'object' ? answer.type : answer
}

const proofsThatAnswer = (fault?: 'ERR_CAPABILITY_RIGHT'): Proofs => ({ check: (_, done) => done(fault) })

describe('an entry that comes back from a disk', () => {
  it('is taken when its author signed it for this room', () => {
    expect(opened(kept())).toBe('entry')
  })

  it('is not taken when it was altered, or is of another room', () => {
    const altered = kept()
    altered[altered.length - 1]! ^= 1
    expect(opened(altered)).toBe('ERR_CLAIM_SIGNATURE')
    expect(opened(kept(), undefined, meshIdOf('another room'))).toBe('ERR_CLAIM_SIGNATURE')
  })

  it('is not taken when its time is over', () => {
    expect(opened(kept({ issuedAt: (wall - 60_000 - clockSkewMsMax - 1) as WallMillis }))).toBe('ERR_CLAIM_EXPIRED')
  })

  it('needs in a room of capabilities the proof that its author may write', () => {
    expect(opened(kept(), proofsThatAnswer())).toBe('entry')
    expect(opened(kept(), proofsThatAnswer('ERR_CAPABILITY_RIGHT'))).toBe('ERR_CAPABILITY_RIGHT')
  })
})
