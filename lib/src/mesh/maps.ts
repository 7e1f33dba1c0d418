/** The maps that an application has opened, and the writes that it waits for. */
import type { Verified } from '../identity/claim.ts'
import type { Entry, Write } from '../core/state.ts'
import type { EntryStore, StoreMaker } from './entry-store.ts'
import type { KeptMap } from './kept-map.ts'
import { type ErrorCode, errorCodes, ShoalError } from './errors.ts'
import { type MapOptions, type MapPort, MapView } from './replicated-map.ts'

export interface MapsPort extends Omit<MapPort, 'write' | 'loaded' | 'saved'> {
  /** The room as stores name it. */
  readonly room: string
  /** Reads and verifies what a store had: the entry, or a code. */
  verify(bytes: Uint8Array): Promise<Verified<Entry> | string>
  /** Gives it to the core, as pulled. */
  restore(entries: readonly Verified<Entry>[]): void
  failed(error: ShoalError): void
  /** Asks the core; it answers with `written`. */
  ask(writes: readonly Write[], ref: number): void
}

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: ShoalError) => void
}

export class Maps {
  readonly #port: MapsPort
  readonly #views = new Map<string, MapView<never>>()
  readonly #waiting = new Map<number, Waiting>()
  readonly #kept = new Map<string, Promise<KeptMap>>()
  #closed: Promise<unknown> = Promise.resolve()
  #ref = 0
  #closedBy: ShoalError | undefined

  constructor(port: MapsPort) {
    this.#port = port
  }

  open<T>(name: string, options: MapOptions<T>): MapView<T> {
    const known = this.#views.get(name) as MapView<T> | undefined
    if (known === undefined) {
      const { persistence } = options
      if (persistence !== undefined && persistence !== true && typeof persistence !== 'function')
        throw new ShoalError(
          'ERR_OPTION_INVALID',
          'persistence is true or what makes a store, such as fileStore(directory).',
        )
      const view = new MapView<T>(name, options, {
        ...this.#port,
        loaded: this.#loaded(name, persistence),
        saved: () => this.#saved(name),
        write: (writes) => this.#write(writes).then(() => this.#saved(name)),
      })
      this.#views.set(name, view as unknown as MapView<never>)
      return view
    }
    if (options.persistence !== undefined && !this.#kept.has(name))
      throw new ShoalError('ERR_OPTION_INVALID', `The map ${name} is open and not kept.`)
    if (options.conflict === undefined || options.conflict === known.conflict) return known
    throw new ShoalError('ERR_OPTION_INVALID', `The map ${name} is open with another way to treat conflicts.`)
  }

  onChanged(map: string, keys: readonly string[]): void {
    this.#views.get(map)?.onChanged(keys)
    // Whoever waits for it is told by `loaded`, and everybody by an event.
    this.#kept.get(map)?.then(
      (kept) => kept.onChanged(keys),
      () => {},
    )
  }

  onWritten(ref: number, code: string | undefined): void {
    const waiting = this.#waiting.get(ref)
    this.#waiting.delete(ref)
    if (code === undefined) return waiting?.resolve()
    const known = Object.hasOwn(errorCodes, code) ? (code as ErrorCode & keyof typeof errorCodes) : 'ERR_INTERNAL'
    waiting?.reject(new ShoalError(known, errorCodes[known]))
  }

  /** Another run has taken over: what the last one did not finish will not be finished. */
  onRestarted(): void {
    this.#rejectAll(new ShoalError('ERR_ABORTED', 'The page was put aside before this was written.'))
    for (const view of this.#views.values()) view.reload()
  }

  close(error: ShoalError): void {
    this.#closedBy = error
    this.#closed = Promise.allSettled([...this.#kept.values()].map(async (kept) => (await kept).close()))
    this.#rejectAll(error)
  }

  #write(writes: readonly Write[]): Promise<void> {
    if (this.#closedBy) throw this.#closedBy
    const ref = ++this.#ref
    return new Promise((resolve, reject) => {
      this.#waiting.set(ref, { resolve, reject })
      this.#port.ask(writes, ref)
    })
  }

  /** After `close`: resolves when all that is kept is stored. */
  get closed(): Promise<unknown> {
    return this.#closed
  }

  #loaded(name: string, persistence: true | StoreMaker | undefined): Promise<void> {
    if (persistence === undefined) return Promise.resolve()
    const kept = this.#keep(name, persistence)
    this.#kept.set(name, kept)
    const loaded = kept.then((each) => each.loaded)
    // It is told as an event as well.
    loaded.catch(() => {})
    kept.catch((cause: unknown) => this.#port.failed(unloaded(cause)))
    return loaded
  }

  /** Most pages keep nothing, and load nothing for it. */
  async #keep(name: string, persistence: true | StoreMaker): Promise<KeptMap> {
    const port = this.#port
    const { KeptMap } = await import('./kept-map.ts')
    const place = { room: port.room, map: name, trouble: (error: ShoalError) => port.failed(error) }
    const open = async (): Promise<EntryStore> =>
      persistence === true ? (await import('./indexed-store.ts')).openIndexedStore(place) : persistence(place)
    return new KeptMap(open(), {
      map: name,
      held: (key) => port.state().held(name, key),
      verify: (bytes) => port.verify(bytes),
      restore: (entries) => port.restore(entries),
      failed: (error) => port.failed(error),
    })
  }

  async #saved(name: string): Promise<void> {
    await (await this.#kept.get(name))?.saved()
  }

  #rejectAll(error: ShoalError): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

/** The part of this library that keeps maps did not load: offline, perhaps. */
function unloaded(cause: unknown): ShoalError {
  return new ShoalError('ERR_STORAGE', `${errorCodes.ERR_STORAGE} ${String(cause)}`, { cause })
}
