import { describe, expect, it } from 'vitest'
import { claimTypes } from '../identity/claim.ts'
import { instanceIdFromBytes } from '../identity/peer-id.ts'
import { ada, alive, bob, entry, fault, leave, news, proven, sealed } from '../../test/vectors/samples.ts'
import { decodeClaim, encodeBody } from './claims.ts'
import { encodeItem, uint } from './cbor.ts'
import { WireError } from './errors.ts'
import { claimBytesMax, frameBytesMax } from './limits.ts'

/** What a reader says to evidence of these two envelopes. */
function answer(one: Uint8Array, other: Uint8Array): string {
  const body = encodeBody({ ...fault, evidence: [one, other] })
  try {
    const claim = decodeClaim(Uint8Array.of(claimTypes.fault, ...body, ...new Uint8Array(64)))
    return claim.type === 'fault' ? `against ${claim.culprit}` : claim.type
  } catch (reason) {
    if (reason instanceof WireError) return reason.code
    throw reason
  }
}

/** The same claim with something changed, signed by its author or somebody else. */
const said = (claim: typeof alive | typeof news | typeof entry, more: object, by = ada.signer) =>
  sealed(by, { ...claim, author: by.peerId, ...more } as never).bytes
const against = `against ${ada.signer.peerId}`

describe('evidence', () => {
  it('is two incarnations, two broadcasts or two entries under one number of one run', () => {
    expect(answer(alive.bytes, said(alive, { zone: 'elsewhere' }))).toBe(against)
    expect(answer(news.bytes, said(news, { topic: 'other' }))).toBe(against)
    expect(answer(entry.bytes, said(entry, { key: 'other' }))).toBe(against)
  })

  it('is no lease that was renewed, which says the same again', () => {
    const renewed = said(alive, { issuedAt: alive.issuedAt + 1 })
    expect(answer(alive.bytes, renewed)).toBe('ERR_FAULT_EVIDENCE')
  })

  it('is neither one body twice, under whatever signature, nor two numbers, runs, authors or types', () => {
    const resigned = Uint8Array.from(news.bytes).fill(1, -64)
    const other = instanceIdFromBytes(new Uint8Array(16).fill(9))
    for (const [one, two] of [
      [news.bytes, news.bytes],
      [news.bytes, resigned],
      [news.bytes, said(news, { seq: 4 })],
      [news.bytes, said(news, { instance: other })],
      [alive.bytes, said(alive, { instance: other })],
      [alive.bytes, said(alive, { incarnation: 8 })],
      [news.bytes, said(news, { topic: 'other' }, bob.signer)],
      [said(news, { seq: 9 }), entry.bytes],
      [leave.bytes, leave.bytes],
      [fault.bytes, fault.bytes],
      [new Uint8Array(0), new Uint8Array(0)],
    ] as const)
      expect(answer(one, two)).toBe('ERR_FAULT_EVIDENCE')
  })

  it('has room for the two largest claims, and a frame for it', () => {
    const largest = Math.max(claimBytesMax.alive, claimBytesMax.news, claimBytesMax.entry)
    expect(2 * largest + 200).toBeLessThan(claimBytesMax.fault)
    expect(claimBytesMax.fault + 200).toBeLessThan(frameBytesMax)
    const filled = (length: number) => Uint8Array.of(claimTypes.entry, ...new Uint8Array(length - 1))
    expect(answer(filled(largest), proven.bytes)).not.toBe('ERR_CLAIM_SHAPE')
    expect(answer(filled(largest + 1), proven.bytes)).toBe('ERR_CLAIM_SHAPE')
  })

  it('has both claims and nothing more', () => {
    const body = (...evidence: Uint8Array[]) =>
      encodeItem([ada.publicKey, uint(fault.issuedAt), fault.ttlMs, ...evidence])
    const read = (bytes: Uint8Array) => () =>
      decodeClaim(Uint8Array.of(claimTypes.fault, ...bytes, ...new Uint8Array(64)))
    const [one, other] = fault.evidence
    expect(read(body(one, other))).not.toThrow()
    expect(read(body(one))).toThrow(expect.objectContaining({ code: 'ERR_CLAIM_SHAPE' }) as Error)
    expect(read(body(one, other, other))).toThrow(expect.objectContaining({ code: 'ERR_CLAIM_SHAPE' }) as Error)
  })
})
