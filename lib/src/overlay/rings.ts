/**
 * Whom to be linked to. Every ring is all members sorted by a hash of their id, and every peer's
 * neighbours are the member before and the member after it on each of K rings. Whoever knows the
 * members therefore knows the whole graph: no protocol maintains it, and a join or a leave moves a
 * constant number of edges.
 *
 * This file knows members and positions. It never knows which links are open, who is alive, or what
 * time it is. (Rings of this kind watch over members in Fireflies, EuroSys 2006, and Rapid, ATC 2018.)
 */
import type { PeerId } from '../identity/peer-id.ts'

/** A member's place: one position for each ring, in [0, 2^52). Shared between all `Rings`, never written to. */
export interface Spot {
  readonly id: PeerId
  readonly at: readonly number[]
}

/** 32 bytes of hash leave room for four positions of 64 bits. */
const ringsMax = 4
/** In front of what is hashed, so that no other hash of ours is ever a position. */
const context = 'shoal/1/ring\0'

/**
 * The table of positions, kept apart from the rings so that a thousand of them in one process hash
 * every id once. At most `entriesMax` ids are remembered, the oldest is forgotten first; what is
 * forgotten is computed again, and comes out the same.
 */
export class Positions {
  readonly #sha256: (bytes: Uint8Array) => Uint8Array
  readonly #entriesMax: number
  readonly #spots = new Map<PeerId, Spot>()

  constructor(sha256: (bytes: Uint8Array) => Uint8Array, entriesMax = 16_384) {
    this.#sha256 = sha256
    this.#entriesMax = entriesMax
  }

  /**
   * Where `id` stands. With a `seed` (16 bytes that the room's owner chose for this member) the seed
   * is hashed in place of the id, so that a member cannot choose its place by trying keys.
   */
  of(id: PeerId, seed?: Uint8Array): Spot {
    if (seed !== undefined) return this.#compute(id, seed)
    const known = this.#spots.get(id)
    if (known !== undefined) return known
    const spot = this.#compute(id, ascii(id))
    if (this.#spots.size >= this.#entriesMax) {
      const oldest = this.#spots.keys().next()
      if (!oldest.done) this.#spots.delete(oldest.value)
    }
    this.#spots.set(id, spot)
    return spot
  }

  get size(): number {
    return this.#spots.size
  }

  #compute(id: PeerId, name: Uint8Array): Spot {
    const prefix = ascii(context)
    const input = new Uint8Array(prefix.length + name.length)
    input.set(prefix)
    input.set(name, prefix.length)
    const hash = this.#sha256(input)
    const view = new DataView(hash.buffer, hash.byteOffset, hash.byteLength)
    const at: number[] = []
    for (let ring = 0; ring < ringsMax; ring++) {
      // The upper 52 of 64 bits: exact in a double, and the id decides between equals.
      at.push(view.getUint32(ring * 8) * 0x10_0000 + (view.getUint32(ring * 8 + 4) >>> 12))
    }
    return { id, at }
  }
}

export interface RingsOptions {
  /** K, 1 … 4. */
  readonly rings?: number
}

/** DESIGN §5: at K = 4 a thousand members are at most 5 links apart, and survive the loss of any random 30 %. */
const ringsDefault = 4
/** How many departed members' owner-chosen places are remembered, so that late accusations find their ring. */
const departedMax = 256
/** How many answers of `neighboursOf` are kept until the members change. */
const answersMax = 256
/** Views differ while news travels: an accuser may stand this far from its subject, counted in live members. */
const slack = 2

/**
 * The members of one view, on K rings. It holds four references for each member; everything else is
 * shared through `Positions`.
 *
 * @example
 * const rings = new Rings(new Positions(sha256))
 * rings.add(ada)
 * rings.neighboursOf(ada) // at most 8 others
 */
export class Rings {
  readonly #positions: Positions
  readonly #rings: Spot[][]
  /** Only for members whose place the owner chose. */
  readonly #chosen = new Map<PeerId, Spot>()
  readonly #departed = new Map<PeerId, Spot>()
  readonly #answers = new Map<PeerId, readonly PeerId[]>()
  #version = 0

  /** Throws `RangeError` when `rings` is not 1 … 4. */
  constructor(positions: Positions, options: RingsOptions = {}) {
    const count = options.rings ?? ringsDefault
    if (!Number.isInteger(count) || count < 1 || count > ringsMax) throw new RangeError(`rings: ${count}, not 1 … 4`)
    this.#positions = positions
    this.#rings = Array.from({ length: count }, () => [])
  }

  /** K. */
  get rings(): number {
    return this.#rings.length
  }

  get size(): number {
    return this.#ring(0).length
  }

  /** Counts up whenever a member came or went. */
  get version(): number {
    return this.#version
  }

