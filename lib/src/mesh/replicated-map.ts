/**
 * A replicated map as the application holds it: decoded, validated, and at once what was just set. What stands
 * under a key is decided by the shared state; this file shows it, and asks for writes.
 */
import type { Verified } from '../identity/claim.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { type Entry, entryTtlMs, ownerOf, type StateReader, type Write } from '../core/state.ts'
import { textFits } from '../pipeline/index.ts'
import { errorCodes, ShoalError } from './errors.ts'
import type { StoreMaker } from './entry-store.ts'
import type { ValueCodec } from './parts.ts'

/** A validator of any library that speaks Standard Schema (standardschema.dev), version 1. */
export interface StandardSchema<T> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<T> | Promise<StandardResult<T>>
  }
}

type StandardResult<T> =
  { readonly value: T; readonly issues?: undefined } | { readonly issues: readonly { readonly message: string }[] }

/** One of the writes that stand under a key. */
export interface Sibling<T> {
  /** Undefined for a delete. */
  readonly value: T | undefined
  readonly writer: PeerId
  /** When it was written, by its writer's clock, in ms since 1970. */
  readonly at: number
}

/** One answer from several writes that do not know of each other. The same for the same writes, in whatever order. */
export type Merge<T> = (values: readonly T[]) => T

export interface MapOptions<T> {
  /**
   * What becomes of concurrent writes. `'lww'`: the last one stands (default). `'siblings'`: all of them, up to 8,
   * until somebody who sees them writes. A function: the same, and `get` answers what it makes of them.
   */
  readonly conflict?: 'lww' | 'siblings' | Merge<T>
  /** Refuses values, ours before they are written, and others' before they are shown. Must answer at once. */
  readonly schema?: StandardSchema<T>
  /** How long a write is kept, in ms, unless it is written again; 1 minute to 366 days. Default: 30 days. */
  readonly ttlMs?: number
  /**
   * Keeps the map across restarts. `true`: in this page's IndexedDB. In Node: `fileStore(directory)` of `shoal/node`.
   * What is read back is verified anew. Default: not kept.
   */
  readonly persistence?: true | StoreMaker
}

/** An entry as an inspector shows it. */
export interface InspectedEntry {
  readonly key: string
  readonly value: unknown
  readonly deleted: boolean
  readonly writer: PeerId
  readonly instance: string
  /** The writer's number for it: with the instance, its dot. */
  readonly seq: number
  /** The hybrid logical clock. */
  readonly clock: { readonly wall: number; readonly counter: number }
  /** What the writer had seen, by instance; undefined where the last writer wins. */
  readonly context: ReadonlyMap<string, number> | undefined
  readonly endsAt: number
  readonly bytes: number
}

export interface ReplicatedMap<T> extends Iterable<[string, T]> {
  readonly name: string
  /** Resolves when all that was kept of it stands here, at once for a map that is not kept. Rejects with `ERR_STORAGE…`. */
  readonly loaded: Promise<void>
  /** Resolves when all that stands here now, others' writes too, is stored. Rejects with `ERR_STORAGE…`. */
  saved(): Promise<void>
  readonly size: number
  /** Of several concurrent writes the latest, or what the merge function makes of them. */
  get(key: string): T | undefined
  has(key: string): boolean
  /** All writes that stand under a key, latest first. More than one only where conflicts are kept. */
  siblings(key: string): readonly Sibling<T>[]
  /** Keys under which more than one value stands. */
  readonly conflicts: readonly string[]
  /**
   * Shown here at once; resolves when it is signed and on its way, and, where the map is kept, stored: from then on no
   * crash loses it. Takes the place of all that stands under the key. Throws `ERR_KEY_INVALID`, `ERR_KEY_OWNER`, `ERR_VALUE_INVALID`, `ERR_MESSAGE_TOO_LARGE`, `ERR_CLOSED`;
   * rejects with `ERR_QUOTA`, and with `ERR_STORAGE` or `ERR_STORAGE_FULL` when it stands but is not stored.
   */
  set(key: string, value: T): Promise<void>
  delete(key: string): Promise<void>
  /** Several writes as one flush, all or none; undefined deletes. */
  batch(writes: Iterable<readonly [string, T | undefined]>): Promise<void>
  keys(): IterableIterator<string>
  values(): IterableIterator<T>
  entries(): IterableIterator<[string, T]>
  [Symbol.iterator](): IterableIterator<[string, T]>
  /** Calls back after each change, ours and others', with the keys that changed. Answers what ends that. */
  subscribe(callback: (change: { readonly keys: readonly string[] }) => void): () => void
  /** Everything that is kept of this map, deletes included. */
  inspect(): readonly InspectedEntry[]
}

export interface MapLimits {
  readonly keyBytesMax: number
  readonly nameBytesMax: number
  readonly valueBytesMax: number
}

