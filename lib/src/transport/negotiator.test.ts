import { describe, expect, test, vi } from 'vitest'
import { type Inmate, Yard } from '../../test/transport/inmates.ts'
import { decodeSignal, encodeSignal } from './signal.ts'

// No single case takes a second on an idle machine; a busy one must not fail it.
vi.setConfig({ testTimeout: 30_000 })

/** An offer that `from` made for `to`, caught before it arrives. */
function offerOf(yard: Yard, from: Inmate, to: Inmate): Uint8Array {
  const { signalMs } = yard
  yard.signalMs = undefined
  from.dial(to)
  yard.host.advance(10)
  yard.signalMs = signalMs
  return from.signals.at(-1)!.payload
}

const kinds = (inmate: Inmate): (string | undefined)[] =>
  inmate.signals.map(({ payload }) => decodeSignal(payload)?.kind)

describe('a dial', () => {
  test('needs one payload each way: what is gathered within a few milliseconds travels together', () => {
    const yard = new Yard()
    const [a, b] = yard.pair()
    expect([a.links.length, b.links.length]).toEqual([1, 1])
    expect([kinds(a), kinds(b)]).toEqual([['offer'], ['answer']])
    expect(decodeSignal(a.signals[0]!.payload)).toMatchObject({ candidates: [expect.stringContaining('127.0.0.1')] })
  })

  test('that nobody answers fails at its deadline, not before, and leaves nothing', () => {
    const yard = new Yard()
    const [a, b] = [yard.add(), yard.add()]
    yard.signalMs = undefined
    a.dial(b)
    yard.host.advance(7_999)
    expect(a.failures).toEqual([])
    yard.host.advance(1)
    expect(a.failures).toEqual(['ERR_DIAL_TIMEOUT'])
    expect([a.transport.size, yard.hub.size, yard.host.waiting]).toEqual([0, 0, 0])
  })

  test('whose handshake is not done in time fails at the same deadline, at both ends', () => {
    const yard = new Yard()
    const [a, b] = [yard.add(), yard.add()]
    yard.hub.cut(b.id, a.id)
    a.dial(b)
    yard.host.advance(8_100)
    expect([a.failures, b.failures]).toEqual([['ERR_HANDSHAKE_TIMEOUT'], ['ERR_LINK_CLOSED']])
  })

  test('in each direction at once is one link, the lower id’s, with one payload each beyond the offers', () => {
    for (let i = 0; i < 20; i++) {
      const yard = new Yard()
      const [a, b] = [yard.add(), yard.add()]
      a.dial(b)
      yard.host.advance(i)
      b.dial(a)
      yard.host.advance(100)
      expect([a.links.length, b.links.length, a.failures, b.failures]).toEqual([1, 1, [], []])
      expect([...a.link.session]).toEqual([...b.link.session])
      expect(a.link.initiator).not.toBe(b.link.initiator)
      // Later than the answer takes, the second dial found the first under way and changed nothing.
      if (i === 0) expect(a.link.initiator).toBe(a.id < b.id)
      expect(yard.hub.size).toBe(2)
    }
  })

  test('that somebody else’s answer comes back to goes on to its deadline; its own deadline only', () => {
    const yard = new Yard()
    const [a, b, c] = [yard.add(), yard.add(), yard.add()]
    const offer = decodeSignal(offerOf(yard, a, b))!
    const answer = encodeSignal({ ...offer, kind: 'answer' } as Parameters<typeof encodeSignal>[0])
    c.call(() => a.transport.signal(c.id, answer))
    yard.host.advance(7_000)
    expect(a.failures).toEqual([])
    yard.host.advance(2_000)
    expect(a.failures).toEqual(['ERR_DIAL_TIMEOUT'])
  })

  test('is refused at once by a peer that gave it up, not left to its deadline', () => {
    const yard = new Yard()
    const [a, b] = [yard.add({ dialDeadlineMs: 20 }), yard.add()]
    yard.signalMs = 30
    a.dial(b)
    // The offer arrives when a has given up; b's answer is refused.
    yard.host.advance(100)
    expect([a.failures, b.failures]).toEqual([['ERR_DIAL_TIMEOUT'], ['ERR_REFUSED']])
    expect(yard.hub.size).toBe(0)
  })

  test('that reached nobody is given up in silence, and made anew when it is asked for again', () => {
    const yard = new Yard()
    const [a, b] = [yard.add(), yard.add()]
    const { signalMs } = yard
    yard.signalMs = undefined
    a.dial(b)
    yard.host.advance(100)
    a.call((transport) => transport.abandon(b.id))
    expect([a.failures, a.transport.size]).toEqual([[], 0])
    yard.signalMs = signalMs
    a.dial(b)
    yard.host.advance(100)
    expect([a.links.length, b.links.length, a.failures]).toEqual([1, 1, []])
  })

  test('that was answered is not given up', () => {
    const yard = new Yard()
    const [a, b] = [yard.add(), yard.add()]
    yard.hub.cut(b.id, a.id)
    a.dial(b)
    yard.host.advance(1000)
    expect(kinds(b)).toEqual(['answer'])
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const)
      one.call((transport) => transport.abandon(other.id))
    expect([a.transport.size, b.transport.size]).toEqual([1, 1])
  })

  test('counts against the dials under way', () => {
    const yard = new Yard()
    const a = yard.add({ dialsMax: 2 })
    yard.signalMs = undefined
    for (let i = 0; i < 3; i++) a.dial(yard.add())
    yard.host.advance(1)
    expect(a.failures).toEqual(['ERR_TOO_MANY_DIALS'])
    expect(a.transport.size).toBe(2)
  })
})

