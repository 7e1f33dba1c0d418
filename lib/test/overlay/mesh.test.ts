/** Whole meshes of nothing but overlays, in virtual time: what issue and paper promise about the graph of links. */
import { describe, expect, test } from 'vitest'
import type { PeerId } from '../../src/identity/peer-id.ts'
import { Waters } from './waters.ts'
import type { Swimmer } from './waters.ts'

const timeout = 60_000
/** DESIGN §5: eight on the rings, two at random. */
const restMax = 8 + 2
/** The default of `linksMax`. */
const capMax = 16

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function settled(size: number, seed: number): Waters {
  const waters = new Waters(seed)
  waters.heartbeat()
  waters.flood(size)
  waters.runFor(60_000)
  expect(waters.whole).toBe(true)
  return waters
}

/** A fixed choice of pairs, the same for both of a pair. */
function pairs(share: number): (a: PeerId, b: PeerId) => boolean {
  return (a, b) => {
    let hash = 0
    for (const character of a < b ? a + b : b + a) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0
    return hash % 1000 < share * 1000
  }
}

describe('a mesh', () => {
  test.each([2, 9, 40, 120])('of %i newcomers at one door is whole within seconds', { timeout }, (size) => {
    const waters = new Waters(size)
    waters.heartbeat()
    for (let n = 0; n < size; n++) waters.after(n * Math.min(10, 2000 / size), () => waters.join(n))
    waters.runFor(2000)
    expect(
      waters.runUntil(() => waters.whole, 13_000),
      'bootstrapped',
    ).toBeDefined()
    expect(Math.max(...waters.degrees)).toBeLessThanOrEqual(capMax)
    waters.runFor(20_000)
    expect(waters.whole).toBe(true)
    expect(Math.max(...waters.degrees)).toBeLessThanOrEqual(restMax)
    expect(waters.counts).toMatchObject({ blamed: 0, rejected: 0 })
  })

  test('at rest opens nothing, closes nothing and says next to nothing', { timeout }, () => {
    const waters = settled(60, 3)
    waters.runFor(120_000)
    const { opened, closed, frames } = waters.counts
    waters.runFor(120_000)
    expect(waters.counts.closed).toBe(closed)
    // A peer that is still one extra link short asks somebody once a minute.
    expect(waters.counts.opened - opened).toBeLessThanOrEqual(5)
    expect((waters.counts.frames - frames) / 60 / 120, 'frames per peer and second').toBeLessThan(0.2)
    expect(Math.max(...waters.degrees)).toBeLessThanOrEqual(restMax)
  })

  test('moves a constant number of links for a newcomer, who has its own within seconds', { timeout }, () => {
    const waters = settled(100, 7)
    for (let n = 0; n < 5; n++) {
      const before = { ...waters.counts }
      waters.join(5000 + n)
      expect(
        waters.runUntil(() => waters.whole, 3000),
        'joined',
      ).toBeDefined()
      waters.runFor(30_000)
      expect(waters.counts.opened - before.opened).toBeLessThanOrEqual(16)
      expect(waters.counts.closed - before.closed).toBeLessThanOrEqual(10)
    }
  })

  test('leaves nobody short of links for more than 3 s under a churn of 5 % per minute', { timeout }, () => {
    const waters = settled(100, 6)
    const before = { ...waters.counts }
    const short = new Map<PeerId, number>()
    let next = 1000
    let moves = 0
    let worst = 0
    for (let t = 0; t < 180_000; t += 250) {
      if (waters.random() < 5 / 240) {
        waters.join(next++)
        moves++
      }
      if (waters.random() < 5 / 240) {
        const living = waters.living
        waters.crash(living[Math.floor(waters.random() * living.length)] as Swimmer)
        moves++
      }
      waters.runFor(250)
      for (const { id, links } of waters.living) {
        const usable = [...links.keys()].filter((other) => waters.swimmers.get(other)?.alive === true).length
        if (usable >= 4) short.delete(id)
        else short.set(id, (short.get(id) ?? 0) + 250)
        worst = Math.max(worst, short.get(id) ?? 0)
      }
      expect(Math.max(...waters.degrees)).toBeLessThanOrEqual(capMax)
    }
    expect(moves).toBeGreaterThan(15)
    expect(worst).toBeLessThanOrEqual(3000)
    expect((waters.counts.opened - before.opened) / moves, 'new links for each join or crash').toBeLessThan(16)
  })

  test('stays in one piece when 30 % crash at once, and is whole again soon after they are missed', { timeout }, () => {
    const waters = settled(100, 5)
    for (const swimmer of waters.living) if (waters.random() < 0.3) waters.crash(swimmer)
    expect(waters.living.length).toBeLessThan(80)
    const reached = waters.islands()
    expect(reached.length, 'over the links that are left').toBe(1)
    expect(
      waters.runUntil(() => waters.whole, 10_000),
      'whole',
    ).toBeDefined()
  })
})

