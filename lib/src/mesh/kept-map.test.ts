import { expect, it } from 'vitest'
import type { Entry } from '../core/state.ts'
import type { Verified } from '../identity/claim.ts'
import type { EntryStore, KeptRecord } from './entry-store.ts'
import { KeptMap, recordsMax } from './kept-map.ts'

/** Loads a map of so many records, all in order, from a store that has them in parts of this size. */
async function load(count: number, partSize: number) {
  let [restored, read] = [0, 0]
  const told: string[] = []
  const store: EntryStore = {
    async *read(): AsyncGenerator<readonly KeptRecord[]> {
      for (let from = 0; from < count; from += partSize) {
        const length = Math.min(partSize, count - from)
        read += length
        yield Array.from({ length }, (_, at) => ({ name: String(from + at), bytes: new Uint8Array(1) }))
      }
    },
    write: async () => {},
    close: async () => {},
  }
  const kept = new KeptMap(Promise.resolve(store), {
    map: 'map',
    held: () => [],
    verify: async () => ({ map: 'map', key: 'key' }) as Verified<Entry>,
    restore: (entries) => void (restored += entries.length),
    failed: (error) => told.push(`${error.code} ${/Not taken.*/.exec(error.message)?.[0]}`),
  })
  await kept.loaded
  return { restored, read, told }
}

it('takes as many records as it may, without a word', async () => {
  for (const partSize of [256, recordsMax])
    expect(await load(recordsMax, partSize)).toEqual({ restored: recordsMax, read: recordsMax, told: [] })
})

it('takes no more, says so, and reads on for none', async () => {
  for (const [count, partSize, over] of [
    [recordsMax + 1, 256, 1],
    [2 * recordsMax, 256, 96],
    [recordsMax + 1, recordsMax, 1],
  ] as const) {
    const { restored, read, told } = await load(count, partSize)
    expect(restored).toBe(recordsMax)
    expect(read).toBe(recordsMax + over)
    expect(told).toEqual([`ERR_STORAGE_DAMAGED Not taken: ${over} × more than a map can hold, or more.`])
  }
})
