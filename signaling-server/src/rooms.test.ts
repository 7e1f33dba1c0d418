import { describe, expect, test } from 'vitest'
import { toBase64Url } from 'shoal/identity'
import { parseServerMessage, type PeerId } from 'shoal/signaling'
import { Rooms, type RoomsEffect, type RoomsInput, type RoomsOptions } from './rooms.ts'

const defaults: RoomsOptions = {
  peersPerRoomMax: 3,
  roomsMax: 2,
  frameRate: { perSecond: 20, burst: 60 },
  joinTimeoutMs: 5_000,
  heartbeatMs: 25_000,
  silentMsMax: 60_000,
  retryAfterMs: 5_000,
  roster: 'local',
}

const nonce = toBase64Url(new Uint8Array(32))
const signature = toBase64Url(new Uint8Array(64))
const id = (n: number) => toBase64Url(new Uint8Array(32).fill(n)) as PeerId

function show(effect: RoomsEffect): string {
  if (effect.type === 'send') {
    const message = parseServerMessage(effect.text)
    return `${effect.socket} ← ${effect.kind}${'code' in message ? ` ${message.code}` : ''}`
  }
  if (effect.type === 'close') return `${effect.socket} closed ${effect.status}`
  return 'socket' in effect ? `${effect.socket} ${effect.type}` : effect
}

function open(options: Partial<RoomsOptions> = {}) {
  const rooms = new Rooms({ ...defaults, ...options }, () => 0.5)
  const give = (input: RoomsInput, now = 0) => rooms.handle(input, now).map(show)
  const say = (socket: number, message: object, now = 0) =>
    give({ type: 'frame', socket, text: JSON.stringify(message) }, now)
  const connect = (socket: number, now = 0) => give({ type: 'opened', socket, nonce, room: '' }, now)
  const join = (socket: number, peer: number, room = 'lobby', now = 0) => {
    connect(socket, now)
    say(socket, { t: 'join', version: 1, room, id: id(peer), audience: 'x', signature }, now)
    return give({ type: 'checked', socket }, now)
  }
  return { rooms, give, say, connect, join }
}

describe('the way in', () => {
  test('a socket is challenged, its join is checked, and then it is welcome', () => {
    const { give, say, connect } = open()
    expect(connect(1)).toEqual(['1 ← challenge'])
    expect(say(1, { t: 'join', version: 1, room: 'r', id: id(1), audience: 'x', signature })).toEqual(['1 check'])
    expect(give({ type: 'checked', socket: 1 })).toEqual(['1 joined', '1 ← welcome'])
  })

  test('a check that fails costs the socket', () => {
    const { rooms, give, say, connect } = open()
    connect(1)
    say(1, { t: 'join', version: 1, room: 'r', id: id(1), audience: 'x', signature })
    expect(give({ type: 'checked', socket: 1, code: 'ERR_SIGNATURE' })).toEqual([
      '1 ← error ERR_SIGNATURE',
      '1 closed 1008',
    ])
    expect([rooms.sockets, rooms.rooms]).toEqual([0, 0])
    // What comes later about it is about nobody.
    expect(give({ type: 'checked', socket: 1 })).toEqual([])
    expect(say(1, { t: 'ping' })).toEqual([])
  })

  test('a second join while the first is being checked is refused', () => {
    const { say, connect } = open()
    connect(1)
    const join = { t: 'join', version: 1, room: 'r', id: id(1), audience: 'x', signature }
    say(1, join)
    expect(say(1, join)).toEqual(['1 ← error ERR_ALREADY_JOINED', '1 closed 1008'])
  })

  test('TURN credentials are handed to the one that joined', () => {
    const { rooms, connect, say } = open()
    connect(1)
    say(1, { t: 'join', version: 1, room: 'r', id: id(1), audience: 'x', signature })
    const ice = { iceServers: [{ urls: ['turn:t'], username: 'u', credential: 'c' }], iceTtlMs: 60_000 }
    const [, welcome] = rooms.handle({ type: 'checked', socket: 1, ice }, 0)
    expect(welcome?.type === 'send' && JSON.parse(welcome.text)).toMatchObject(ice)
  })
})

describe('limits, at the limit and one over it', () => {
  test('peers in a room', () => {
    const { join, give } = open()
    for (const n of [1, 2, 3]) expect(join(n, n)).toContain(`${n} ← welcome`)
    expect(join(4, 4)).toEqual(['4 ← error ERR_ROOM_FULL', '4 closed 1013'])
    give({ type: 'closed', socket: 2 })
    expect(join(5, 5)).toContain('5 ← welcome')
  })

  test('rooms', () => {
    const { join, give, rooms } = open()
    join(1, 1, 'a')
    join(2, 2, 'b')
    expect(join(3, 3, 'c')).toEqual(['3 ← error ERR_ROOMS_FULL', '3 closed 1013'])
    expect(join(4, 4, 'a')).toContain('4 ← welcome')
    give({ type: 'closed', socket: 2 })
    expect(rooms.rooms).toBe(1)
    expect(join(5, 5, 'c')).toContain('5 ← welcome')
  })

  test('frames of one socket: sixty at once, then twenty a second', () => {
    const { join, say } = open()
    join(1, 1)
    // The join was the first of the sixty.
    for (let i = 0; i < 59; i++) expect(say(1, { t: 'ping' })).toEqual(['1 ← pong'])
    expect(say(1, { t: 'ping' }, 50)).toEqual(['1 ← pong'])
    expect(say(1, { t: 'ping' }, 50)).toEqual(['1 ← error ERR_RATE', '1 closed 1013'])
  })

  test('time to join', () => {
    const { connect, give } = open()
    connect(1)
    expect(give({ type: 'tick' }, 4_999)).toEqual([])
    expect(give({ type: 'tick' }, 5_000)).toEqual(['1 ← error ERR_JOIN_TIMEOUT', '1 closed 1008'])
  })

  test('silence: a ping at 25 s, the end at 60 s, and any sign of life starts over', () => {
    const { join, give } = open()
    join(1, 1)
    expect(give({ type: 'tick' }, 24_999)).toEqual([])
    expect(give({ type: 'tick' }, 25_000)).toEqual(['1 ping'])
    expect(give({ type: 'tick' }, 25_250)).toEqual([])
    give({ type: 'heard', socket: 1 }, 26_000)
    expect(give({ type: 'tick' }, 60_000)).toEqual(['1 ping'])
    expect(give({ type: 'tick' }, 85_999)).toEqual(['1 ping'])
    expect(give({ type: 'tick' }, 86_000)).toEqual(['1 ← error ERR_SILENT', '1 closed 1008'])
  })
})

