import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toBase64Url } from '../identity/base64url.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { signalingCodes } from './codes.ts'
import {
  dataBytesMax,
  encodeMessage,
  errorMessage,
  frameBytesMax,
  isPeerId,
  isRoomName,
  joinBytes,
  parseClientMessage,
  parseServerMessage,
  pingText,
  pongText,
  sampleMax,
  tokenCharsMax,
  type ClientMessage,
  type ServerMessage,
} from './messages.ts'

const bytes = (length: number, fill = 7) => new Uint8Array(length).fill(fill)
const id = (fill = 1) => toBase64Url(bytes(32, fill)) as PeerId
const nonce = toBase64Url(bytes(32, 9))
const signature = toBase64Url(bytes(64, 5))

const join = { t: 'join', version: 1, room: 'lobby', id: id(), audience: 'signal.example.org', signature } as const

const peerIds = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((raw) => toBase64Url(raw) as PeerId)
const datas = fc.uint8Array({ minLength: 1, maxLength: 300 }).map(toBase64Url)
const codes = fc.constantFrom(...(Object.keys(signalingCodes) as (keyof typeof signalingCodes)[]))

const clientMessages: fc.Arbitrary<ClientMessage> = fc.oneof(
  fc.record({ t: fc.constant('signal' as const), to: peerIds, data: datas }),
  fc.record({ id: peerIds, room: fc.string({ minLength: 1, maxLength: 64 }).filter(isRoomName) }).map((some) => ({
    ...join,
    ...some,
  })),
  fc.constantFrom<ClientMessage>({ t: 'sample' }, { t: 'ping' }, { t: 'leave' }, { ...join, token: 'x' }),
)

const serverMessages: fc.Arbitrary<ServerMessage> = fc.oneof(
  fc.record({ t: fc.constant('signal' as const), from: peerIds, data: datas }),
  fc.record({ t: fc.constant('absent' as const), to: peerIds }),
  fc.record({ t: fc.constant('sample' as const), sample: fc.array(peerIds, { maxLength: sampleMax }) }),
  fc.record({ t: fc.constant('bye' as const), code: codes, retryAfterMs: fc.nat(3_600_000) }),
  codes.map((code) => errorMessage(code, 5)),
  fc.constantFrom<ServerMessage>(
    { t: 'pong' },
    { t: 'challenge', version: 1, nonce },
    { t: 'welcome', sample: [id()], heartbeatMs: 25_000 },
    {
      t: 'welcome',
      sample: [],
      heartbeatMs: 1_000,
      iceServers: [
        { urls: ['stun:a.example'] },
        { urls: ['turn:b.example:3478?transport=udp'], username: 'u', credential: 'c' },
      ],
      iceTtlMs: 60_000,
    },
  ),
)

describe('what is written can be read', () => {
  test('by the server', () => {
    fc.assert(
      fc.property(clientMessages, (message) => {
        expect(parseClientMessage(encodeMessage(message))).toEqual(message)
      }),
    )
  })

  test('by the client', () => {
    fc.assert(
      fc.property(serverMessages, (message) => {
        expect(parseServerMessage(encodeMessage(message))).toEqual(message)
      }),
    )
  })

  test('and a ping is one exact text', () => {
    expect(parseClientMessage(pingText)).toEqual({ t: 'ping' })
    expect(parseServerMessage(pongText)).toEqual({ t: 'pong' })
    expect(encodeMessage({ t: 'ping' })).toBe(pingText)
    expect(encodeMessage({ t: 'pong' })).toBe(pongText)
  })
})

describe('what is not a message is an ordinary value', () => {
  test('whatever the text is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.anything().map((value) => JSON.stringify(value) ?? ''),
        ),
        (text) => {
          expect(parseClientMessage(text)).toHaveProperty('code')
          expect(parseServerMessage(text)).toHaveProperty('code')
        },
      ),
    )
  })

  test('whichever byte of a message is changed', () => {
    fc.assert(
      fc.property(clientMessages, fc.nat(), fc.string({ minLength: 1, maxLength: 1 }), (message, at, char) => {
        const text = encodeMessage(message)
        const where = at % text.length
        const changed = text.slice(0, where) + char + text.slice(where + 1)
        const read = parseClientMessage(changed)
        // It is refused, or it is another message that would be written in the same way.
        if ('t' in read) expect(JSON.parse(encodeMessage(read))).toEqual(JSON.parse(changed))
      }),
    )
  })

  test.each([
    ['a key too many', { t: 'ping', extra: 1 }],
    ['a key too few', { t: 'signal', to: id() }],
    ['an unknown t', { t: 'shout' }],
    ['an array', []],
    ['null', null],
  ])('%s', (_what, value) => {
    expect(parseClientMessage(JSON.stringify(value))).toEqual({ code: 'ERR_FRAME_INVALID' })
  })

  test('a key __proto__, which reaches no prototype', () => {
    expect(parseClientMessage('{"t":"ping","__proto__":{"admin":true}}')).toEqual({ code: 'ERR_FRAME_INVALID' })
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
  })
})

