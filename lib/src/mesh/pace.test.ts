import { expect, test } from 'vitest'
import type { Millis } from '../identity/millis.ts'
import { Pace } from './pace.ts'

const mebibyte = 1 << 20
const chunk = 16_384

/** What a link of this rate, with a way of this length and a queue before it, leaves the pace at; and the longest queue of its second half. */
function over(bytesPerMs: number, wayMs: number, chunks = 20_000): { bytes: number; queueMs: number } {
  const pace = new Pace(mebibyte)
  let now = 0
  let free = 0
  let queueMs = 0
  let [sent, received] = [0, 0]
  const arrivals: { readonly received: number; readonly at: number }[] = []
  for (let i = 0; i < chunks; i++) {
    while (sent >= received + pace.bytes) {
      const next = arrivals.shift()!
      now = Math.max(now, next.at)
      received = next.received
      pace.onReceived(received, now as Millis)
    }
    sent += chunk
    pace.onSent(sent, now as Millis)
    free = Math.max(free, now) + chunk / bytesPerMs
    if (i > chunks / 2) queueMs = Math.max(queueMs, free - now)
    arrivals.push({ received: sent, at: free + wayMs })
  }
  return { bytes: pace.bytes, queueMs }
}

test('a short way is not filled with more than a few milliseconds of queue', () => {
  // A mebibyte ahead would be 65.
  expect(over(16_000, 2).queueMs).toBeLessThan(12)
})

test('a long way is filled', () => {
  expect(over(16_000, 100).bytes).toBe(mebibyte)
})

test('a slow link is left with the least that keeps it busy', () => {
  expect(over(100, 20).bytes).toBeLessThan(300_000)
})

test('it never goes beyond what the receiver allows, or below two frames of half the size', () => {
  const pace = new Pace(mebibyte)
  for (let i = 1; i < 400; i++) {
    pace.onSent(i, i as Millis)
    pace.onReceived(i, (i + 5) as Millis)
  }
  expect(pace.bytes).toBe(mebibyte)
  for (let i = 400; i < 600; i++) {
    pace.onSent(i, i as Millis)
    pace.onReceived(i, (i + 500) as Millis)
  }
  expect(pace.bytes).toBe(16_384)
})

test('a slow link is kept busy, though what is on its way takes longer than the way', () => {
  // 2 Mbit/s and 100 ms: 25,000 bytes are on the way at any time.
  expect(over(250, 100, 400).bytes).toBeGreaterThan(25_000)
})
