import { expect, test } from 'vitest'
import type { PeerId } from './mesh.ts'
import { holdsMs, OthersPresence, peersMax, pointsMs } from './others-presence.ts'

const [ada, bob] = ['a', 'b'].map((id) => id.repeat(43) as PeerId) as [PeerId, PeerId]
const at = (x: number, holds: string | null = null) => ({ points: { on: null, x, y: 0 }, holds })

test('the last that somebody said of itself is what stands', () => {
  const others = new OthersPresence()
  others.hear(ada, at(1, 'k'), 0)
  others.hear(bob, at(2), 0)
  others.hear(ada, at(3), 100)
  expect(others.pointing.map(({ peer, x }) => [peer, x])).toEqual([
    [ada, 3],
    [bob, 2],
  ])
  expect(others.holding).toEqual([])
})

test('who says that it points nowhere and holds nothing, or goes, is forgotten at once', () => {
  const others = new OthersPresence()
  others.hear(ada, at(1, 'k'), 0)
  others.hear(bob, at(1, 'k'), 0)
  expect(others.hear(ada, { points: null, holds: null }, 1)).toBe(true)
  expect(others.forget(bob)).toBe(true)
  expect(others.forget(bob)).toBe(false)
  expect([others.pointing, others.holding]).toEqual([[], []])
  expect(others.deadline()).toBe(Infinity)
})

test('what nobody says again ends, the pointer before the slate', () => {
  const others = new OthersPresence()
  others.hear(ada, at(1, 'k'), 0)
  expect(others.deadline()).toBe(pointsMs)
  expect(others.expire(pointsMs - 1)).toBe(false)
  expect(others.expire(pointsMs)).toBe(true)
  expect([others.pointing, others.holding]).toEqual([[], [[ada, 'k']]])
  expect(others.deadline()).toBe(holdsMs)
  expect(others.expire(holdsMs - 1)).toBe(false)
  expect(others.expire(holdsMs)).toBe(true)
  expect(others.holding).toEqual([])
  expect(others.deadline()).toBe(Infinity)
})

test('what makes no sense changes nothing of what made some', () => {
  const others = new OthersPresence()
  others.hear(ada, at(1), 0)
  for (const data of [null, 'k', { points: { on: null, x: 1e9, y: 0 }, holds: null }, { points: null, holds: 7 }])
    expect(others.hear(ada, data, 1)).toBe(false)
  expect(others.pointing.map(({ x }) => x)).toEqual([1])
})

test('of more than anybody can look at the first stand, until there is room', () => {
  const others = new OthersPresence()
  const peer = (i: number) => `${i}`.padStart(43, '0') as PeerId
  for (let i = 0; i < peersMax; i++) expect(others.hear(peer(i), at(1), 0)).toBe(true)
  expect(others.hear(ada, at(1), 0)).toBe(false)
  expect(others.hear(peer(0), at(2), 0)).toBe(true)
  others.forget(peer(0))
  expect(others.hear(ada, at(1), 0)).toBe(true)
  expect(others.pointing).toHaveLength(peersMax)
})

test('a cursor takes as long for its way as the news of it took, and starts at once after a rest', () => {
  const others = new OthersPresence()
  const steps = [0, 100, 120, 420, 5000].map((now, i) => {
    others.hear(ada, at(i), now)
    return others.pointing[0]?.stepMs
  })
  expect(steps).toEqual([120, 100, 80, 300, 120])
})
