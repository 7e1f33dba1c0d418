/** Stores that outlast their meshes and not their process, and that can be made to fail. */
import type { EntryStore, KeptRecord, StoreMaker } from '../../src/mesh/entry-store.ts'

export class MemoryDisk {
  readonly records = new Map<string, Map<string, Uint8Array>>()
  /** What every write rejects with while it is set. */
  fault: unknown

  readonly maker: StoreMaker = async ({ room, map }) => {
    const place = `${room}/${map}`
    const kept = this.records.get(place) ?? new Map<string, Uint8Array>()
    this.records.set(place, kept)
    let open = true
    return {
      async *read(): AsyncGenerator<readonly KeptRecord[]> {
        yield [...kept].map(([name, bytes]) => ({ name, bytes }))
      },
      write: async (puts, drops) => {
        if (!open) throw new Error('it was closed')
        if (this.fault !== undefined) throw this.fault
        for (const { name, bytes } of puts) kept.set(name, bytes)
        for (const name of drops) kept.delete(name)
      },
      async close() {
        open = false
      },
    } satisfies EntryStore
  }

  /** The records of the only map. */
  get only(): Map<string, Uint8Array> {
    return [...this.records.values()][0]!
  }
}
