/**
 * The leaves of the Merkle tree: up to 32 items each, or more at the deepest places, ordered by fingerprint so that a
 * hash takes them as they lie. Their words lie in a few large arrays: an array for each of 65,536 leaves costs
 * more to make, to grow and to collect than all that is done with it.
 */

/** The first 8 bytes of an entry's digest, as two words. */
export type Fingerprint = readonly [first: number, second: number]

/** What the tree knows of an entry. */
export interface Item {
  readonly path: number
  readonly fingerprint: Fingerprint
  readonly handle: number
  /** Whatever the owner of the tree wants to tell items apart by, 32 bits. */
  readonly group: number
  /** The minute, since the beginning of 1970, in which it ends. */
  readonly endsAtMinute: number
}

/** An item's words: path, fingerprint (two), handle, group, minute. */
const words = 6
/** Rooms grow by so many items: more leaves more of each empty, fewer moves them more often. A guess. */
const step = 8
const firstChunkWords = 1024
const chunkWordsMax = 1 << 18

interface Room {
  readonly words: Uint32Array
  readonly at: number
  /** In items. */
  readonly size: number
}

/** Hands out rooms for items, and takes them back. Arrays stay: what was given back is the next one's. */
export class Slab {
  /** By size, in steps. */
  readonly #free: Room[][] = []
  #chunk = new Uint32Array(0)
  #used = 0

  take(size: number): Room {
    const steps = Math.ceil(size / step)
    const free = this.#free[steps]?.pop()
    if (free !== undefined) return free
    const wanted = steps * step * words
    if (this.#used + wanted > this.#chunk.length) {
      const next = Math.min(chunkWordsMax, Math.max(firstChunkWords, 2 * this.#chunk.length))
      this.#chunk = new Uint32Array(Math.max(next, wanted))
      this.#used = 0
    }
    const room = { words: this.#chunk, at: this.#used, size: steps * step }
    this.#used += wanted
    return room
  }

  give(room: Room): void {
    const list = (this.#free[room.size / step] ??= [])
    list.push(room)
  }
}

export class Leaf {
  readonly kind = 'leaf'
  readonly #slab: Slab
  #room: Room
  count = 0
  /** Whether `first` and `second` are the hash of what is here. */
  hashed = false
  first = 0
  second = 0

  constructor(slab: Slab, size = step) {
    this.#slab = slab
    this.#room = slab.take(size)
  }

  /** Puts an item in its place. */
  add(item: Item): void {
    this.#add(item.path, item.fingerprint[0], item.fingerprint[1], item.handle, item.group, item.endsAtMinute)
  }

  /** Puts another leaf's item in its place here. */
  addFrom(other: Leaf, i: number): void {
    const { words: from, at } = other.#room
    const word = (n: number): number => from[at + i * words + n]!
    this.#add(word(0), word(1), word(2), word(3), word(4), word(5))
  }

  /** Answers what was there. */
  remove(i: number): Item {
    const item = this.item(i)
    const { words: all, at } = this.#room
    all.copyWithin(at + i * words, at + (i + 1) * words, at + this.count * words)
    this.count -= 1
    this.hashed = false
    return item
  }

  /** Which item this is, or -1. */
  indexOf(path: number, first: number, second: number): number {
    const { words: all, at } = this.#room
    for (let i = 0; i < this.count; i += 1) {
      const from = at + i * words
      if (all[from] === path && all[from + 1] === first && all[from + 2] === second) return i
    }
    return -1
  }

  path(i: number): number {
    return this.#room.words[this.#room.at + i * words]!
  }

  group(i: number): number {
    return this.#room.words[this.#room.at + i * words + 4]!
  }

  endsAtMinute(i: number): number {
    return this.#room.words[this.#room.at + i * words + 5]!
  }

  item(i: number): Item {
    const { words: all, at } = this.#room
    const from = at + i * words
    return {
      path: all[from]!,
      fingerprint: [all[from + 1]!, all[from + 2]!],
      handle: all[from + 3]!,
      group: all[from + 4]!,
      endsAtMinute: all[from + 5]!,
    }
  }

  /** Writes a fingerprint as 8 bytes. */
  writeFingerprint(i: number, bytes: Uint8Array, to: number): void {
    const { words: all, at } = this.#room
    writeWord(bytes, to, all[at + i * words + 1]!)
    writeWord(bytes, to + 4, all[at + i * words + 2]!)
  }

  relocate(handleOf: (handle: number) => number): void {
    const { words: all, at } = this.#room
    for (let i = 0; i < this.count; i += 1) all[at + i * words + 3] = handleOf(all[at + i * words + 3]!)
  }

  /** Gives its room back. It must not be used any more. */
  end(): void {
    this.#slab.give(this.#room)
  }

  #add(path: number, first: number, second: number, handle: number, group: number, endsAtMinute: number): void {
    if (this.count === this.#room.size) this.#grow()
    const { words: all, at } = this.#room
    let to = at + this.count * words
    // From the end, so that what comes in order moves nothing.
    while (to > at && isBefore(first, second, all[to - words + 1]!, all[to - words + 2]!)) to -= words
    all.copyWithin(to + words, to, at + this.count * words)
    all[to] = path
    all[to + 1] = first
    all[to + 2] = second
    all[to + 3] = handle
    all[to + 4] = group
    all[to + 5] = endsAtMinute
    this.count += 1
    this.hashed = false
  }

  #grow(): void {
    const old = this.#room
    const { words: all, at } = (this.#room = this.#slab.take(old.size + step))
    all.set(old.words.subarray(old.at, old.at + this.count * words), at)
    this.#slab.give(old)
  }
}

const isBefore = (first: number, second: number, otherFirst: number, otherSecond: number): boolean =>
  first === otherFirst ? second < otherSecond : first < otherFirst

export function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24
  bytes[at + 1] = word >>> 16
  bytes[at + 2] = word >>> 8
  bytes[at + 3] = word
}
