import { expect, it } from 'vitest'
import type { Millis } from '../identity/millis.ts'
import type { LinkId } from './input.ts'
import { Strikes } from './strikes.ts'

const link = 1 as LinkId
const at = (ms: number): Millis => ms as Millis

it('closes a link at the third fault within ten minutes', () => {
  const strikes = new Strikes()
  expect(strikes.strike(link, at(0))).toBe(false)
  expect(strikes.strike(link, at(1))).toBe(false)
  expect(strikes.strike(link, at(2))).toBe(true)
})

it('forgives what is older than ten minutes', () => {
  const strikes = new Strikes()
  strikes.strike(link, at(0))
  strikes.strike(link, at(1))
  expect(strikes.strike(link, at(600_001))).toBe(false)
})

it('counts each link by itself, and forgets a closed one', () => {
  const strikes = new Strikes()
  strikes.strike(link, at(0))
  strikes.strike(link, at(1))
  expect(strikes.strike(2 as LinkId, at(2))).toBe(false)
  strikes.forget(link)
  expect(strikes.strike(link, at(3))).toBe(false)
})