  has(id: PeerId): boolean {
    const ring = this.#ring(0)
    return ring[lowerBound(ring, 0, this.#spotOf(id))]?.id === id
  }

  /** All members, in the order of ring 0. */
  *[Symbol.iterator](): Generator<PeerId> {
    for (const spot of this.#ring(0)) yield spot.id
  }

  /** The member at an index of ring 0, which is as good as any random order. */
  at(index: number): PeerId | undefined {
    return this.#ring(0)[index]?.id
  }

  /** The first few of ring 0. */
  first(count: number): readonly PeerId[] {
    return this.#ring(0)
      .slice(0, count)
      .map(({ id }) => id)
  }

  /** How many members stand before `id` on ring 0. */
  rank(id: PeerId): number {
    return lowerBound(this.#ring(0), 0, this.#spotOf(id))
  }

  /** Returns false when it stood there already; one with another seed than before moves. */
  add(id: PeerId, seed?: Uint8Array): boolean {
    if (this.has(id)) {
      const chosen = this.#chosen.get(id)
      if (seed === undefined ? chosen === undefined : chosen?.at[0] === this.#positions.of(id, seed).at[0]) return false
      this.remove(id)
    }
    this.#departed.delete(id)
    if (seed !== undefined) this.#chosen.set(id, this.#positions.of(id, seed))
    const spot = this.#spotOf(id)
    this.#rings.forEach((ring, r) => ring.splice(lowerBound(ring, r, spot), 0, spot))
    this.#changed()
    return true
  }

  /** Returns false when it was not there. */
  remove(id: PeerId): boolean {
    if (!this.has(id)) return false
    const spot = this.#spotOf(id)
    this.#rings.forEach((ring, r) => ring.splice(lowerBound(ring, r, spot), 1))
    if (this.#chosen.delete(id)) {
      this.#departed.set(id, spot)
      if (this.#departed.size > departedMax) {
        const oldest = this.#departed.keys().next()
        if (!oldest.done) this.#departed.delete(oldest.value)
      }
    }
    this.#changed()
    return true
  }

  /**
   * The members next to `id` on any ring, each once, `id` not among them: at most 2 K. When everybody
   * fits into 2 K links, it is everybody. For an id that is no member: whom it would have if it were.
   */
  neighboursOf(id: PeerId): readonly PeerId[] {
    const known = this.#answers.get(id)
    if (known !== undefined) return known
    const found = new Set<PeerId>()
    if (this.#everybodyFits(id)) {
      for (const other of this) found.add(other)
      found.delete(id)
    } else {
      for (let r = 0; r < this.#rings.length; r++) {
        for (const direction of [-1, 1] as const) {
          const next = this.nearest(r, id, direction)
          if (next !== undefined) found.add(next)
        }
      }
    }
    const answer = [...found]
    if (this.#answers.size >= answersMax) this.#answers.clear()
    this.#answers.set(id, answer)
    return answer
  }

  /** Who probes `subject`, and whose accusations of it count: its neighbours. */
  monitorsOf(subject: PeerId): readonly PeerId[] {
    return this.neighboursOf(subject)
  }

  /**
   * Whether an accusation of `subject` by `accuser` counts: it is a member, and within the first two
   * live positions on either side of the subject on some ring, since views differ while news travels.
   */
  entitled(accuser: PeerId, subject: PeerId): boolean {
    if (accuser === subject || !this.has(accuser)) return false
    if (this.#everybodyFits(subject)) return true
    for (let r = 0; r < this.#rings.length; r++) {
      for (const direction of [-1, 1] as const) {
        let seen = 0
        const hit = this.nearest(r, subject, direction, (other) => other === accuser || ++seen >= slack)
        if (hit === accuser) return true
      }
    }
    return false
  }

  /**
   * The first member from `id` on along ring `r` in that direction that `fits`, or undefined when
   * there is none but `id` itself. This is how the edge of a pair that cannot link falls to the next.
   */
  nearest(r: number, id: PeerId, direction: -1 | 1, fits?: (other: PeerId) => boolean): PeerId | undefined {
    const ring = this.#ring(r)
    const start = lowerBound(ring, r, this.#spotOf(id))
    const member = ring[start]?.id === id
    // From a gap between two members the one after it is already the first step.
    let index = direction === 1 && !member ? start : start + direction
    for (let steps = 0; steps < ring.length; steps++, index += direction) {
      const other = ring[(index + ring.length) % ring.length]?.id
      if (other === undefined || other === id) return undefined
      if (fits === undefined || fits(other)) return other
    }
    return undefined
  }

  #everybodyFits(id: PeerId): boolean {
    const others = this.size - (this.has(id) ? 1 : 0)
    return others <= 2 * this.#rings.length
  }

  #spotOf(id: PeerId): Spot {
    return this.#chosen.get(id) ?? this.#departed.get(id) ?? this.#positions.of(id)
  }

  #ring(r: number): Spot[] {
    const ring = this.#rings[r]
    if (ring === undefined) throw new RangeError(`ring ${r} of ${this.#rings.length}`)
    return ring
  }

  #changed(): void {
    this.#version++
    this.#answers.clear()
  }
}

/** The index of the first spot that does not stand before `spot`. */
function lowerBound(ring: readonly Spot[], r: number, spot: Spot): number {
  const position = spot.at[r] as number
  let low = 0
  let high = ring.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = ring[middle] as Spot
    const theirs = other.at[r] as number
    if (theirs < position || (theirs === position && other.id < spot.id)) low = middle + 1
    else high = middle
  }
  return low
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}
