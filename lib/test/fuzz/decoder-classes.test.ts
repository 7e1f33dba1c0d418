/**
 * What is known to harm decoders of CBOR (measured with cbor-x, which reads our values): a class of input each, as
 * an attacker would send it. All is refused before the decoder sees it, as a frame and as an application's value.
 */
import { expect, it } from 'vitest'
import { decodeItem } from '../../src/wire/cbor.ts'
import { type ErrorCode, WireError } from '../../src/wire/errors.ts'
import { frameBytesMax } from '../../src/wire/limits.ts'
import { decodeValue } from '../../src/wire/value.ts'
import { fromHex } from './seeds.mjs'

const hex = (text: string): Uint8Array => fromHex(text.replaceAll(' ', ''))
const utf8 = (text: string): string => Buffer.from(text).toString('hex')
const text = (content: string): string => (0x60 + content.length).toString(16) + utf8(content)
const bytes = (length: number): string => `59 ${length.toString(16).padStart(4, '0')} ${'ff'.repeat(length)}`

/** Tag 51, whose items may refer to others by a simple value: item n is item n + 1 twice over. */
const doubling = `d833 82 98${(24).toString(16)} ${Array.from({ length: 15 }, (_, at) => `82 ${(0xe1 + at).toString(16).padStart(2, '0').repeat(2)}`).join('')} ${'80'.repeat(9)} e0`

/** As a frame and as a value; where it differs, the value's code. */
const classes: Record<string, [ErrorCode, string, ErrorCode?]> = {
  'packed values that double, some 100 bytes for a gigabyte': ['ERR_CBOR_TAG', doubling],
  'eight of them in one frame': ['ERR_CBOR_TAG', `88 ${doubling.repeat(8)}`],
  'sixty of them, which no browser survives': ['ERR_CBOR_TAG', `98 3c ${doubling.repeat(60)}`],
  'a whole number of sixteen thousand bytes': ['ERR_CBOR_TAG', `c2 ${bytes(16_384)}`],
  'a whole number as long as a frame allows': ['ERR_CBOR_TAG', `c2 ${bytes(65_000)}`],
  'five bytes that promise a hundred million items': ['ERR_CBOR_TRUNCATED', '9a 06b95690'],
  'promises inside promises': ['ERR_CBOR_TRUNCATED', '9a 06b95690'.repeat(13_000)],
  'arrays, five thousand deep': ['ERR_CBOR_DEPTH', `${'81'.repeat(5_000)}00`],
  'tags, five thousand deep': ['ERR_CBOR_TAG', `${'c1'.repeat(5_000)}00`],
  'an item that holds itself, by tags 28 and 29': ['ERR_CBOR_TAG', 'd81c 81 d81d 00'],
  'a live pattern, by tag 27': ['ERR_CBOR_TAG', `d81b 82 ${text('RegExp')} ${text('(a+)+')}`],
  'a name that is looked up among globals, by tag 27': ['ERR_CBOR_TAG', `d81b 82 ${text('constructor')} ${text('x')}`],
  'a break by itself': ['ERR_CBOR_INDEFINITE', 'ff'],
  'a break in an array': ['ERR_CBOR_INDEFINITE', '82 00 ff'],
  'a break as a value in a map': ['ERR_CBOR_TYPE', 'a1 6161 ff', 'ERR_CBOR_INDEFINITE'],
  'one as a 64-bit number, which decoders make a BigInt': ['ERR_CBOR_NOT_CANONICAL', '1b 0000000000000001'],
  'a number that only a BigInt can hold': ['ERR_CBOR_INTEGER', '1b ffffffffffffffff'],
  'one in a byte that it does not need': ['ERR_CBOR_NOT_CANONICAL', '18 01'],
  'one as a float of 16 bits': ['ERR_CBOR_TYPE', 'f9 3c00', 'ERR_CBOR_FLOAT'],
  'one as a float of 64 bits': ['ERR_CBOR_TYPE', 'fb 3ff0000000000000', 'ERR_CBOR_FLOAT'],
  'a key twice': ['ERR_CBOR_TYPE', 'a2 6161 01 6161 02', 'ERR_CBOR_KEY_ORDER'],
  'a key __proto__': ['ERR_CBOR_TYPE', `a1 ${text('__proto__')} a0`, 'ERR_CBOR_KEY'],
  'a key constructor': ['ERR_CBOR_TYPE', `a1 ${text('constructor')} a0`, 'ERR_CBOR_KEY'],
  'text that ends within a letter': ['ERR_CBOR_TEXT', '61 c3'],
  'text with a byte that no letter has': ['ERR_CBOR_TEXT', '61 ff'],
  'text with a byte order mark, which browsers eat and Node keeps': [
    'ERR_CBOR_TEXT',
    `78 53 efbbbf ${'41'.repeat(80)}`,
  ],
  'half a surrogate pair': ['ERR_CBOR_TEXT', '63 eda080'],
  'bytes after the end': ['ERR_CBOR_TRAILING', '00 00'],
  'a record, which is code made of its keys': ['ERR_CBOR_TAG', `d9 dfff 83 19 9d74 81 ${text('admin')} f4`],
  'a record that an earlier message defined': ['ERR_CBOR_TAG', 'd9 9d74 81 f4'],
  'a set, a map and a typed array by tags': ['ERR_CBOR_TAG', '83 d90102 80 d90103 a0 d840 4100'],
}

const refusal = (input: Uint8Array, profile: 'frame' | 'value'): string => {
  try {
    decodeItem(input, profile)
  } catch (reason) {
    if (reason instanceof WireError) return reason.code
    throw reason
  }
  return 'taken'
}

it.each(Object.entries(classes))('%s is refused, and at once', (_what, [inFrame, text, inValue = inFrame]) => {
  const input = hex(text)
  expect(input.length).toBeLessThanOrEqual(frameBytesMax)
  const times = [1, 2, 3].map(() => {
    const from = performance.now()
    expect([refusal(input, 'frame'), refusal(input, 'value')]).toEqual([inFrame, inValue])
    return performance.now() - from
  })
  // Measured: below 1 ms, and a minute where the decoder got to see it.
  expect(Math.min(...times)).toBeLessThan(50)
})

it('keys that shadow an object’s methods are data, and nothing else', () => {
  const shadow = decodeValue(hex(`a2 ${text('toJSON')} 01 ${text('toString')} 02`)) as object
  expect(Object.entries(shadow)).toEqual([
    ['toJSON', 1],
    ['toString', 2],
  ])
  expect(JSON.stringify(shadow)).toBe('{"toJSON":1,"toString":2}')
  expect('toJSON' in {}).toBe(false)
})

it('what one message says leaves no mark on the next', () => {
  refusal(hex(`d9 dfff 83 19 9d74 81 ${text('admin')} f4`), 'value')
  expect(refusal(hex('d9 9d74 81 f4'), 'value')).toBe('ERR_CBOR_TAG')
  expect(decodeValue(hex(`a1 ${text('admin')} f5`))).toEqual({ admin: true })
})
