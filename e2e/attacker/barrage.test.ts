/** Not one of many lies is believed, whatever it is and however it is brought. */
import { expect, test } from 'vitest'
import { barrage } from './barrage.ts'
import { claimNames } from './claims.ts'
import { blamed, blameless } from './lies.ts'

test('lies of every manner and type are refused, and only the liars pay', () => {
  const tally = barrage(20_000, 'barrage')
  for (const manner of [...blamed, ...blameless]) {
    for (const type of claimNames) expect(tally.tried.get(`${manner} ${type}`), `${manner} ${type}`).toBeGreaterThan(0)
  }
  expect(tally.accepted).toBe(0)
  expect(tally.consequences).toEqual([])
  expect(tally.honestBlamed).toBe(0)
  expect(tally.tolerated).toBe(0)
})
