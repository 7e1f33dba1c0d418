import { sha256 } from '@noble/hashes/sha2.js'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Digest, Verified } from '../identity/claim.ts'
import type { Millis, WallMillis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { RouterEffect } from './effect.ts'
import type { Edge, Forward as AnyForward, Routed, RoutedKind } from './messages.ts'
import { Positions, Rings } from './rings.ts'
import { Router } from './router.ts'
import type { RouterOptions } from './router.ts'
import { Routes } from './routes.ts'

interface Note {
  readonly type: 'note'
  readonly text: string
}

type Forward = AnyForward<Note | Edge>

const positions = new Positions((bytes) => sha256(bytes))
const peer = (n: number) => `peer-${n}`.padEnd(43, '_') as PeerId
const everybody = Array.from({ length: 40 }, (_, n) => peer(n))
const rings = new Rings(positions)
for (const id of everybody) rings.add(id)
const wallOffset = 1_700_000_000_000

const me = peer(0)
const neighbours = rings.neighboursOf(me)
const [left, right] = neighbours as [PeerId, PeerId]
const far = everybody.find((id) => id !== me && !neighbours.includes(id)) as PeerId
const note: Note = { type: 'note', text: 'hello' }

let open: Set<PeerId>
let relays = true
let vain: PeerId | undefined
let version: number
let effects: RouterEffect<Note>[]
let edges: [PeerId, Edge][]
let router: Router<Note>
let ids: number

function make(options: RouterOptions = {}): void {
  open = new Set(neighbours)
  version = 0
  effects = []
  edges = []
  ids = 1
  relays = true
  vain = undefined
  const links = {
    get version() {
      return version
    },
    has: (id: PeerId) => open.has(id),
    peers: () => open,
  }
  let dice = 0
  router = new Router<Note>(
    {
      self: me,
      routes: new Routes(me, rings, links),
      links,
      random: () => (dice = (dice + 0.137) % 1),
      wall: (now) => (wallOffset + now) as WallMillis,
      outbox: (effect) => effects.push(effect),
      onEdge: (from, edge) => edges.push([from, edge]),
      relays: () => relays,
      probesInVain: (author) => author === vain,
    },
    options,
  )
}

beforeEach(() => make())

const at = (ms: number) => ms as Millis

function claimOf(author: PeerId, to: PeerId, more: Partial<Routed> = {}, bytes = 300): Verified<Routed> {
  const id = new Uint8Array(16)
  new DataView(id.buffer).setUint32(0, ids++)
  const base = { type: 'routed', author, to, id, kind: 'frame' as RoutedKind, receipt: false }
  const times = { issuedAt: wallOffset as WallMillis, ttlMs: 30_000 }
  const rest = { payload: new Uint8Array(), bytes: new Uint8Array(bytes), digest: '' as Digest }
  return { ...base, ...times, ...rest, ...more } as Verified<Routed>
}

function taken(): RouterEffect<Note>[] {
  return effects.splice(0)
}

/** Signs what is to be signed, and returns all other effects. */
function afterSealing(now: number): RouterEffect<Note>[] {
  const rest: RouterEffect<Note>[] = []
  for (const effect of taken()) {
    if (effect.type !== 'seal') rest.push(effect)
    else router.sealed({ ...claimOf(me, effect.draft.to), ...effect.draft } as Verified<Routed>, at(now))
  }
  return [...rest, ...taken()]
}

function onlyForward(sent: readonly RouterEffect<Note>[]): { peer: PeerId; message: Forward } {
  const forwards = sent.filter((effect) => effect.type === 'send')
  expect(forwards.length).toBe(1)
  const { peer: to, message } = forwards[0] as { peer: PeerId; message: Forward }
  expect(message.type).toBe('forward')
  return { peer: to, message }
}

function receiptFrom(author: PeerId, of: Forward, via: PeerId): Forward {
  const claim = claimOf(author, me, { kind: 'receipt', payload: of.claim.id })
  const back = [...of.path.slice(0, -1)].reverse()
  expect(back.at(-1) ?? author).toBe(via)
  return { type: 'forward', path: [...back, me], at: back.length, claim }
}

describe('a source', () => {
  test('sends over a shortest path, and knows by a receipt that it arrived', () => {
    router.route(far, { kind: 'frame', inner: note }, true, at(0), 7)
    const { peer: first, message } = onlyForward(afterSealing(0))
    expect(message.path[0]).toBe(first)
    expect(message.path.at(-1)).toBe(far)
    expect(message.at).toBe(0)
    router.onForward(first, receiptFrom(far, message, first), at(80))
    expect(taken()).toEqual([{ type: 'routed', ref: 7 }])
    expect(router.size).toBe(0)
    expect(router.deadline()).toBeUndefined()
  })

  test('takes another path at once when a relay is stuck', () => {
    router.route(far, { kind: 'frame', inner: note }, true, at(0), 7)
    const tried = onlyForward(afterSealing(0))
    const { author, id } = tried.message.claim
    router.onUndeliverable(tried.peer, { type: 'undeliverable', author, id }, at(20))
    const again = onlyForward(taken())
    expect(again.message.claim).toBe(tried.message.claim)
    const relays = tried.message.path.slice(0, -1)
    expect(again.message.path.filter((relay) => relays.includes(relay))).toEqual([])
  })

  test('believes nobody but the first hop that a path is stuck', () => {
    router.route(far, { kind: 'frame', inner: note }, true, at(0), 7)
    const tried = onlyForward(afterSealing(0))
    const { author, id } = tried.message.claim
    const other = neighbours.find((id) => id !== tried.peer) as PeerId
    router.onUndeliverable(other, { type: 'undeliverable', author, id }, at(20))
    expect(taken()).toEqual([])
  })

  test('tries disjoint paths when all is silent, and then reports', () => {
    make({ routeTries: 3 })
    router.route(far, { kind: 'frame', inner: note }, true, at(0), 7)
    const sent = [onlyForward(afterSealing(0))]
    const relays = new Set<PeerId>()
    for (;;) {
      router.tick(router.deadline() ?? at(0))
      const next = taken()
      if (next.some(({ type }) => type === 'routed')) {
        expect(next).toEqual([{ type: 'routed', ref: 7, code: 'ERR_NO_RECEIPT' }])
        break
      }
      sent.push(onlyForward(next))
    }
    expect(sent.length).toBe(3)
    for (const { message } of sent) {
      for (const relay of message.path.slice(0, -1)) {
        expect(relays.has(relay)).toBe(false)
        relays.add(relay)
      }
    }
    expect(router.size).toBe(0)
  })

  test('waits as long as receipts take, not as long as it likes', () => {
    for (let n = 0; n < 30; n++) {
      const now = n * 1000
      router.route(far, { kind: 'frame', inner: note }, true, at(now), n)
      const { peer: first, message } = onlyForward(afterSealing(now).filter(({ type }) => type === 'send'))
      router.onForward(first, receiptFrom(far, { ...message, claim: { ...message.claim } }, first), at(now + 900))
      taken()
    }
    router.route(far, { kind: 'frame', inner: note }, true, at(60_000), 99)
    afterSealing(60_000)
    expect(router.deadline()).toBeGreaterThan(60_900)
    expect(router.deadline()).toBeLessThanOrEqual(64_000)
  })

  test('forgets a doubtful relay last: what arrived by another path is sent by that one first', () => {
    router.route(far, { kind: 'frame', inner: note }, true, at(0), 1)
    const silent = onlyForward(afterSealing(0))
    router.tick(router.deadline() ?? at(0))
    const good = onlyForward(taken())
    router.onForward(good.peer, receiptFrom(far, good.message, good.peer), at(2000))
    taken()
    router.route(far, { kind: 'frame', inner: note }, true, at(3000), 2)
    expect(onlyForward(afterSealing(3000)).message.path).toEqual(good.message.path)
    const beyond = everybody.find(
      (id) =>
        id !== far &&
        !open.has(id) &&
        new Routes(me, rings, { version: 0, has: (x) => open.has(x), peers: () => open }).path(id)?.[0] === silent.peer,
    )
    expect(beyond).toBeDefined()
    router.route(beyond as PeerId, { kind: 'frame', inner: note }, true, at(3000), 3)
    expect(onlyForward(afterSealing(3000)).message.path).not.toContain(silent.peer)
  })

  test('has no path over whom it must avoid', () => {
    const first = onlyForward((router.route(far, { kind: 'frame', inner: note }, false, at(0)), afterSealing(0)))
    router.route(far, { kind: 'frame', inner: note }, false, at(0), undefined, first.peer)
    expect(onlyForward(afterSealing(0)).message.path).not.toContain(first.peer)
  })

  test('says at once that it handed over what needs no receipt, and that nobody can be reached without links', () => {
    router.route(far, { kind: 'frame', inner: note }, false, at(0), 1)
    expect(afterSealing(0)).toContainEqual({ type: 'routed', ref: 1 })
    open.clear()
    version++
    router.route(far, { kind: 'frame', inner: note }, false, at(10), 2)
    expect(afterSealing(10)).toEqual([{ type: 'routed', ref: 2, code: 'ERR_UNREACHABLE' }])
    router.route(far, { kind: 'frame', inner: note }, true, at(20), 3)
    const ends: RouterEffect<Note>[] = afterSealing(20)
    while (ends.length === 0) {
      const next = router.deadline() ?? at(0)
      expect(next).toBeLessThan(10_000)
      router.tick(next)
      ends.push(...taken())
    }
    expect(ends).toEqual([{ type: 'routed', ref: 3, code: 'ERR_UNREACHABLE' }])
  })

  test('has only so many messages under way', () => {
    make({ routedMax: 5 })
    for (let n = 0; n < 6; n++) router.route(far, { kind: 'frame', inner: note }, true, at(0), n)
    expect(taken().at(-1)).toEqual({ type: 'routed', ref: 5, code: 'ERR_BUSY' })
    expect(router.size).toBe(5)
    router.tick(router.deadline() ?? at(0))
    expect(router.size, 'what is never signed is forgotten').toBe(0)
  })

  test('takes a receipt from nobody but the receiver', () => {
    router.route(far, { kind: 'frame', inner: note }, true, at(0), 7)
    const { peer: first, message } = onlyForward(afterSealing(0))
    const claim = claimOf(first, me, { kind: 'receipt', payload: message.claim.id })
    router.onForward(first, { type: 'forward', path: [me], at: 0, claim }, at(10))
    expect(taken()).toEqual([])
    expect(router.size).toBe(1)
  })
})

describe('a relay', () => {
  const to = right
  const through = (claim: Verified<Routed>): Forward => ({ type: 'forward', path: [me, to], at: 0, claim })

  test('passes on along the path, the claim untouched', () => {
    const claim = claimOf(left, to)
    router.onForward(left, through(claim), at(0))
    const { peer: next, message } = onlyForward(taken())
    expect(next).toBe(to)
    expect(message).toEqual({ type: 'forward', path: [me, to], at: 1, claim })
    expect(message.claim).toBe(claim)
  })

  test('that may not relay says so, and passes nothing on', () => {
    relays = false
    const claim = claimOf(left, to)
    router.onForward(left, through(claim), at(0))
    expect(taken()).toEqual([
      { type: 'send', peer: left, message: { type: 'undeliverable', author: left, id: claim.id } },
    ])
  })

  test('carries no probes of one who accuses in vain, and all else', () => {
    vain = left
    router.onForward(left, { ...through(claimOf(left, to)), probe: true }, at(0))
    expect(taken()).toEqual([])
    router.onForward(left, through(claimOf(left, to)), at(0))
    router.onForward(
      right,
      { type: 'forward', path: [me, left], at: 0, claim: claimOf(right, left), probe: true },
      at(0),
    )
    expect(taken().map(({ type }) => type)).toEqual(['send', 'send'])
  })

  test('passes a claim on once, whatever path it comes by', () => {
    const claim = claimOf(left, to)
    router.onForward(left, through(claim), at(0))
    taken()
    router.onForward(left, through(claim), at(10))
    expect(taken()).toEqual([
      { type: 'send', peer: left, message: { type: 'undeliverable', author: left, id: claim.id } },
    ])
  })

  test('goes around a link that is missing here, and says so when it cannot', () => {
    open.delete(to)
    version++
    const claim = claimOf(left, to)
    router.onForward(left, through(claim), at(0))
    const { message } = onlyForward(taken())
    expect(message.path[0]).toBe(me)
    expect(message.at).toBe(1)
    expect(message.path.at(-1)).toBe(to)
    expect(message.path).not.toContain(left)
    open = new Set([left])
    version++
    const other = claimOf(left, to)
    router.onForward(left, through(other), at(10))
    expect(taken()).toEqual([
      { type: 'send', peer: left, message: { type: 'undeliverable', author: left, id: other.id } },
    ])
  })

  test('carries an undeliverable back, once, and only from whom it had passed to', () => {
    const claim = claimOf(left, to)
    const undeliverable = { type: 'undeliverable', author: left, id: claim.id } as const
    router.onForward(left, through(claim), at(0))
    taken()
    router.onUndeliverable(neighbours[3] as PeerId, undeliverable, at(10))
    expect(taken(), 'from a stranger to it').toEqual([])
    router.onUndeliverable(to, undeliverable, at(20))
    expect(taken()).toEqual([{ type: 'send', peer: left, message: undeliverable }])
    router.onUndeliverable(to, undeliverable, at(30))
    expect(taken(), 'twice').toEqual([])
  })

  test('spends a bounded number of messages and bytes for each link', () => {
    make({ relayPerSecond: 10, relayBurst: 20 })
    let passed = 0
    for (let n = 0; n < 1000; n++) {
      router.onForward(left, through(claimOf(peer(20 + (n % 10)), to, {})), at(0))
      router.onForward(left, through(claimOf(left, to)), at(0))
    }
    for (const effect of taken()) if (effect.type === 'send' && effect.message.type === 'forward') passed++
    expect(passed).toBe(20)
    router.onForward(neighbours[2] as PeerId, through(claimOf(neighbours[2] as PeerId, to)), at(0))
    expect(onlyForward(taken()).peer, 'another link has its own').toBe(to)
    router.onForward(left, through(claimOf(left, to)), at(1000))
    expect(onlyForward(taken()).peer, 'a second later').toBe(to)
    make({ relayBytesPerSecond: 1000 })
    for (let n = 0; n < 50; n++) router.onForward(left, through(claimOf(left, to, {}, 500)), at(0))
    expect(taken().filter((effect) => effect.type === 'send' && effect.message.type === 'forward').length).toBe(4)
  })

  test('sends no more than it was sent', () => {
    let sent = 0
    for (let n = 0; n < 200; n++) {
      router.onForward(left, through(claimOf(left, to)), at(n))
      sent += taken().length
    }
    expect(sent).toBeLessThanOrEqual(200)
  })
})

describe('a receiver', () => {
  test('hands over once, with the number of hops, and gives a receipt by the way that worked', () => {
    const claim = claimOf(far, me, { receipt: true })
    const path = [peer(30), left, me]
    router.onForward(left, { type: 'forward', path, at: 2, claim, inner: note }, at(0))
    const [delivered, seal] = taken()
    expect(delivered).toEqual({ type: 'deliver', from: far, message: note, hops: 3 })
    expect(seal).toMatchObject({ type: 'seal', draft: { kind: 'receipt', to: far, payload: claim.id, receipt: false } })
    effects.push(seal as RouterEffect<Note>)
    expect(onlyForward(afterSealing(1)).message.path).toEqual([left, peer(30), far])
  })

  test('gives another receipt for a duplicate, three at most, and hands over nothing again', () => {
    const claim = claimOf(far, me, { receipt: true })
    let receipts = 0
    let delivered = 0
    for (let n = 0; n < 10; n++) {
      router.onForward(left, { type: 'forward', path: [left, me], at: 1, claim, inner: note }, at(n))
      for (const { type } of taken()) {
        if (type === 'seal') receipts++
        if (type === 'deliver') delivered++
      }
    }
    expect({ receipts, delivered }).toEqual({ receipts: 3, delivered: 1 })
  })

  test('answers somebody whom nobody knows yet by the way that it came', () => {
    const stranger = peer(77_777)
    const claim = claimOf(stranger, me, { kind: 'signal', payload: Uint8Array.of(1) })
    router.onForward(left, { type: 'forward', path: [peer(31), left, me], at: 2, claim }, at(0))
    expect(taken()).toEqual([{ type: 'signal', from: stranger, payload: Uint8Array.of(1), via: left }])
    expect(router.knowsWayTo(stranger, at(10))).toBe(true)
    router.route(stranger, { kind: 'signal', payload: Uint8Array.of(2) }, true, at(10))
    expect(onlyForward(afterSealing(10)).message.path).toEqual([left, peer(31), stranger])
    expect(router.knowsWayTo(stranger, at(200_000)), 'for a while').toBe(false)
  })

  test('keeps words about edges in the room', () => {
    const claim = claimOf(far, me)
    const inner: Edge = { type: 'edge', word: 'cannot' }
    router.onForward(left, { type: 'forward', path: [left, me], at: 1, claim, inner }, at(0))
    expect(taken()).toEqual([])
    expect(edges).toEqual([[far, inner]])
  })
})

describe('bad input', () => {
  const blamed = [{ type: 'blame', peer: left, code: 'ERR_ROUTE' }]
  const long = everybody.slice(1, 10)

  test.each<[string, Partial<Forward>, Partial<Routed>]>([
    ['a path on which we do not stand', { path: [right, far], at: 0 }, {}],
    ['a path on which it is not our turn', { path: [right, me, far], at: 0 }, {}],
    ['an index beyond the path', { path: [me, far], at: 2 }, {}],
    ['an index that is no index', { path: [me, far], at: -1 }, {}],
    ['an empty path', { path: [], at: 0 }, {}],
    ['a path of nine', { path: [me, ...long.slice(0, 7), far], at: 0 }, {}],
    ['a loop', { path: [me, right, me, far], at: 0 }, {}],
    ['a loop over a relay', { path: [me, right, peer(9), right, far], at: 0 }, {}],
    ['a path that leads back to its source', { path: [me, left, far], at: 0 }, {}],
    ['a path to somebody else than the claim', { path: [me, right], at: 0 }, { to: far }],
    ['a claim that does not come from where the path says', { path: [right, me, far], at: 1 }, {}],
    ['a source that is not at the other end of the link', { path: [me, far], at: 0 }, { author: right }],
    ['our own claim', { path: [left, me], at: 1 }, { author: me, to: me }],
    ['a longer life than a routed claim has', { path: [me, far], at: 0 }, { ttlMs: 30_001 }],
  ])('%s is the fault of who sent it', (_, forward, claim) => {
    const message: Forward = { type: 'forward', path: [me, far], at: 0, claim: claimOf(left, far, claim), ...forward }
    router.onForward(left, message, at(0))
    expect(taken()).toEqual(blamed)
  })

  test('eight hops are allowed', () => {
    const claim = claimOf(left, far)
    router.onForward(
      left,
      {
        type: 'forward',
        path: [me, right, ...long.filter((id) => id !== right && id !== left && id !== far).slice(0, 5), far],
        at: 0,
        claim,
      },
      at(0),
    )
    expect(onlyForward(taken()).peer).toBe(right)
  })

  test.each([
    ['expired', -95_000],
    ['early', 65_000],
  ])('what is %s is nobody’s fault: clocks differ', (_, age) => {
    const claim = claimOf(left, right, { issuedAt: (wallOffset + age) as WallMillis })
    router.onForward(left, { type: 'forward', path: [me, right], at: 0, claim }, at(0))
    expect(taken()).toEqual([])
  })

  test('a replay within the life of a claim is dropped by its receiver, and after it by the calendar', () => {
    const claim = claimOf(left, me)
    let delivered = 0
    for (let now = 0; now < 300_000; now += 5000) {
      router.onForward(left, { type: 'forward', path: [me], at: 0, claim, inner: note }, at(now))
      delivered += taken().filter(({ type }) => type === 'deliver').length
    }
    expect(delivered).toBe(1)
  })
})
