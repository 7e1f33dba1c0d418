import { expect, test } from 'vitest'
import { keyCharsMax, placeIn, readPresence } from './presence-message.ts'

const at = { on: null, x: 500, y: 0 }

test('what one tab says another reads, and nothing that came along with it', () => {
  for (const said of [
    { points: at, holds: null },
    { points: { on: 'k', x: 0, y: 1000 }, holds: 'k'.repeat(keyCharsMax) },
    { points: null, holds: null },
  ])
    expect(readPresence({ ...said, more: 'x'.repeat(10_000) })).toEqual(said)
  expect(readPresence({ points: { ...at, more: 1 }, holds: null })?.points).toEqual(at)
})

test.each([
  undefined,
  null,
  'k',
  7,
  [],
  new Uint8Array(8),
  new Map([['points', null]]),
  {},
  { points: null },
  { holds: null },
  { points: at, holds: 7 },
  { points: at, holds: 'k'.repeat(keyCharsMax + 1) },
  { points: 'here', holds: null },
  { points: [null, 1, 2], holds: null },
  { points: { ...at, on: undefined }, holds: null },
  { points: { ...at, on: 'k'.repeat(keyCharsMax + 1) }, holds: null },
  { points: { ...at, x: -1 }, holds: null },
  { points: { ...at, x: 1001 }, holds: null },
  { points: { ...at, x: 0.5 }, holds: null },
  { points: { ...at, x: Number.NaN }, holds: null },
  { points: { ...at, x: '1' }, holds: null },
  { points: { ...at, y: 2n ** 63n }, holds: null },
  { points: { on: null, x: 1 }, holds: null },
])('what is of another shape says nothing: %o', (data) => {
  expect(readPresence(data)).toBeUndefined()
})

test('the same place of a board is the same in a wide window and in a narrow one', () => {
  const box = (left: number, top: number, width: number, height: number) => ({ left, top, width, height }) as DOMRect
  const wide = placeIn(null, box(40, 300, 800, 400), { clientX: 240, clientY: 600 })
  expect(wide).toEqual({ on: null, x: 250, y: 750 })
  expect(placeIn(null, box(10, 900, 320, 200), { clientX: 90, clientY: 1050 })).toEqual(wide)
})

test('outside of the board is its edge, and a board of no size has one place', () => {
  const box = { left: 10, top: 10, width: 100, height: 100 } as DOMRect
  expect(placeIn('k', box, { clientX: 0, clientY: 111 })).toEqual({ on: 'k', x: 0, y: 1000 })
  const empty = { left: 10, top: 10, width: 0, height: 0 } as DOMRect
  expect(placeIn('k', empty, { clientX: 10, clientY: 9 })).toEqual({ on: 'k', x: 0, y: 0 })
})
