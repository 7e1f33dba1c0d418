import { sha256 } from '@noble/hashes/sha2.js'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { edgesDefaults, type EdgesOptions } from './edge-options.ts'
import { Edges } from './edges.ts'
import type { EdgesEffect } from './effect.ts'
import type { EdgeWord } from './messages.ts'
import { Positions, Rings } from './rings.ts'

const positions = new Positions((bytes) => sha256(bytes))
/** Ids that sort as their numbers do. */
const peer = (n: number) => `${String(n).padStart(6, '0')}-peer`.padEnd(43, '_') as PeerId
const me = peer(500)

let rings: Rings
let effects: EdgesEffect[]
let said: [PeerId, EdgeWord][]
let edges: Edges
let now: number
let wellConnected: boolean
let healthy: boolean

function make(options: EdgesOptions = {}): void {
  rings = new Rings(positions)
  rings.add(me)
  effects = []
  said = []
  now = 0
  wellConnected = true
  healthy = true
  let state = 1
  edges = new Edges(
    {
      self: me,
      rings,
      random: () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647,
      wellConnected: () => wellConnected,
      healthy: () => healthy,
      dialsFirst: (other) => me < other,
      outbox: (effect) => effects.push(effect),
      say: (to, word) => said.push([to, word]),
    },
    options,
  )
}

beforeEach(() => make())

const at = () => now as Millis

function up(...numbers: number[]): void {
  for (const n of numbers) {
    rings.add(peer(n))
    edges.memberUp(peer(n), at())
  }
  run(now)
}

function down(n: number, reason: 'failed' | 'left'): void {
  rings.remove(peer(n))
  edges.memberDown(peer(n), reason, at())
}

/** Ticks whenever a deadline says so, until `until`. */
function run(until: number): void {
  for (let ticks = 0; ; ticks++) {
    expect(ticks, 'ticks that change nothing').toBeLessThan(20_000)
    const next = edges.deadline()
    if (next === undefined || next > until) break
    now = Math.max(now, next)
    edges.tick(at())
  }
  now = until
}

function open(id: PeerId): void {
  edges.linkOpened(id, at())
}

function openAllWanted(): void {
  for (const id of edges.wanted) if (!edges.has(id)) open(id)
}

const dialled = () => effects.flatMap((effect) => (effect.type === 'dial' ? [effect.peer] : []))
const hungUp = () => effects.flatMap((effect) => (effect.type === 'hang-up' ? [[effect.peer, effect.code]] : []))
const doors = () => effects.flatMap((effect) => (effect.type === 'door' ? [effect.wanted] : []))

const many = Array.from({ length: 60 }, (_, n) => 471 + n).filter((n) => n !== 500)

describe('calls that a neighbour hands us', () => {
  const [one, other] = [peer(1), peer(2)]
  const admitted = (via: PeerId, from: number) => {
    let count = 0
    for (let n = 0; n < 20; n++) count += Number(edges.admits(peer(from + n), 'mesh', at(), via))
    return count
  }

  test('are answered twelve at once and one in two seconds, told when they are more, and another’s are its own', () => {
    make({ linksMax: 100 })
    expect(admitted(one, 10_000)).toBe(12)
    expect(effects.filter(({ type }) => type === 'rejected')).toEqual(
      Array.from({ length: 8 }, () => ({ type: 'rejected', peer: one, code: 'ERR_CALL_RATE' })),
    )
    now += 4000
    expect(admitted(one, 20_000)).toBe(2)
    expect(admitted(other, 30_000)).toBe(12)
  })

  test('cost nothing once they are answered, nor where there is no room for them', () => {
    make({ linksMax: 11, callsBurst: 4, callsPerSecond: 0 })
    up(...many)
    openAllWanted()
    const room = 11 - edges.size
    const strangers = Array.from({ length: 40 }, (_, n) => peer(10_000 + n)).filter(
      (id) => !rings.neighboursOf(id).includes(me),
    )
    const answered = () => strangers.filter((id) => edges.admits(id, 'mesh', at(), one))
    expect([room, answered().length]).toEqual([3, 3])
    expect(answered().length, 'they are on their way').toBe(3)
    effects = []
    run(now + edgesDefaults.dialMs)
    expect(answered().length, 'one was left').toBe(1)
    expect(effects).toContainEqual({ type: 'rejected', peer: one, code: 'ERR_CALL_RATE' })
  })

  test('are counted of 256 neighbours', () => {
    make({ linksMax: 10_000 })
    expect(admitted(one, 10_000)).toBe(12)
    for (let n = 0; n < 255; n++) edges.admits(peer(20_000 + n), 'mesh', at(), peer(1000 + n))
    expect(admitted(one, 30_000)).toBe(0)
    for (let n = 0; n < 256; n++) edges.admits(peer(40_000 + n), 'mesh', at(), peer(1000 + n))
    expect(admitted(one, 50_000)).toBe(12)
  })
})

