import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PeerId } from '../identity/peer-id.ts'
import { Positions, Rings } from './rings.ts'

const peer = (n: number) => `peer-${n}`.padEnd(43, '_') as PeerId
const positions = new Positions(sha256)

function ringsOf(ids: Iterable<PeerId>, options = {}): Rings {
  const rings = new Rings(positions, options)
  for (const id of ids) rings.add(id)
  return rings
}

const peers = (count: number, from = 0) => Array.from({ length: count }, (_, n) => peer(from + n))

/** What the definition says, without search, caches or increments. */
function neighboursByDefinition(ids: readonly PeerId[], id: PeerId): PeerId[] {
  const everyone = [...new Set([...ids, id])]
  if (everyone.length <= 9) return everyone.filter((other) => other !== id).sort()
  const found = new Set<PeerId>()
  for (let r = 0; r < 4; r++) {
    const ring = everyone
      .map((member) => ({ member, position: positions.of(member).at[r] as number }))
      .sort((a, b) => a.position - b.position)
      .map(({ member }) => member)
    const index = ring.indexOf(id)
    found.add(ring[(index + 1) % ring.length] as PeerId)
    found.add(ring[(index + ring.length - 1) % ring.length] as PeerId)
  }
  return [...found].sort()
}

describe('positions', () => {
  test('are the same for everybody who computes them', () => {
    expect(new Positions(sha256).of(peer(1))).toEqual(new Positions(sha256).of(peer(1)))
    expect(new Positions(sha256).of(peer(1)).at).not.toEqual(new Positions(sha256).of(peer(2)).at)
  })

  test('cost one hash for each id, however many views ask', () => {
    let hashes = 0
    const counted = new Positions((bytes) => (hashes++, sha256(bytes)))
    for (let view = 0; view < 20; view++) {
      const rings = new Rings(counted)
      for (const id of peers(50)) rings.add(id)
    }
    expect(hashes).toBe(50)
  })

  test('are remembered for a bounded number of ids, and views outlive what is forgotten', () => {
    const small = new Positions(sha256, 8)
    const rings = new Rings(small)
    for (const id of peers(40)) rings.add(id)
    expect(small.size).toBe(8)
    for (const id of peers(40))
      expect([...rings.neighboursOf(id)].sort()).toEqual(neighboursByDefinition(peers(40), id))
  })

  test('that an owner chose anew move their member, and the same ones do not', () => {
    const rings = ringsOf(peers(30))
    expect(rings.add(peer(99), new Uint8Array(16).fill(7))).toBe(true)
    expect(rings.add(peer(99), new Uint8Array(16).fill(7))).toBe(false)
    expect(rings.add(peer(99), new Uint8Array(16).fill(8))).toBe(true)
    const twin = ringsOf(peers(30))
    twin.add(peer(99), new Uint8Array(16).fill(8))
    expect(rings.neighboursOf(peer(99))).toEqual(twin.neighboursOf(peer(99)))
    expect(rings.size).toBe(31)
  })

  test('that an owner chose stand in place of those of the id', () => {
    const seed = new Uint8Array(16).fill(7)
    const rings = ringsOf(peers(30))
    rings.add(peer(99), seed)
    const twin = new Rings(positions)
    for (const id of peers(30)) twin.add(id)
    twin.add(peer(77), seed)
    expect(rings.neighboursOf(peer(99))).toEqual(twin.neighboursOf(peer(77)))
    expect(rings.has(peer(99))).toBe(true)
    const before = rings.neighboursOf(peer(99))
    expect(rings.remove(peer(99))).toBe(true)
    expect(rings.neighboursOf(peer(99)), 'after it went').toEqual(before)
  })
})

describe('rings', () => {
  test('that grew and shrank are those that would be computed at once', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 40 })), { maxLength: 120 })
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 45 }), (moves, asked) => {
        const rings = new Rings(positions)
        const model = new Set<PeerId>()
        for (const [comes, n] of moves) {
          const version = rings.version
          const changed = comes ? !model.has(peer(n)) : model.has(peer(n))
          expect(comes ? rings.add(peer(n)) : rings.remove(peer(n))).toBe(changed)
          expect(rings.version > version).toBe(changed)
          if (comes) model.add(peer(n))
          else model.delete(peer(n))
        }
        expect([...rings].sort()).toEqual([...model].sort())
        for (const id of [...model, peer(asked)]) {
          expect([...rings.neighboursOf(id)].sort()).toEqual(neighboursByDefinition([...model], id))
        }
      }),
      { numRuns: 150, seed: 4 },
    )
  })

  test('make neighbours of each other, at most eight', () => {
    for (const size of [1, 2, 8, 9, 10, 11, 50, 200]) {
      const rings = ringsOf(peers(size))
      for (const id of rings) {
        const neighbours = rings.neighboursOf(id)
        expect(neighbours.length).toBeLessThanOrEqual(8)
        expect(new Set(neighbours).size).toBe(neighbours.length)
        for (const other of neighbours) expect(rings.neighboursOf(other), `${size} members`).toContain(id)
      }
    }
  })

  test.each([1, 2, 5, 9])('of %i members make everybody a neighbour', (size) => {
    const rings = ringsOf(peers(size))
    for (const id of rings) expect(rings.neighboursOf(id).length).toBe(size - 1)
  })

  test('move a constant number of edges for a newcomer', () => {
    const edges = (rings: Rings) =>
      new Set([...rings].flatMap((a) => rings.neighboursOf(a).map((b) => [a, b].sort().join())))
    for (const size of [20, 100, 400]) {
      const rings = ringsOf(peers(size))
      const before = edges(rings)
      rings.add(peer(5000))
      const after = edges(rings)
      expect([...after].filter((edge) => !before.has(edge)).length).toBeLessThanOrEqual(8)
      expect([...before].filter((edge) => !after.has(edge)).length).toBeLessThanOrEqual(4)
    }
  })

  test('entitle whoever stands within two places of the subject, and nobody else', () => {
    const rings = ringsOf(peers(60))
    for (const subject of [peer(3), peer(900)]) {
      const monitors = rings.monitorsOf(subject)
      const entitled = [...rings].filter((accuser) => rings.entitled(accuser, subject))
      for (const monitor of monitors) expect(entitled).toContain(monitor)
      expect(entitled.length).toBeGreaterThan(monitors.length)
      expect(entitled.length).toBeLessThanOrEqual(16)
      expect(entitled).not.toContain(subject)
    }
    expect(rings.entitled(peer(900), peer(3)), 'a stranger').toBe(false)
  })

  test('hand a refused edge to the next along the ring', () => {
    const rings = ringsOf(peers(30))
    const first = rings.nearest(0, peer(1), 1)
    const second = rings.nearest(0, peer(1), 1, (other) => other !== first)
    expect(rings.nearest(0, first as PeerId, 1)).toBe(second)
    expect(rings.nearest(0, peer(1), 1, () => false)).toBeUndefined()
  })

  test('refuse a number of rings that the hash has no room for', () => {
    expect(() => new Rings(positions, { rings: 5 })).toThrow(RangeError)
    expect(() => new Rings(positions, { rings: 0 })).toThrow(RangeError)
  })
})
