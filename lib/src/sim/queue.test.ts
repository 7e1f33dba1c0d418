import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventQueue } from './queue.ts'

describe('the queue', () => {
  it('gives back what is earliest, and what came first among equals', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 300 }), (times) => {
        const queue = new EventQueue<{ at: number; order: number }>()
        times.forEach((at, order) => queue.push(at, { at, order }))
        const out = times.map(() => queue.pop())
        const expected = times.map((at, order) => ({ at, order })).sort((a, b) => a.at - b.at || a.order - b.order)
        expect(out).toEqual(expected)
        expect(queue.pop()).toBeUndefined()
      }),
    )
  })

  it('keeps that order when pushes and pops alternate', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 9 }))), (steps) => {
        const queue = new EventQueue<number>()
        const model: { at: number; order: number }[] = []
        steps.forEach((at, order) => {
          if (at !== null) {
            queue.push(at, order)
            model.push({ at, order })
            return
          }
          model.sort((a, b) => a.at - b.at || a.order - b.order)
          expect(queue.pop()).toBe(model.shift()?.order)
        })
        expect(queue.size).toBe(model.length)
      }),
    )
  })
})
