import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PeerId } from 'shoal/signaling'
import { Room } from './room.ts'

/** A multiplicative generator (Lehmer 1951), so that the test is the same test every time. */
function lehmer(): () => number {
  let state = 1
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}

test('it is a map, whatever is done to it in whatever order', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('set', 'delete'), fc.nat(12)), { maxLength: 80 })
  fc.assert(
    fc.property(steps, fc.nat(8), (moves, count) => {
      const room = new Room<number>()
      const model = new Map<PeerId, number>()
      for (const [move, n] of moves) {
        const id = `peer-${n}` as PeerId
        if (move === 'set') room.set(id, model.set(id, n).size)
        else {
          room.delete(id)
          model.delete(id)
        }
      }
      expect(room.size).toBe(model.size)
      for (const id of model.keys()) expect(room.get(id)).toBeDefined()
      const sample = room.sample(count, 'peer-0' as PeerId, lehmer())
      expect(new Set(sample).size).toBe(sample.length)
      expect(sample.length).toBe(Math.min(count, model.size - Number(model.has('peer-0' as PeerId))))
      for (const id of sample) expect(model.has(id) && id !== 'peer-0').toBe(true)
    }),
  )
})

test('everybody is drawn as often as everybody else', () => {
  const room = new Room<number>()
  for (let n = 0; n < 40; n++) room.set(`peer-${n}` as PeerId, n)
  const counts = new Map<string, number>()
  const random = lehmer()
  for (let i = 0; i < 4_000; i++) {
    for (const id of room.sample(16, 'peer-0' as PeerId, random)) counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  expect(counts.size).toBe(39)
  const expected = (4_000 * 16) / 39
  for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(expected * 0.1)
})
