import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { entry, meshId, recallEntry, writer } from '../../test/state/entries.ts'
import { type StateConfig, stateDefaults } from './config.ts'
import { Replica } from './replica.ts'

const changed: string[] = []
const replicaWith = (config: Partial<StateConfig> = {}): Replica =>
  new Replica({ ...stateDefaults, ...config }, meshId, recallEntry, (map, key) => changed.push(`${map}/${key}`))

const root = (replica: Replica) => Buffer.from(replica.tree.root()).toString('hex')

beforeEach(() => void (changed.length = 0))

describe('a replica', () => {
  it('reads what was written, byte for byte', () => {
    const replica = replicaWith()
    const written = entry({ value: Uint8Array.of(0x65, 104, 101, 108, 108, 111) })
    expect(replica.apply(written)).toBe('applied')
    expect(replica.read('todos', 'milk')).toEqual([written])
    expect(replica.of('todos')).toEqual([written])
    expect(replica.read('todos', 'bread')).toEqual([])
    expect(changed).toEqual(['todos/milk'])
  })

  it('says what it knows already, and what came too late', () => {
    const replica = replicaWith()
    const [older, newer] = [entry({ wall: 100 }), entry({ wall: 200, seq: 2 })]
    expect(replica.apply(newer)).toBe('applied')
    expect(replica.apply(newer)).toBe('known')
    expect(replica.apply(older)).toBe('covered')
    expect(replica.entries).toBe(1)
  })

  it('is the same for the same writes in any order', () => {
    const writes = fc.uniqueArray(
      fc
        .record({
          by: fc.integer({ min: 0, max: 3 }),
          seq: fc.integer({ min: 1, max: 40 }),
          key: fc.constantFrom('a', 'b', 'c', 'd'),
          wall: fc.integer({ min: 100, max: 130 }),
          deleted: fc.boolean(),
        })
        .map((sketch) => entry(sketch)),
      { selector: ({ digest }) => digest, maxLength: 40 },
    )
    fc.assert(
      fc.property(writes, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (all, dice) => {
        const shuffled = all.map((each) => ({ each, at: dice.next().value })).sort((a, b) => a.at - b.at)
        const [one, other] = [replicaWith(), replicaWith()]
        for (const each of all) one.apply(each)
        for (const { each } of shuffled) other.apply(each)
        expect(root(other)).toBe(root(one))
        expect(other.bytes).toBe(one.bytes)
      }),
    )
  })

  it('has the root of one that was never told what is gone from it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 400 }), (kept, gone) => {
        const [one, other] = [replicaWith(), replicaWith()]
        const end = 10 * 60_000
        for (let n = 0; n < kept; n += 1) {
          const each = entry({ key: `kept ${n}`, seq: n + 1, ttlMs: 10 * end })
          one.apply(each)
          other.apply(each)
        }
        for (let n = 0; n < gone; n += 1) one.apply(entry({ key: `gone ${n}`, seq: 500 + n, ttlMs: end }))
        expect(one.entries).toBe(kept + gone)
        one.sweep(1_000_000 + 3 * end)
        expect(one.entries).toBe(kept)
        expect(root(one)).toBe(root(other))
      }),
      { numRuns: 20 },
    )
  })

  it('forgets nothing before its time, and everything after', () => {
    const replica = replicaWith()
    replica.apply(entry({ wall: 600_000, ttlMs: 60_000 }))
    const due = replica.sweepAt!
    expect(due).toBeGreaterThanOrEqual(660_000 + 60_000)
    replica.sweep(due - 1)
    expect(replica.entries).toBe(1)
    replica.sweep(due)
    expect(replica.entries).toBe(0)
    expect(replica.sweepAt).toBeUndefined()
  })

  it('reads on while what it keeps is moved together', () => {
    const replica = replicaWith({ writerEntriesMax: Infinity, writerBytesMax: Infinity })
    const value = Uint8Array.of(0x59, 0x1f, 0x40, ...new Uint8Array(8_000))
    const keys = Array.from({ length: 300 }, (_, n) => `key ${n}`)
    for (let round = 1; round <= 3; round += 1) {
      for (const [n, key] of keys.entries())
        replica.apply(entry({ key, seq: round * 1000 + n, wall: 1_000 * round, value }))
    }
    expect(keys.map((key) => replica.read('todos', key)[0]?.seq)).toEqual(keys.map((_, n) => 3000 + n))
  })
})

describe('a quota', () => {
  it('keeps the newest writes of a writer, at the limit and over it, whoever came first', () => {
    const [one, other] = [replicaWith({ writerEntriesMax: 3 }), replicaWith({ writerEntriesMax: 3 })]
    const all = [5, 1, 4, 2, 3].map((n) => entry({ key: `${n}`, seq: n, wall: 100 * n }))
    expect(all.slice(0, 3).map((each) => one.apply(each))).toEqual(['applied', 'applied', 'applied'])
    expect(one.apply(all[3]!)).toBe('applied')
    expect(one.apply(all[4]!)).toBe('applied')
    for (const each of [...all].reverse()) other.apply(each)
    expect(
      one
        .of('todos')
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['3', '4', '5'])
    expect(root(other)).toBe(root(one))
    expect(one.apply(all[1]!)).toBe('over-quota')
    expect(root(other)).toBe(root(one))
  })

  it('counts bytes as well as entries, and each writer by itself', () => {
    const size = entry().bytes.length
    const replica = replicaWith({ writerBytesMax: 2 * size })
    replica.apply(entry({ key: 'aaaa', seq: 1, wall: 100 }))
    replica.apply(entry({ key: 'bbbb', seq: 2, wall: 200 }))
    replica.apply(entry({ key: 'cccc', seq: 3, wall: 300 }))
    replica.apply(entry({ by: 1, key: 'dddd', seq: 1, wall: 50 }))
    expect(
      replica
        .of('todos')
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['bbbb', 'cccc', 'dddd'])
  })

  it('can be asked before anything is written, for several writes together', () => {
    const replica = replicaWith({ writerEntriesMax: 3 })
    replica.apply(entry({ key: 'a', seq: 1 }))
    replica.apply(entry({ key: 'b', seq: 2 }))
    const under = (...keys: string[]) => keys.map((key) => ({ map: 'todos', key, value: new Uint8Array(1) }))
    expect(replica.hasRoomFor(writer(0), under('a', 'b', 'c'))).toBe(true)
    expect(replica.hasRoomFor(writer(0), under('c', 'c'))).toBe(true)
    expect(replica.hasRoomFor(writer(0), under('c', 'd'))).toBe(false)
    expect(replica.hasRoomFor(writer(1), under('c', 'd', 'e'))).toBe(true)
    expect(replica.hasRoomFor(writer(1), under('c', 'd', 'e', 'f'))).toBe(false)
  })

  it('bounds a map, and how many writers and maps there are', () => {
    const replica = replicaWith({ mapEntriesMax: 2, writersMax: 4, mapsMax: 2 })
    for (let by = 0; by < 4; by += 1) replica.apply(entry({ by, key: `${by}`, wall: 100 + by }))
    expect(
      replica
        .of('todos')
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['2', '3'])
    expect(replica.apply(entry({ by: 5, map: 'second', wall: 1 }))).toBe('applied')
    for (let by = 6; by < 12; by += 1) expect(replica.apply(entry({ by, map: 'third', wall: 1 }))).toBe('full')
    expect(replica.apply(entry({ by: 6, map: 'second', key: 'b', wall: 1 }))).toBe('applied')
  })
})
