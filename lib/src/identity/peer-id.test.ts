import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromBase64Url, toBase64Url } from './base64url.ts'
import {
  instanceIdFromBytes,
  instanceIdToBytes,
  meshIdOf,
  parsePeerId,
  type PeerId,
  peerIdFromBytes,
  peerIdToBytes,
} from './peer-id.ts'
import { utf8, utf8Length } from './utf8.ts'

describe('base64url', () => {
  it('spells bytes as everyone does, and reads them back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        expect(toBase64Url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
        expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes)
      }),
    )
  })

  it('reads one spelling only: no padding, no other alphabet, no spare bits', () => {
    for (const text of ['A', 'AA=', 'AA==', 'A+', 'A/', 'AB', 'AAB', ' AAA', 'AA\u0100A', 'AAAAA']) {
      expect(fromBase64Url(text)).toBeUndefined()
    }
    expect(fromBase64Url('')).toEqual(new Uint8Array(0))
  })
})

describe('UTF-8', () => {
  it('is what TextEncoder makes of well-formed text, and nothing for the rest', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(Buffer.from(utf8(text)).equals(new TextEncoder().encode(text))).toBe(true)
        expect(utf8Length(text)).toBe(utf8(text).length)
      }),
    )
    for (const text of ['\ud800', 'a\udc00', '\udc00\ud800', '\ud800x', '\ud83d\ud83d\udc1f']) {
      expect(utf8Length(text)).toBe(-1)
      expect(() => utf8(text)).toThrow(RangeError)
    }
  })
})

describe('a peer id', () => {
  it('is its public key and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
        const id = peerIdFromBytes(key)
        expect(id).toHaveLength(43)
        expect(peerIdToBytes(id)).toEqual(key)
        expect(parsePeerId(id)).toBe(id)
      }),
    )
  })

  it('has one spelling: the two spare bits are zero', () => {
    const id = peerIdFromBytes(new Uint8Array(32))
    expect(parsePeerId(`${id.slice(0, 42)}B`)).toBeUndefined()
    expect(parsePeerId(id.slice(1))).toBeUndefined()
    expect(parsePeerId(`${id}A`)).toBeUndefined()
    expect(() => peerIdToBytes('nobody' as PeerId)).toThrow('not a peer id: "nobody"')
    expect(() => peerIdFromBytes(new Uint8Array(31))).toThrow('32 bytes, not 31')
  })

  it('is remembered in bounded memory, and still right after it was forgotten', () => {
    const keys = Array.from({ length: 9_000 }, (_, index) => {
      const key = new Uint8Array(32)
      new DataView(key.buffer).setUint32(0, index)
      return key
    })
    for (const key of keys) peerIdToBytes(peerIdFromBytes(key))
    expect(keys.every((key) => peerIdFromBytes(peerIdToBytes(peerIdFromBytes(key))) === peerIdFromBytes(key))).toBe(
      true,
    )
  })
})

it('an instance id is 16 bytes', () => {
  const bytes = new Uint8Array(16).fill(200)
  expect(instanceIdFromBytes(bytes)).toHaveLength(22)
  expect(instanceIdToBytes(instanceIdFromBytes(bytes))).toEqual(bytes)
  expect(() => instanceIdFromBytes(new Uint8Array(15))).toThrow('16 bytes, not 15')
  expect(() => instanceIdToBytes('' as never)).toThrow('not an instance id')
})

it('a mesh id is SHA-256 of a label and the name of the room', () => {
  const expected = createHash('sha256').update('shoal/1/mesh\0lobby').digest()
  expect([...meshIdOf('lobby')]).toEqual([...expected])
  expect(meshIdOf('')).not.toEqual(meshIdOf('lobby'))
  expect(() => meshIdOf('\ud800')).toThrow(RangeError)
})
