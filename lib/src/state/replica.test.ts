import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { entry, meshId, recallEntry, writer } from '../../test/state/entries.ts'
import { type StateConfig, stateDefaults } from './config.ts'
import { fewMax } from './quota.ts'
import { Replica } from './replica.ts'

const changed: string[] = []
const replicaWith = (config: Partial<StateConfig> = {}): Replica =>
  new Replica({ ...stateDefaults, ...config }, meshId, recallEntry, (map, key) => changed.push(`${map}/${key}`))

const root = (replica: Replica) => Buffer.from(replica.tree.root()).toString('hex')

const keysOf = (replica: Replica, map: string) =>
  replica
    .of(map)
    .map(({ key }) => key)
    .sort()

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

  it('is the same for the same writes in any order, whenever what has ended is swept away', () => {
    const minute = 60_000
    const start = 20_000_000 * minute
    const writes = fc.uniqueArray(
      fc
        .record({
          by: fc.integer({ min: 0, max: 3 }),
          seq: fc.integer({ min: 1, max: 40 }),
          key: fc.constantFrom('a', 'b'),
          wall: fc.integer({ min: 0, max: 5 }).map((at) => start + at * minute),
          ttlMs: fc.integer({ min: 1, max: 8 }).map((minutes) => minutes * minute),
          deleted: fc.boolean(),
        })
        .map((sketch) => entry(sketch)),
      { selector: ({ digest }) => digest, maxLength: 12 },
    )
    // Each replica hears of each write at some time before that ends, and sweeps every minute or seldom.
    const telling = fc.record({
      delays: fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
      sweepEvery: fc.constantFrom(1, 2, 5),
    })
    fc.assert(
      fc.property(writes, telling, telling, fc.integer({ min: 6, max: 12 }), (all, first, second, minutes) => {
        const until = start + minutes * minute
        const [one, other] = [first, second].map(({ delays, sweepEvery }) => {
          const replica = replicaWith()
          const heard = all.map((each) => {
            const latest = Math.min(each.ttlMs, until - each.issuedAt)
            return { each, at: each.issuedAt + delays.next().value * latest }
          })
          for (let at = start; at <= until; at += minute) {
            for (const { each, at: when } of heard) if (when > at - minute && when <= at) replica.apply(each)
            if (((at - start) / minute) % sweepEvery === 0) replica.sweep(at)
          }
          replica.sweep(until)
          return replica
        })
        expect(root(other!)).toBe(root(one!))
        for (const key of ['a', 'b']) expect(other!.read('todos', key)).toEqual(one!.read('todos', key))
      }),
      { numRuns: 1000 },
    )
  })

  it('shows what a shorter write covered again, at every replica alike', () => {
    const [long, short] = [entry({ wall: 100, ttlMs: 600_000 }), entry({ by: 1, wall: 200, ttlMs: 60_000 })]
    const told = [
      [long, short],
      [short, long],
    ].map((order) => {
      const replica = replicaWith()
      for (const each of order) replica.apply(each)
      return replica
    })
    for (const replica of told) {
      expect(replica.read('todos', 'milk')).toEqual([short])
      expect(replica.held('todos', 'milk')).toEqual([short, long])
      replica.sweep(200_000)
      expect(replica.read('todos', 'milk')).toEqual([long])
    }
    const late = replicaWith()
    late.apply(short)
    late.sweep(200_000)
    late.apply(long)
    expect(root(late)).toBe(root(told[0]!))
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

  it('bounds a map: its newest writes count', () => {
    const replica = replicaWith({ mapEntriesMax: 2 })
    for (let by = 0; by < 4; by += 1) replica.apply(entry({ by, key: `${by}`, wall: 100 + by }))
    expect(keysOf(replica, 'todos')).toEqual(['2', '3'])
  })

  it('bounds how many maps there are: those written to last count, and one more takes the place of the stalest', () => {
    const replica = replicaWith({ mapsMax: 2 })
    replica.apply(entry({ map: 'first', key: 'a', wall: 100 }))
    replica.apply(entry({ map: 'first', key: 'b', wall: 300, seq: 2 }))
    expect(replica.apply(entry({ map: 'second', wall: 200, seq: 3 }))).toBe('applied')
    expect(replica.apply(entry({ map: 'third', wall: 150, seq: 4 }))).toBe('full')
    changed.length = 0
    expect(replica.apply(entry({ map: 'third', wall: 250, seq: 5 }))).toBe('applied')
    expect(changed).toEqual(['third/milk', 'second/milk'])
    expect(['first', 'second', 'third'].map((map) => replica.of(map).length)).toEqual([2, 0, 1])
    expect(replica.apply(entry({ map: 'second', wall: 200, seq: 3 }))).toBe('full')
  })

  it('bounds how many writers there are, likewise', () => {
    const replica = replicaWith({ writersMax: 4 })
    for (let by = 0; by < 4; by += 1) expect(replica.apply(entry({ by, key: `${by}`, wall: 100 + by }))).toBe('applied')
    expect(replica.apply(entry({ by: 5, key: '5', wall: 99 }))).toBe('full')
    expect(replica.apply(entry({ by: 5, key: '5', wall: 110 }))).toBe('applied')
    expect(keysOf(replica, 'todos')).toEqual(['1', '2', '3', '5'])
  })

  it('looks again for the newest write of a map that lost it', () => {
    const replica = replicaWith({ mapsMax: 2 })
    replica.apply(entry({ map: 'first', key: 'a', wall: 100, ttlMs: 6_000_000 }))
    replica.apply(entry({ map: 'first', key: 'b', wall: 300, seq: 2 }))
    replica.apply(entry({ map: 'second', wall: 200, seq: 3, ttlMs: 6_000_000 }))
    replica.sweep(240_000)
    expect(replica.apply(entry({ map: 'third', wall: 150, seq: 4 }))).toBe('applied')
    expect(['first', 'second', 'third'].map((map) => replica.of(map).length)).toEqual([0, 1, 1])
  })

  it.each([fewMax, fewMax + 1])('finds all %i entries of a map that has to make room, and it alone', (size) => {
    const replica = replicaWith({ mapsMax: 2 })
    for (let n = 0; n < size; n += 1) replica.apply(entry({ map: 'first', key: `${n}`, wall: 100 + n, seq: n + 1 }))
    replica.apply(entry({ map: 'second', key: '0', wall: 500, seq: 201 }))
    expect(replica.of('first')).toHaveLength(size)
    replica.apply(entry({ map: 'third', key: '0', wall: 500, seq: 202 }))
    expect(['first', 'second', 'third'].map((map) => replica.of(map).length)).toEqual([0, 1, 1])
    expect(replica.entries).toBe(2)
  })

  it('finds the entries of a map that had many and has few', () => {
    const replica = replicaWith({ mapsMax: 2 })
    const at = (map: string, n: number, seq: number, ttlMs = 6e6) =>
      entry({ map, key: `${n}`, wall: 100 + seq, seq, ttlMs })
    for (let n = 0; n <= fewMax; n += 1) replica.apply(at('first', n, n + 1, n < 60 || n === fewMax ? 1 : 6e6))
    replica.apply(at('second', 0, 200))
    replica.sweep(240_000)
    // Looks for the newest write of the first map, whose own has ended.
    expect(replica.apply(at('third', 0, 10))).toBe('full')
    replica.apply(at('first', 60, 100))
    replica.apply(at('first', 100, 101))
    expect(keysOf(replica, 'first')).toEqual(['100', '60', '61', '62', '63'])
    expect(replica.apply(at('third', 0, 300))).toBe('applied')
    expect(['first', 'second', 'third'].map((map) => replica.of(map).length)).toEqual([0, 1, 1])
  })

  it('leaves replicas the same once each has been offered what the other holds, whatever they were told first', () => {
    const limits = { writerEntriesMax: 3, mapEntriesMax: 4, writersMax: 3, mapsMax: 2 }
    const writes = fc.uniqueArray(
      fc
        .record({
          by: fc.integer({ min: 0, max: 5 }),
          seq: fc.integer({ min: 1, max: 40 }),
          map: fc.constantFrom('one', 'two', 'three', 'four'),
          key: fc.constantFrom('a', 'b', 'c'),
          wall: fc.integer({ min: 100, max: 130 }),
          ttlMs: fc.integer({ min: 60_000, max: 60_030 }),
        })
        .map((sketch) => entry(sketch)),
      { selector: ({ digest }) => digest, maxLength: 40 },
    )
    const order = fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true }))
    fc.assert(
      fc.property(writes, fc.nat(40), fc.nat(40), order, (all, from, to, dice) => {
        const shuffled = all.map((each) => ({ each, at: dice.next().value })).sort((a, b) => a.at - b.at)
        const [one, other] = [replicaWith(limits), replicaWith(limits)]
        for (const each of all.slice(0, to)) one.apply(each)
        for (const { each } of shuffled.slice(from)) other.apply(each)
        for (let round = 0; round <= all.length && root(one) !== root(other); round += 1) {
          const [mine, theirs] = [one.all(), other.all()]
          for (const each of theirs) one.apply(each)
          for (const each of mine) other.apply(each)
        }
        expect(root(other)).toBe(root(one))
      }),
      { numRuns: 1000 },
    )
  })
})
