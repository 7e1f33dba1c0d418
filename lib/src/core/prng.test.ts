import { expect, it } from 'vitest'
import { Prng } from './prng.ts'

it('gives the same numbers for the same seed', () => {
  const one = new Prng([1, 2, 3, 4])
  const other = new Prng([1, 2, 3, 4])
  expect(Array.from({ length: 8 }, () => one.word())).toEqual(Array.from({ length: 8 }, () => other.word()))
})

// The authors' reference sequence for the state 1, 2, 3, 4, as computed by their definition:
// rotl(s1 · 5, 7) · 9, so the first word is rotl(10, 7) · 9 = 11520.
it('is xoshiro128**', () => {
  const prng = new Prng([1, 2, 3, 4])
  expect([prng.word(), prng.word(), prng.word(), prng.word()]).toEqual([11520, 0, 5927040, 70819200])
})

it('is uniform enough to shuffle by, and never 1', () => {
  const prng = new Prng([5, 6, 7, 8])
  const tenths = Array.from({ length: 10 }, () => 0)
  for (let i = 0; i < 100_000; i += 1) {
    const at = Math.floor(prng.uniform() * 10)
    tenths[at] = (tenths[at] ?? 0) + 1
  }
  for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500)
})

it('gets away from the state of all zeros', () => {
  expect(new Prng([0, 0, 0, 0]).bytes(32).some((byte) => byte !== 0)).toBe(true)
})
