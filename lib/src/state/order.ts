/**
 * Which write stands. Two relations decide it, and both are functions of what was signed, so that every
 * replica decides alike:
 *
 *     compare    a total order: hybrid clock, then digest
 *     covers     what one write had seen of another, and so takes the place of
 *
 * A last-writer-wins write covers everything before it. One with a context covers what that names, and only
 * if its own context includes the other's: then covering is transitive, and what stands does not depend on the
 * order of arrival, whatever a liar writes into a context. Nothing covers what is later than itself, so a
 * context cannot reach into the future.
 */
import type { Verified } from '../identity/claim.ts'
import type { Context, Entry, Moment } from './messages.ts'

export const momentOf = (entry: Pick<Entry, 'issuedAt' | 'counter'>): Moment => ({
  wall: entry.issuedAt,
  counter: entry.counter,
})

export const compareMoments = (a: Moment, b: Moment): number => a.wall - b.wall || a.counter - b.counter

/** What the order of two writes depends on. */
export type Ranked = Pick<Verified<Entry>, 'issuedAt' | 'counter' | 'digest'>

/** Later writes are greater; among equals the digest decides. */
export function compare(a: Ranked, b: Ranked): number {
  const byTime = a.issuedAt - b.issuedAt || a.counter - b.counter
  if (byTime !== 0) return byTime
  return a.digest === b.digest ? 0 : a.digest < b.digest ? -1 : 1
}

const seenOf = (context: Context, instance: string): number =>
  context.seen.find((each) => each.instance === instance)?.seq ?? 0

/** `later` takes the place of `earlier`. */
export function covers(later: Verified<Entry>, earlier: Verified<Entry>): boolean {
  if (compare(later, earlier) <= 0) return false
  const { context } = later
  if (context === undefined) return true
  if (compareMoments(momentOf(earlier), context.floor) <= 0) return true
  if (earlier.context === undefined) return false
  if (earlier.instance === later.instance ? earlier.seq >= later.seq : seenOf(context, earlier.instance) < earlier.seq)
    return false
  if (compareMoments(context.floor, earlier.context.floor) < 0) return false
  return earlier.context.seen.every(
    ({ instance, seq }) => (instance === later.instance ? later.seq - 1 : seenOf(context, instance)) >= seq,
  )
}

export const endOf = (entry: Pick<Entry, 'issuedAt' | 'ttlMs'>): number => entry.issuedAt + entry.ttlMs

/** What stands of these writes to one key, newest first: those that none of the others covers, at most `max` of them. */
export function standing(entries: readonly Verified<Entry>[], max: number): Verified<Entry>[] {
  return entries
    .filter((each) => !entries.some((other) => other !== each && covers(other, each)))
    .sort((a, b) => compare(b, a))
    .slice(0, max)
}

/**
 * What a replica keeps of these, newest first: what stands, and what will when that has ended. A write makes way for
 * good only to one that lives at least as long. Both relations are transitive, so what was let go can never matter
 * again, and what is kept does not depend on which write came first, or on when an ended one was swept away.
 */
export function kept(entries: readonly Verified<Entry>[], max: number): Verified<Entry>[] {
  const lasting = entries.filter(
    (each) => !entries.some((other) => other !== each && endOf(other) >= endOf(each) && covers(other, each)),
  )
  const stand = standing(lasting, max)
  const hidden = lasting
    .filter((each) => lasting.some((other) => other !== each && covers(other, each)))
    .sort((a, b) => compare(b, a))
    .slice(0, max)
  return hidden.length === 0 ? stand : [...stand, ...hidden].sort((a, b) => compare(b, a))
}

const before: Moment = { wall: 0, counter: 0 }

/**
 * The context of a write that has seen these. Where it would name more than `writersMax` instances it says
 * instead that everything up to the newest of them was seen: a concurrent write older than that, which this
 * writer has not met, then loses as it would to a last writer.
 */
export function contextAfter(
  seen: readonly Pick<Entry, 'instance' | 'seq' | 'issuedAt' | 'counter' | 'context'>[],
  writersMax: number,
): Context {
  let floor = before
  const raise = (moment: Moment): void => {
    if (compareMoments(moment, floor) > 0) floor = moment
  }
  const vector = new Map<Entry['instance'], number>()
  const note = (instance: Entry['instance'], seq: number): void => {
    vector.set(instance, Math.max(vector.get(instance) ?? 0, seq))
  }
  for (const entry of seen) {
    if (entry.context === undefined) {
      raise(momentOf(entry))
      continue
    }
    raise(entry.context.floor)
    note(entry.instance, entry.seq)
    for (const { instance, seq } of entry.context.seen) note(instance, seq)
  }
  if (vector.size > writersMax) {
    for (const entry of seen) raise(momentOf(entry))
    vector.clear()
  }
  // One order, so that one context has one encoding.
  return {
    floor,
    seen: [...vector].sort(([a], [b]) => (a < b ? -1 : 1)).map(([instance, seq]) => ({ instance, seq })),
  }
}
