/**
 * Range-based set reconciliation (Meyer, 2023; the parameters are those of Negentropy), for `summaries.mjs`: both
 * sides keep their ids sorted, and say of ranges what they sum up to. A range that differs is told as 16, or as a
 * list when it holds few. Sums are of 64 bits here, which is the cheapest way and one that a member who chooses its
 * ids can break; Negentropy adds ids of 256.
 */
import { createHash } from 'node:crypto'

const buckets = 16
const fingerprintBytes = 8
const idBytes = 8

/**
 * @typedef {object} Range Up to `end`, from where the last one ended.
 * @property {bigint} end
 * @property {'skip' | 'sum' | 'list'} kind
 * @property {string} sum
 * @property {BigUint64Array} ids
 */

const none = new BigUint64Array(0)
const last = 0xffff_ffff_ffff_ffffn

export class Party {
  /** @param {BigUint64Array} sorted */
  constructor(sorted) {
    this.ids = sorted
    this.sums = new BigUint64Array(sorted.length + 1)
    for (let i = 0; i < sorted.length; i += 1) this.sums[i + 1] = (this.sums[i] ?? 0n) + (sorted[i] ?? 0n)
    this.missing = 0
  }

  /** @param {bigint} id */
  #from(id) {
    let [from, to] = [0, this.ids.length]
    while (from < to) {
      const middle = (from + to) >>> 1
      if ((this.ids[middle] ?? 0n) < id) from = middle + 1
      else to = middle
    }
    return from
  }

  /** @param {number} from @param {number} to */
  #sum(from, to) {
    const words = BigUint64Array.of((this.sums[to] ?? 0n) - (this.sums[from] ?? 0n), BigInt(to - from))
    return createHash('sha256').update(words).digest('base64').slice(0, 11)
  }

  /** @param {number} from @param {number} to @param {bigint} end @returns {Range[]} */
  #told(from, to, end) {
    if (to - from < 2 * buckets) return [{ end, kind: 'list', sum: '', ids: this.ids.subarray(from, to) }]
    return Array.from({ length: buckets }, (_, i) => {
      const [a, b] = [i, i + 1].map((n) => from + Math.floor(((to - from) * n) / buckets))
      const bound = i === buckets - 1 ? end : (this.ids[b ?? 0] ?? last)
      return { end: bound, kind: 'sum', sum: this.#sum(a ?? 0, b ?? 0), ids: none }
    })
  }

  begin() {
    return this.#told(0, this.ids.length, last)
  }

  /** What to say to this. The asker notes what it lacks; the other answers lists by its own. @param {Range[]} ranges @param {boolean} asks */
  answer(ranges, asks) {
    /** @type {Range[]} */
    const said = []
    let from = 0
    for (const { end, kind, sum, ids } of ranges) {
      const to = end === last ? this.ids.length : this.#from(end)
      const skip = /** @type {const} */ ({ end, kind: 'skip', sum: '', ids: none })
      if (kind === 'skip' || (kind === 'sum' && sum === this.#sum(from, to))) said.push(skip)
      else if (kind === 'sum') said.push(...this.#told(from, to, end))
      else if (asks) {
        const own = new Set(this.ids.subarray(from, to))
        for (const id of ids) if (!own.has(id)) this.missing += 1
        said.push(skip)
      } else said.push({ end, kind: 'list', sum: '', ids: this.ids.subarray(from, to) })
      from = to
    }
    return together(said)
  }
}

/** Skipped ranges beside each other are one, and a last one need not be said. @param {Range[]} ranges */
function together(ranges) {
  const told = ranges.filter(({ kind }, i) => kind !== 'skip' || ranges[i + 1]?.kind !== 'skip')
  if (told.at(-1)?.kind === 'skip') told.pop()
  return told
}

/** As Negentropy writes it: a bound is the shortest prefix that tells it from the one before. @param {Range[]} ranges */
export function bytesOf(ranges) {
  let [bytes, before] = [0, 0n]
  for (const { end, kind, ids } of ranges) {
    const shared = Math.floor((64 - (end ^ before).toString(2).length) / 8)
    bytes += end === last ? 1 : 1 + Math.min(idBytes, shared + 1)
    bytes += 1 + (kind === 'sum' ? fingerprintBytes : kind === 'list' ? 1 + ids.length * idBytes : 0)
    before = end
  }
  return bytes
}
