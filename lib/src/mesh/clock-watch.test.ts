import { describe, expect, test } from 'vitest'
import type { Millis, WallMillis } from '../identity/millis.ts'
import { ClockWatch } from './clock-watch.ts'

const wall0 = 1_700_000_000_000

function watch() {
  const clock = new ClockWatch()
  return (now: number, options: { slept?: number; granularity?: number; dueAt?: number } = {}) =>
    clock
      .observe(
        now as Millis,
        (wall0 + now + (options.slept ?? 0)) as WallMillis,
        options.granularity ?? 0,
        options.dueAt as Millis | undefined,
      )
      .map(({ type }) => type)
}

describe('what the core hears of time', () => {
  test('first the distance between the clocks, then nothing while they agree', () => {
    const look = watch()
    expect(look(0)).toEqual(['clock'])
    expect(look(1000)).toEqual([])
    expect(look(2000, { slept: 200 })).toEqual([])
  })

  test('a system that slept with its monotonic clock stopped', () => {
    const look = watch()
    look(0)
    expect(look(1000, { slept: 5001 })).toEqual(['clock', 'resumed'])
    expect(look(1010, { slept: 5001 })).toEqual([])
  })

  test('a clock set by 5 seconds or less, or set back, makes no belief stale', () => {
    const look = watch()
    look(0)
    expect(look(1000, { slept: 5000 })).toEqual(['clock'])
    expect(look(2000, { slept: -60_000 })).toEqual(['clock'])
  })

  test('a timer overdue by more than 5 seconds with nothing handled since is a stall', () => {
    const look = watch()
    look(0)
    expect(look(5001, { dueAt: 0 })).toEqual(['resumed'])
    expect(look(10_001, { dueAt: 5001 })).toEqual([])
    expect(look(15_003, { dueAt: 10_002 })).toEqual(['resumed'])
  })

  test('silence with nothing due is no stall, and a late timer while messages are handled is none', () => {
    const look = watch()
    look(0)
    expect(look(60_000)).toEqual([])
    expect(look(61_000, { dueAt: 50_000 })).toEqual([])
  })

  test('a page that is hidden without a Worker has a coarse timer', () => {
    const look = watch()
    look(0)
    expect(look(100, { granularity: 1000 })).toEqual(['clock'])
    expect(look(200, { granularity: 1000 })).toEqual([])
    expect(look(300)).toEqual(['clock'])
  })
})
