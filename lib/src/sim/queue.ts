/**
 * What will happen, earliest first. Two things due at the same instant come out in the order they
 * went in: without that, a trace would depend on the heap's shape and no seed would replay.
 */
export class EventQueue<T> {
  // Three parallel arrays and no object per entry: five thousand peers keep some 10^5 events pending.
  readonly #at: number[] = []
  readonly #order: number[] = []
  readonly #items: T[] = []
  #pushed = 0

  get size(): number {
    return this.#at.length
  }

  /** When the earliest is due; undefined when nothing is pending. */
  get nextAt(): number | undefined {
    return this.#at[0]
  }

  push(at: number, item: T): void {
    let hole = this.#at.length
    const order = this.#pushed++
    this.#at.push(at)
    this.#order.push(order)
    this.#items.push(item)
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      if (!this.#before(at, order, parent)) break
      this.#copy(parent, hole)
      hole = parent
    }
    this.#put(hole, at, order, item)
  }

  pop(): T | undefined {
    const first = this.#items[0]
    const at = this.#at.pop()
    const order = this.#order.pop()
    const item = this.#items.pop()
    if (at === undefined || order === undefined || this.#at.length === 0) return first
    const length = this.#at.length
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= length) break
      if (child + 1 < length && this.#before(this.#at[child + 1] as number, this.#order[child + 1] as number, child)) {
        child++
      }
      if (this.#before(at, order, child)) break
      this.#copy(child, hole)
      hole = child
    }
    this.#put(hole, at, order, item as T)
    return first
  }

  #before(at: number, order: number, than: number): boolean {
    const other = this.#at[than] as number
    return at < other || (at === other && order < (this.#order[than] as number))
  }

  #copy(from: number, to: number): void {
    this.#at[to] = this.#at[from] as number
    this.#order[to] = this.#order[from] as number
    this.#items[to] = this.#items[from] as T
  }

  #put(index: number, at: number, order: number, item: T): void {
    this.#at[index] = at
    this.#order[index] = order
    this.#items[index] = item
  }
}
