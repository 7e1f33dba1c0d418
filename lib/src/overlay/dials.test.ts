import { describe, expect, test } from 'vitest'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { Dials } from './dials.ts'
import { edgesDefaults } from './edge-options.ts'

const at = (ms: number): Millis => ms as Millis

/** How many dials there may be at once, at that time. */
function room(dials: Dials, now: Millis): number {
  let count = 0
  for (; !dials.full; count++) dials.start(`peer ${count}` as PeerId, false, now)
  for (let n = 0; n < count; n++) dials.end(`peer ${n}` as PeerId)
  return count
}

describe('dials at once', () => {
  test('are eight on a machine whose timers come when they are due', () => {
    const dials = new Dials(() => {}, edgesDefaults)
    expect(room(dials, at(0))).toBe(8)
    dials.timerLate(1, at(0))
    expect(room(dials, at(0))).toBe(8)
  })

  test('are fewer the later they come, but never none, and more again once they do not', () => {
    const dials = new Dials(() => {}, edgesDefaults)
    dials.timerLate(50, at(0))
    expect(room(dials, at(0))).toBe(4)
    dials.timerLate(150, at(10))
    expect(room(dials, at(10))).toBe(2)
    dials.timerLate(60_000, at(20))
    expect(room(dials, at(20))).toBe(1)
    dials.timerLate(0, at(20))
    expect(room(dials, at(20)), 'one timer that is in time').toBe(1)
    dials.timerLate(0, at(3000))
    expect(room(dials, at(3000)), 'three seconds after it woke').toBe(5)
    dials.timerLate(0, at(9000))
    expect(room(dials, at(9000))).toBe(8)
  })
})
