/**
 * Keeps one map in a store. What is kept are the signed entries themselves, by digest, so two tabs may keep one map
 * in one store: each puts what is news to it, and takes away only what it saw covered. Loaded when a map asks for it.
 */
import type { Verified } from '../identity/claim.ts'
import type { Entry } from '../core/state.ts'
import { type EntryStore, type KeptRecord, storageError } from './entry-store.ts'
import { errorCodes, ShoalError } from './errors.ts'

export interface KeptMapPort {
  readonly map: string
  /** What stands under a key now, or will when some of that has ended. */
  held(key: string): readonly Verified<Entry>[]
  /** Reads and verifies bytes that nobody vouches for: the entry, or a code. */
  verify(bytes: Uint8Array): Promise<Verified<Entry> | string>
  restore(entries: readonly Verified<Entry>[]): void
  failed(error: ShoalError): void
}

/** Twice what a map may hold: more is nothing that was kept here. */
export const recordsMax = 100_000
/** Keys that are written together. A guess: a batch of small entries is then some 100 kB. */
const keysPerWrite = 256
/** What its writer meant to end, or what a clock that was wrong hides: no damage. */
const untimely: ReadonlySet<string> = new Set(['ERR_CLAIM_EXPIRED', 'ERR_CLAIM_EARLY'])

export class KeptMap {
  /** Resolves when all that was kept stands in the map. Rejects where it cannot be read. */
  readonly loaded: Promise<void>
  readonly #port: KeptMapPort
  readonly #store: Promise<EntryStore>
  /** Names of what is stored, by key. */
  readonly #stored = new Map<string, Set<string>>()
  readonly #dirty = new Set<string>()
  /** The batch under way, and the one that waits for it. */
  #writing: Promise<void> | undefined
  #waiting: Promise<void> | undefined
  /** A failure is told once, until something was stored again. */
  #failing = false

  constructor(store: Promise<EntryStore>, port: KeptMapPort) {
    this.#store = store
    this.#port = port
    this.loaded = this.#load().catch((cause: unknown) => {
      throw storageError(cause)
    })
    this.loaded.catch((cause: unknown) => this.#fail(cause))
  }

  onChanged(keys: readonly string[]): void {
    for (const key of keys) this.#dirty.add(key)
    // Whoever waits for it is told by `saved`, and everybody by an event.
    this.saved().catch(() => {})
  }

  /** Resolves when all that stands now is stored. What is asked for while a batch is under way goes with the next. */
  saved(): Promise<void> {
    return (this.#waiting ??= this.#nextTurn())
  }

  /** Stores what is left, and lets go of the store. Never rejects. */
  async close(): Promise<void> {
    await Promise.allSettled([this.saved()])
    await this.#store.then((store) => store.close()).catch((cause: unknown) => this.#fail(cause))
  }

  async #nextTurn(): Promise<void> {
    await Promise.allSettled([this.#writing])
    try {
      await this.loaded
    } finally {
      this.#waiting = undefined
    }
    this.#writing = this.#write()
    return this.#writing
  }

  async #write(): Promise<void> {
    const keys = [...this.#dirty]
    this.#dirty.clear()
    try {
      const store = await this.#store
      while (keys.length > 0) {
        const part = keys.slice(-keysPerWrite)
        await this.#writePart(store, part)
        keys.length -= part.length
      }
      this.#failing = false
    } catch (cause) {
      for (const key of keys) this.#dirty.add(key)
      this.#fail(cause)
      throw storageError(cause)
    }
  }

  async #writePart(store: EntryStore, keys: readonly string[]): Promise<void> {
    const puts: KeptRecord[] = []
    const drops: string[] = []
    const now = keys.map((key) => {
      const held = this.#port.held(key)
      const before = this.#stored.get(key) ?? new Set<string>()
      const names = new Set<string>(held.map(({ digest }) => digest))
      for (const { digest, bytes } of held) if (!before.has(digest)) puts.push({ name: digest, bytes })
      for (const name of before) if (!names.has(name)) drops.push(name)
      return [key, names] as const
    })
    if (puts.length > 0 || drops.length > 0) await store.write(puts, drops)
    for (const [key, names] of now) {
      if (names.size > 0) this.#stored.set(key, names)
      else this.#stored.delete(key)
    }
  }

  async #load(): Promise<void> {
    const store = await this.#store
    const refused = new Map<string, number>()
    const drops: string[] = []
    let records = 0
    for await (const read of store.read()) {
      const part = read.slice(0, recordsMax - records)
      records += part.length
      const verified = await Promise.all(part.map(({ bytes }) => this.#port.verify(bytes)))
      const entries: Verified<Entry>[] = []
      for (const [at, entry] of verified.entries()) {
        if (typeof entry === 'object' && entry.map === this.#port.map) {
          this.#note(entry.key, part[at]!.name)
          entries.push(entry)
          continue
        }
        const code = typeof entry === 'string' ? entry : 'another map'
        // Its time may come.
        if (code !== 'ERR_CLAIM_EARLY') drops.push(part[at]!.name)
        if (!untimely.has(code)) refused.set(code, (refused.get(code) ?? 0) + 1)
      }
      this.#port.restore(entries)
      if (part.length === read.length) continue
      // It is not asked how many more there are: it might never end.
      refused.set('more than a map can hold, or more', read.length - part.length)
      break
    }
    // What did not stand after all is taken away with the first batch.
    for (const key of this.#stored.keys()) this.#dirty.add(key)
    if (drops.length > 0) await store.write([], drops)
    if (refused.size === 0) return
    const why = [...refused].map(([code, count]) => `${count} × ${code}`).join(', ')
    this.#port.failed(new ShoalError('ERR_STORAGE_DAMAGED', `${errorCodes.ERR_STORAGE_DAMAGED} Not taken: ${why}.`))
  }

  #note(key: string, name: string): void {
    const names = this.#stored.get(key)
    if (names === undefined) this.#stored.set(key, new Set([name]))
    else names.add(name)
  }

  #fail(cause: unknown): void {
    if (this.#failing) return
    this.#failing = true
    this.#port.failed(storageError(cause))
  }
}
