/** Each class in the table of C.1 of our security notes is refused before a decoder sees it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeItem, encodeItem } from './cbor.ts'
import { type ErrorCode, WireError } from './errors.ts'
import { depthMax, frameBytesMax, itemsMax } from './limits.ts'
import { scan } from './scanner.ts'

const hex = (text: string) =>
  Uint8Array.from(text.replaceAll(' ', '').match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
const text = (content: string) => encodeItem(content)

/** What both profiles refuse, by class. */
const refused: Record<string, [ErrorCode, string[]]> = {
  'any tag, in any width, anywhere': [
    'ERR_CBOR_TAG',
    [
      'c0 00',
      'c2 41 01',
      'c3 41 01',
      'd8 1c 80',
      'd8 1d 00',
      'd8 1b 80',
      'd8 33 80',
      'd8 40 41 00',
      'd9 0103 a0',
      'd9 dfff 80',
      'da 00000001 00',
      'db 0000000000000001 00',
      '81 c1 00',
      '82 00 d8 33 80',
    ],
  ],
  'an indefinite length, or a break without one': [
    'ERR_CBOR_INDEFINITE',
    ['ff', '81 ff', '82 00 ff', '9f ff', '5f ff', '7f ff', 'bf ff', '9f 00 ff'],
  ],
  'a number or length that is not in its shortest form': [
    'ERR_CBOR_NOT_CANONICAL',
    [
      '18 00',
      '18 17',
      '19 0001',
      '19 00ff',
      '1a 00000001',
      '1a 0000ffff',
      '1b 0000000000000001',
      '1b 00000000ffffffff',
      '38 17',
      '39 00ff',
      '58 00',
      '59 0001 00',
      '78 00',
      '98 00',
      '99 0001 00',
      '9a 00000000',
      '1c',
      '3d',
      '5e',
      '9e',
    ],
  ],
  'an integer that JavaScript cannot hold, or that a decoder misreads': [
    'ERR_CBOR_INTEGER',
    ['1b 0020000000000000', '1b ffffffffffffffff', '3b 0000000100000000', '3b ffffffffffffffff'],
  ],
  'a simple value that is not false, true or null': [
    'ERR_CBOR_SIMPLE',
    ['f7', 'e0', 'f3', 'f8 18', 'f8 ff', 'fc', 'fd', 'fe'],
  ],
  'a length that the bytes do not hold': [
    'ERR_CBOR_TRUNCATED',
    [
      '',
      '18',
      '19 00',
      '1b 00000000',
      '41',
      '58 18 00',
      '5b 001fffffffffffff',
      '61',
      '7b 001fffffffffffff',
      '81',
      '82 00',
      '9a 06b95690',
      '9b 001fffffffffffff',
      '9a 7fffffff 9a 7fffffff',
    ],
  ],
  'bytes after the item': ['ERR_CBOR_TRAILING', ['00 00', '80 00', '40 40', 'f6 f6']],
  'text that is not well-formed UTF-8': [
    'ERR_CBOR_TEXT',
    [
      '61 c3',
      '61 ff',
      '61 80',
      '62 c0 80',
      '62 c1 bf',
      '63 e0 80 80',
      '63 e0 9f bf',
      '63 ed a0 80',
      '63 ed bf bf',
      '64 f0 80 80 80',
      '64 f0 8f bf bf',
      '64 f4 90 80 80',
      '64 f5 80 80 80',
      '62 c3 41',
      '63 e2 82 41',
      '64 f0 9f 90 41',
    ],
  ],
  'text with a leading byte order mark, which some decoders eat': ['ERR_CBOR_TEXT', ['63 ef bb bf', '64 ef bb bf 41']],
}

/** What the value profile refuses besides; the frame profile has no maps and no floats at all. */
const refusedValues: Record<string, [ErrorCode, string[]]> = {
  'a float that is not 64 bits wide': ['ERR_CBOR_FLOAT', ['f9 3c00', 'f9 7e00', 'fa 3f800000', 'fa 7fc00000']],
  'a float that stands for an integer': [
    'ERR_CBOR_FLOAT',
    ['fb 3ff0000000000000', 'fb 0000000000000000', 'fb 8000000000000000', 'fb 433fffffffffffff', 'fb c1f0000000000000'],
  ],
  'a NaN with a payload or a sign': [
    'ERR_CBOR_FLOAT',
    ['fb 7ff8000000000001', 'fb fff8000000000000', 'fb 7ff0000000000001'],
  ],
  'a key twice, or keys out of order': [
    'ERR_CBOR_KEY_ORDER',
    [
      'a2 6161 01 6161 02',
      'a2 6162 01 6161 02',
      'a2 626161 01 6162 02',
      'a2 6161 a0 6161 a0',
      'a3 6161 01 6163 02 6162 03',
    ],
  ],
  'a key that is no text': ['ERR_CBOR_KEY', ['a1 00 00', 'a1 20 00', 'a1 4161 00', 'a1 80 00', 'a1 a0 00', 'a1 f6 00']],
  'a break or an indefinite length for a key': ['ERR_CBOR_KEY', ['a1 ff 00', 'bf']],
  'a truncated map': ['ERR_CBOR_TRUNCATED', ['a1', 'a1 6161', 'ba 7fffffff', 'a2 6161 00']],
  'a tag for a key': ['ERR_CBOR_TAG', ['a1 c0 6161 00']],
}

