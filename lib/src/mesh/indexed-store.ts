/**
 * A store in IndexedDB: one database for each map. Loaded when a map asks for it. `strict` durability: without it
 * Chromium says "done" before the disk has it (since 121).
 */
import type { EntryStore, KeptRecord, StorePlace } from './entry-store.ts'
import { errorCodes, ShoalError } from './errors.ts'

const entries = 'entries'
const recordsPerRead = 256

export async function openIndexedStore({ room, map, trouble }: StorePlace): Promise<EntryStore> {
  if (typeof indexedDB === 'undefined')
    throw new ShoalError('ERR_STORAGE', `${errorCodes.ERR_STORAGE} There is no IndexedDB here.`)
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open(`shoal/${room}/${map}`, 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore(entries)
    opening.onblocked = () => trouble(new ShoalError('ERR_STORAGE_BUSY', errorCodes.ERR_STORAGE_BUSY))
    opening.onsuccess = () => resolve(opening.result)
    opening.onerror = () => reject(opening.error ?? new Error('not opened'))
  })
  // Somebody wants to delete it, and may: what is written from now on fails, and says so.
  database.onversionchange = () => database.close()
  return new IndexedStore(database)
}

class IndexedStore implements EntryStore {
  readonly #database: IDBDatabase

  constructor(database: IDBDatabase) {
    this.#database = database
  }

  async *read(): AsyncGenerator<readonly KeptRecord[]> {
    let last: IDBValidKey | undefined
    for (;;) {
      const range = last === undefined ? undefined : IDBKeyRange.lowerBound(last, true)
      const store = this.#database.transaction(entries, 'readonly').objectStore(entries)
      const [keys, values] = await Promise.all([
        done(store.getAllKeys(range, recordsPerRead)),
        done<unknown[]>(store.getAll(range, recordsPerRead)),
      ])
      if (keys.length === 0) return
      last = keys.at(-1)
      // Anybody at this origin may have written here: what has no name or is no bytes is no record of ours.
      yield keys.map((key, at) => {
        const value = values[at]
        return {
          name: typeof key === 'string' ? key : '',
          bytes: value instanceof Uint8Array ? value : new Uint8Array(0),
        }
      })
    }
  }

  write(puts: readonly KeptRecord[], drops: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const transaction = this.#database.transaction(entries, 'readwrite', { durability: 'strict' })
      const store = transaction.objectStore(entries)
      for (const { name, bytes } of puts) store.put(bytes, name)
      for (const name of drops) store.delete(name)
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error ?? new Error('aborted'))
    })
  }

  async close(): Promise<void> {
    this.#database.close()
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('not read'))
  })
}
