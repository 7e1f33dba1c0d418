import { expect, test } from 'vitest'
import { cleanName, linkWith, readAddress } from './address.ts'

test('the host that served the page is asked to introduce us, by the same folder and a socket as safe as the page', () => {
  expect(readAddress('http://localhost:8787/').signaling).toBe('ws://localhost:8787/')
  expect(readAddress('https://example.org/shoal/index.html?room=a#b').signaling).toBe('wss://example.org/shoal/')
})

test('the address says room, name, zone and server', () => {
  expect(readAddress('http://h/?room=reef&name=Ada&zone=eu&signaling=wss%3A%2F%2Fs%2F')).toEqual({
    room: 'reef',
    name: 'Ada',
    zone: 'eu',
    signaling: 'wss://s/',
  })
})

test('what is left out, or left empty, is the lobby, without name and zone', () => {
  for (const href of ['http://h/', 'http://h/?room=&name=&zone=', 'http://h/?room=%20&name=%20']) {
    expect(readAddress(href)).toEqual({ room: 'lobby', name: undefined, zone: undefined, signaling: 'ws://h/' })
  }
})

test('a link keeps what it is not told to change', () => {
  expect(linkWith('http://h/?room=a&name=Ada&zone=eu', { name: undefined })).toBe('http://h/?room=a&zone=eu')
  expect(linkWith('http://h/?room=a', { room: 'b c' })).toBe('http://h/?room=b+c')
})

test('a name is one line of at most 40 characters, without those that reorder or hide text', () => {
  expect(cleanName('  Ada\n\tLovelace ')).toBe('Ada Lovelace')
  expect(cleanName('\u202egnirreH\u200b')).toBe('gnirreH')
  expect(cleanName('x'.repeat(41))).toBe('x'.repeat(40))
  expect(cleanName('🐟'.repeat(41))).toBe('🐟'.repeat(40))
  for (const nothing of ['', ' \u200b ', 7, undefined, null, {}]) expect(cleanName(nothing)).toBeUndefined()
})
