/**
 * What waits for readers that are slower than what is sent to them. Each has a limit of its own; this one is for all
 * of them together: a thousand who each stay a little below theirs would be a gigabyte.
 */
export interface Reader {
  /** Bytes that were sent to it and that it has not taken yet. */
  readonly bufferedBytes: number
}

export class Backlog<R extends Reader> {
  /** Those for whom something waits, with how much that was when they were last looked at. */
  readonly #slow = new Map<R, number>()
  #bytes = 0

  /** As far as it is known: what was read since it was looked at still counts. */
  get bytes(): number {
    return this.#bytes
  }

  /** To be called when something was sent to it. */
  look(reader: R): void {
    const bytes = reader.bufferedBytes
    const before = this.#slow.get(reader) ?? 0
    if (bytes === before) return
    this.#bytes += bytes - before
    if (bytes === 0) this.#slow.delete(reader)
    else this.#slow.set(reader, bytes)
  }

  lookAtAll(): void {
    for (const reader of this.#slow.keys()) this.look(reader)
  }

  forget(reader: R): void {
    this.#bytes -= this.#slow.get(reader) ?? 0
    this.#slow.delete(reader)
  }

  /** Takes out those for whom most waits until no more than `bytesMax` is left, and answers them: they are to be cut off. */
  shed(bytesMax: number): readonly R[] {
    if (this.#bytes <= bytesMax) return []
    this.lookAtAll()
    if (this.#bytes <= bytesMax) return []
    const shed: R[] = []
    for (const [reader] of [...this.#slow].sort(([, a], [, b]) => b - a)) {
      if (this.#bytes <= bytesMax) break
      this.forget(reader)
      shed.push(reader)
    }
    return shed
  }
}