export interface MapPort {
  readonly self: PeerId
  readonly values: ValueCodec
  readonly limits: MapLimits
  state(): StateReader
  /** Calendar time. */
  now(): number
  readonly loaded: Promise<void>
  saved(): Promise<void>
  /** Resolves when all of it is written, and stored where the map is kept. Throws `ERR_CLOSED`. */
  write(writes: readonly Write[]): Promise<void>
  /** A value that somebody wrote and that is none. */
  invalid(writer: PeerId): void
}

interface Shown<T> {
  readonly value: T | undefined
  readonly siblings: readonly Sibling<T>[]
}

const minuteMs = 60_000
const ttlMsMax = 366 * 24 * 3_600_000

export class MapView<T> implements ReplicatedMap<T> {
  readonly name: string
  readonly conflict: 'lww' | 'siblings' | Merge<T>
  readonly #port: MapPort
  readonly #schema: StandardSchema<T> | undefined
  readonly #ttlMs: number
  readonly #shown = new Map<string, Shown<T>>()
  /** Keys with writes of ours that do not stand yet: what was set is shown meanwhile. */
  readonly #pending = new Map<string, number>()
  readonly #changes = new EventTarget()

  constructor(name: string, options: MapOptions<T>, port: MapPort) {
    const { conflict = 'lww', schema, ttlMs = entryTtlMs } = options
    if (typeof name !== 'string' || name === '' || !textFits(name, port.limits.nameBytesMax))
      throw new ShoalError('ERR_OPTION_INVALID', `A map's name is a string of 1 to ${port.limits.nameBytesMax} bytes.`)
    if (conflict !== 'lww' && conflict !== 'siblings' && typeof conflict !== 'function')
      throw new ShoalError('ERR_OPTION_INVALID', "conflict is 'lww', 'siblings' or a function.")
    if (!Number.isInteger(ttlMs) || ttlMs < minuteMs || ttlMs > ttlMsMax)
      throw new ShoalError('ERR_OPTION_INVALID', `ttlMs is a whole number from ${minuteMs} to ${ttlMsMax}.`)
    this.name = name
    this.conflict = conflict
    this.#port = port
    this.#schema = schema
    this.#ttlMs = ttlMs
    this.reload()
  }

  get loaded(): Promise<void> {
    return this.#port.loaded
  }

  saved(): Promise<void> {
    return this.#port.saved()
  }

  get size(): number {
    return this.#shown.size
  }

