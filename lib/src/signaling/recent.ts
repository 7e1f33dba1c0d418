/** Remembers who said a thing first, for the last `size` things and at most 4 Mi characters of them. */

const charsMax = 4 * 1_048_576

export class Recent<Owner> {
  readonly #size: number
  readonly #owners = new Map<string, Owner>()
  #chars = 0

  constructor(size: number) {
    this.#size = size
  }

  /** Whoever noted this first among what is remembered; `owner` when nobody did. */
  note(key: string, owner: Owner): Owner {
    const first = this.#owners.get(key)
    if (first !== undefined) return first
    this.#owners.set(key, owner)
    this.#chars += key.length
    // A Map keeps the order of insertion: its first key is its oldest.
    for (const oldest of this.#owners.keys()) {
      if (this.#owners.size <= this.#size && this.#chars <= charsMax) break
      this.#owners.delete(oldest)
      this.#chars -= oldest.length
    }
    return owner
  }
}