describe('a limit holds at the limit and one over it', () => {
  test('the frame', () => {
    const fill = ' '.repeat(frameBytesMax - pingText.length)
    expect(parseClientMessage(pingText + fill)).toEqual({ t: 'ping' })
    expect(parseClientMessage(`${pingText}${fill} `)).toEqual({ code: 'ERR_FRAME_TOO_LARGE' })
  })

  test('the depth, before the text is parsed', () => {
    const welcome = { t: 'welcome', sample: [], heartbeatMs: 1_000, iceServers: [{ urls: ['stun:a'] }], iceTtlMs: 1 }
    expect(parseServerMessage(JSON.stringify(welcome))).toEqual(welcome)
    expect(parseServerMessage('{"a":[[[[1]]]]}')).toEqual({ code: 'ERR_FRAME_INVALID' })
    expect(parseServerMessage('['.repeat(frameBytesMax))).toEqual({ code: 'ERR_FRAME_INVALID' })
    // Brackets inside strings nest nothing.
    expect(isRoomName('[[[[[[{{{{{{')).toBe(true)
    expect(parseClientMessage(JSON.stringify({ ...join, room: '[[[[[["{{{{{{' }))).toHaveProperty('t', 'join')
  })

  test('the data', () => {
    const signal = (length: number) => JSON.stringify({ t: 'signal', to: id(), data: toBase64Url(bytes(length)) })
    expect(parseClientMessage(signal(1))).toHaveProperty('t', 'signal')
    expect(parseClientMessage(signal(dataBytesMax))).toHaveProperty('t', 'signal')
    expect(parseClientMessage(signal(dataBytesMax + 1))).toEqual({ code: 'ERR_DATA_INVALID' })
    expect(parseClientMessage(signal(0))).toEqual({ code: 'ERR_DATA_INVALID' })
  })

  test('the room', () => {
    expect(isRoomName('x'.repeat(64))).toBe(true)
    expect(isRoomName('x'.repeat(65))).toBe(false)
    expect(isRoomName('é'.repeat(32))).toBe(true)
    expect(isRoomName('é'.repeat(33))).toBe(false)
    expect(isRoomName('')).toBe(false)
    expect(isRoomName('a\nb')).toBe(false)
    expect(isRoomName('\ud800')).toBe(false)
    expect(parseClientMessage(JSON.stringify({ ...join, room: 'x'.repeat(65) }))).toEqual({ code: 'ERR_ROOM_INVALID' })
  })

  test('the token', () => {
    const tokened = (length: number) => parseClientMessage(JSON.stringify({ ...join, token: 'x'.repeat(length) }))
    expect(tokened(tokenCharsMax)).toHaveProperty('t', 'join')
    expect(tokened(tokenCharsMax + 1)).toEqual({ code: 'ERR_TOKEN_INVALID' })
  })

  test('the sample', () => {
    const sample = (length: number) => JSON.stringify({ t: 'sample', sample: Array.from({ length }, (_, n) => id(n)) })
    expect(parseServerMessage(sample(sampleMax))).toHaveProperty('t', 'sample')
    expect(parseServerMessage(sample(sampleMax + 1))).toEqual({ code: 'ERR_FRAME_INVALID' })
  })
})

test('each fault of a join has its own code', () => {
  const wrong = (change: object) => parseClientMessage(JSON.stringify({ ...join, ...change }))
  expect(wrong({ version: 2 })).toEqual({ code: 'ERR_VERSION' })
  expect(wrong({ version: 2, novelty: true })).toEqual({ code: 'ERR_VERSION' })
  expect(wrong({ id: 'x' })).toEqual({ code: 'ERR_ID_INVALID' })
  expect(wrong({ audience: '' })).toEqual({ code: 'ERR_AUDIENCE' })
  expect(wrong({ signature: toBase64Url(bytes(63)) })).toEqual({ code: 'ERR_SIGNATURE' })
  expect(wrong({ token: 7 })).toEqual({ code: 'ERR_TOKEN_INVALID' })
  expect(wrong({ version: '1' })).toEqual({ code: 'ERR_FRAME_INVALID' })
})

test('an id has one spelling', () => {
  expect(isPeerId(id())).toBe(true)
  // The last character holds two spare bits: with one of them set it is the same 32 bytes, and another text.
  expect(isPeerId(`${id().slice(0, 42)}B`)).toBe(false)
  expect(isPeerId(`${id()}A`)).toBe(false)
})

test('a server cannot put words into our mouth: the text of an error is ours', () => {
  const said = JSON.stringify({ t: 'error', code: 'ERR_RATE', message: 'Please enter your password.' })
  expect(parseServerMessage(said)).toEqual({ t: 'error', code: 'ERR_RATE', message: signalingCodes.ERR_RATE })
  expect(parseServerMessage('{"t":"error","code":"toString","message":"x"}')).toEqual({ code: 'ERR_FRAME_INVALID' })
})

test('no two joins sign the same bytes', () => {
  const signed = (audience: string, room: string) => Buffer.from(joinBytes(nonce, audience, room, id())).toString('hex')
  expect(signed('ab', 'c')).not.toBe(signed('a', 'bc'))
  expect(signed('a', '')).not.toBe(signed('', 'a'))
  expect(joinBytes(nonce, 'a', 'lobby', id()).length).toBe(22 + 1 + 32 + 1 + 1 + 1 + 5 + 32)
})