describe('dialling', () => {
  test('looks at the rings once all are known that came together, and not at those on the way', () => {
    // All of higher ids than ours, so that it is for us to dial.
    for (let n = 501; n < 561; n++) {
      rings.add(peer(n))
      edges.memberUp(peer(n), at())
    }
    run(now + 5000)
    expect(dialled().filter((id) => !rings.neighboursOf(me).includes(id))).toEqual([])
    expect(dialled().length).toBe(rings.neighboursOf(me).length)
  })

  test('leaves the dial to whoever dials first for a moment, and takes it over when nothing came', () => {
    up(400, 600)
    expect(dialled(), 'it is for us').toEqual([peer(600)])
    run(edgesDefaults.yieldMs - 1)
    expect(dialled().length).toBe(1)
    run(edgesDefaults.yieldMs)
    expect(dialled()).toEqual([peer(600), peer(400)])
  })

  test('waits in a large mesh for a neighbour to be one for a moment', () => {
    up(...many)
    effects = []
    const newcomer = Array.from({ length: 500 }, (_, n) => 1000 + n).find((n) => {
      rings.add(peer(n))
      const next = rings.neighboursOf(me).includes(peer(n))
      rings.remove(peer(n))
      return next
    }) as number
    up(newcomer)
    expect(dialled()).toEqual([])
    down(newcomer, 'left')
    run(60_000)
    expect(dialled()).not.toContain(peer(newcomer))
  })

  test('is bounded at any one time', () => {
    make({ dialsMax: 3 })
    up(...many)
    run(5000)
    expect(dialled().length).toBe(3)
    edges.dialFailed(dialled()[0] as PeerId, 'ERR_ABSENT', at())
    expect(dialled().length).toBe(4)
  })

  test('backs off, and starts over when a dial is never heard of again', () => {
    make({ unlinkableDials: 1000 })
    up(600)
    run(600_000)
    const count = dialled().length
    expect(count).toBeGreaterThan(10)
    expect(count).toBeLessThan(60)
  })

  test('comes again at once for a link that broke after a life of its own, and later for one that did not', () => {
    up(600)
    run(1000)
    open(peer(600))
    now = 60_000
    edges.heard(peer(600), at())
    effects = []
    edges.linkClosed(peer(600), at())
    run(now + 200)
    expect(dialled()).toEqual([peer(600)])
    open(peer(600))
    now += 10
    edges.linkClosed(peer(600), at())
    run(now + 200)
    expect(dialled().length, 'no hurry').toBe(1)
  })
})

