/**
 * What one writer, or one map, may take up, and how many of either there may be: the newest writes count, by the
 * order of `compare`, and the oldest make room. So what is kept is decided by what was signed and not by who came
 * first. Whatever is not taken or is let go is so because of newer writes: of what two replicas do not both hold,
 * the newest is taken by the other. So they become equal, whatever each was told first.
 */
import type { Verified } from '../identity/claim.ts'
import type { Entry } from './messages.ts'
import { compare, type Ranked } from './order.ts'

export interface Share {
  /** In use by nobody else. */
  readonly number: number
  readonly name: string
  entries: number
  bytes: number
  /** Its newest write; undefined once that is gone, until somebody looks for the next. */
  newest: Ranked | undefined
  /** Newest first; made when the share was first over its quota, and may name what is gone by now. */
  ranked: Verified<Entry>[] | undefined
}

/** Shares by name, each with a small number of its own for as long as it holds something. */
export class Shares {
  readonly #max: number
  readonly #byName = new Map<string, Share>()
  readonly #byNumber: (Share | undefined)[] = []
  readonly #free: number[] = []

  /** One number more than `max` is needed for the moment in which one takes another's place. */
  constructor(max: number, bits: number) {
    if (max >= 2 ** bits) throw new RangeError(`${max} shares in ${bits} bits`)
    this.#max = max
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

  /** Whether a write under this name would be among those that count. `newest` looks for what a share has lost sight of. */
  admits(name: string, write: Ranked, newest: (share: Share) => Ranked): boolean {
    if (this.#byName.size < this.#max || this.#byName.has(name)) return true
    const oldest = this.#oldest(newest)
    return oldest === undefined || compare(write, newest(oldest)) > 0
  }

  /** The share that has to make room, if there are too many. */
  surplus(newest: (share: Share) => Ranked): Share | undefined {
    return this.#byName.size > this.#max ? this.#oldest(newest) : undefined
  }

  claim(name: string): Share {
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    const number = this.#free.pop() ?? this.#byNumber.length
    const share: Share = { number, name, entries: 0, bytes: 0, newest: undefined, ranked: undefined }
    this.#byName.set(name, share)
    this.#byNumber[number] = share
    return share
  }

  add(share: Share, { issuedAt, counter, digest, bytes }: Verified<Entry>): void {
    const first = share.entries === 0
    share.entries += 1
    share.bytes += bytes.length
    const rank = { issuedAt, counter, digest }
    if (first || (share.newest !== undefined && compare(rank, share.newest) > 0)) share.newest = rank
  }

  /** Takes its number back from a share that holds nothing any more. */
  remove(share: Share, { digest, bytes }: Verified<Entry>): void {
    share.entries -= 1
    share.bytes -= bytes.length
    if (share.newest?.digest === digest) share.newest = undefined
    if (share.entries > 0) return
    this.#byName.delete(share.name)
    this.#byNumber[share.number] = undefined
    this.#free.push(share.number)
  }

  #oldest(newest: (share: Share) => Ranked): Share | undefined {
    let oldest: Share | undefined
    for (const share of this.#byName.values())
      if (oldest === undefined || compare(newest(share), newest(oldest)) < 0) oldest = share
    return oldest
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
