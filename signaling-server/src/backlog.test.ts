import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Backlog } from './backlog.ts'

class Reader {
  bufferedBytes = 0
}

function readers(backlog: Backlog<Reader>, ...bytes: number[]): Reader[] {
  return bytes.map((bufferedBytes) => {
    const reader = Object.assign(new Reader(), { bufferedBytes })
    backlog.look(reader)
    return reader
  })
}

describe('what waits for slow readers', () => {
  it('cuts off nobody at the limit, and one over it whoever has most', () => {
    const backlog = new Backlog<Reader>()
    const [, most] = readers(backlog, 30, 50, 20)
    expect(backlog.shed(100)).toEqual([])
    readers(backlog, 1)
    expect(backlog.shed(100)).toEqual([most])
    expect(backlog.bytes).toBe(51)
  })

  it('looks again before it cuts anybody off: they may have read since', () => {
    const backlog = new Backlog<Reader>()
    const [first, second] = readers(backlog, 80, 80)
    first!.bufferedBytes = 0
    expect(backlog.shed(100)).toEqual([])
    expect(backlog.bytes).toBe(80)
    second!.bufferedBytes = 101
    expect(backlog.shed(100)).toEqual([])
    backlog.look(second!)
    expect(backlog.shed(100)).toEqual([second])
  })

  it('forgets who is gone', () => {
    const backlog = new Backlog<Reader>()
    const [first] = readers(backlog, 60, 50)
    backlog.forget(first!)
    backlog.forget(first!)
    expect([backlog.bytes, backlog.shed(50)]).toEqual([50, []])
  })

  it('is never over its limit after it has shed, and sheds no more than it must', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { maxLength: 40 }), fc.nat(5000), (bytes, max) => {
        const backlog = new Backlog<Reader>()
        readers(backlog, ...bytes)
        const shed = backlog.shed(max)
        expect(backlog.bytes).toBeLessThanOrEqual(max)
        const least = Math.min(...shed.map(({ bufferedBytes }) => bufferedBytes))
        if (shed.length > 0) expect(backlog.bytes + least).toBeGreaterThan(max)
      }),
    )
  })
})