describe('links', () => {
  test('that neither end needs go after a grace time, and not before', () => {
    up(...many)
    run(1000)
    openAllWanted()
    const spare = peer(many.find((n) => !edges.wanted.has(peer(n))) as number)
    open(spare)
    const opened = now
    run(opened + 2000)
    expect(said).toContainEqual([spare, 'spare'])
    expect(hungUp()).toEqual([])
    edges.onEdge(spare, 'spare', at())
    run(opened + edgesDefaults.graceMs - 1)
    expect(hungUp()).toEqual([])
    run(opened + edgesDefaults.graceMs)
    expect(hungUp()).toEqual([[spare, 'ERR_SURPLUS']])
  })

  test('stay as long as the other end needs them', () => {
    up(...many)
    run(1000)
    openAllWanted()
    const theirs = peer(many.find((n) => !edges.wanted.has(peer(n))) as number)
    open(theirs)
    for (const id of edges.peers()) edges.heard(id, at())
    run(now + 25_000)
    expect(hungUp()).toEqual([])
    edges.onEdge(theirs, 'spare', at())
    expect(hungUp(), 'its grace is long over').toEqual([[theirs, 'ERR_SURPLUS']])
  })

  test('are never more than the cap, whoever dials, and our neighbours have the right of way', () => {
    up(...many)
    run(1000)
    for (let n = 10_000; n < 13_000; n++) {
      if (!edges.admits(peer(n), 'door', at())) continue
      open(peer(n))
      expect(edges.size).toBeLessThanOrEqual(edgesDefaults.linksMax)
      now += 1
    }
    expect(edges.size).toBe(edgesDefaults.linksMax)
    for (const id of edges.wanted) {
      expect(edges.admits(id, 'door', at())).toBe(true)
      open(id)
      expect(edges.has(id)).toBe(true)
    }
    expect(edges.size).toBe(edgesDefaults.linksMax)
    now += 10
    expect(edges.admits(peer(20_000), 'door', at()), 'a stranger while all are young').toBe(false)
    now += 2000
    expect(edges.admits(peer(20_000), 'door', at()), 'and when they had their time').toBe(true)
    const before = [...edges.peers()]
    open(peer(20_000))
    expect(before.filter((id) => !edges.has(id) && edges.wanted.has(id))).toEqual([])
  })

  test('on which nothing is heard are closed, and those on which something is are not', () => {
    up(600, 601)
    run(1000)
    open(peer(600))
    open(peer(601))
    for (let t = 2000; t <= 40_000; t += 2000) {
      run(t)
      edges.heard(peer(601), at())
    }
    expect(hungUp()).toEqual([[peer(600), 'ERR_MUTE']])
  })

  test('are not mute because we were asleep', () => {
    up(600)
    run(1000)
    open(peer(600))
    now = 500_000
    edges.resumed(at())
    edges.tick(at())
    expect(hungUp()).toEqual([])
  })

  test('to a dead member are hung up, however open they look', () => {
    up(600)
    run(1000)
    open(peer(600))
    down(600, 'failed')
    expect(hungUp()).toEqual([[peer(600), 'ERR_DOWN']])
  })
})

