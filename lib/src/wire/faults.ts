/** What evidence of two claims under one number looks like in bytes, and the frame that carries it. */
import { type ClaimBase, claimTypes } from '../identity/claim.ts'
import type { Exposure, Fault } from '../identity/fault.ts'
import { digestOf } from '../identity/envelope.ts'
import { type InstanceId, peerIdToBytes } from '../identity/peer-id.ts'
import type { ClaimRows } from './claims.ts'
import { WireError } from './errors.ts'
import { type Fields, wholeMs } from './fields.ts'
import type { FrameRows } from './frames.ts'
import { claimBytesMax } from './limits.ts'

/** Those whose claims have a number in their author's run. The last are the largest. */
const numbered: readonly (number | undefined)[] = [claimTypes.alive, claimTypes.news, claimTypes.entry]

/** What a claim of a numbered type may say of its number. */
interface Said extends ClaimBase {
  readonly instance?: InstanceId
  readonly seq?: number
  readonly incarnation?: number
  readonly incarnationDigest?: string
}

/** `read`: the reader of all other claims, handed in since it is built on this table. */
export const faultClaims = (read: (envelope: Uint8Array) => Said): ClaimRows<Fault> => ({
  fault: {
    write: ({ author, issuedAt, ttlMs, evidence }) => [
      peerIdToBytes(author),
      wholeMs(issuedAt),
      wholeMs(ttlMs),
      ...evidence,
    ],
    read(fields) {
      const base = { type: 'fault', author: fields.peer(), issuedAt: fields.wall(), ttlMs: fields.uint() } as const
      const [one, other] = [readNumbered(fields, read), readNumbered(fields, read)]
      if (one.number !== other.number || one.words === other.words) throw new WireError('ERR_FAULT_EVIDENCE')
      return {
        ...base,
        culprit: one.said.author,
        evidence: [one.envelope, other.envelope],
      }
    },
  },
})

export const faultFrames: FrameRows<Exposure> = {
  fault: {
    kind: 65,
    claim: ['fault'],
    write: () => [],
    read: () => ({ type: 'fault' }),
  },
}

function readNumbered(fields: Fields, read: (envelope: Uint8Array) => Said) {
  const envelope = fields.bytesUpTo(claimBytesMax.entry)
  // Asked before it is read: evidence inside evidence would be read to any depth.
  if (!numbered.includes(envelope[0])) throw new WireError('ERR_FAULT_EVIDENCE')
  const said = read(envelope)
  return {
    envelope,
    said,
    /** One of the two counters is there. */
    number: [said.type, said.author, said.instance, said.seq, said.incarnation].join(),
    /** Renewing a lease says the same again: of an `alive` it is the incarnation that must be one thing only. */
    words: said.incarnationDigest ?? digestOf(envelope),
  }
}
