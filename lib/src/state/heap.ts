/**
 * Shares by their newest writes, the oldest of these first. What is known here of a share may be earlier than its
 * newest write and never later, so a write moves nothing: whoever asks for the oldest puts right what comes up.
 */
import { compare, type Ranked } from './order.ts'

/** What can be in a heap, and what the heap notes about it. */
export interface Heaped {
  /** Where it is; -1 when it is in no heap. */
  place: number
  /** A write of its own that is no later than its newest; undefined when none is known to be. */
  since: Ranked | undefined
}

export class Heap<T extends Heaped> {
  readonly #items: T[] = []

  add(item: T, since: Ranked): void {
    item.since = since
    item.place = this.#items.length
    this.#items.push(item)
    this.#settle(item)
  }

  remove(item: T): void {
    const last = this.#items.pop()!
    if (last !== item) {
      this.#put(last, item.place)
      this.#settle(last)
    }
    item.place = -1
  }

  /** Its newest write is gone, and the next may be any. */
  forget(item: T): void {
    item.since = undefined
    this.#settle(item)
  }

  /** The one whose newest write is the oldest. */
  first(newest: (item: T) => Ranked): T | undefined {
    for (;;) {
      const item = this.#items[0]
      if (item === undefined) return undefined
      const since = newest(item)
      if (item.since !== undefined && compare(item.since, since) >= 0) return item
      item.since = since
      this.#settle(item)
    }
  }

  /** Puts an item right, whichever way it has to go. */
  #settle(item: T): void {
    for (let above = this.#above(item); above !== undefined && isBefore(item, above); above = this.#above(item))
      this.#swap(item, above)
    for (;;) {
      const [left, right] = [this.#items[2 * item.place + 1], this.#items[2 * item.place + 2]]
      const least = left !== undefined && right !== undefined && isBefore(right, left) ? right : left
      if (least === undefined || !isBefore(least, item)) return
      this.#swap(least, item)
    }
  }

  #above({ place }: T): T | undefined {
    return this.#items[(place - 1) >> 1]
  }

  #swap(one: T, other: T): void {
    const { place } = one
    this.#put(one, other.place)
    this.#put(other, place)
  }

  #put(item: T, place: number): void {
    item.place = place
    this.#items[place] = item
  }
}

function isBefore({ since: one }: Heaped, { since: other }: Heaped): boolean {
  if (one === undefined || other === undefined) return one === undefined && other !== undefined
  return compare(one, other) < 0
}
