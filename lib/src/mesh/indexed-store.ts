/**
 * A store in IndexedDB, by way of `idb`: one database for each map. Loaded, and `idb` with it, when a map asks for
 * it. `strict` durability: without it Chromium says "done" before the disk has it (since 121).
 */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { EntryStore, KeptRecord, StorePlace } from './entry-store.ts'
import { errorCodes, ShoalError } from './errors.ts'

const entries = 'entries'
const recordsPerRead = 256

/** Unknown values, since anybody at this origin may have written here. */
interface Kept extends DBSchema {
  readonly entries: { readonly key: IDBValidKey; readonly value: unknown }
}

export async function openIndexedStore({ room, map, trouble }: StorePlace): Promise<EntryStore> {
  if (typeof indexedDB === 'undefined')
    throw new ShoalError('ERR_STORAGE', `${errorCodes.ERR_STORAGE} There is no IndexedDB here.`)
  const database: IDBPDatabase<Kept> = await openDB<Kept>(`shoal/${room}/${map}`, 1, {
    upgrade: (fresh) => void fresh.createObjectStore(entries),
    blocked: () => trouble(new ShoalError('ERR_STORAGE_BUSY', errorCodes.ERR_STORAGE_BUSY)),
    // Somebody wants to delete it, and may: what is written from now on fails, and says so.
    blocking: () => database.close(),
  })
  return new IndexedStore(database)
}

class IndexedStore implements EntryStore {
  readonly #database: IDBPDatabase<Kept>

  constructor(database: IDBPDatabase<Kept>) {
    this.#database = database
  }

  async *read(): AsyncGenerator<readonly KeptRecord[]> {
    let last: IDBValidKey | undefined
    for (;;) {
      const range = last === undefined ? undefined : IDBKeyRange.lowerBound(last, true)
      const { store, done } = this.#database.transaction(entries)
      const [keys, values] = await Promise.all([
        store.getAllKeys(range, recordsPerRead),
        store.getAll(range, recordsPerRead),
        done,
      ])
      if (keys.length === 0) return
      last = keys.at(-1)
      // What has no name or is no bytes is no record of ours.
      yield keys.map((key, at) => {
        const value = values[at]
        return {
          name: typeof key === 'string' ? key : '',
          bytes: value instanceof Uint8Array ? value : new Uint8Array(0),
        }
      })
    }
  }

  async write(puts: readonly KeptRecord[], drops: readonly string[]): Promise<void> {
    const { store, done } = this.#database.transaction(entries, 'readwrite', { durability: 'strict' })
    // All at once, so that none is rejected with nobody there to hear it (idb issue 320), and `done` last: the first
    // to be rejected says why, and `done` may only say that it was aborted (idb pull request 338).
    await Promise.all([
      ...puts.map(({ name, bytes }) => store.put(bytes, name)),
      ...drops.map((name) => store.delete(name)),
      done,
    ])
  }

  async close(): Promise<void> {
    this.#database.close()
  }
}
