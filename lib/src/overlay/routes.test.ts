import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PeerId } from '../identity/peer-id.ts'
import { Positions, Rings } from './rings.ts'
import { hopsMax, Routes } from './routes.ts'
import type { OpenLinks } from './routes.ts'

const positions = new Positions((bytes) => sha256(bytes))
const peer = (n: number) => `peer-${n}`.padEnd(43, '_') as PeerId

function ringsOf(ids: Iterable<PeerId>): Rings {
  const rings = new Rings(positions)
  for (const id of ids) rings.add(id)
  return rings
}

const peers = (count: number, from = 0) => Array.from({ length: count }, (_, n) => peer(from + n))

function linksTo(open: Iterable<PeerId>): OpenLinks & { open: Set<PeerId>; version: number } {
  const links = { version: 0, open: new Set(open), has: (id: PeerId) => links.open.has(id), peers: () => links.open }
  return links
}

/** How many links away everybody is from `start`. */
function distances(rings: Rings, start: PeerId): Map<PeerId, number> {
  const found = new Map([[start, 0]])
  for (const [id, far] of found) {
    for (const next of rings.neighboursOf(id)) if (!found.has(next)) found.set(next, far + 1)
  }
  return found
}

describe('the graph of the rings', () => {
  // ANCHORS: N = 100 diameter 4, mean distance 2.45; N = 1,000 diameter 5, 3.6.
  test.each([
    { size: 100, starts: 100, diameter: 4, mean: 2.6 },
    { size: 1000, starts: 20, diameter: 6, mean: 3.8 },
  ])('of $size members is at most $diameter links wide', ({ size, starts, diameter, mean }) => {
    for (const from of [0, 10_000]) {
      const rings = ringsOf(peers(size, from))
      let sum = 0
      for (let n = 0; n < starts; n++) {
        const far = [...distances(rings, peer(from + n)).values()]
        expect(far.length, 'reached').toBe(size)
        expect(Math.max(...far)).toBeLessThanOrEqual(diameter)
        sum += far.reduce((a, b) => a + b) / (size - 1)
      }
      expect(sum / starts).toBeLessThan(mean)
    }
  })

  test('stays connected when any 30 % of a thousand vanish at once', () => {
    for (let seed = 0; seed < 5; seed++) {
      const everybody = peers(1000, seed * 1000)
      const rings = ringsOf(everybody)
      const gone = new Set(everybody.filter((id) => (positions.of(id).at[1] as number) % 10 < 3))
      expect(gone.size).toBeGreaterThan(230)
      const survivors = everybody.filter((id) => !gone.has(id))
      const reached = new Set([survivors[0] as PeerId])
      // Only the old edges between survivors: nothing is repaired yet.
      for (const id of reached) {
        for (const next of rings.neighboursOf(id)) if (!gone.has(next)) reached.add(next)
      }
      expect(reached.size).toBe(survivors.length)
    }
  })
})

describe('routes', () => {
  test('are shortest, start on an open link, and are no longer than allowed', () => {
    const sizes = fc.integer({ min: 2, max: 150 })
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), (size, a, b) => {
        const self = peer(a % size)
        const target = peer(b % size)
        const rings = ringsOf(peers(size))
        const links = linksTo(rings.neighboursOf(self))
        const path = new Routes(self, rings, links).path(target)
        if (self === target) {
          expect(path).toBeUndefined()
          return
        }
        expect(path?.length).toBe(distances(rings, self).get(target))
        expect(links.has(path?.[0] as PeerId)).toBe(true)
        expect(path?.at(-1)).toBe(target)
        expect(new Set(path).size).toBe(path?.length)
        expect(path).not.toContain(self)
        for (let n = 1; n < (path?.length ?? 0); n++) {
          expect(rings.neighboursOf(path?.[n - 1] as PeerId)).toContain(path?.[n])
        }
      }),
      { numRuns: 200, seed: 4 },
    )
  })

  test('that are disjoint share no relay', () => {
    const rings = ringsOf(peers(100))
    for (let n = 1; n < 100; n++) {
      const routes = new Routes(peer(0), rings, linksTo(rings.neighboursOf(peer(0))))
      const paths = routes.disjoint(peer(n))
      const relays = paths.flatMap((path) => path.slice(0, -1))
      expect(new Set(relays).size).toBe(relays.length)
      if (!rings.neighboursOf(peer(0)).includes(peer(n))) expect(paths.length).toBe(3)
    }
  })

  test('lead over nobody who may not relay, but to it', () => {
    const rings = ringsOf(peers(100))
    const quiet = new Set(peers(100).slice(50))
    const links = linksTo(rings.neighboursOf(peer(0)))
    const routes = new Routes(peer(0), rings, links, (id) => !quiet.has(id))
    let found = 0
    for (let n = 1; n < 100; n++) {
      const path = routes.path(peer(n))
      found += path === undefined ? 0 : 1
      expect(path?.slice(0, -1).some((id) => quiet.has(id)) ?? false).toBe(false)
      expect(path?.at(-1) ?? peer(n)).toBe(peer(n))
    }
    expect(found).toBeGreaterThan(90)
  })

  test('end where no open link leads on', () => {
    const rings = ringsOf(peers(50))
    expect(new Routes(peer(0), rings, linksTo([])).path(peer(9))).toBeUndefined()
    const [only] = rings.neighboursOf(peer(0))
    const routes = new Routes(peer(0), rings, linksTo([only as PeerId]))
    const target = [...rings].find((id) => id !== peer(0) && id !== only) as PeerId
    expect(routes.path(target)?.[0]).toBe(only)
    expect(routes.path(target, new Set([only as PeerId]))).toBeUndefined()
    expect(routes.path(target, new Set(), 1), 'a limit').toBeUndefined()
  })

  test('are computed again when a member or a link comes or goes', () => {
    const rings = ringsOf(peers(40))
    const links = linksTo(rings.neighboursOf(peer(0)))
    const routes = new Routes(peer(0), rings, links)
    const target = [...rings].find((id) => (routes.path(id)?.length ?? 0) > 1) as PeerId
    const first = routes.path(target)?.[0] as PeerId
    links.open.delete(first)
    links.version++
    expect(routes.path(target)?.[0]).not.toBe(first)
    links.open.add(target)
    links.version++
    expect(routes.path(target)).toEqual([target])
  })

  test('lead to somebody who is no member yet: to where it would stand', () => {
    const rings = ringsOf(peers(60))
    const routes = new Routes(peer(0), rings, linksTo(rings.neighboursOf(peer(0))))
    const path = routes.path(peer(999)) ?? []
    expect(path.length).toBeGreaterThan(0)
    expect(path.length).toBeLessThanOrEqual(hopsMax)
    const last = path.at(-2)
    if (last !== undefined) expect(rings.neighboursOf(peer(999))).toContain(last)
  })
})
