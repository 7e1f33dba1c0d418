import { expect, it } from 'vitest'
import { entry, instanceOf, meshId, recallEntry, writer } from '../../test/state/entries.ts'
import type { Millis, WallMillis } from '../identity/millis.ts'
import { stateDefaults } from './config.ts'
import type { Entry, StateMessage } from './messages.ts'
import { State } from './state.ts'

/** A replica of writer 0, with links to writers 1 and 2, and when it sent what to writer 2. */
function replica() {
  const drafts: Entry[] = []
  const sent: { readonly at: number; readonly entries: number }[] = []
  let now = 0
  const state = new State(
    stateDefaults,
    meshId,
    {
      self: writer(0),
      links: () => [writer(1), writer(2)],
      send: (to, message: StateMessage) => {
        if (to === writer(2) && message.type === 'fresh') sent.push({ at: now, entries: message.claims.length })
      },
      seal: (draft) => void drafts.push(draft),
      wallAt: (at) => (1_000_000 + at) as WallMillis,
      refuses: () => undefined,
      admission: () => undefined,
      sharesKeys: () => true,
      recall: recallEntry,
      notify: () => {},
    },
    instanceOf(0),
  )
  /** Lets time pass, while writer 1 writes at these times. */
  const run = (until: number, writes: readonly number[]): void => {
    for (; now <= until; now++) {
      for (const [index, at] of writes.entries()) {
        const claims = [entry({ by: 1, seq: index + 1, key: `key ${index}` })]
        if (at === now) state.receive(writer(1), { type: 'fresh', claims }, now as Millis)
      }
      if ((state.deadline(now as Millis) ?? Number.POSITIVE_INFINITY) <= now) state.tick(now as Millis)
    }
  }
  return { run, sent, state, drafts }
}

it('passes a write on within 10 ms, together with what comes meanwhile', () => {
  const { run, sent } = replica()
  run(1000, [100, 105, 500])
  expect(sent).toEqual([
    { at: 110, entries: 2 },
    { at: 510, entries: 1 },
  ])
})

it('passes a stream of writes on every 50 ms, however many they are', () => {
  const { run, sent } = replica()
  run(
    1000,
    Array.from({ length: 50 }, (_, index) => 100 + 4 * index),
  )
  expect(sent.map(({ at }) => at)).toEqual([110, 160, 210, 260, 310])
  expect(sent.reduce((sum, { entries }) => sum + entries, 0)).toBe(50)
})

it('lets no write end before what it takes the place of', () => {
  const { state, drafts } = replica()
  const write = (key: string, value: Uint8Array | undefined, conflict: 'lww' | 'siblings') =>
    state.write([{ map: 'todos', key, value, conflict, ttlMs: 60_000 }], 1, 0 as Millis)
  const long = { by: 1, wall: 1_000_000, ttlMs: 600_000 }
  const claims = [entry({ ...long, key: 'bread' }), entry({ ...long, seq: 2 }), entry({ ...long, seq: 3, key: 'tea' })]
  state.receive(writer(1), { type: 'fresh', claims }, 0 as Millis)
  write('bread', Uint8Array.of(1), 'lww')
  write('milk', undefined, 'lww')
  write('tea', Uint8Array.of(1), 'siblings')
  write('butter', Uint8Array.of(1), 'lww')
  expect(drafts.map(({ issuedAt, ttlMs }) => issuedAt + ttlMs)).toEqual([1_600_000, 1_600_000, 1_600_000, 1_060_000])
})

it('brings nothing back when a write and what it overwrote have ended, to whoever hears of that late', () => {
  const { state, drafts } = replica()
  const old = entry({ by: 1, wall: 1_000_000, ttlMs: 600_000, value: Uint8Array.of(1) })
  state.receive(writer(1), { type: 'fresh', claims: [old] }, 0 as Millis)
  state.write([{ map: 'todos', key: 'milk', value: Uint8Array.of(2), conflict: 'lww', ttlMs: 60_000 }], 1, 0 as Millis)
  const [draft] = drafts
  const overwrite = entry({ wall: draft!.issuedAt, counter: draft!.counter, ttlMs: draft!.ttlMs })
  state.sealed(overwrite, 0 as Millis)
  // Two minutes on, when the write would have been forgotten had it ended as its map says.
  state.tick(120_000 as Millis)
  state.restore([old])
  expect(state.read('todos', 'milk')).toEqual([overwrite])
})
