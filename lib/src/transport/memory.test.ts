import { describe, expect, test } from 'vitest'
import { Yard } from '../../test/transport/inmates.ts'

const send = (yard: Yard, frames: readonly number[], by = 0): void => {
  for (const frame of frames) yard.inmates[by]!.link.send(Uint8Array.of(frame))
}

describe('frames in memory', () => {
  test('take the hub’s latency', () => {
    const yard = new Yard()
    const [, b] = yard.pair()
    yard.hub.latencyMs = 25
    send(yard, [1])
    yard.host.advance(24)
    expect(b.frames).toEqual([])
    yard.host.advance(1)
    expect(b.frames).toEqual([[1]])
  })

  test('keep their order, however late one of them is', () => {
    const yard = new Yard()
    const [, b] = yard.pair()
    yard.hub.fate = (_from, _to, frame) => (frame[0] === 2 ? { type: 'delay', delayMs: 50 } : undefined)
    send(yard, [1, 2, 3])
    yard.host.advance(49)
    expect(b.frames).toEqual([[1]])
    yard.host.advance(1)
    expect(b.frames).toEqual([[1], [2], [3]])
  })

  test('are lost one by one, or all in one direction, and the link stays', () => {
    const yard = new Yard()
    const [a, b] = yard.pair()
    yard.hub.fate = (_from, _to, frame) => (frame[0] === 2 ? { type: 'drop' } : undefined)
    send(yard, [1, 2, 3])
    yard.host.advance(10)
    expect(b.frames).toEqual([[1], [3]])
    yard.hub.cut(a.id, b.id)
    send(yard, [4])
    send(yard, [5], 1)
    yard.host.advance(10_000)
    yard.hub.heal(a.id, b.id)
    send(yard, [6])
    yard.host.advance(10)
    expect([a.frames, b.frames]).toEqual([[[5]], [[1], [3], [6]]])
    expect([a.closes, b.closes]).toEqual([[], []])
  })

  test('that are held wait in the buffer, and drain once', () => {
    const yard = new Yard()
    const [a, b] = yard.pair({ bufferedBytesLow: 100 })
    yard.hub.hold(a.id, b.id)
    for (let i = 0; i < 4; i++) a.link.send(new Uint8Array(50).fill(i))
    yard.host.advance(1_000)
    expect([a.link.bufferedBytes, a.drains, b.frames.length]).toEqual([200, 0, 0])
    yard.hub.heal(a.id, b.id)
    yard.host.advance(10)
    expect([a.link.bufferedBytes, a.drains, b.frames.length]).toEqual([0, 1, 4])
  })

  test('over the buffer’s limit close the link', () => {
    const yard = new Yard()
    const [a, b] = yard.pair({ bufferedBytesMax: 100 })
    yard.hub.hold(a.id, b.id)
    a.link.send(new Uint8Array(100))
    yard.host.advance(10)
    expect(a.closes).toEqual([])
    a.link.send(new Uint8Array(1))
    yard.host.advance(10)
    expect([a.closes, b.closes]).toEqual([['ERR_LINK_BACKPRESSURE'], ['ERR_LINK_CLOSED']])
  })

  test('are copies: what the sender does to its bytes afterwards stays its own', () => {
    const yard = new Yard()
    const [a, b] = yard.pair()
    const bytes = Uint8Array.of(1, 2, 3)
    a.link.send(bytes)
    bytes.fill(9)
    yard.host.advance(10)
    expect(b.frames).toEqual([[1, 2, 3]])
  })
})

test('a link that is severed closes at both ends, and its peers can link again', () => {
  const yard = new Yard()
  const [a, b] = yard.pair()
  yard.hub.sever(a.id, b.id)
  yard.host.advance(10)
  expect([a.closes, b.closes]).toEqual([['ERR_LINK_CLOSED'], ['ERR_LINK_CLOSED']])
  b.dial(a)
  yard.host.advance(100)
  expect([a.links.length, b.links.length, yard.hub.size]).toEqual([2, 2, 2])
})
