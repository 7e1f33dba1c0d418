import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { entry, instanceOf } from '../../test/state/entries.ts'
import { compare, contextAfter, covers, endOf, kept, standing } from './order.ts'

const before = { wall: 0, counter: 0 }

/** Whatever anybody can sign: contexts that claim too much, too little, or the future. */
const anyEntry = fc
  .record({
    by: fc.integer({ min: 0, max: 3 }),
    seq: fc.integer({ min: 1, max: 5 }),
    wall: fc.integer({ min: 100, max: 108 }),
    counter: fc.integer({ min: 0, max: 2 }),
    deleted: fc.boolean(),
    ttlMs: fc.integer({ min: 1, max: 12 }),
    context: fc.option(
      fc.record({
        floor: fc.record({ wall: fc.integer({ min: 96, max: 110 }), counter: fc.integer({ min: 0, max: 2 }) }),
        seen: fc
          .uniqueArray(fc.record({ by: fc.integer({ min: 0, max: 3 }), seq: fc.integer({ min: 0, max: 6 }) }), {
            selector: ({ by }) => by,
            maxLength: 4,
          })
          .map((all) =>
            all
              .map(({ by, seq }) => ({ instance: instanceOf(by), seq }))
              .sort((a, b) => (a.instance < b.instance ? -1 : 1)),
          ),
      }),
      { nil: undefined },
    ),
  })
  .map((sketch) => entry(sketch))

const digests = (entries: readonly { readonly digest: string }[]) => entries.map(({ digest }) => digest)

describe('covering', () => {
  it('is transitive, whatever the contexts say', () => {
    fc.assert(
      fc.property(anyEntry, anyEntry, anyEntry, (a, b, c) => {
        if (covers(a, b) && covers(b, c)) expect(covers(a, c)).toBe(true)
      }),
      { numRuns: 20_000 },
    )
  })

  it('never reaches into the future', () => {
    fc.assert(fc.property(anyEntry, anyEntry, (a, b) => !covers(a, b) || compare(a, b) > 0))
  })

  it('leaves the same standing in any order and any grouping', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyEntry, { selector: ({ digest }) => digest, maxLength: 8 }),
        fc.nat(8),
        (all, at) => {
          const whole = standing(all, Infinity)
          const parts = standing(
            [...standing(all.slice(at), Infinity), ...standing(all.slice(0, at), Infinity)],
            Infinity,
          )
          expect(digests(parts)).toEqual(digests(whole))
          expect(digests(standing(standing(all, Infinity), Infinity))).toEqual(digests(whole))
        },
      ),
      { numRuns: 5_000 },
    )
  })
})

describe('writes with a context', () => {
  const seen = (...entries: ReturnType<typeof entry>[]) => contextAfter(entries, 32)
  const first = entry({ by: 0, wall: 100, context: { floor: before, seen: [] } })

  it('take the place of what they have seen, and stand beside what they have not', () => {
    const informed = entry({ by: 1, wall: 200, context: seen(first) })
    const ignorant = entry({ by: 2, wall: 300, context: { floor: before, seen: [] } })
    expect(standing([first, informed, ignorant], 8)).toEqual([ignorant, informed])
  })

  it('take the place of what those had seen whom they have seen', () => {
    const second = entry({ by: 1, wall: 200, context: seen(first) })
    const third = entry({ by: 2, wall: 300, context: seen(second) })
    expect(standing([first, third], 8)).toEqual([third])
  })

  it('merge siblings into one', () => {
    const other = entry({ by: 1, wall: 101, context: { floor: before, seen: [] } })
    const merged = entry({ by: 2, wall: 200, context: seen(first, other) })
    expect(standing([first, other, merged], 8)).toEqual([merged])
  })

  it('see all that their own instance wrote before', () => {
    const again = entry({ by: 0, seq: 2, wall: 300, context: { floor: before, seen: [] } })
    expect(standing([first, again], 8)).toEqual([again])
  })

  it('name no more instances than they may, and cover everything up to the newest that they met instead', () => {
    const many = Array.from({ length: 5 }, (_, by) =>
      entry({ by, wall: 100 + by, context: { floor: before, seen: [] } }),
    )
    expect(contextAfter(many, 4)).toEqual({ floor: { wall: 104, counter: 0 }, seen: [] })
    expect(contextAfter(many.slice(0, 4), 4).seen).toHaveLength(4)
    const merged = entry({ by: 6, wall: 200, context: contextAfter(many, 4) })
    expect(standing([...many, merged], 8)).toEqual([merged])
  })

  it('are covered by a last writer, and cover one that they have seen', () => {
    const last = entry({ by: 1, wall: 200 })
    const after = entry({ by: 2, wall: 300, context: seen(last) })
    expect(standing([first, last], 8)).toEqual([last])
    expect(standing([first, last, after], 8)).toEqual([after])
  })
})

describe('what is kept', () => {
  const some = fc.uniqueArray(anyEntry, { selector: ({ digest }) => digest, maxLength: 8 })

  it('is the same in any order and grouping, and whenever what has ended is swept away', () => {
    fc.assert(
      fc.property(some, fc.nat(8), fc.integer({ min: 100, max: 120 }), (all, at, sweptAt) => {
        const living = (entries: readonly (typeof all)[number][]) => entries.filter((each) => endOf(each) > sweptAt)
        const atOnce = kept(living(all), Infinity)
        const inParts = kept(living([...kept(all.slice(at), Infinity), ...living(all.slice(0, at))]), Infinity)
        expect(digests(inParts)).toEqual(digests(atOnce))
      }),
      { numRuns: 5000 },
    )
  })

  it('begins with what stands', () => {
    fc.assert(
      fc.property(some, (all) => {
        expect(digests(standing(kept(all, Infinity), Infinity))).toEqual(digests(standing(all, Infinity)))
      }),
    )
  })

  it('is what outlives its cover, the latest eight of it and no more', () => {
    const shorter = (n: number) => entry({ by: n, wall: 100 + n, ttlMs: 1000 - 10 * n })
    const all = Array.from({ length: 10 }, (_, n) => shorter(n))
    expect(kept(all.slice(0, 9), 8)).toEqual(all.slice(0, 9).reverse())
    expect(kept(all, 8)).toEqual(all.slice(1).reverse())
    expect(kept([...all, entry({ wall: 200, ttlMs: 2000 })], 8)).toHaveLength(1)
  })
})