  get conflicts(): readonly string[] {
    return [...this.#shown].filter(([, { siblings }]) => siblings.length > 1).map(([key]) => key)
  }

  get(key: string): T | undefined {
    return this.#shown.get(key)?.value
  }

  has(key: string): boolean {
    return this.#shown.has(key)
  }

  siblings(key: string): readonly Sibling<T>[] {
    return this.#shown.get(key)?.siblings ?? []
  }

  set(key: string, value: T): Promise<void> {
    return this.batch([[key, value]])
  }

  delete(key: string): Promise<void> {
    return this.batch([[key, undefined]])
  }

  batch(writes: Iterable<readonly [string, T | undefined]>): Promise<void> {
    const all = [...writes].map(([key, value]) => ({ key: this.#checkKey(key), ...this.#checkValue(value) }))
    const written = this.#port.write(
      all.map(({ key, bytes }) => ({
        map: this.name,
        key,
        value: bytes,
        conflict: this.conflict === 'lww' ? ('lww' as const) : ('siblings' as const),
        ttlMs: this.#ttlMs,
      })),
    )
    const keys = all.map(({ key }) => key)
    for (const { key, value } of all) {
      this.#pending.set(key, (this.#pending.get(key) ?? 0) + 1)
      if (value === undefined) this.#shown.delete(key)
      else this.#shown.set(key, { value, siblings: [{ value, writer: this.#port.self, at: this.#port.now() }] })
    }
    this.#tell(keys)
    const settled = written.finally(() => this.#settle(keys))
    // Whoever does not wait for it need not catch it either.
    settled.catch(() => {})
    return settled
  }

  keys(): IterableIterator<string> {
    return this.#shown.keys()
  }

  *values(): IterableIterator<T> {
    for (const [, value] of this.entries()) yield value
  }

  *entries(): IterableIterator<[string, T]> {
    for (const [key, { value }] of this.#shown) if (value !== undefined) yield [key, value]
  }

  [Symbol.iterator](): IterableIterator<[string, T]> {
    return this.entries()
  }

  subscribe(callback: (change: { readonly keys: readonly string[] }) => void): () => void {
    // A listener that throws is reported by the event target itself, and the others are still called.
    const listener = (event: Event): void =>
      callback((event as CustomEvent<{ readonly keys: readonly string[] }>).detail)
    this.#changes.addEventListener('change', listener)
    return () => this.#changes.removeEventListener('change', listener)
  }

  inspect(): readonly InspectedEntry[] {
    return this.#port
      .state()
      .of(this.name)
      .map((entry) => ({
        key: entry.key,
        value: entry.deleted ? undefined : this.#port.values.decode(entry.value),
        deleted: entry.deleted,
        writer: entry.author,
        instance: entry.instance,
        seq: entry.seq,
        clock: { wall: entry.issuedAt, counter: entry.counter },
        context:
          entry.context === undefined
            ? undefined
            : new Map(entry.context.seen.map(({ instance, seq }) => [instance, seq] as const)),
        endsAt: entry.issuedAt + entry.ttlMs,
        bytes: entry.bytes.length,
      }))
      .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : b.clock.wall - a.clock.wall))
  }

  /** The shared state says that these changed. */
  onChanged(keys: readonly string[]): void {
    const mine = keys.filter((key) => !this.#pending.has(key))
    for (const key of mine) this.#refresh(key)
    if (mine.length > 0) this.#tell(mine)
  }

  /** Everything anew: the map was opened, or the run is another. */
  reload(): void {
    const keys = new Set([
      ...this.#shown.keys(),
      ...this.#port
        .state()
        .of(this.name)
        .map(({ key }) => key),
    ])
    for (const key of keys) this.#refresh(key)
    if (keys.size > 0) this.#tell([...keys])
  }

  #settle(keys: readonly string[]): void {
    const done = keys.filter((key) => {
      const left = (this.#pending.get(key) ?? 1) - 1
      if (left > 0) this.#pending.set(key, left)
      else this.#pending.delete(key)
      return left <= 0
    })
    this.onChanged(done)
  }

  #refresh(key: string): void {
    const siblings = this.#port
      .state()
      .read(this.name, key)
      .flatMap((entry) => this.#siblingOf(entry))
    const values = siblings.flatMap(({ value }) => (value === undefined ? [] : [value]))
    const [latest] = values
    if (latest === undefined) this.#shown.delete(key)
    else this.#shown.set(key, { value: this.#merged(values, latest), siblings })
  }

  #merged(values: readonly T[], latest: T): T {
    return typeof this.conflict === 'function' && values.length > 1 ? this.conflict(values) : latest
  }

  #siblingOf(entry: Verified<Entry>): Sibling<T>[] {
    const { author: writer, issuedAt: at } = entry
    if (entry.deleted) return [{ value: undefined, writer, at }]
    const checked = this.#validate(this.#port.values.decode(entry.value))
    if ('value' in checked) return [{ value: checked.value, writer, at }]
    this.#port.invalid(writer)
    return []
  }

  #tell(keys: readonly string[]): void {
    this.#changes.dispatchEvent(new CustomEvent('change', { detail: { keys } }))
  }

  #checkKey(key: string): string {
    const { keyBytesMax } = this.#port.limits
    if (typeof key !== 'string' || !textFits(key, keyBytesMax))
      throw new ShoalError('ERR_KEY_INVALID', `A key is well-formed text of at most ${keyBytesMax} bytes as UTF-8.`)
    const owner = ownerOf(key)
    if (owner === undefined || owner === this.#port.self) return key
    throw new ShoalError(
      'ERR_KEY_OWNER',
      `${errorCodes.ERR_KEY_OWNER} This one is ${owner}'s; ours is ${this.#port.self}.`,
    )
  }

  #checkValue(value: T | undefined): { readonly value: T | undefined; readonly bytes: Uint8Array | undefined } {
    if (value === undefined) return { value, bytes: undefined }
    const checked = this.#validate(value)
    if ('issues' in checked)
      throw new ShoalError('ERR_VALUE_INVALID', `${errorCodes.ERR_VALUE_INVALID} ${checked.issues.join('; ')}`)
    let bytes: Uint8Array
    try {
      bytes = this.#port.values.encode(checked.value)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new ShoalError('ERR_VALUE_INVALID', `${errorCodes.ERR_VALUE_INVALID} ${why}`, { cause })
    }
    const { valueBytesMax } = this.#port.limits
    if (bytes.length <= valueBytesMax) return { value: checked.value, bytes }
    const message = `A value is at most ${valueBytesMax} bytes as CBOR; this is ${bytes.length}.`
    throw new ShoalError('ERR_MESSAGE_TOO_LARGE', message)
  }

  #validate(value: unknown): { readonly value: T } | { readonly issues: readonly string[] } {
    if (this.#schema === undefined) return { value: value as T }
    const result = this.#schema['~standard'].validate(value)
    if (result instanceof Promise) {
      result.catch(() => {})
      return { issues: ['the schema answers with a promise, and values are shown at once'] }
    }
    return result.issues === undefined
      ? { value: result.value }
      : { issues: result.issues.map(({ message }) => message) }
  }
}