describe('without the server', () => {
  test('rings are repaired by signaling over the mesh', { timeout }, () => {
    const waters = settled(64, 11)
    waters.doorUp = false
    for (const swimmer of waters.living) waters.act(swimmer, () => swimmer.overlay.doorClosed(waters.now))
    const { opened, toTheDoor } = waters.counts
    for (const swimmer of waters.living.slice(10, 15)) waters.crash(swimmer)
    expect(
      waters.runUntil(() => waters.whole, 10_000),
      'whole',
    ).toBeDefined()
    expect(waters.counts.opened).toBeGreaterThan(opened)
    expect(waters.counts.toTheDoor).toBe(toTheDoor)
  })

  test('few stay registered in a large mesh, others take their place, and newcomers find a door', { timeout }, () => {
    const waters = settled(60, 12)
    const registered = () => waters.living.filter((swimmer) => swimmer.registered)
    expect(registered().length).toBeGreaterThanOrEqual(5)
    expect(registered().length).toBeLessThan(10)
    for (const swimmer of registered()) waters.crash(swimmer)
    expect(registered().length).toBe(0)
    waters.runFor(10_000)
    expect(registered().length).toBeGreaterThanOrEqual(5)
    waters.join(900)
    expect(
      waters.runUntil(() => waters.whole, 3000),
      'the newcomer is in',
    ).toBeDefined()
  })
})

describe('pairs that can never link', () => {
  test.each([0.1, 0.2])(
    'a share of %d costs neither a member nor the cap, and both ends agree',
    { timeout },
    (share) => {
      const waters = new Waters(3)
      waters.heartbeat()
      waters.unlinkable = pairs(share)
      waters.flood(100)
      waters.runFor(90_000)
      expect(waters.whole).toBe(true)
      expect(waters.connected).toBe(true)
      expect(Math.max(...waters.degrees)).toBeLessThanOrEqual(capMax)
      let barred = 0
      for (const a of waters.living) {
        for (const b of waters.living) {
          if (!a.overlay.isUnlinkable(b.id)) continue
          barred++
          expect(waters.unlinkable(a.id, b.id)).toBe(true)
          expect(b.overlay.isUnlinkable(a.id), 'the other end').toBe(true)
          expect(a.overlay.canReach(b.id, waters.now), 'over a route').toBe(true)
        }
      }
      expect(barred).toBeGreaterThan(50)
      // One that stands in is wanted by one end only, and stays all the same.
      const { opened, closed } = waters.counts
      waters.runFor(60_000)
      expect(waters.counts.closed - closed).toBeLessThanOrEqual(2)
      expect(waters.counts.opened - opened).toBeLessThanOrEqual(10)
    },
  )

  test('of three peers only two may be linked, and stay members all the same', { timeout }, () => {
    const waters = new Waters(4)
    waters.heartbeat()
    for (let n = 0; n < 3; n++) waters.join(n)
    const [a, b] = [waters.get(0), waters.get(1)]
    waters.unlinkable = (x, y) => x !== waters.get(2).id && y !== waters.get(2).id
    waters.runFor(60_000)
    expect(waters.living.every(({ view }) => view.size === 3)).toBe(true)
    expect([a.overlay.isUnlinkable(b.id), b.overlay.isUnlinkable(a.id)]).toEqual([true, true])
    expect(a.dials + b.dials, 'no endless dialling').toBeLessThan(10)
  })
})

