import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WireError } from './errors.ts'
import { depthMax, itemsMax } from './limits.ts'
import { forbiddenKeys, scan } from './scanner.ts'
import { decodeValue, encodeValue, ValueError } from './value.ts'

const text = fc.string({ unit: 'grapheme' }).filter((each) => !each.startsWith('\ufeff'))
const key = text.filter((each) => !(forbiddenKeys as readonly string[]).includes(each))
const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double().map((each) => (Object.is(each, -0) ? 0 : each)),
  text,
  fc.uint8Array({ maxLength: 40 }),
)
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    leaf,
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(key, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  ),
}))

/** `depth` arrays inside each other. */
const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])

describe('application data', () => {
  it('comes out as it went in, in the one encoding that the scanner accepts', () => {
    fc.assert(
      fc.property(value, (original) => {
        const bytes = encodeValue(original)
        expect(scan(bytes, 'value')).toBeUndefined()
        expect(decodeValue(bytes)).toEqual(original)
      }),
      { numRuns: 2_000 },
    )
  })

  it('has one encoding whatever the order of its keys', () => {
    const astral = { '\u{1f41f}': 1, '\uffee': 2, aa: 3, b: 4, '': 5 }
    const reversed = Object.fromEntries(Object.entries(astral).reverse())
    expect(encodeValue(reversed)).toEqual(encodeValue(astral))
    expect(Object.keys(decodeValue(encodeValue(astral)) as object)).toEqual(['', 'b', 'aa', '\uffee', '\u{1f41f}'])
  })

  it('decodes any bytes to data or throws its own error, and what it accepts has no second encoding', () => {
    let accepted = 0
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.tuple(value, fc.nat(), fc.nat(255)).map(([original, at, byte]) => {
        const encoded = encodeValue(original)
        encoded[at % encoded.length] = byte
        return encoded
      }),
    )
    fc.assert(
      fc.property(bytes, (candidate) => {
        let decoded
        try {
          decoded = decodeValue(candidate)
        } catch (reason) {
          expect(reason).toBeInstanceOf(WireError)
          return
        }
        accepted++
        expect(encodeValue(decoded)).toEqual(candidate)
      }),
      { numRuns: 5_000 },
    )
    expect(accepted).toBeGreaterThan(500)
  })

  it('carries every integer up to 2^53 − 1 and both ends of the floats', () => {
    for (const number of [
      0,
      23,
      24,
      255,
      256,
      65_535,
      65_536,
      2 ** 32 - 1,
      2 ** 32,
      2 ** 53 - 1,
      2 ** 53,
      2 ** 64,
      -1,
      -24,
      -25,
      -256,
      -257,
      -65_536,
      -65_537,
      -(2 ** 31),
      -(2 ** 31) - 1,
      -(2 ** 32),
      -(2 ** 32) - 1,
      -(2 ** 53),
      0.5,
      5e-324,
      Number.MAX_VALUE,
      Infinity,
      -Infinity,
      NaN,
    ]) {
      expect(decodeValue(encodeValue(number))).toBe(number)
    }
    expect(decodeValue(encodeValue(-0))).toBe(0)
  })

  it('leaves out properties that are undefined, as JSON does', () => {
    expect(decodeValue(encodeValue({ kept: 1, gone: undefined }))).toEqual({ kept: 1 })
    expect(Object.keys(decodeValue(encodeValue({ gone: undefined })) as object)).toEqual([])
  })

  it('says where something is that is not allowed, and what is', () => {
    class Fish {}
    const circle: unknown[] = []
    circle.push(circle)
    const cases: [unknown, RegExp][] = [
      [undefined, /^\$ is undefined; allowed are/],
      [{ a: [1, () => 1] }, /^\$\.a\[1\] is a function; allowed are/],
      [{ when: new Date(0) }, /^\$\.when is a Date;/],
      [new Map(), /^\$ is a Map;/],
      [new Fish(), /^\$ is a Fish;/],
      [[1n], /^\$\[0\] is a bigint;/],
      [[Symbol('s')], /^\$\[0\] is a symbol;/],
      // oxlint-disable-next-line no-sparse-arrays
      [[1, , 3], /^\$\[1\] is undefined;/],
      [new Float64Array(1), /^\$ is a Float64Array;/],
      ['\ud800', /^\$ is text that holds half a surrogate pair/],
      ['\ufeffx', /U\+FEFF/],
      [{ '\udc00': 1 }, /^\$ key .* is text that holds half/],
      [JSON.parse('{"a":{"__proto__":1}}'), /^\$\.a\.__proto__ has a name that is not allowed/],
      [{ constructor: 1 }, /^\$\.constructor has a name/],
      [circle, /nested deeper than 16, or holds itself/],
      [new Uint8Array(65_536), /is 65541 bytes encoded; 65536 are allowed/],
    ]
    for (const [original, message] of cases) {
      expect(() => encodeValue(original)).toThrow(ValueError)
      expect(() => encodeValue(original)).toThrow(message)
    }
  })

  it('takes data at its limits of depth and count, and refuses it one over', () => {
    expect(decodeValue(encodeValue(nested(depthMax)))).toEqual(nested(depthMax))
    expect(() => encodeValue(nested(depthMax + 1))).toThrow('nested deeper')
    const full = Array.from({ length: itemsMax - 1 }, () => 0)
    expect(decodeValue(encodeValue(full))).toEqual(full)
    expect(() => encodeValue([...full, 0])).toThrow('more than 4096 values')
    const entries = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 0]))
    expect(decodeValue(encodeValue(entries(2_047)))).toEqual(entries(2_047))
    expect(() => encodeValue(entries(2_048))).toThrow('more than 4096 values')
  })

  it('decodes to copies: nothing decoded keeps a frame in memory', () => {
    const bytes = encodeValue([new Uint8Array(3)])
    const [copy] = decodeValue(bytes) as [Uint8Array]
    bytes.fill(0xff)
    expect(copy).toEqual(new Uint8Array(3))
    expect(copy.buffer.byteLength).toBe(3)
    const [fromBuffer] = decodeValue(Buffer.from(encodeValue([new Uint8Array(3)]))) as [Uint8Array]
    expect(fromBuffer.constructor).toBe(Uint8Array)
    expect(fromBuffer.buffer.byteLength).toBe(3)
  })
})
