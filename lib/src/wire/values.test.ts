import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { depthMax, itemsMax } from './limits.ts'
import { scan } from './scanner.ts'
import { decodeValue, encodeValue } from './values.ts'

const text = fc
  .string({ unit: 'grapheme' })
  .filter((text) => !/\p{Surrogate}/u.test(text) && text.charCodeAt(0) !== 0xfeff)
const key = text.filter((text) => !['__proto__', 'constructor', 'prototype'].includes(text))
const number = fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger()).map((number) => (number === 0 ? 0 : number))
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom(null, true, false),
    number,
    text,
    fc.uint8Array(),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(key, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  ),
}))

function nested(depth: number): unknown {
  let value: unknown = 'deep'
  for (let at = 0; at < depth; at++) value = at % 2 === 0 ? [value] : { in: value }
  return value
}

describe('the application’s values', () => {
  test('come out equal to what went in, in the one encoding that the scanner accepts', () => {
    fc.assert(
      fc.property(value, (value) => {
        const bytes = encodeValue(value)
        expect(scan(bytes, 'value')).toBeUndefined()
        expect(decodeValue(bytes)!.value).toEqual(value)
      }),
    )
  })

  test('have one encoding, whatever the order of their keys', () => {
    expect(encodeValue({ bb: 1, a: 2, é: 3 })).toEqual(encodeValue({ é: 3, a: 2, bb: 1 }))
  })

  test.each([
    0,
    23,
    24,
    255,
    256,
    65_535,
    65_536,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    Number.MAX_SAFE_INTEGER,
    -1,
    -24,
    -25,
    -256,
    -257,
    -65_537,
    -(2 ** 31) - 1,
    -3_000_000_000,
    -(2 ** 32),
    -(2 ** 32) - 1,
    2 ** 53,
    1.5,
    -1e300,
    Infinity,
    NaN,
  ])('the number %d is carried exactly', (number) => {
    const bytes = encodeValue(number)
    expect(scan(bytes, 'value')).toBeUndefined()
    expect(decodeValue(bytes)!.value).toBe(number)
  })

  test('what JSON leaves out is left out: undefined properties; undefined in an array is null', () => {
    expect(decodeValue(encodeValue({ a: undefined, b: [undefined] }))!.value).toEqual({ b: [null] })
    expect(decodeValue(encodeValue(undefined))!.value).toBeNull()
  })

  test.each([
    ['a function', { run: () => {} }, 'it.run is a function'],
    ['a symbol', [Symbol('x')], 'it[0] is a symbol'],
    ['a bigint', { n: [1n] }, 'it.n[0] is a bigint'],
    ['a Date', { at: new Date(0) }, 'it.at is an object of class Date'],
    ['a Map', new Map(), 'it is an object of class Map'],
    ['other binary', { of: new Float32Array(1) }, 'it.of is an object of class Float32Array'],
    ['half a surrogate pair', '\ud800', 'half a surrogate pair'],
    ['a byte order mark', { ['\ufeffa']: 1 }, 'byte order mark'],
    ['a key that reaches into the prototype', JSON.parse('{"__proto__":1}'), 'a key __proto__'],
  ])('%s is refused, and the message says where it is', (_name, value, message) => {
    expect(() => encodeValue(value)).toThrow(TypeError)
    expect(() => encodeValue(value)).toThrow(message)
  })

  test('a value that holds itself is refused', () => {
    const value: Record<string, unknown> = {}
    value.self = value
    expect(() => encodeValue(value)).toThrow('nested deeper')
  })

  test('nesting is taken at its limit and refused one over it', () => {
    expect(decodeValue(encodeValue(nested(depthMax)))!.value).toEqual(nested(depthMax))
    expect(() => encodeValue(nested(depthMax + 1))).toThrow('nested deeper')
  })

  test('items are taken at their limit and refused one over it', () => {
    const list = Array.from({ length: itemsMax - 1 }, () => 1)
    expect(decodeValue(encodeValue(list))!.value).toEqual(list)
    expect(() => encodeValue([...list, 1])).toThrow('one item too many')
    const map = Object.fromEntries(Array.from({ length: itemsMax / 2 }, (_, at) => [`k${at}`, at]))
    expect(() => encodeValue(map)).toThrow('one item too many')
  })

  test('bytes that are no acceptable value are undefined', () => {
    for (const bytes of [[], [0xc0, 0x01], [0xff], [0x18, 0x01], [0x01, 0x01]]) {
      expect(decodeValue(new Uint8Array(bytes))).toBeUndefined()
    }
  })
})