describe('islands', () => {
  test.each([2, 8, 60])(
    'of a mesh of %i that was cut in two find each other when the cut heals',
    { timeout },
    (size) => {
      const waters = settled(size, 8)
      const half = new Set(waters.living.slice(0, size / 2).map(({ id }) => id))
      waters.cut = (a, b) => half.has(a) !== half.has(b)
      for (const a of waters.living) {
        for (const b of waters.living) {
          if (waters.cut(a.id, b.id)) waters.after(4000 + 500 * waters.random(), () => waters.bury(a, b.id, 'failed'))
        }
      }
      waters.runFor(60_000)
      expect(waters.islands().length).toBe(2)
      waters.cut = () => false
      expect(
        waters.runUntil(() => waters.connected, 2000),
        'found each other',
      ).toBeDefined()
      expect(
        waters.runUntil(() => waters.whole, 15_000),
        'whole',
      ).toBeDefined()
    },
  )

  test('that grew apart since their founders never met merge through one newcomer', { timeout }, () => {
    const waters = new Waters(9)
    waters.heartbeat()
    waters.flood(12)
    waters.flood(12, 100)
    // The door forgot who is registered: a restart, say.
    for (const swimmer of waters.living) swimmer.registered = false
    waters.runFor(10_000)
    expect(waters.islands().length).toBe(2)
    waters.get(0).registered = true
    waters.get(100).registered = true
    waters.join(500)
    expect(
      waters.runUntil(() => waters.whole, 10_000),
      'whole',
    ).toBeDefined()
  })
})

describe('bad company', () => {
  test('a peer that dials everybody gets its links at the price of nobody else’s', { timeout }, () => {
    const waters = settled(60, 13)
    const bad = waters.join(700)
    waters.runFor(10_000)
    for (let round = 0; round < 20; round++) {
      for (const { id } of waters.living) if (id !== bad.id && !bad.links.has(id)) waters.forceDial(bad, id)
      waters.runFor(1000)
      for (const swimmer of waters.living) {
        expect(swimmer.links.size).toBeLessThanOrEqual(swimmer === bad ? 61 : capMax)
        for (const id of swimmer.overlay.wanted) if (id !== bad.id) expect(swimmer.links.has(id)).toBe(true)
      }
    }
  })

  test('a linked but mute peer loses the links of those who probe it', { timeout }, () => {
    const waters = settled(40, 14)
    const mute = waters.get(5)
    const neighbours = [...mute.links.keys()].filter((id) => mute.overlay.wanted.has(id))
    expect(neighbours.length).toBeGreaterThan(4)
    mute.mute = true
    waters.runFor(45_000)
    const still = neighbours.filter(
      (id) => mute.links.has(id) && waters.now - (mute.links.get(id)?.openedAt ?? 0) > 40_000,
    )
    expect(still).toEqual([])
  })

  test('a peer that answers no dial costs a bounded number of dials', { timeout }, () => {
    const waters = settled(40, 15)
    const before = waters.counts.dials
    const silent = waters.get(7)
    // It stays a member, no link to it ever opens again, and it tries everybody in turn, twice.
    waters.unlinkable = (a, b) => a === silent.id || b === silent.id
    for (const id of silent.links.keys()) waters.cutLink(silent, id)
    waters.runFor(120_000)
    expect(waters.counts.dials - before).toBeLessThan(150)
    expect(sum(waters.living.map(({ overlay }) => (overlay.isUnlinkable(silent.id) ? 1 : 0)))).toBeGreaterThan(0)
  })
})
