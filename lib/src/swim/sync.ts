/**
 * Push-pull (SWIM's full synchronisation, as a difference): bucket digests, then short rows of the
 * buckets that differ, then only the claims that one side lacks. Two peers that agree send nothing.
 */
import type { Verified } from '../identity/claim.ts'
import type { Millis } from '../identity/millis.ts'
import { firstWord, secondWord } from '../identity/base64url.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { SwimContext } from './context.ts'
import { gossip } from './dissemination.ts'
import { present, type MemberRecord } from './member.ts'
import type { SwimClaim, SyncBuckets, SyncRows, SyncWant } from './messages.ts'
import { rowsPerFrame, SyncBudget } from './sync-budget.ts'
import { bucketCount, bucketOf, readWord, rowBytes, stateWords, writeWord } from './table.ts'

export class Sync {
  readonly #context: SwimContext
  /** A neighbour counts somebody that is dead to us. */
  readonly #stillCounted: (record: MemberRecord, now: Millis) => void
  readonly #startedAt = new Map<PeerId, Millis>()
  /** Since when a neighbour's digests have all been others than ours. */
  readonly #apartSince = new Map<PeerId, Millis>()
  readonly #budget = new SyncBudget()

  constructor(context: SwimContext, stillCounted: (record: MemberRecord, now: Millis) => void) {
    this.#context = context
    this.#stillCounted = stillCounted
  }

  linkClosed(peer: PeerId): void {
    this.#startedAt.delete(peer)
    this.#apartSince.delete(peer)
  }

  /**
   * A neighbour's digest came, and is ours or not. What differs for a moment is on its way; what differs when nothing
   * has changed for a while, or for so long, is lacking: a member that is always changing keeps nobody in the dark.
   */
  compared(peer: PeerId, equal: boolean, changedAt: Millis, now: Millis): void {
    if (equal) {
      this.#apartSince.delete(peer)
      return
    }
    const since = this.#apartSince.get(peer) ?? now
    this.#apartSince.set(peer, since)
    const { quietMs, apartMs } = this.#context.config
    if (now >= changedAt + quietMs || now >= since + apartMs) this.start(peer, now)
  }

  start(peer: PeerId, now: Millis): void {
    const startedAt = this.#startedAt.get(peer)
    if (startedAt !== undefined && now < startedAt + this.#context.config.syncIntervalMs) return
    this.#startedAt.set(peer, now)
    const { table, port } = this.#context
    port.send(peer, { type: 'sync-buckets', count: table.presentCount, buckets: table.buckets() }, 'gossip')
  }

  onBuckets(from: PeerId, message: SyncBuckets, now: Millis): void {
    if (!this.#affords(from, now)) return
    const { table, port } = this.#context
    const mine = table.buckets()
    const differing: number[] = []
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      const at = bucket * 8
      if (
        readWord(mine, at) !== readWord(message.buckets, at) ||
        readWord(mine, at + 4) !== readWord(message.buckets, at + 4)
      )
        differing.push(bucket)
    }
    if (differing.length === 0) return
    const records = this.#presentIn(new Set(differing))
    // Somebody who knows nobody is told everything at once: rows would only cost a round trip.
    if (message.count <= 1) {
      this.#answer(
        from,
        records.filter((record) => record.id !== from).map((record) => record.alive),
        now,
      )
      return
    }
    const byBucket = new Map<number, MemberRecord[]>(differing.map((bucket) => [bucket, []]))
    for (const record of records) byBucket.get(bucketOf(record.id))?.push(record)
    // A bucket is compared as a whole, so it stays in one frame.
    let buckets: number[] = []
    let rows: MemberRecord[] = []
    const flush = (): void => {
      if (buckets.length > 0) port.send(from, { type: 'sync-rows', buckets, rows: rowsOf(rows) }, 'gossip')
      buckets = []
      rows = []
    }
    for (const [bucket, members] of byBucket) {
      if (rows.length + members.length > rowsPerFrame) flush()
      buckets.push(bucket)
      rows.push(...members.slice(0, rowsPerFrame))
    }
    flush()
  }

