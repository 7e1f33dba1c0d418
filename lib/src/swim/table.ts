/**
 * The member table: who is known, and a digest of who is here that two peers can compare in 8 bytes.
 *
 * Only members that are present count, each with its incarnation: leases, suspicions and the departed
 * do not, so the digests of peers that agree stay equal while renewals trickle.
 */
import { firstWord, secondWord } from '../identity/base64url.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { Alive } from './messages.ts'
import { present, type MemberRecord } from './member.ts'

export const bucketCount = 64
export const rowBytes = 16

/** Which of the 64 buckets a member is in: the low six bits of its id's first byte. */
export const bucketOf = (id: PeerId): number => (firstWord(id) >>> 24) & (bucketCount - 1)

export class MemberTable {
  readonly #records = new Map<PeerId, MemberRecord>()
  /** Two words a bucket, each the sum modulo 2^32 over the bucket's members. */
  readonly #sums = new Uint32Array(bucketCount * 2)
  #presentCount = 0
  #departedCount = 0

  get(id: PeerId): MemberRecord | undefined {
    return this.#records.get(id)
  }

  values(): IterableIterator<MemberRecord> {
    return this.#records.values()
  }

  get presentCount(): number {
    return this.#presentCount
  }

  get departedCount(): number {
    return this.#departedCount
  }

  insert(record: MemberRecord): void {
    if (this.#records.has(record.id)) throw new Error(`member ${record.id} is inserted twice`)
    this.#records.set(record.id, record)
    this.#count(record, 1)
  }

  delete(record: MemberRecord): void {
    if (this.#records.delete(record.id)) this.#count(record, -1)
  }

  /** Every change of status or incarnation goes through here, so that the digest cannot be forgotten. */
  change(record: MemberRecord, change: () => void): void {
    this.#count(record, -1)
    change()
    this.#count(record, 1)
  }

  /** 8 bytes that are equal for equal sets of (member, incarnation). */
  digest(): Uint8Array {
    let first = 0
    let second = 0
    for (let i = 0; i < this.#sums.length; i += 2) {
      first = (first + (this.#sums[i] ?? 0)) >>> 0
      second = (second + (this.#sums[i + 1] ?? 0)) >>> 0
    }
    const bytes = new Uint8Array(8)
    writeWord(bytes, 0, first)
    writeWord(bytes, 4, second)
    return bytes
  }

  /** 64 × 8 bytes: the digest of each bucket. */
  buckets(): Uint8Array {
    const bytes = new Uint8Array(bucketCount * 8)
    for (let i = 0; i < this.#sums.length; i += 1) writeWord(bytes, i * 4, this.#sums[i] ?? 0)
    return bytes
  }

  #count(record: MemberRecord, sign: 1 | -1): void {
    if (!present(record.status)) {
      this.#departedCount += sign
      return
    }
    this.#presentCount += sign
    const bucket = bucketOf(record.id) * 2
    const [first, second] = stateWords(record.alive)
    this.#sums[bucket] = (this.#sums[bucket] ?? 0) + sign * first
    this.#sums[bucket + 1] = (this.#sums[bucket + 1] ?? 0) + sign * second
  }
}

/** What stands for a member's incarnation in digests and rows: the first 8 bytes of its digest. */
export const stateWords = (alive: Alive): readonly [number, number] => [
  firstWord(alive.incarnationDigest),
  secondWord(alive.incarnationDigest),
]

export function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24
  bytes[at + 1] = word >>> 16
  bytes[at + 2] = word >>> 8
  bytes[at + 3] = word
}

export const readWord = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false
  return true
}
