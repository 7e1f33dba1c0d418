import { expect, it } from 'vitest'
import type { PeerId } from '../identity/peer-id.ts'
import { refusalKindsMax, Refusals, togetherMs } from './refusals.ts'

const eve = 'eve' as PeerId
const bob = 'bob' as PeerId

function setUp() {
  const said: string[] = []
  let ring: (() => void) | undefined
  const alarms = {
    after: (delayMs: number, onRing: () => void) => {
      expect([delayMs, ring]).toEqual([togetherMs, undefined])
      ring = onRing
      return () => (ring = undefined)
    },
  }
  const refusals = new Refusals(alarms, ({ from, code, count }) => said.push(`${from} ${code} ${count}`))
  return { refusals, said, pass: () => ring?.(), waits: () => ring !== undefined }
}

it('tells the first refusal of a kind at once, and the rest of its second together', () => {
  const { refusals, said, pass, waits } = setUp()
  for (let i = 0; i < 10_000; i++) refusals.add(eve, 'ERR_A')
  for (let i = 0; i < 2; i++) refusals.add(eve, 'ERR_B')
  refusals.add(bob, 'ERR_A')
  expect(said.splice(0)).toEqual(['eve ERR_A 1', 'eve ERR_B 1', 'bob ERR_A 1'])
  pass()
  expect(said.splice(0)).toEqual(['eve ERR_A 9999', 'eve ERR_B 1'])
  expect(waits()).toBe(false)
  refusals.add(eve, 'ERR_A')
  expect(said).toEqual(['eve ERR_A 1'])
})

it('tells what is left at the end, and waits for nothing then', () => {
  const { refusals, said, waits } = setUp()
  for (let i = 0; i < 3; i++) refusals.add(eve, 'ERR_A')
  refusals.flush()
  expect(said).toEqual(['eve ERR_A 1', 'eve ERR_A 2'])
  expect(waits()).toBe(false)
})

it('tells 64 kinds apart in a second, and of more than that the code alone, but counts them all', () => {
  const { refusals, said, pass } = setUp()
  for (let i = 0; i < refusalKindsMax + 100; i++) refusals.add(`${i}` as PeerId, 'ERR_A')
  expect(said).toHaveLength(refusalKindsMax + 1)
  expect(said.slice(-2)).toEqual([`${refusalKindsMax - 1} ERR_A 1`, 'undefined ERR_A 1'])
  pass()
  expect(said.at(-1)).toBe('undefined ERR_A 99')
})
