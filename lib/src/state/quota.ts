/**
 * What one writer, or one map, may take up: its newest writes count, by the order of `compare`, and the oldest
 * make room. So what is kept is decided by what was signed and not by who came first, and replicas that were
 * told the same keep the same.
 */
import type { Verified } from '../identity/claim.ts'
import type { Entry } from './messages.ts'
import { compare } from './order.ts'

export interface Share {
  /** 16 bits, in use by nobody else. */
  readonly number: number
  readonly name: string
  entries: number
  bytes: number
  /** Newest first; made when the share was first over its quota, and may name what is gone by now. */
  ranked: Verified<Entry>[] | undefined
}

const numbersMax = 0x1_0000

/** Shares by name, each with a small number of its own for as long as it holds something. */
export class Shares {
  readonly #max: number
  readonly #byName = new Map<string, Share>()
  readonly #byNumber: (Share | undefined)[] = []
  readonly #free: number[] = []

  constructor(max: number) {
    this.#max = Math.min(max, numbersMax)
  }

  get(name: string): Share | undefined {
    return this.#byName.get(name)
  }

  at(number: number): Share | undefined {
    return this.#byNumber[number]
  }

  get size(): number {
    return this.#byName.size
  }

  /** Undefined when there is no room for another. */
  claim(name: string): Share | undefined {
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    if (this.#byName.size >= this.#max) return undefined
    const number = this.#free.pop() ?? this.#byNumber.length
    const share: Share = { number, name, entries: 0, bytes: 0, ranked: undefined }
    this.#byName.set(name, share)
    this.#byNumber[number] = share
    return share
  }

  count(share: Share, entries: 1 | -1, bytes: number): void {
    share.entries += entries
    share.bytes += entries * bytes
    this.release(share)
  }

  /** Takes its number back from a share that holds nothing. */
  release(share: Share): void {
    if (share.entries > 0 || this.#byName.get(share.name) !== share) return
    this.#byName.delete(share.name)
    this.#byNumber[share.number] = undefined
    this.#free.push(share.number)
  }
}

/** Puts a write in its place among those that are ranked. */
export function rank(ranked: Verified<Entry>[], entry: Verified<Entry>): void {
  let [from, to] = [0, ranked.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if (compare(ranked[middle]!, entry) > 0) from = middle + 1
    else to = middle
  }
  ranked.splice(from, 0, entry)
}
