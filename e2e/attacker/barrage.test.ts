/** Not one of many lies is believed, whatever it is and however it is brought. */
import { expect, test } from 'vitest'
import { barrage, claimsOf } from './barrage.ts'
import { blamed, blameless } from './lies.ts'

test.each([
  ['an open room', false],
  ['a room with an owner', true],
])('in %s lies of every manner and type are refused, and only the liars pay', (_room, owned) => {
  const tally = barrage(10_000, 'barrage', owned)
  for (const manner of [...blamed, ...blameless]) {
    for (const type of claimsOf(owned))
      expect(tally.tried.get(`${manner} ${type}`), `${manner} ${type}`).toBeGreaterThan(0)
  }
  expect(tally.accepted).toBe(0)
  expect(tally.consequences).toEqual([])
  expect(tally.honestBlamed).toBe(0)
  expect(tally.tolerated).toBe(0)
})