describe('an offer', () => {
  test('that was taken once is not taken again', () => {
    const yard = new Yard()
    const [a, b] = yard.pair()
    const offer = a.signals[0]!.payload
    a.link.close()
    yard.host.advance(100)
    for (let i = 0; i < 50; i++) b.call((transport) => transport.signal(a.id, offer))
    expect([yard.hub.size, b.transport.size]).toEqual([0, 0])
    yard.host.advance(10_000)
    expect(b.failures).toEqual([])
  })

  test('of our own that comes back as the other’s is ignored, whichever id is lower', () => {
    for (let i = 0; i < 4; i++) {
      const yard = new Yard()
      const [a, b] = [yard.add(), yard.add()]
      const offer = offerOf(yard, a, b)
      a.call((transport) => transport.signal(b.id, offer))
      expect(yard.hub.size).toBe(1)
      b.call((transport) => transport.signal(a.id, offer))
      yard.host.advance(100)
      expect([a.links.length, b.links.length]).toEqual([1, 1])
    }
  })

  test('in place of an earlier one of the same peer takes its place', () => {
    const yard = new Yard()
    const [a, b] = [yard.add({ dialDeadlineMs: 20 }), yard.add()]
    const first = offerOf(yard, a, b)
    yard.host.advance(100)
    b.call((transport) => transport.signal(a.id, first))
    const second = offerOf(yard, a, b)
    b.call((transport) => transport.signal(a.id, second))
    expect(b.transport.size).toBe(1)
    yard.host.advance(100)
    expect([a.links.length, b.links.length]).toEqual([1, 1])
  })

  test('too many under way is refused, and the dialler told', () => {
    const yard = new Yard()
    const b = yard.add({ incomingMax: 3 })
    const others = Array.from({ length: 4 }, () => yard.add())
    yard.hub.fate = () => ({ type: 'drop' })
    for (const other of others) other.dial(b)
    yard.host.advance(100)
    expect(b.transport.size).toBe(3)
    expect(others.flatMap(({ failures }) => failures)).toEqual(['ERR_REFUSED'])
  })

  test('costs a connection, so only so many are taken up in a time', () => {
    const yard = new Yard()
    const b = yard.add({ offersBurst: 4, offersPerSecond: 2, incomingMax: 100 })
    const flood = (count: number): number => {
      const before = b.transport.size
      for (let i = 0; i < count; i++) {
        const a = yard.add()
        b.call((transport) => transport.signal(a.id, offerOf(yard, a, b)))
      }
      return b.transport.size - before
    }
    expect(flood(10)).toBe(4)
    yard.host.advance(1_000)
    expect(flood(10)).toBe(2)
  })

  test('that is no data channel fails its attempt at both ends', () => {
    const yard = new Yard()
    const [a, b] = [yard.add(), yard.add()]
    const offer = decodeSignal(offerOf(yard, a, b))!
    if (offer.kind !== 'offer') throw new Error('an offer was expected')
    const sdp = offer.sdp.replace('m=application', 'm=audio')
    b.call((transport) => transport.signal(a.id, encodeSignal({ ...offer, sdp })))
    yard.host.advance(50)
    expect([a.failures, b.failures]).toEqual([['ERR_REFUSED'], ['ERR_SIGNAL_DESCRIPTION']])
    expect(yard.hub.size).toBe(0)
  })
})

describe('a caller', () => {
  test('is never called back from inside its own call', () => {
    const yard = new Yard()
    const [a, b] = yard.pair({ bufferedBytesMax: 1_000 })
    a.dial(a)
    a.dial({ id: 'nobody' as Inmate['id'] })
    for (const limits of [{ dialsMax: 0 }, { incomingMax: 0 }]) {
      const c = yard.add(limits)
      c.dial(a)
      yard.host.advance(50)
      a.dial(c)
      yard.host.advance(50)
    }
    b.call(() => b.link.close())
    a.call(() => a.link.send(new Uint8Array(2_000)))
    yard.host.advance(10_000)
    expect(a.failures.length).toBeGreaterThan(0)
    expect([...a.closes].sort()).toEqual(['ERR_LINK_BACKPRESSURE', 'ERR_LINK_CLOSED'])
    expect(yard.inmates.map(({ reentries }) => reentries)).toEqual([0, 0, 0, 0])
  })

  test('that closes hears nothing more, and nothing is left to run', () => {
    const yard = new Yard()
    const [a, b] = yard.pair()
    const c = yard.add()
    c.dial(a)
    a.dial(yard.add())
    a.call((transport) => transport.close())
    const heard = [a.signals.length, a.links.length, a.failures.length]
    yard.host.advance(20_000)
    expect([a.signals.length, a.links.length, a.failures.length]).toEqual(heard)
    expect([a.closes, b.closes, b.failures]).toEqual([[], ['ERR_LINK_CLOSED'], []])
    for (const inmate of yard.inmates) inmate.call((transport) => transport.close())
    yard.host.advance(20_000)
    expect([yard.hub.size, yard.host.waiting]).toEqual([0, 0])
  })
})
