import { expect, it } from 'vitest'
import { makeRoomLink, readRoomLink } from './room-link.ts'

it('a link carries room and secret where no server sees them', () => {
  const { link, room, secret } = makeRoomLink('https://example.org/play?level=3#old', 'the lobby & more')
  expect(new URL(link).search).toBe('?level=3')
  expect(link.split('#')[0]).not.toContain(secret)
  expect(readRoomLink(link)).toEqual({ room, secret })
  expect(room).toBe('the lobby & more')
})

it('every link has another secret, of 128 bits', () => {
  const secrets = Array.from({ length: 20 }, () => makeRoomLink('https://example.org/', 'lobby').secret)
  expect(new Set(secrets).size).toBe(20)
  expect(secrets.every((secret) => /^[\w-]{22}$/.test(secret))).toBe(true)
})

it('what has no secret is no such link', () => {
  for (const link of [
    'https://example.org/',
    'https://example.org/#room=a',
    'https://example.org/#room=a&secret=b',
    'x',
  ])
    expect(readRoomLink(link)).toBeUndefined()
  expect(() => makeRoomLink('nowhere', 'lobby')).toThrow(expect.objectContaining({ code: 'ERR_OPTION_INVALID' }))
})