  onRows(from: PeerId, message: SyncRows, now: Millis): void {
    if (!this.#affords(from, now)) return
    const theirs = new Map<string, string>()
    for (let at = 0; at + rowBytes <= message.rows.length; at += rowBytes) {
      theirs.set(
        words(readWord(message.rows, at), readWord(message.rows, at + 4)),
        words(readWord(message.rows, at + 8), readWord(message.rows, at + 12)),
      )
    }
    const push: Verified<SwimClaim>[] = []
    const want: string[] = []
    const buckets = new Set(message.buckets)
    for (const record of this.#context.table.values()) {
      if (!buckets.has(bucketOf(record.id))) continue
      const name = words(firstWord(record.id), secondWord(record.id))
      const state = theirs.get(name)
      theirs.delete(name)
      const [first, second] = stateWords(record.alive)
      const same = state === words(first, second)
      if (present(record.status)) {
        if (same) continue
        if (record.id !== from) push.push(record.alive)
        if (state !== undefined) want.push(name)
      } else if (state !== undefined) {
        // They hold to be here whom we know to be gone.
        if (same) {
          push.push(...evidence(record))
          this.#stillCounted(record, now)
        } else want.push(name)
      }
    }
    want.push(...theirs.keys())
    this.#answer(from, push, now)
    for (let at = 0; at < want.length; at += rowsPerFrame) {
      this.#context.port.send(from, { type: 'sync-want', ids: packed(want.slice(at, at + rowsPerFrame)) }, 'gossip')
    }
  }

  onWant(from: PeerId, message: SyncWant, now: Millis): void {
    if (!this.#affords(from, now)) return
    const wanted = new Set<string>()
    for (let at = 0; at + 8 <= message.ids.length; at += 8)
      wanted.add(words(readWord(message.ids, at), readWord(message.ids, at + 4)))
    const push: Verified<SwimClaim>[] = []
    for (const record of this.#context.table.values()) {
      if (present(record.status) && wanted.has(words(firstWord(record.id), secondWord(record.id))))
        push.push(record.alive)
    }
    this.#answer(from, push, now)
  }

  /** Asks for the newest claims of these members. */
  want(from: PeerId, members: readonly PeerId[]): void {
    for (let at = 0; at < members.length; at += rowsPerFrame) {
      const ids = packed(members.slice(at, at + rowsPerFrame).map((id) => words(firstWord(id), secondWord(id))))
      this.#context.port.send(from, { type: 'sync-want', ids }, 'gossip')
    }
  }

  /** What is held against a member, for itself or for somebody who still holds it to be here. */
  tell(to: PeerId, record: MemberRecord): void {
    this.#push(to, evidence(record))
  }

  /** Looked at before anything is compared. */
  #affords(from: PeerId, now: Millis): boolean {
    if (this.#budget.message(from, this.#context.table.presentCount, now)) return true
    this.#overBudget(from, now)
    return false
  }

  /** As much as the budget has left: what is held back comes with a later round, since the views still differ. */
  #answer(to: PeerId, claims: readonly Verified<SwimClaim>[], now: Millis): void {
    const granted = this.#budget.claims(to, claims.length, this.#context.table.presentCount, now)
    this.#push(to, claims.slice(0, granted))
    if (granted < claims.length) this.#overBudget(to, now)
  }

  #overBudget(from: PeerId, now: Millis): void {
    const { table, port } = this.#context
    if (this.#budget.worthTelling(from, table.presentCount, now))
      port.notify({ type: 'rejected', from, code: 'ERR_SYNC_RATE' })
  }

  #push(to: PeerId, claims: readonly Verified<SwimClaim>[]): void {
    for (const message of gossip(claims)) this.#context.port.send(to, message, 'gossip')
  }

  #presentIn(buckets: ReadonlySet<number>): MemberRecord[] {
    const records: MemberRecord[] = []
    for (const record of this.#context.table.values()) {
      if (present(record.status) && buckets.has(bucketOf(record.id))) records.push(record)
    }
    return records
  }
}

export function evidence(record: MemberRecord): Verified<SwimClaim>[] {
  if (record.leave !== undefined) return [record.leave]
  return [...(record.suspicion?.accusations.values() ?? [])]
}

const words = (first: number, second: number): string => `${first} ${second}`

function packed(names: readonly string[]): Uint8Array {
  const bytes = new Uint8Array(names.length * 8)
  names.forEach((name, at) => {
    const [first, second] = name.split(' ')
    writeWord(bytes, at * 8, Number(first))
    writeWord(bytes, at * 8 + 4, Number(second))
  })
  return bytes
}

function rowsOf(records: readonly MemberRecord[]): Uint8Array {
  const bytes = new Uint8Array(records.length * rowBytes)
  records.forEach((record, index) => {
    const at = index * rowBytes
    const [first, second] = stateWords(record.alive)
    writeWord(bytes, at, firstWord(record.id))
    writeWord(bytes, at + 4, secondWord(record.id))
    writeWord(bytes, at + 8, first)
    writeWord(bytes, at + 12, second)
  })
  return bytes
}
