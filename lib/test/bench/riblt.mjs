/**
 * A rateless invertible Bloom lookup table (Yang, Gilad, Alizadeh, "Practical Rateless Set Reconciliation", SIGCOMM
 * 2024), for `summaries.mjs`: one side streams coded symbols of its set, the other takes its own off, and has both
 * differences as soon as enough came. The hash of an id stands where a keyed one would have to.
 */

/** @typedef {{ readonly hi: Uint32Array, readonly lo: Uint32Array, readonly length: number }} Ids */

/** Sum and checksum of 8 bytes each, and a count of about one, as the paper packs it. */
export const symbolBytes = 17

/** @param {number} hi @param {number} lo @param {number} seed */
export function mix(hi, lo, seed) {
  let h = Math.imul(hi ^ seed, 0x85eb_ca6b)
  h = Math.imul(h ^ (h >>> 15) ^ lo, 0xc2b2_ae35)
  h = Math.imul(h ^ (h >>> 13), 0x27d4_eb2f)
  return (h ^ (h >>> 16)) >>> 0
}

/** Every index below `size` that an id is in, from `from` on: the k-th with a chance of 1 / (1 + k / 2). */
class Places {
  at = 0
  #state
  /** @param {number} hi @param {number} lo */
  constructor(hi, lo) {
    this.#state = mix(hi, lo, 3) | 1
  }
  next() {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    this.at += Math.ceil((this.at + 1.5) * (65_536 / Math.sqrt((x >>> 0) + 1) - 1))
  }
}

export class Symbols {
  /** @param {number} size */
  constructor(size) {
    this.size = size
    this.words = new Uint32Array(4 * size)
    this.counts = new Int32Array(size)
  }

  /** @param {number} i @param {number} hi @param {number} lo @param {number} sign */
  put(i, hi, lo, sign) {
    const { words } = this
    words[4 * i] = (words[4 * i] ?? 0) ^ hi
    words[4 * i + 1] = (words[4 * i + 1] ?? 0) ^ lo
    words[4 * i + 2] = (words[4 * i + 2] ?? 0) ^ mix(hi, lo, 1)
    words[4 * i + 3] = (words[4 * i + 3] ?? 0) ^ mix(hi, lo, 2)
    this.counts[i] = (this.counts[i] ?? 0) + sign
  }

  /** @param {Ids} ids */
  static of(ids, size = 0) {
    const symbols = new Symbols(size)
    for (let n = 0; n < ids.length; n += 1) {
      const [hi, lo] = [ids.hi[n] ?? 0, ids.lo[n] ?? 0]
      for (const places = new Places(hi, lo); places.at < size; places.next()) symbols.put(places.at, hi, lo, 1)
    }
    return symbols
  }
}

/**
 * What `theirs` has and `ours` has not, and how many symbols it took to find out all that differs; undefined when
 * there were too few.
 *
 * @param {Symbols} ours @param {Symbols} theirs
 */
export function decode(ours, theirs) {
  const rest = new Symbols(ours.size)
  /** @type {{ readonly hi: number, readonly lo: number, readonly sign: number, readonly places: Places }[]} */
  const found = []
  /** Ids that are in a symbol to come, by its index. @type {Map<number, number[]>} */
  const due = new Map()
  let missing = 0
  /** @param {number} known */
  const peel = (known, pure = [known]) => {
    for (let i = pure.pop(); i !== undefined; i = pure.pop()) {
      const [hi, lo, sign] = [rest.words[4 * i] ?? 0, rest.words[4 * i + 1] ?? 0, rest.counts[i] ?? 0]
      if ((sign !== 1 && sign !== -1) || !isPure(rest, i)) continue
      const places = new Places(hi, lo)
      for (; places.at <= known; places.next()) {
        rest.put(places.at, hi, lo, -sign)
        pure.push(places.at)
      }
      due.set(places.at, [...(due.get(places.at) ?? []), found.length])
      found.push({ hi, lo, sign, places })
      if (sign > 0) missing += 1
    }
  }
  for (let i = 0; i < ours.size; i += 1) {
    for (let w = 4 * i; w < 4 * i + 4; w += 1) rest.words[w] = (theirs.words[w] ?? 0) ^ (ours.words[w] ?? 0)
    rest.counts[i] = (theirs.counts[i] ?? 0) - (ours.counts[i] ?? 0)
    for (const index of due.get(i) ?? []) {
      const known = found[index]
      if (known === undefined) continue
      rest.put(i, known.hi, known.lo, -known.sign)
      known.places.next()
      due.set(known.places.at, [...(due.get(known.places.at) ?? []), index])
    }
    due.delete(i)
    peel(i)
    // Every id is in the first symbol: it is empty when all are found.
    if (rest.counts[0] === 0 && rest.words.subarray(0, 4).every((word) => word === 0))
      return { missing, symbols: i + 1 }
  }
  return undefined
}

/** @param {Symbols} symbols @param {number} i */
function isPure({ words }, i) {
  const [hi, lo] = [words[4 * i] ?? 0, words[4 * i + 1] ?? 0]
  return mix(hi, lo, 1) === words[4 * i + 2] && mix(hi, lo, 2) === words[4 * i + 3]
}
