import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Label, labelHeight, type Pin, placeLabels } from './cursor-labels.ts'
import type { PeerId } from './mesh.ts'

const wide = { width: 700, height: 380 }
const pin = (peer: string, x: number, y: number, name = 'Silver Herring'): Pin => ({ peer: peer as PeerId, name, x, y })
const place = (pins: readonly Pin[], before?: ReadonlyMap<PeerId, Label>, first?: string) =>
  placeLabels(pins, wide, before ?? new Map(), first as PeerId | undefined)

test('a name stands below and to the right of its arrow, and on another side where there is no room', () => {
  const labels = place([pin('a', 300, 100), pin('b', 690, 10), pin('c', 300, 375)])
  expect(labels.get('a' as PeerId)).toMatchObject({ dx: 9, dy: 17 })
  expect(labels.get('b' as PeerId)!.dx).toBeLessThan(0)
  expect(labels.get('c' as PeerId)!.dy).toBeLessThan(0)
})

test('a name stands over no arrow while there is another side', () => {
  const labels = place([pin('a', 300, 100), pin('b', 330, 120)])
  expect(labels.get('a' as PeerId)).toMatchObject({ dx: -110, dy: 17 })
  expect(labels.get('b' as PeerId)).toMatchObject({ dx: 9, dy: 17 })
})

test('of arrows on one spot some have names, and whoever had one or is asked for has one before all others', () => {
  const crowd = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((peer) => pin(peer, 300, 200))
  const before = place(crowd)
  expect([...before.keys()]).toEqual(['a', 'b', 'c', 'd'])
  const later = place(crowd, new Map([...before].slice(2)), 'h')
  expect([...later.keys()]).toEqual(['h', 'c', 'd', 'a'])
})

test('wherever they are, names stand inside the board, and none over another', () => {
  const pins = fc.array(
    fc.record({
      x: fc.double({ min: 0, max: 1, noNaN: true }),
      y: fc.double({ min: 0, max: 1, noNaN: true }),
      name: fc.string({ minLength: 1, maxLength: 40 }),
    }),
    { maxLength: 40 },
  )
  const box = fc.record({ width: fc.integer({ min: 0, max: 900 }), height: fc.integer({ min: 0, max: 500 }) })
  fc.assert(
    fc.property(pins, box, (given, { width, height }) => {
      const placed = given.map(({ x, y, name }, i) => pin(`${i}`, x * width, y * height, name))
      const labels = placeLabels(placed, { width, height }, new Map(), undefined)
      const spots = placed.flatMap(({ peer, x, y }) => {
        const label = labels.get(peer)
        return label ? [{ left: x + label.dx, top: y + label.dy, width: label.width }] : []
      })
      for (const [i, a] of spots.entries()) {
        expect(a.left).toBeGreaterThanOrEqual(-1e-9)
        expect(a.left + a.width).toBeLessThanOrEqual(width + 1e-9)
        expect(a.top).toBeGreaterThanOrEqual(-1e-9)
        expect(a.top + labelHeight).toBeLessThanOrEqual(height + 1e-9)
        for (const b of spots.slice(i + 1)) {
          const apart =
            a.left + a.width <= b.left || b.left + b.width <= a.left || Math.abs(a.top - b.top) >= labelHeight
          expect(apart).toBe(true)
        }
      }
    }),
  )
})
