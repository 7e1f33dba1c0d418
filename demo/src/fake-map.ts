/** A replicated map of one replica, for the gallery: as the library's to look at, and with nobody to share it with. */
import type { InspectedEntry, PeerId, ReplicatedMap, Sibling } from './mesh.ts'

export class FakeMap<T> implements ReplicatedMap<T> {
  readonly loaded = Promise.resolve()

  readonly name: string
  readonly #self: PeerId
  readonly #siblings = new Map<string, readonly Sibling<T>[]>()
  readonly #changes = new EventTarget()

  constructor(name: string, self: PeerId) {
    this.name = name
    this.#self = self
  }

  get size(): number {
    return [...this.entries()].length
  }

  get conflicts(): readonly string[] {
    return [...this.#siblings].filter(([, siblings]) => siblings.length > 1).map(([key]) => key)
  }

  get(key: string): T | undefined {
    return this.siblings(key).find(({ value }) => value !== undefined)?.value
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  siblings(key: string): readonly Sibling<T>[] {
    return this.#siblings.get(key) ?? []
  }

  async set(key: string, value: T): Promise<void> {
    this.stand(key, [{ value, writer: this.#self, at: Date.now() }])
  }

  async delete(key: string): Promise<void> {
    this.stand(key, [])
  }

  async batch(writes: Iterable<readonly [string, T | undefined]>): Promise<void> {
    for (const [key, value] of writes) await (value === undefined ? this.delete(key) : this.set(key, value))
  }

  /** As if others had written this. */
  stand(key: string, siblings: readonly Sibling<T>[]): void {
    if (siblings.length === 0) this.#siblings.delete(key)
    else this.#siblings.set(key, siblings)
    this.#changes.dispatchEvent(new CustomEvent('change', { detail: { keys: [key] } }))
  }

  *keys(): IterableIterator<string> {
    for (const [key] of this.entries()) yield key
  }

  *values(): IterableIterator<T> {
    for (const [, value] of this.entries()) yield value
  }

  *entries(): IterableIterator<[string, T]> {
    for (const key of this.#siblings.keys()) {
      const value = this.get(key)
      if (value !== undefined) yield [key, value]
    }
  }

  [Symbol.iterator](): IterableIterator<[string, T]> {
    return this.entries()
  }

  async saved(): Promise<void> {}

  subscribe(callback: (change: { readonly keys: readonly string[] }) => void): () => void {
    const listener = (event: Event) => callback((event as CustomEvent<{ keys: readonly string[] }>).detail)
    this.#changes.addEventListener('change', listener)
    return () => this.#changes.removeEventListener('change', listener)
  }

  inspect(): readonly InspectedEntry[] {
    return [...this.#siblings].flatMap(([key, siblings]) =>
      siblings.map(({ value, writer, at }, i) => ({
        key,
        value,
        deleted: value === undefined,
        writer,
        instance: writer.slice(0, 22),
        seq: i + 1,
        clock: { wall: at, counter: 0 },
        context: siblings.length > 1 ? new Map([[writer.slice(0, 22), i]]) : undefined,
        endsAt: at + 30 * 24 * 3_600_000,
        bytes: 190,
      })),
    )
  }
}
