/**
 * All the chance there is in a simulation. One seed makes one stream; `split` makes an independent
 * stream under a name, so that a new draw in one place never shifts the draws of another and an old
 * failing seed keeps failing after an unrelated change.
 *
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, small and fast. It is
 * not for keys.
 */
export class Prng {
  #a: number
  #b: number
  #c: number
  #counter: number

  constructor(seed: string | number) {
    const [a, b, c, d] = scatter(String(seed))
    this.#a = a
    this.#b = b
    this.#c = c
    this.#counter = d
    for (let i = 0; i < 12; i++) this.u32()
  }

  /** An independent stream that depends on this one's state and the name, and leaves this one untouched. */
  split(name: string): Prng {
    return new Prng(`${this.#a}.${this.#b}.${this.#c}.${this.#counter}/${name}`)
  }

  /** A whole number from 0 to 2^32 − 1. */
  u32(): number {
    const out = (this.#a + this.#b + this.#counter) >>> 0
    this.#counter = (this.#counter + 1) >>> 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + out) | 0
    return out
  }

  /** From 0 up to, never reaching, 1. */
  float(): number {
    return this.u32() / 0x1_0000_0000
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.float()
  }

  /** A whole number from 0 to n − 1. */
  int(n: number): number {
    return Math.floor(this.float() * n)
  }

  chance(probability: number): boolean {
    return probability > 0 && this.float() < probability
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.int(from.length)]
    if (picked === undefined) throw new RangeError('nothing to pick from')
    return picked
  }

  /** Fisher–Yates, into a new array. */
  shuffled<T>(from: readonly T[]): T[] {
    const out = from.slice()
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.int(i + 1)
      const held = out[i] as T
      out[i] = out[j] as T
      out[j] = held
    }
    return out
  }

  /** `count` different elements, or all when there are fewer. */
  sample<T>(from: readonly T[], count: number): T[] {
    return this.shuffled(from).slice(0, count)
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length)
    for (let i = 0; i < length; i++) out[i] = this.u32() >>> 24
    return out
  }

  /** Four words, as `CoreOptions.seed` wants them. */
  words(): [number, number, number, number] {
    return [this.u32(), this.u32(), this.u32(), this.u32()]
  }
}

/** Four words from a text, with murmur3's finisher so that near seeds end far apart. */
function scatter(text: string): [number, number, number, number] {
  const words: [number, number, number, number] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    for (let lane = 0; lane < 4; lane++) {
      words[lane] = Math.imul((words[lane] as number) ^ (code + lane * 131), 0x85ebca6b + lane * 2)
      words[lane] = ((words[lane] as number) << 13) | ((words[lane] as number) >>> 19)
    }
  }
  for (let lane = 0; lane < 4; lane++) {
    let x = (words[lane] as number) ^ text.length
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
    words[lane] = (x ^ (x >>> 16)) >>> 0
  }
  return words
}
