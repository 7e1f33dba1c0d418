import { expect, test } from 'vitest'
import { Bucket } from './bucket.ts'

const rate = { perSecond: 20, burst: 60 }

test('a burst at once, and then the rate', () => {
  const bucket = new Bucket(rate, 0)
  const taken = (count: number, now: number) => Array.from({ length: count }, () => bucket.take(rate, now))
  expect(taken(60, 0)).not.toContain(false)
  expect(bucket.take(rate, 0)).toBe(false)
  expect(bucket.take(rate, 49)).toBe(false)
  expect(bucket.take(rate, 50)).toBe(true)
  expect(taken(20, 1_050)).not.toContain(false)
  expect(bucket.take(rate, 1_050)).toBe(false)
})

test('it is full again after a while, and never more than full', () => {
  const bucket = new Bucket(rate, 0)
  bucket.take(rate, 0)
  expect(bucket.isFull(rate, 49)).toBe(false)
  expect(bucket.isFull(rate, 50)).toBe(true)
  const taken = Array.from({ length: 61 }, () => bucket.take(rate, 1e9)).filter(Boolean)
  expect(taken).toHaveLength(60)
})

test('a clock that goes back gives nothing away', () => {
  const bucket = new Bucket({ perSecond: 1, burst: 1 }, 10_000)
  expect(bucket.take({ perSecond: 1, burst: 1 }, 5_000)).toBe(true)
  expect(bucket.take({ perSecond: 1, burst: 1 }, 5_500)).toBe(false)
})
