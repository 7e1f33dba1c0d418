import { expect, it } from 'vitest'
import type { Millis } from '../identity/millis.ts'
import { TokenBucket } from './token-bucket.ts'

it('a bucket gives its burst at once, then its rate, and never saves more than a burst', () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 5 })
  const take = (now: number, count = 1) => bucket.take(count, now as Millis)
  expect([1, 2, 3, 4, 5, 6].map(() => take(0))).toEqual([true, true, true, true, true, false])
  expect(take(99)).toBe(false)
  expect(take(100)).toBe(true)
  expect(take(100)).toBe(false)
  expect(take(60_000, 6)).toBe(false)
  expect(take(60_000, 5)).toBe(true)
})

it('a clock that goes back gives nothing', () => {
  const bucket = new TokenBucket({ perSecond: 1_000, burst: 1 })
  expect(bucket.take(1, 5_000 as Millis)).toBe(true)
  expect(bucket.take(1, 0 as Millis)).toBe(false)
  expect(bucket.take(1, 1 as Millis)).toBe(true)
})