describe('a pair that cannot link', () => {
  beforeEach(() => {
    make({ extraLinks: 0 })
    up(...many)
    run(200)
  })

  const fail = (id: PeerId) => {
    edges.dialFailed(id, 'ERR_DIAL_TIMEOUT', at())
    run(now + 3000)
  }

  test('is found out by failed dials, said to the other, and its edge falls to the next on the ring', () => {
    const [first] = edges.wanted as Set<PeerId>
    const id = first as PeerId
    for (const other of edges.wanted) if (other !== id) open(other)
    fail(id)
    expect(edges.isUnlinkable(id)).toBe(false)
    expect(edges.wanted.has(id)).toBe(true)
    fail(id)
    expect(edges.isUnlinkable(id)).toBe(true)
    expect(said).toContainEqual([id, 'cannot'])
    expect(edges.wanted.has(id)).toBe(false)
    const ring = [0, 1, 2, 3].find((r) => [rings.nearest(r, me, 1), rings.nearest(r, me, -1)].includes(id)) as number
    const direction = rings.nearest(ring, me, 1) === id ? 1 : -1
    expect(edges.wanted.has(rings.nearest(ring, me, direction, (other) => other !== id) as PeerId)).toBe(true)
  })

  test('is none while we are slow ourselves: then all look like it', () => {
    const [id] = [...edges.wanted] as [PeerId]
    healthy = false
    for (let n = 0; n < 5; n++) fail(id)
    expect(edges.isUnlinkable(id)).toBe(false)
    expect(said).toEqual([])
    expect(edges.wanted.has(id)).toBe(true)
  })

  test('is one as soon as the other end says so, but not against an open link', () => {
    const [a, b] = [...edges.wanted] as [PeerId, PeerId]
    edges.onEdge(a, 'cannot', at())
    expect(edges.isUnlinkable(a)).toBe(true)
    open(b)
    edges.onEdge(b, 'cannot', at())
    expect(edges.isUnlinkable(b)).toBe(false)
    expect(said).toEqual([[b, 'can']])
    edges.onEdge(a, 'can', at())
    expect(edges.isUnlinkable(a)).toBe(false)
    edges.onEdge(peer(70_000), 'cannot', at())
    expect(edges.isUnlinkable(peer(70_000)), 'no member').toBe(false)
  })

  test('is tried again now and then, and is one no more when a link comes about', () => {
    const [id] = [...edges.wanted] as [PeerId]
    for (const other of edges.wanted) if (other !== id) open(other)
    fail(id)
    fail(id)
    openAllWanted()
    const standIn = [...edges.peers()].find((other) => !rings.neighboursOf(me).includes(other)) as PeerId
    effects = []
    for (let t = now; t < now + 2 * edgesDefaults.unlinkableMs && dialled().length === 0; t += 4000) {
      run(t)
      for (const other of edges.peers()) edges.heard(other, at())
    }
    expect(dialled()).toContain(id)
    expect(edges.has(standIn), 'its stand-in stays meanwhile').toBe(true)
    said = []
    open(id)
    expect(edges.isUnlinkable(id)).toBe(false)
    expect(said).toContainEqual([id, 'can'])
    expect(edges.wanted.has(standIn)).toBe(false)
  })

  test('is not what absence or a full house mean', () => {
    const [id] = [...edges.wanted] as [PeerId]
    for (let n = 0; n < 10; n++) edges.dialFailed(id, 'ERR_ABSENT', at())
    expect(edges.isUnlinkable(id)).toBe(false)
    expect(said).toEqual([])
  })
})

describe('extra links', () => {
  beforeEach(() => {
    make()
    up(...many)
    run(1000)
    openAllWanted()
  })

  const hear = (ms: number) => {
    for (const end = now + ms; now < end;) {
      for (const id of edges.peers()) edges.heard(id, at())
      run(Math.min(end, now + 2000))
    }
  }
  const asks = () => said.flatMap(([id, word]) => (word === 'ask' ? [id] : []))

  test('are asked for, dialled when granted, and kept', () => {
    hear(5000)
    const [asked] = asks() as [PeerId]
    expect(edges.wanted.has(asked)).toBe(false)
    expect(dialled()).not.toContain(asked)
    edges.onEdge(asked, 'grant', at())
    expect(dialled()).toContain(asked)
    open(asked)
    hear(30_000)
    expect(edges.has(asked)).toBe(true)
    expect(hungUp()).toEqual([])
  })

  test('are two in all, of which strangers choose one at most', () => {
    const strangers = many.map(peer).filter((id) => !edges.has(id) && !edges.wanted.has(id))
    for (const id of strangers) edges.onEdge(id, 'ask', at())
    const granted = said.flatMap(([id, word]) => (word === 'grant' ? [id] : []))
    expect(granted).toEqual([strangers[0]])
    open(granted[0] as PeerId)
    for (let n = 0; n < 40; n++) {
      hear(4000)
      const id = asks().at(-1)
      if (id === undefined || edges.has(id)) continue
      edges.onEdge(id, 'grant', at())
      open(id)
    }
    expect(edges.size).toBe(edges.wanted.size + 2)
  })

  test('of strangers’ choice are one at most, though the rings named all of them when they asked', () => {
    make()
    const first = many.slice(0, 8)
    up(...first)
    for (const id of first.map(peer)) {
      open(id)
      edges.onEdge(id, 'ask', at())
    }
    expect(said.flatMap(([, word]) => (word === 'grant' ? [word] : []))).toHaveLength(8)
    up(...many.slice(8))
    run(now + 1000)
    openAllWanted()
    const unnamed = first.map(peer).filter((id) => !edges.wanted.has(id))
    expect(unnamed.length).toBeGreaterThan(2)
    run(now + 2000)
    const spared = said.flatMap(([id, word]) => (word === 'spare' ? [id] : []))
    expect(unnamed.filter((id) => !spared.includes(id))).toHaveLength(1)
  })

  test('are asked for ever more rarely while all decline', () => {
    for (let n = 0; n < 150; n++) {
      hear(4000)
      const id = asks().at(-1)
      if (id !== undefined) edges.onEdge(id, 'decline', at())
    }
    expect(asks().length).toBeGreaterThan(2)
    expect(asks().length).toBeLessThan(8)
  })

  test('are not granted by a grant that nobody asked for, nor to strangers', () => {
    effects = []
    edges.onEdge(peer(many[5] as number), 'grant', at())
    edges.onEdge(peer(80_000), 'ask', at())
    expect(dialled()).toEqual([])
    expect(said.at(-1)).toEqual([peer(80_000), 'decline'])
  })
})