describe('the scanner', () => {
  for (const profile of ['frame', 'value'] as const) {
    for (const [what, [code, inputs]] of Object.entries(refused)) {
      it(`refuses ${what}, in a ${profile}`, () => {
        for (const input of inputs) expect([input, scan(hex(input), profile)]).toEqual([input, code])
      })
    }
  }

  for (const [what, [code, inputs]] of Object.entries(refusedValues)) {
    it(`refuses ${what}`, () => {
      for (const input of inputs) {
        const expected = input === 'bf' ? 'ERR_CBOR_INDEFINITE' : code
        expect([input, scan(hex(input), 'value')]).toEqual([input, expected])
      }
    })
  }

  it('refuses keys that reach into the prototype', () => {
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      const bytes = Uint8Array.of(0xa1, ...text(key), 0)
      expect(scan(bytes, 'value')).toBe('ERR_CBOR_KEY')
    }
    for (const key of ['__proto_', 'constructors', 'toString', 'toJSON']) {
      expect(scan(Uint8Array.of(0xa1, ...text(key), 0), 'value')).toBeUndefined()
    }
  })

  it('knows no maps and no floats in a frame', () => {
    for (const input of ['a0', '81 a0', 'fb 3ff8000000000000', 'f9 3c00']) {
      expect(scan(hex(input), 'frame')).toBe('ERR_CBOR_TYPE')
    }
  })

  it('accepts what a frame is made of', () => {
    for (const input of [
      '00',
      '17',
      '18 18',
      '18 ff',
      '19 0100',
      '1a 00010000',
      '1b 0000000100000000',
      '1b 001fffffffffffff',
      '20',
      '38 ff',
      '3a ffffffff',
      '40',
      '41 00',
      '60',
      '61 41',
      '62 c2 80',
      '63 e2 82 ac',
      '64 f0 9f 90 9f',
      '64 f4 8f bf bf',
      '80',
      '81 80',
      '84 00 40 60 80',
      'f4',
      'f5',
      'f6',
      '64 41 ef bb bf',
    ]) {
      expect([input, scan(hex(input), 'frame')]).toEqual([input, undefined])
    }
  })

  it('accepts what a value may have besides', () => {
    for (const input of [
      'a0',
      'a1 60 00',
      'a2 6161 01 6162 02',
      'a2 6162 01 626161 02',
      'a1 6161 a1 6161 a0',
      'fb 3ff8000000000000',
      'fb 7ff0000000000000',
      'fb fff0000000000000',
      'fb 7ff8000000000000',
      'fb 4340000000000000',
      'fb c1f0000000100000',
    ]) {
      expect([input, scan(hex(input), 'value')]).toEqual([input, undefined])
    }
  })

  it('keeps the keys of maps inside each other apart', () => {
    // {"a": {"z": 0}, "b": 0} and {"b": {"a": 0}, "bb": [{"a": 0}]}
    expect(scan(hex('a2 6161 a1 617a 00 6162 00'), 'value')).toBeUndefined()
    expect(scan(hex('a2 6162 a1 6161 00 626262 81 a1 6161 00'), 'value')).toBeUndefined()
  })

  it('takes the deepest nesting that is allowed and refuses one more', () => {
    const nested = (depth: number) => Uint8Array.of(...new Uint8Array(depth).fill(0x81), 0)
    expect(scan(nested(depthMax), 'frame')).toBeUndefined()
    expect(scan(nested(depthMax + 1), 'frame')).toBe('ERR_CBOR_DEPTH')
    expect(scan(nested(60_000), 'frame')).toBe('ERR_CBOR_DEPTH')
    const maps = (depth: number) => Uint8Array.of(...Array.from({ length: depth }, () => [0xa1, 0x60]).flat(), 0)
    expect(scan(maps(depthMax), 'value')).toBeUndefined()
    expect(scan(maps(depthMax + 1), 'value')).toBe('ERR_CBOR_DEPTH')
  })

  it('takes the most items that are allowed and refuses one more', () => {
    const wide = (items: number) =>
      Uint8Array.of(0x99, (items - 1) >> 8, (items - 1) & 0xff, ...new Uint8Array(items - 1))
    expect(scan(wide(itemsMax), 'frame')).toBeUndefined()
    expect(scan(wide(itemsMax + 1), 'frame')).toBe('ERR_CBOR_ITEMS')
  })

  it('stays under a millisecond on the most that one frame can hold', () => {
    const worst = [new Uint8Array(frameBytesMax), new Uint8Array(frameBytesMax).fill(0x81)]
    const long = encodeItem('ü'.repeat(32_000))
    for (let round = 0; round < 50; round++) scan(long, 'frame') // warm
    for (const bytes of [...worst, long]) {
      const times = Array.from({ length: 20 }, () => {
        const from = performance.now()
        scan(bytes, 'frame')
        return performance.now() - from
      })
      expect(Math.min(...times)).toBeLessThan(1)
    }
  })

  it('leaves the decoder nothing to throw about, whatever the bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .array(
          fc.constantFrom(
            ...hex('00 18 19 1b 20 40 41 58 60 61 78 80 81 82 98 a0 a1 b8 c0 d8 f4 f6 f7 f9 fb ff 33 1c'),
          ),
          { maxLength: 60 },
        )
        .map((each) => Uint8Array.from(each)),
    )
    fc.assert(
      fc.property(bytes, (candidate) => {
        try {
          decodeItem(candidate, 'value')
        } catch (reason) {
          expect(reason).toBeInstanceOf(WireError)
        }
      }),
      { numRuns: 10_000 },
    )
  })
})
