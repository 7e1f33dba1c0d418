import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Digest, Verified } from '../identity/claim.ts'
import type { Millis } from '../identity/millis.ts'
import { firstWord, secondWord } from '../identity/base64url.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { MemberRecord } from './member.ts'
import type { Alive } from './messages.ts'
import { bucketOf, MemberTable, readWord, writeWord } from './table.ts'

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
const record = (id: string, incarnationDigest: string): MemberRecord => ({
  id: id as PeerId,
  alive: { incarnationDigest: incarnationDigest as Digest } as unknown as Verified<Alive>,
  status: 'alive',
  statusAt: 0 as Millis,
  runAt: 0 as Millis,
  raisedAt: undefined,
  pacedAt: 0 as Millis,
  suspicion: undefined,
  leaseEnded: false,
  leave: undefined,
  forgetAt: undefined,
})
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })

describe('words of a base64url text', () => {
  it('are its first eight bytes', () => {
    fc.assert(
      fc.property(bytes32, (bytes) => {
        expect([firstWord(text(bytes)), secondWord(text(bytes))]).toEqual([readWord(bytes, 0), readWord(bytes, 4)])
        expect(bucketOf(text(bytes) as PeerId)).toBe((bytes[0] ?? 0) & 63)
      }),
    )
  })

  it('are written as they are read', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffff_ffff }), (word) => {
        const bytes = new Uint8Array(4)
        writeWord(bytes, 0, word)
        expect(readWord(bytes, 0)).toBe(word)
      }),
    )
  })
})

describe('the digest', () => {
  const members = fc.uniqueArray(fc.tuple(bytes32.map(text), bytes32.map(text)), {
    selector: ([id]) => id,
    maxLength: 20,
  })

  it('is the same for the same members, in whatever order they came', () => {
    fc.assert(
      fc.property(members, (list) => {
        const one = new MemberTable()
        const other = new MemberTable()
        for (const [id, digest] of list) one.insert(record(id, digest))
        for (const [id, digest] of [...list].reverse()) other.insert(record(id, digest))
        expect(one.digest()).toEqual(other.digest())
        expect(one.buckets()).toEqual(other.buckets())
      }),
    )
  })

  it('forgets whoever is gone, and counts them apart', () => {
    const table = new MemberTable()
    const empty = table.digest()
    const ada = record(text(new Uint8Array(32).fill(7)), text(new Uint8Array(16).fill(9)))
    table.insert(ada)
    expect(table.digest()).not.toEqual(empty)
    table.change(ada, () => {
      ada.status = 'dead'
    })
    expect(table.digest()).toEqual(empty)
    expect([table.presentCount, table.departedCount]).toEqual([0, 1])
    table.delete(ada)
    expect([table.presentCount, table.departedCount]).toEqual([0, 0])
  })

  it('refuses a member that is already there', () => {
    const table = new MemberTable()
    table.insert(record('a', 'b'))
    expect(() => table.insert(record('a', 'b'))).toThrow('inserted twice')
  })
})