describe('the same id again', () => {
  test('the newer socket has the place, and the end of the older one takes nothing away', () => {
    const { join, say, give, rooms } = open()
    join(1, 1)
    join(9, 9)
    expect(join(2, 1)).toEqual(['1 ← bye ERR_REPLACED', '1 closed 1000', '2 joined', '2 ← welcome'])
    give({ type: 'closed', socket: 1 })
    expect(say(9, { t: 'signal', to: id(1), data: 'AQ' })).toEqual(['2 ← signal'])
    expect(rooms.largestRoom).toBe(2)
  })

  test('alone in its room, too: the room is not forgotten on the way', () => {
    const { join, say } = open()
    join(1, 1)
    join(2, 1)
    join(3, 3)
    expect(say(3, { t: 'signal', to: id(1), data: 'AQ' })).toEqual(['2 ← signal'])
  })

  test('in another room it is somebody else', () => {
    const { join } = open()
    join(1, 1, 'a')
    expect(join(2, 1, 'b')).toEqual(['2 joined', '2 ← welcome'])
  })
})

test('a drain sends everybody away, each with its own time to come back', () => {
  const { rooms, join, connect } = open()
  join(1, 1)
  connect(2)
  const effects = rooms.handle({ type: 'drain', retryAfterMs: 1_000, spreadMs: 500 }, 0)
  expect(effects.map(show)).toEqual(['1 ← bye ERR_SHUTDOWN', '1 closed 1012', '2 ← bye ERR_SHUTDOWN', '2 closed 1012'])
  const [bye] = effects
  expect(bye?.type === 'send' && JSON.parse(bye.text)).toMatchObject({ retryAfterMs: 1_250 })
  expect([rooms.sockets, rooms.rooms]).toEqual([0, 0])
})

describe('over a shared roster', () => {
  const shared = () => open({ roster: 'shared' })

  test('a join is enlisted before it is welcome, and withdrawn when it ends', () => {
    const { join, give } = shared()
    expect(join(1, 1)).toEqual(['1 enlist'])
    expect(give({ type: 'enlisted', socket: 1, sample: [id(2)] })).toEqual(['1 joined', '1 ← welcome'])
    expect(give({ type: 'closed', socket: 1 })).toEqual(['1 withdraw'])
  })

  test('one that ends while it is being enlisted is withdrawn, and the answer is about nobody', () => {
    const { join, give } = shared()
    join(1, 1)
    expect(give({ type: 'closed', socket: 1 })).toEqual(['1 withdraw'])
    expect(give({ type: 'enlisted', socket: 1, sample: [] })).toEqual([])
  })

  test('a bus that is away is a reason to try again', () => {
    const { join, give } = shared()
    join(1, 1)
    expect(give({ type: 'not-enlisted', socket: 1, code: 'ERR_UNAVAILABLE' })).toEqual([
      '1 ← error ERR_UNAVAILABLE',
      '1 withdraw',
      '1 closed 1013',
    ])
  })

  test('what is not here is forwarded, and what arrives is delivered', () => {
    const { join, say, give } = shared()
    join(1, 1)
    give({ type: 'enlisted', socket: 1, sample: [] })
    expect(say(1, { t: 'signal', to: id(2), data: 'AQ' })).toEqual(['1 forward'])
    expect(give({ type: 'unreachable', socket: 1, to: id(2) })).toEqual(['1 ← absent'])
    expect(give({ type: 'arrived', room: 'lobby', to: id(1), from: id(2), data: 'AQ' })).toEqual(['1 ← signal'])
    expect(give({ type: 'arrived', room: 'elsewhere', to: id(1), from: id(2), data: 'AQ' })).toEqual([])
    expect(say(1, { t: 'sample' })).toEqual(['1 draw'])
    expect(give({ type: 'drawn', socket: 1, sample: [id(2)] })).toEqual(['1 ← sample'])
    expect(give({ type: 'displaced', room: 'lobby', id: id(1) })).toEqual([
      '1 ← bye ERR_REPLACED',
      '1 withdraw',
      '1 closed 1000',
    ])
  })
})

test('a host that slept gives the seats back, and nobody noticed', () => {
  const { rooms, join, connect } = open()
  join(1, 1)
  join(2, 2)
  connect(3)
  const awake = open()
  for (const socket of [1, 2, 3]) awake.rooms.restore(socket, structuredClone(rooms.seat(socket)!), 10)
  expect(awake.say(1, { t: 'signal', to: id(2), data: 'AQ' }, 20)).toEqual(['2 ← signal'])
  expect(awake.say(3, { t: 'join', version: 1, room: 'lobby', id: id(3), audience: 'x', signature }, 20)).toEqual([
    '3 check',
  ])
  expect(awake.give({ type: 'checked', socket: 3 })).toEqual(['3 joined', '3 ← welcome'])
})
