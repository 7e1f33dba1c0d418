/**
 * What one writer, or one map, may take up, and how many of either there may be: the newest writes count, by the
 * order of `compare`, and the oldest make room. So what is kept is decided by what was signed and not by who came
 * first. Whatever is not taken or is let go is so because of newer writes: of what two replicas do not both hold,
 * the newest is taken by the other. So they become equal, whatever each was told first.
 */
import type { Verified } from '../identity/claim.ts'
import { Heap, type Heaped } from './heap.ts'
import type { Entry } from './messages.ts'
import { compare, type Ranked } from './order.ts'

/** Of so many entries a share knows the places, so that they need not be looked for in the whole tree. A guess. */
export const fewMax = 64

export interface Share extends Heaped {
  /** In use by nobody else. */
  readonly number: number
  readonly name: string
  entries: number
  bytes: number
  /** Its newest write; undefined once that is gone, until somebody looks for the next. */
  newest: Ranked | undefined
  /** Paths of its entries, one for each; undefined when there were more than a few. */
  few: number[] | undefined
  /** Newest first; made when the share was first over its quota, and may name what is gone by now. */
  ranked: Verified<Entry>[] | undefined
}

/** Shares by name, each with a small number of its own for as long as it holds something. */
export class Shares {
  readonly #max: number
  readonly #byName = new Map<string, Share>()
  readonly #byNumber: (Share | undefined)[] = []
  readonly #free: number[] = []
  readonly #byAge = new Heap<Share>()

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
    const oldest = this.#byAge.first(newest)
    return oldest === undefined || compare(write, newest(oldest)) > 0
  }

  /** The share that has to make room, if there are too many. */
  surplus(newest: (share: Share) => Ranked): Share | undefined {
    return this.#byName.size > this.#max ? this.#byAge.first(newest) : undefined
  }

  claim(name: string): Share {
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    const number = this.#free.pop() ?? this.#byNumber.length
    const unused = { entries: 0, bytes: 0, newest: undefined, few: [], ranked: undefined, place: -1, since: undefined }
    const share: Share = { number, name, ...unused }
    this.#byName.set(name, share)
    this.#byNumber[number] = share
    return share
  }

  add(share: Share, { issuedAt, counter, digest, bytes }: Verified<Entry>, path: number): void {
    const first = share.entries === 0
    share.entries += 1
    share.bytes += bytes.length
    share.few?.push(path)
    if (share.entries > fewMax) share.few = undefined
    const rank = { issuedAt, counter, digest }
    if (first || (share.newest !== undefined && compare(rank, share.newest) > 0)) share.newest = rank
    if (first) this.#byAge.add(share, rank)
  }

  /** Takes its number back from a share that holds nothing any more. */
  remove(share: Share, { digest, bytes }: Verified<Entry>, path: number): void {
    share.entries -= 1
    share.bytes -= bytes.length
    share.few?.splice(share.few.indexOf(path), 1)
    if (share.newest?.digest === digest) share.newest = undefined
    if (share.entries > 0) {
      if (share.newest === undefined) this.#byAge.forget(share)
      return
    }
    this.#byAge.remove(share)
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
