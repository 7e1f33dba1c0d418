import { expect, test } from 'vitest'
import { awayMs, greetMs, idleMs, OwnPresence, paceMs, renewMs, restMs } from './own-presence.ts'
import { keyCharsMax, type Presence } from './presence-message.ts'

const place = (x: number) => ({ on: null, x, y: 0 })

/** Asks whenever there is something to ask for, until this time. Answers what is said, and when. */
function saidUntil(own: OwnPresence, from: number, until: number, everyMs = 100): [number, Presence][] {
  const said: [number, Presence][] = []
  for (let now = from; now <= until; now = Math.max(now, own.deadline(everyMs))) {
    const presence = own.say(now, everyMs)
    if (presence) said.push([now, presence])
    else if (own.deadline(everyMs) <= now) throw new Error(`asked for ${now}, with nothing to say then`)
  }
  return said
}

test('a pointer that moves is told at once, then ten times a second, and last of all where it came to rest', () => {
  const own = new OwnPresence()
  const said: number[] = []
  for (let now = 0; now < 1000; now += 10) {
    own.point(place(now), now)
    if (own.say(now, 100)) said.push(now)
  }
  expect(said).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900])
  expect(saidUntil(own, 995, 5000)).toEqual([[1000, { points: place(990), holds: null }]])
})

test('nothing is said while nothing moves, and a pointer that rests is taken away', () => {
  const own = new OwnPresence()
  expect(saidUntil(own, 0, 1e9)).toEqual([])
  own.point(place(1), 0)
  expect(saidUntil(own, 0, 1e9)).toEqual([
    [0, { points: place(1), holds: null }],
    [restMs, { points: null, holds: null }],
  ])
  expect(own.deadline(100)).toBe(Infinity)
})

test('a pointer that trembles on one spot rests', () => {
  const own = new OwnPresence()
  own.point(place(1), 0)
  own.say(0, 100)
  own.point(place(1), restMs - 1)
  expect(saidUntil(own, restMs - 1, 1e9)).toEqual([[restMs, { points: null, holds: null }]])
})

test('a pointer that leaves the board is taken away, unless it soon returns', () => {
  const own = new OwnPresence()
  own.point(place(1), 0)
  own.say(0, 100)
  own.leave(500)
  expect(saidUntil(own, 500, 500 + awayMs - 1)).toEqual([])
  own.point(place(1), 500 + awayMs - 1)
  expect(saidUntil(own, 500 + awayMs, restMs - 1)).toEqual([])
  own.point(place(2), restMs - 1)
  own.leave(restMs - 1)
  expect(saidUntil(own, restMs - 1, 1e9)).toEqual([
    [restMs - 1, { points: place(2), holds: null }],
    [restMs - 1 + awayMs, { points: null, holds: null }],
  ])
})

test('a pointer that leaves after it has rested is not kept for longer', () => {
  const own = new OwnPresence()
  own.point(place(1), 0)
  own.say(0, 100)
  own.leave(restMs - 1)
  expect(saidUntil(own, restMs - 1, 1e9)).toEqual([[restMs, { points: null, holds: null }]])
})

test('a slate is held until it is let go, or nobody has typed for long', () => {
  const own = new OwnPresence()
  own.hold('k', 0)
  own.hold('k', 50)
  expect(saidUntil(own, 50, 5000)).toEqual([[50, { points: null, holds: 'k' }]])
  own.hold(null, 5000)
  expect(saidUntil(own, 5000, 1e9)).toEqual([[5000, { points: null, holds: null }]])
  own.hold('k', 2e9)
  expect(saidUntil(own, 2e9, 3e9).map(([at]) => at)).toEqual([2e9, 2e9 + idleMs])
})

test('who types says from time to time that the slate is still held', () => {
  const own = new OwnPresence()
  const said: number[] = []
  for (let now = 0; now <= 3 * renewMs; now += 200) {
    own.hold('k', now)
    if (own.say(now, 100)) said.push(now)
  }
  expect(said).toEqual([0, renewMs, 2 * renewMs, 3 * renewMs])
})

test('a slate whose key nobody would believe is not held', () => {
  const own = new OwnPresence()
  own.hold('k'.repeat(keyCharsMax + 1), 0)
  expect(own.holds).toBeNull()
  own.hold('k'.repeat(keyCharsMax), 0)
  expect(own.holds).toHaveLength(keyCharsMax)
})

test('newcomers are told once for all, and only if there is anything to tell', () => {
  const own = new OwnPresence()
  own.onJoined(0)
  expect(own.deadline(100)).toBe(Infinity)
  own.hold('k', 0)
  own.say(0, 100)
  for (const now of [10, 20, 500]) own.onJoined(now)
  expect(saidUntil(own, 500, 5000)).toEqual([[10 + greetMs, { points: null, holds: 'k' }]])
})

test('the more point, the less often each speaks: some fifty messages a second, however many they are', () => {
  expect(paceMs(1)).toBe(100)
  for (const peers of [5, 30, 300]) expect(Math.round((peers * 1000) / paceMs(peers))).toBe(50)
})
