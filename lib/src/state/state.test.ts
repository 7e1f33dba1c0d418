import { expect, it } from 'vitest'
import { entry, instanceOf, meshId, recallEntry, writer } from '../../test/state/entries.ts'
import { fromBase64Url } from '../identity/base64url.ts'
import type { Millis, WallMillis } from '../identity/millis.ts'
import { type StateConfig, stateDefaults } from './config.ts'
import type { Entry, StateMessage } from './messages.ts'
import { State } from './state.ts'

/** 8 bytes that name an entry: the first of its digest. */
const fingerprintOf = ({ digest }: { readonly digest: string }): Uint8Array =>
  Uint8Array.from(Buffer.from(digest, 'base64url').subarray(0, 8))

/** A replica of writer 0, with links to writers 1 and 2, and when it sent what to writer 2. */
function replica(config: StateConfig = stateDefaults) {
  const refused: string[] = []
  const drafts: Entry[] = []
  const asked: number[] = []
  const sent: { readonly at: number; readonly entries: number }[] = []
  const said: (readonly [to: number, type: StateMessage['type']])[] = []
  let now = 0
  const state = new State(
    config,
    meshId,
    {
      self: writer(0),
      links: () => [writer(1), writer(2)],
      send: (to, message: StateMessage) => {
        said.push([[1, 2, 3].find((number) => writer(number) === to) ?? 0, message.type])
        if (message.type === 'tree-want') asked.push(now)
        if (to === writer(2) && message.type === 'fresh') sent.push({ at: now, entries: message.claims.length })
      },
      seal: (draft) => void drafts.push(draft),
      wallAt: (at) => (1_000_000 + at) as WallMillis,
      refuses: () => undefined,
      admission: () => undefined,
      sharesKeys: () => true,
      equivocated: () => {},
      recall: recallEntry,
      notify: (event) => void (event.type === 'rejected' && refused.push(event.code)),
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
  return { run, sent, said, asked, refused, state, drafts }
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

const otherRoot = new Uint8Array(8).fill(1)

it('asks a neighbour that differs at once when nothing was news for half a second', () => {
  const { state, run, asked } = replica()
  run(599, [100])
  state.onAdvertised(writer(1), otherRoot, 599 as Millis)
  expect(asked).toEqual([])
  run(600, [])
  state.onAdvertised(writer(2), otherRoot, 600 as Millis)
  expect(asked).toHaveLength(1)
})

it('asks a neighbour that has differed for a second, though there is news all the time', () => {
  const { state, run, asked } = replica()
  const writes = Array.from({ length: 20 }, (_, index) => 100 * index)
  run(500, writes)
  state.onAdvertised(writer(1), otherRoot, 500 as Millis)
  run(1499, writes)
  state.onAdvertised(writer(1), otherRoot, 1499 as Millis)
  expect(asked).toEqual([])
  run(1500, writes)
  state.onAdvertised(writer(1), otherRoot, 1500 as Millis)
  expect(asked).toHaveLength(1)
})

it('asks a neighbour that is silent in a pull again every half second, ten times in all, and gives it up', () => {
  const { state, run, asked } = replica()
  run(999, [])
  state.onAdvertised(writer(1), otherRoot, 1000 as Millis)
  asked.length = 0
  run(20_000, [])
  expect(asked).toEqual([1500, 2000, 2500, 3000, 3500, 4000, 4500, 5000, 5500])
  state.onAdvertised(writer(1), otherRoot, 20_000 as Millis)
  expect(asked).toHaveLength(10)
})

it('waits no longer for a neighbour that answers a little at a time than for one that is silent', () => {
  const { state, run, asked } = replica()
  run(999, [])
  state.onAdvertised(writer(1), otherRoot, 1000 as Millis)
  asked.length = 0
  const nodes = [{ depth: 0, prefix: 0, kind: 'fingerprints' as const, bytes: new Uint8Array(0) }]
  for (let at = 1400; at < 8000; at += 400) {
    run(at, [])
    state.receive(writer(1), { type: 'tree-have', nodes, last: false }, at as Millis)
  }
  expect(asked).toEqual([])
  state.onAdvertised(writer(1), otherRoot, 8000 as Millis)
  expect(asked).toHaveLength(1)
})

it('tells neighbours that lacked it too, once a second, as soon as it has pulled something', () => {
  const one = replica()
  one.state.onAdvertised(writer(2), new Uint8Array(8), 0 as Millis)
  pullOne(one, 'milk', 1000)
  expect(told(one)).toEqual([2, 1])
  pullOne(one, 'bread', 2000)
  expect(told(one)).toEqual([2, 1])
  pullOne(one, 'tea', 2999)
  expect(told(one)).toEqual([])
})

it('tells nobody what is no news to them', () => {
  const [one, two] = [replica(), replica()]
  pullOne(one, 'milk', 1000)
  two.state.onAdvertised(writer(2), fromBase64Url(one.state.root)!, 0 as Millis)
  pullOne(two, 'milk', 1000)
  expect(told(two)).toEqual([1])
})

/** Writer 1 turns out to have one entry more. */
function pullOne({ state, run }: ReturnType<typeof replica>, key: string, at: number): void {
  run(at, [])
  const claim = entry({ by: 1, key })
  state.onAdvertised(writer(1), otherRoot, at as Millis)
  const bytes = fingerprintOf(claim)
  const nodes = [{ depth: 0, prefix: 0, kind: 'fingerprints' as const, bytes }]
  state.receive(writer(1), { type: 'tree-have', nodes, last: true }, at as Millis)
  state.receive(writer(1), { type: 'entries', claims: [claim], last: true }, at as Millis)
}

function told({ said }: ReturnType<typeof replica>): number[] {
  return said.splice(0).flatMap(([to, type]) => (type === 'roots' ? [to] : []))
}

it('pulls as soon as it hears of another root, on whatever', () => {
  const { state, run, asked } = replica()
  run(1000, [])
  state.receive(writer(1), { type: 'roots', shown: otherRoot }, 1000 as Millis)
  expect(asked).toEqual([1001])
})

it('asks whoever begins to ask it, when they differ as far as is known', () => {
  const { state, run, said } = replica()
  const beginning: StateMessage = { type: 'tree-want', paths: [{ depth: 0, prefix: 0 }], sums: [] }
  const goingOn: StateMessage = { type: 'tree-want', paths: [{ depth: 1, prefix: 0 }], sums: [] }
  const wants = (): number => said.splice(0).filter(([, type]) => type === 'tree-want').length
  run(100, [100])
  // Of the one nothing is known, the other is behind.
  state.receive(writer(1), beginning, 101 as Millis)
  state.onAdvertised(writer(2), new Uint8Array(8), 101 as Millis)
  state.receive(writer(2), beginning, 101 as Millis)
  expect(wants()).toBe(1)
  state.onAdvertised(writer(1), otherRoot, 101 as Millis)
  expect(wants()).toBe(0)
  state.receive(writer(1), goingOn, 101 as Millis)
  expect(wants()).toBe(0)
  state.receive(writer(1), beginning, 101 as Millis)
  expect(wants()).toBe(1)
})

it('waits for two at once, and for those who are silent besides', () => {
  const { state, run, said } = replica()
  run(999, [])
  for (const by of [1, 2]) state.onAdvertised(writer(by), otherRoot, 1000 as Millis)
  said.length = 0
  run(1499, [])
  state.onAdvertised(writer(3), otherRoot, 1499 as Millis)
  expect(said).toEqual([])
  run(1500, [])
  state.onAdvertised(writer(3), otherRoot, 1500 as Millis)
  expect(said.at(-1)).toEqual([3, 'tree-want'])
})

it('goes on after half a second with what could not be checked, and no earlier', () => {
  const { state, run } = replica()
  const listed = entry({ by: 1, seq: 99, key: 'listed' })
  const nodes = [{ depth: 0, prefix: 0, kind: 'fingerprints' as const, bytes: fingerprintOf(listed) }]
  run(999, [])
  state.onAdvertised(writer(1), otherRoot, 1000 as Millis)
  state.receive(writer(1), { type: 'tree-have', nodes, last: true }, 1000 as Millis)
  state.receive(writer(1), { type: 'entries', claims: [], last: true, cut: true }, 1000 as Millis)
  run(1499, [])
  state.receive(writer(1), { type: 'entries', claims: [listed], last: true }, 1499 as Millis)
  expect(state.deadline(1499 as Millis)).toBe(1500)
  run(1500, [])
  expect(state.deadline(1500 as Millis)).toBe(2000)
})

it('asks no more than the budget of a neighbour allows, but for what entries that were news have paid', () => {
  const { state, asked, refused } = replica({ ...stateDefaults, roundsPerSecond: 0, roundsBurst: 2 })
  const listed = entry({ by: 1, seq: 99, key: 'listed' })
  const nodes = [{ depth: 0, prefix: 0, kind: 'fingerprints' as const, bytes: fingerprintOf(listed) }]
  /** One pull: a question for the root, one for what it lists, and what is answered to that. */
  const pull = (at: number, claims: readonly ReturnType<typeof entry>[]): void => {
    state.onAdvertised(writer(1), otherRoot, at as Millis)
    state.receive(writer(1), { type: 'tree-have', nodes, last: true }, at as Millis)
    state.receive(writer(1), { type: 'entries', claims, last: true }, at as Millis)
  }
  pull(10_000, [])
  pull(20_000, [])
  expect([asked.length, refused]).toEqual([1, ['ERR_SYNC_ROUNDS']])
  const paying = replica({ ...stateDefaults, roundsPerSecond: 0, roundsBurst: 2 })
  const claims = Array.from({ length: 63 }, (_, n) => entry({ by: 1, seq: n + 1, key: `key ${n}` }))
  paying.state.onAdvertised(writer(1), otherRoot, 10_000 as Millis)
  paying.state.receive(writer(1), { type: 'tree-have', nodes, last: true }, 10_000 as Millis)
  paying.state.receive(writer(1), { type: 'entries', claims: [...claims, listed], last: true }, 10_000 as Millis)
  paying.state.onAdvertised(writer(1), otherRoot, 20_000 as Millis)
  expect([paying.asked.length, paying.refused]).toEqual([2, []])
})
