import { describe, expect, it } from 'vitest'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { SyncBudget } from './sync-budget.ts'

const at = (ms: number): Millis => ms as Millis
const one = 'one' as PeerId
const other = 'other' as PeerId

/** How many messages in a row are answered at one moment. */
function answered(budget: SyncBudget, peer: PeerId, members: number, now: Millis): number {
  let count = 0
  while (budget.message(peer, members, now)) count += 1
  return count
}

describe('the budget of push-pulls', () => {
  it('answers 64 messages of one peer at once, then eight a second, and another peer as before', () => {
    const budget = new SyncBudget()
    expect(answered(budget, one, 50, at(0))).toBe(64)
    expect(budget.message(one, 50, at(0))).toBe(false)
    expect(answered(budget, one, 50, at(1000))).toBe(8)
    expect(answered(budget, other, 50, at(1000))).toBe(64)
  })

  it('answers as many times more as there are frames to a member list', () => {
    expect(answered(new SyncBudget(), one, 960, at(0))).toBe(64)
    expect(answered(new SyncBudget(), one, 961, at(0))).toBe(128)
  })

  it('gives the whole list twice and 1,024 claims besides, not one more, then a quarter of it each second', () => {
    const budget = new SyncBudget()
    expect(budget.claims(one, 21_024, 10_000, at(0))).toBe(21_024)
    expect(budget.claims(one, 1, 10_000, at(0))).toBe(0)
    expect(budget.claims(one, 10_000, 10_000, at(1000))).toBe(2756)
    expect(new SyncBudget().claims(one, 21_025, 10_000, at(0))).toBe(21_024)
  })

  it('tells of one peer once a second', () => {
    const budget = new SyncBudget()
    const told = [0, 999, 1000, 1001].map((ms) => budget.worthTelling(one, 50, at(ms)))
    expect(told).toEqual([true, false, true, false])
  })

  it('knows 1,024 peers apart, and forgets the one longest silent', () => {
    const budget = new SyncBudget()
    expect(answered(budget, one, 50, at(0))).toBe(64)
    for (let i = 0; i < 1023; i += 1) budget.message(String(i) as PeerId, 50, at(0))
    expect(budget.size).toBe(1024)
    expect(budget.message(one, 50, at(0))).toBe(false)
    for (let i = 0; i < 1024; i += 1) budget.message(String(i) as PeerId, 50, at(0))
    expect(budget.size).toBe(1024)
    expect(budget.message(one, 50, at(0))).toBe(true)
  })
})
