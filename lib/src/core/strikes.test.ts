import { expect, it } from 'vitest'
import type { Millis } from '../identity/millis.ts'
import type { LinkId } from './input.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { Outlaws, Strikes } from './strikes.ts'

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

it('keeps out whoever was thrown out, for ten minutes', () => {
  const outlaws = new Outlaws()
  const peer = 'somebody' as PeerId
  expect(outlaws.has(peer, at(0))).toBe(false)
  outlaws.add(peer, at(0))
  expect(outlaws.has(peer, at(599_999))).toBe(true)
  expect(outlaws.has(peer, at(600_000))).toBe(false)
})

it('remembers the last 1,024 of them', () => {
  const outlaws = new Outlaws()
  for (let i = 0; i <= 1024; i++) outlaws.add(`${i}` as PeerId, at(i))
  expect(outlaws.has('0' as PeerId, at(2000))).toBe(false)
  expect(outlaws.has('1' as PeerId, at(2000))).toBe(true)
  expect(outlaws.has('1024' as PeerId, at(2000))).toBe(true)
})