test('on a machine whose timers come late, neighbours are dialled one by one', () => {
  up(...many)
  run(50)
  expect(dialled()).toEqual([])
  now += 2000
  edges.tick(at(), 1900)
  expect(dialled()).toHaveLength(1)
  open(dialled()[0] as PeerId)
  expect(dialled()).toHaveLength(2)
})

describe('the door', () => {
  test('is where a peer without links dials a few of the sample, not all', () => {
    const sample = Array.from({ length: 16 }, (_, n) => peer(n))
    edges.doorSample(sample, at())
    expect(dialled().length).toBe(2)
    edges.dialFailed(dialled()[0] as PeerId, 'ERR_ABSENT', at())
    expect(dialled().length, 'the next when one is not there').toBe(3)
    open(dialled()[2] as PeerId)
    run(1000)
    expect(dialled().length).toBe(3)
  })

  test('of a full house says so once, to whoever comes by the door with others to try', () => {
    make({ linksMax: 4 })
    for (const n of [1, 2, 3, 4]) open(peer(n))
    expect(edges.admits(peer(9), 'door', at())).toBe(false)
    const others = edges.turnAway(peer(9), 'door', at())
    expect([...(others ?? [])].sort()).toEqual([1, 2, 3, 4].map(peer))
    expect(edges.turnAway(peer(9), 'door', at()), 'the rest of the same offer').toBeUndefined()
    now += 500
    expect(edges.turnAway(peer(9), 'door', at())).toHaveLength(4)
    expect(edges.turnAway(peer(8), 'mesh', at())).toBeUndefined()
    expect(said).toEqual([[peer(8), 'full']])
  })

  test('of a full house names eight at most', () => {
    make({ linksMax: 12 })
    for (let n = 1; n <= 12; n++) open(peer(n))
    const others = edges.turnAway(peer(99), 'door', at()) ?? []
    expect(new Set(others).size).toBe(8)
    expect(others).not.toContain(peer(99))
  })

  test('admits no more than there is room for, those included whose links are on their way', () => {
    make({ linksMax: 4 })
    open(peer(1))
    expect([11, 12, 13, 14].map((n) => edges.admits(peer(n), 'door', at()))).toEqual([true, true, true, false])
    expect(edges.admits(peer(12), 'door', at()), 'more of what was admitted').toBe(true)
    edges.dialFailed(peer(11), 'ERR_DIAL_TIMEOUT', at())
    expect(edges.admits(peer(14), 'door', at())).toBe(true)
  })

  test('admits a neighbour however many offers never became links', () => {
    make({ linksMax: 16 })
    up(...many)
    const [neighbour] = rings.neighboursOf(me)
    const strangers = Array.from({ length: 40 }, (_, n) => peer(9000 + n)).filter(
      (id) => !rings.neighboursOf(id).includes(me),
    )
    edges.dialFailed(neighbour!, 'ERR_DIAL_TIMEOUT', at())
    const admitted = strangers.filter((id) => edges.admits(id, 'door', at()))
    expect(admitted).toHaveLength(16)
    expect(edges.admits(neighbour!, 'door', at())).toBe(true)
  })

  test('that is full lets its newcomer try those whom it names, at once, and it again after a while', () => {
    edges.doorSample([peer(1)], at())
    expect(dialled()).toEqual([peer(1)])
    edges.full(peer(7), [peer(8)], at())
    expect(dialled(), 'from somebody whom we do not dial').toEqual([peer(1)])
    edges.full(peer(1), [peer(2), me, peer(3)], at())
    expect(effects.filter(({ type }) => type === 'abandon')).toEqual([{ type: 'abandon', peer: peer(1) }])
    expect(dialled()).toEqual([peer(1), peer(2), peer(3)])
    edges.dialFailed(peer(2), 'ERR_ABSENT', at())
    run(5000)
    expect(dialled()).toEqual([peer(1), peer(2), peer(3), peer(1)])
  })

  test('is knocked at ever more rarely where nobody answers', () => {
    edges.doorSample([peer(1)], at())
    for (let failed = 0; now < 300_000; run(now + 500)) {
      if (dialled().length === failed) continue
      failed++
      edges.dialFailed(peer(1), 'ERR_DIAL_TIMEOUT', at())
    }
    expect(dialled().length).toBeGreaterThan(5)
    expect(dialled().length).toBeLessThan(30)
  })

  test('has a way in even to members for a peer that was left with one link, unless it gets its others back', () => {
    up(...many)
    const wanted = [...edges.wanted]
    const atDoor = many
      .map(peer)
      .filter((id) => !wanted.includes(id))
      .slice(0, 3)
    for (const id of wanted) open(id)
    edges.doorSample(atDoor, at())
    run(now + 3000)
    const lose = (): void => {
      for (const id of wanted.slice(1)) edges.linkClosed(id, at())
    }
    const toDoor = (): PeerId[] => dialled().filter((id) => atDoor.includes(id))
    expect(toDoor(), 'with all links').toEqual([])

    lose()
    for (const id of wanted.slice(1)) open(id)
    run(now + 3000)
    expect(toDoor(), 'who got its links back').toEqual([])

    lose()
    run(now + 2000)
    expect(toDoor()).toHaveLength(2)
    for (const id of toDoor()) expect(edges.meetsAtDoor(id, at())).toBe(true)
    for (const id of wanted) expect(edges.meetsAtDoor(id, at())).toBe(false)
  })

  test('is where whoever called from there is answered, but never whom we dial ourselves', () => {
    up(...many)
    run(edgesDefaults.settleMs + edgesDefaults.yieldMs)
    const [neighbour] = dialled()
    edges.admits(neighbour!, 'door', at())
    expect(edges.meetsAtDoor(neighbour!, at())).toBe(false)
    edges.admits(peer(9001), 'door', at())
    edges.admits(peer(9002), 'mesh', at())
    expect([9001, 9002].map((n) => edges.meetsAtDoor(peer(n), at()))).toEqual([true, false])
    now += edgesDefaults.dialMs
    expect(edges.meetsAtDoor(peer(9001), at())).toBe(false)
  })

  test('has a way in even to members, for a peer that has lost all of its links', () => {
    up(...many)
    openAllWanted()
    const neighbours = [...edges.wanted]
    run(5000)
    const atDoor = many.map(peer).filter((id) => !neighbours.includes(id))
    edges.doorSample(atDoor.slice(0, 3), at())
    expect(dialled().filter((id) => atDoor.includes(id))).toEqual([])
    for (const id of neighbours) edges.linkClosed(id, at())
    expect(dialled().filter((id) => atDoor.includes(id))).toEqual(atDoor.slice(0, 2))
  })

  test('is no way back for whoever was given up for its bad connection', () => {
    up(...many)
    openAllWanted()
    const neighbours = [...edges.wanted]
    run(5000)
    const atDoor = many.map(peer).filter((id) => !neighbours.includes(id))
    edges.doorSample(atDoor.slice(0, 3), at())
    wellConnected = false
    for (const id of neighbours) edges.linkClosed(id, at())
    expect(dialled().filter((id) => atDoor.includes(id))).toEqual([])
  })

  test('that let somebody in shows the way to those who were absent from it, at once', () => {
    up(...many)
    edges.doorSample([peer(471), peer(472), peer(473)], at())
    const neighbours = [...edges.wanted]
    for (let times = 0; times < 5; times++) {
      run(now + 5000)
      for (const id of neighbours) edges.dialFailed(id, 'ERR_ABSENT', at())
    }
    for (const n of [471, 473]) edges.dialFailed(peer(n), 'ERR_ABSENT', at())
    effects = []
    open(peer(472))
    run(now + edgesDefaults.settleMs + edgesDefaults.yieldMs)
    expect(new Set([...dialled(), peer(472)])).toEqual(new Set([...neighbours, peer(472)]))
  })

  test('shows other islands: who is in the sample and does not become a member is dialled, two at a time', () => {
    up(...many)
    run(1000)
    openAllWanted()
    effects = []
    edges.doorSample([peer(1), peer(2), peer(3), peer(many[0] as number)], at())
    expect(dialled()).toEqual([])
    up(3)
    run(now + 4000)
    expect(
      dialled()
        .filter((id) => id <= peer(3))
        .sort(),
    ).toEqual([peer(1), peer(2)])
  })

  test('is where the failed are looked for: rarely by one of many, and no more once they are known to be absent', () => {
    up(600, 601)
    run(1000)
    openAllWanted()
    edges.doorSample([], at())
    effects = []
    down(600, 'failed')
    const end = now + 60_000
    let dials = 0
    while (now < end) {
      run(now + 100)
      edges.heard(peer(601), at())
      if (dialled().length === dials) continue
      dials = dialled().length
      edges.dialFailed(peer(600), 'ERR_CLOSED', at())
    }
    expect(dials).toBeGreaterThan(10)
    expect(dials).toBeLessThan(60)
    run(now + 5000)
    edges.dialFailed(peer(600), 'ERR_ABSENT', at())
    effects = []
    for (let n = 0; n < 10; n++) {
      run(now + 5000)
      edges.heard(peer(601), at())
    }
    expect(dialled()).toEqual([])
  })

  test('is let go by those who do not keep it, and taken again by whoever has no links left', () => {
    up(...many)
    const keeper = rings.rank(me) < edgesDefaults.doorKeepers
    expect(keeper, 'this test is about one that is not').toBe(false)
    run(1000)
    openAllWanted()
    for (let n = 0; n < 10; n++) {
      run(now + 2000)
      for (const id of edges.peers()) edges.heard(id, at())
    }
    expect(doors()).toEqual([false])
    for (const id of [...edges.peers()]) edges.linkClosed(id, at())
    expect(doors()).toEqual([false, true])
  })

  test('is kept by everybody in a small room, and by the lowest on the first ring in a large one', () => {
    const ids = [me, ...many.map(peer)]
    for (const id of ids) rings.add(id)
    const keepers = ids.filter((id) => rings.rank(id) < edgesDefaults.doorKeepers)
    expect(keepers.length).toBe(5)
    make()
    up(...many.slice(0, 15))
    run(1000)
    openAllWanted()
    for (let n = 0; n < 20; n++) {
      run(now + 2000)
      for (const id of edges.peers()) edges.heard(id, at())
    }
    expect(doors()).toEqual([])
  })
})
