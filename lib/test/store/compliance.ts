/** What every store must do, wherever it keeps. Framework-free: it runs in Node and, against IndexedDB, in browsers. */
import type { EntryStore, StoreMaker } from '../../src/mesh/entry-store.ts'

export interface StoreCase {
  /** A sentence about behaviour. */
  readonly name: string
  run(make: StoreMaker): Promise<void>
}

const nameOf = (n: number): string => `name-${n}`.padEnd(22, '_')
const bytesOf = (n: number, length = 1 + (n % 300)): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(n)
const record = (n: number, length?: number) => ({ name: nameOf(n), bytes: bytesOf(n, length) })
const names = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => nameOf(from + i))

let places = 0
/** A map that nobody kept before, opened as often as one likes. */
function place(make: StoreMaker): (map?: string, room?: string) => Promise<EntryStore> {
  const unique = `map ${(places += 1)}`
  return (map = unique, room = 'R'.repeat(43)) =>
    make({
      room,
      map,
      trouble: (error) => {
        throw error
      },
    })
}

async function all(store: EntryStore): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for await (const part of store.read()) for (const { name, bytes } of part) found[name] = [...bytes].join()
  return found
}

function equal(actual: unknown, expected: unknown): void {
  const [a, b] = [actual, expected].map((each) => JSON.stringify(each))
  if (a !== b) throw new Error(`got ${a?.slice(0, 500)}, and not ${b?.slice(0, 500)}`)
}

export const storeCases: readonly StoreCase[] = [
  {
    name: 'has nothing at first, and after a restart what was written',
    run: async (make) => {
      const open = place(make)
      const store = await open()
      equal(await all(store), {})
      await store.write([record(1), record(2)], [])
      await store.close()
      const again = await open()
      equal(await all(again), { [nameOf(1)]: bytesOf(1).join(), [nameOf(2)]: bytesOf(2).join() })
      await again.close()
    },
  },
  {
    name: 'drops what it is told to, and what it never had without a word',
    run: async (make) => {
      const open = place(make)
      const store = await open()
      await store.write([record(1), record(2), record(3)], [])
      await store.write([record(4)], [nameOf(2), nameOf(9)])
      await store.close()
      const again = await open()
      equal(Object.keys(await all(again)).sort(), [nameOf(1), nameOf(3), nameOf(4)])
      await again.close()
    },
  },
  {
    name: 'keeps thousands, written at once and one by one, through many changes of mind',
    run: async (make) => {
      const open = place(make)
      const store = await open()
      await store.write(
        Array.from({ length: 2000 }, (_, n) => record(n)),
        [],
      )
      await Promise.all(
        Array.from({ length: 50 }, (_, n) => store.write([record(2000 + n, 16_000)], names(n * 30, n * 30 + 30))),
      )
      await store.close()
      const again = await open()
      equal(Object.keys(await all(again)).sort(), names(1500, 2050).sort())
      await again.close()
    },
  },
  {
    name: 'keeps bytes as they are, 65,535 of them and none',
    run: async (make) => {
      const open = place(make)
      const store = await open()
      await store.write([record(7, 0xffff), record(8, 0)], [])
      await store.close()
      const again = await open()
      const found = await all(again)
      equal(found[nameOf(7)] === bytesOf(7, 0xffff).join(), true)
      equal(found[nameOf(8)], '')
      await again.close()
    },
  },
  {
    name: 'keeps every map and every room by itself',
    run: async (make) => {
      const open = place(make)
      const stores = [await open(), await open('another'), await open(undefined, 'S'.repeat(43))]
      await stores[0]!.write([record(1)], [])
      equal(await Promise.all(stores.map(async (store) => Object.keys(await all(store)).length)), [1, 0, 0])
      await Promise.all(stores.map((store) => store.close()))
    },
  },
  {
    name: 'rejects what it is told to write after it was closed',
    run: async (make) => {
      const store = await place(make)()
      await store.close()
      const code = await Promise.resolve()
        .then(() => store.write([record(1)], []))
        .then(
          () => 'written',
          () => 'refused',
        )
      equal(code, 'refused')
    },
  },
]
