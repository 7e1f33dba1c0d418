/**
 * One number for everything that happened. Each event is folded in as it happens, so two runs with
 * the same hash did the same things at the same instants in the same order; when they differ, the
 * seed alone no longer decides the run, and no failure can be replayed.
 */
export class Trace {
  #a = 0x9e3779b9
  #b = 0x85ebca6b
  #events = 0
  readonly #scratch = new DataView(new ArrayBuffer(8))

  get events(): number {
    return this.#events
  }

  /** Begins an event: when, what sort, and which peer. What follows by `number`, `text` and `bytes` belongs to it. */
  event(at: number, kind: number, peer: number): void {
    this.#events++
    this.#scratch.setFloat64(0, at)
    this.number(this.#scratch.getUint32(0))
    this.number(this.#scratch.getUint32(4))
    this.number((kind << 20) ^ peer)
  }

  number(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0xcc9e2d51)
    this.#a = (this.#a << 15) | (this.#a >>> 17)
    this.#b = (Math.imul(this.#b ^ this.#a, 0x1b873593) + 0xe6546b64) | 0
    this.#b = (this.#b << 13) | (this.#b >>> 19)
  }

  text(value: string): void {
    this.number(value.length)
    for (let i = 0; i < value.length; i++) this.number(value.charCodeAt(i))
  }

  bytes(value: Uint8Array): void {
    this.number(value.length)
    let i = 0
    for (; i + 4 <= value.length; i += 4) {
      this.number(
        (value[i] as number) |
          ((value[i + 1] as number) << 8) |
          ((value[i + 2] as number) << 16) |
          ((value[i + 3] as number) << 24),
      )
    }
    for (; i < value.length; i++) this.number(value[i] as number)
  }

  /** 16 hexadecimal digits. */
  get hash(): string {
    let a = this.#a ^ this.#events
    let b = this.#b
    a = Math.imul(a ^ (a >>> 16), 0x85ebca6b)
    b = Math.imul(b ^ (b >>> 13) ^ a, 0xc2b2ae35)
    a ^= b >>> 16
    return hex(a) + hex(b)
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}
