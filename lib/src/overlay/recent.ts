import type { Millis } from '../identity/millis.ts'

/** A bounded map that forgets: at most `entriesMax`, none for longer than `forMs` after it was set. */
export class Recent<K, V> {
  readonly #entriesMax: number
  readonly #forMs: number
  /** Oldest first, since setting a key again moves it to the end. */
  readonly #entries = new Map<K, { readonly value: V; readonly until: number }>()

  constructor(entriesMax: number, forMs: number) {
    this.#entriesMax = entriesMax
    this.#forMs = forMs
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: K, now: Millis): V | undefined {
    const entry = this.#entries.get(key)
    return entry === undefined || entry.until <= now ? undefined : entry.value
  }

  set(key: K, value: V, now: Millis): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, until: now + this.#forMs })
    for (const [oldest, { until }] of this.#entries) {
      if (until > now && this.#entries.size <= this.#entriesMax) break
      this.#entries.delete(oldest)
    }
  }

  keys(now: Millis): K[] {
    const keys: K[] = []
    for (const [key, { until }] of this.#entries) if (until > now) keys.push(key)
    return keys
  }

  delete(key: K): void {
    this.#entries.delete(key)
  }
}
