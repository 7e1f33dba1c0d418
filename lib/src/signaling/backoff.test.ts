import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Backoff } from './backoff.ts'

const options = { baseMs: 500, capMs: 30_000 }

test('the ceiling doubles from half a second to thirty, and a success starts over', () => {
  const backoff = new Backoff(options, () => 1 - Number.EPSILON)
  const waits = Array.from({ length: 9 }, () => backoff.next())
  expect(waits).toEqual([499, 999, 1999, 3999, 7999, 15_999, 29_999, 29_999, 29_999])
  backoff.reset()
  expect(backoff.next()).toBe(499)
})

test('in a hurry the first six waits are at most two seconds, and then they are as long as ever', () => {
  const backoff = new Backoff(options, () => 1 - Number.EPSILON)
  const waits = Array.from({ length: 8 }, () => backoff.next(0, true))
  expect(waits).toEqual([499, 999, 1999, 1999, 1999, 1999, 29_999, 29_999])
})

test('the draw is over the whole range, and never before what the server asked for', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.nat(2_000),
      fc.nat(60_000),
      (draw, tries, asked) => {
        const backoff = new Backoff(options, () => draw)
        for (let i = 0; i < tries; i++) backoff.next()
        const wait = backoff.next(asked)
        expect(wait).toBeGreaterThanOrEqual(asked)
        expect(wait).toBeLessThan(asked + options.capMs)
      },
    ),
  )
})
