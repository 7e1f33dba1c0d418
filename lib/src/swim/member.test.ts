import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Digest, Verified } from '../identity/claim.ts'
import type { WallMillis } from '../identity/millis.ts'
import type { InstanceId, PeerId } from '../identity/peer-id.ts'
import { accusersNeeded, compareAlive, suspicionMs, transitions } from './member.ts'
import type { Alive, Incarnation } from './messages.ts'

describe('the state diagram', () => {
  it('gives every status an answer to every event', () => {
    const events = [
      'newer-incarnation',
      'newer-instance',
      'accused',
      'cleared',
      'condemned',
      'lease-ended',
      'left',
    ] as const
    const table = Object.fromEntries(
      Object.entries(transitions).map(([status, row]) => [status, events.map((event) => row[event])]),
    )
    expect(table).toEqual({
      alive: ['alive', 'alive', 'suspect', 'alive', 'dead', 'dead', 'left'],
      suspect: ['alive', 'alive', 'suspect', 'alive', 'dead', 'dead', 'left'],
      dead: ['alive', 'alive', 'dead', 'dead', 'dead', 'dead', 'left'],
      left: ['left', 'alive', 'left', 'left', 'left', 'left', 'left'],
    })
  })

  it('never brings back who left, but by another run', () => {
    for (const [event, after] of Object.entries(transitions.left))
      expect(after).toBe(event === 'newer-instance' ? 'alive' : 'left')
  })
})

describe('how many accusers a verdict needs', () => {
  it.each([
    [1, 1],
    [2, 1],
    [3, 2],
    [4, 2],
    [5, 3],
    [6, 3],
    [8, 3],
    [16, 3],
  ])('of %i monitors: %i', (monitors, needed) => {
    expect(accusersNeeded(monitors, 3)).toBe(needed)
  })
})

describe('the suspicion time', () => {
  it.each([
    // accusers, needed, monitors, ms
    [3, 3, 8, 3000],
    [4, 3, 8, 2226],
    [5, 3, 8, 1774],
    [6, 3, 8, 1453],
    [7, 3, 8, 1204],
    [8, 3, 8, 1000],
    [1, 1, 1, 1000],
    [1, 1, 2, 3000],
    [2, 1, 2, 1000],
  ])('with %i accusers of %i needed and %i monitors: %i ms', (accusers, needed, monitors, ms) => {
    expect(Math.round(suspicionMs(accusers, needed, monitors, 1000, 3000))).toBe(ms)
  })

  it('never grows with further accusers, and stays between its bounds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 20 }), (monitors, accusers) => {
        const needed = accusersNeeded(monitors, 3)
        const now = suspicionMs(accusers, needed, monitors, 500, 1500)
        const then = suspicionMs(accusers + 1, needed, monitors, 500, 1500)
        return then <= now && then >= 500 && now <= 1500
      }),
    )
  })
})

describe('the order of alive claims', () => {
  const claim = fc
    .record({
      startedAt: fc.integer({ min: 0, max: 2 }),
      instance: fc.constantFrom('a', 'b'),
      incarnation: fc.integer({ min: 0, max: 2 }),
      issuedAt: fc.integer({ min: 0, max: 2 }),
      digest: fc.constantFrom('x', 'y'),
    })
    .map(
      (each) =>
        ({
          type: 'alive',
          author: 'p' as PeerId,
          ttlMs: 1,
          metadata: new Uint8Array(0),
          zone: '',
          admission: new Uint8Array(0),
          sealingKey: new Uint8Array(0),
          incarnationDigest: '' as Digest,
          bytes: new Uint8Array(0),
          ...each,
          startedAt: each.startedAt as WallMillis,
          instance: each.instance as InstanceId,
          incarnation: each.incarnation as Incarnation,
          issuedAt: each.issuedAt as WallMillis,
          digest: each.digest as Digest,
        }) as unknown as Verified<Alive>,
    )

  it('is total: antisymmetric, and transitive', () => {
    fc.assert(
      fc.property(claim, claim, claim, (a, b, c) => {
        expect(Math.sign(compareAlive(a, b))).toBe(-Math.sign(compareAlive(b, a)) + 0)
        if (compareAlive(a, b) <= 0 && compareAlive(b, c) <= 0) expect(compareAlive(a, c)).toBeLessThanOrEqual(0)
      }),
    )
  })
})
