/**
 * The core's randomness: xoshiro128** (Blackman and Vigna, 2018), seeded by whoever drives it. It
 * decides whom to probe next and how much to wait; nothing secret comes from it.
 */
export type Seed = readonly [number, number, number, number]

export class Prng {
  readonly #s: Uint32Array

  constructor(seed: Seed) {
    this.#s = Uint32Array.from(seed)
    // All zeros is the one state that never leaves itself.
    if (this.#s.every((word) => word === 0)) this.#s[0] = 1
  }

  /** A word of 32 bits. */
  word(): number {
    const s = this.#s
    const [s0, s1, s2, s3] = [s[0] ?? 0, s[1] ?? 0, s[2] ?? 0, s[3] ?? 0]
    const result = Math.imul(rotate(Math.imul(s1, 5), 7), 9) >>> 0
    const shifted = s1 << 9
    const t2 = s2 ^ s0
    const t3 = s3 ^ s1
    s[1] = s1 ^ t2
    s[0] = s0 ^ t3
    s[2] = t2 ^ shifted
    s[3] = rotate(t3, 11)
    return result
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.word() / 0x1_0000_0000
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += 4) {
      const word = this.word()
      for (let i = 0; i < 4 && at + i < length; i += 1) bytes[at + i] = word >>> (8 * i)
    }
    return bytes
  }
}

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by))
