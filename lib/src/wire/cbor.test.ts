/** Ours against `cbor-x`, which is not in what we ship: two who read and write alike by different hands. */
import { Decoder, Encoder } from 'cbor-x/index-no-eval'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeItem, encodeItem, type Item, uint } from './cbor.ts'
import { decodeValue, encodeValue } from './value.ts'

const encoder = new Encoder({
  useRecords: false,
  variableMapSize: true,
  tagUint8Array: false,
  useTag259ForMaps: false,
  structuredClone: false,
  pack: false,
  bundleStrings: false,
} as object)
const decoder = new Decoder({
  useRecords: false,
  mapsAsObjects: true,
  copyBuffers: true,
  int64AsNumber: true,
} as object)

/** As cbor-x wants it: it writes a number past 2^32−1 as a float. */
function forPeer(item: Item): unknown {
  if (typeof item === 'number') return item > 0xffff_ffff ? BigInt(item) : item
  return Array.isArray(item) ? item.map(forPeer) : item
}

const integer = fc.oneof(
  fc.integer({ min: -0x1_0000_0000, max: 30 }),
  fc.maxSafeNat(),
  fc.constantFrom(0, 23, 24, 255, 256, 65_535, 65_536, 0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER),
  fc.constantFrom(-1, -24, -25, -256, -257, -65_536, -65_537, -0x1_0000_0000),
)
const text = fc.string({ unit: 'binary', maxLength: 80 }).filter((word) => !word.startsWith('\ufeff'))
const { item } = fc.letrec<{ item: Item }>((tie) => ({
  item: fc.oneof(
    { depthSize: 'small' },
    integer,
    text,
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('item'), { maxLength: 30 }),
  ),
}))

describe('CBOR', () => {
  it('writes what cbor-x writes, and reads what cbor-x reads', () => {
    fc.assert(
      fc.property(item, (given) => {
        const bytes = encodeItem(given)
        expect(Buffer.from(bytes)).toEqual(Buffer.from(encoder.encode(forPeer(given))))
        expect(decodeItem(bytes, 'frame')).toEqual(given)
        expect(decoder.decode(Uint8Array.from(bytes) as never)).toEqual(given)
      }),
      { numRuns: 1000 },
    )
  })

  it('reads the maps and floats of applications as cbor-x does', () => {
    const value = fc.jsonValue({ depthSize: 'small', stringUnit: 'binary' })
    const safe = (text: string) => !/"(__proto__|constructor|prototype)":|"\ufeff/.test(text)
    fc.assert(
      fc.property(fc.oneof(value, fc.double()), (given) => {
        fc.pre(safe(JSON.stringify(given)))
        const bytes = encodeValue(given)
        expect(decodeValue(bytes)).toEqual(decoder.decode(Uint8Array.from(bytes) as never))
      }),
      { numRuns: 1000 },
    )
  })

  it('gives bytes of their own, whatever is encoded next and whatever becomes of the frame', () => {
    const first = encodeItem([1, Uint8Array.of(2, 3)])
    encodeItem([9, Uint8Array.of(9, 9)])
    expect([...first]).toEqual([0x82, 1, 0x42, 2, 3])
    const frame = Buffer.from(first)
    const [, read] = decodeItem(frame, 'frame') as [number, Uint8Array]
    frame.fill(0)
    expect(read).toEqual(Uint8Array.of(2, 3))
    expect(read.constructor).toBe(Uint8Array)
    expect(read.buffer.byteLength).toBe(2)
  })

  it('reads long text in any alphabet, whole', () => {
    for (const unit of ['a', 'é', '魚', '🐟']) {
      const long = unit.repeat(16_000 / Buffer.from(unit).length)
      expect(decodeItem(encodeItem(long), 'frame')).toBe(long)
    }
  })

  it('keeps no page for what is too large', () => {
    const huge = new Uint8Array(1_000_000).fill(1)
    expect(encodeItem([huge, huge])).toHaveLength(2 * (huge.length + 5) + 1)
    expect([...encodeItem([7])]).toEqual([0x81, 7])
  })

  it('throws for what is no item: a mistake of ours', () => {
    for (const wrong of [1n, undefined, () => 1]) expect(() => encodeItem(wrong as never)).toThrow(TypeError)
    expect(() => encodeItem('\ud800')).toThrow(RangeError)
    for (const wrong of [-1, 1.5, NaN, 2 ** 53]) expect(() => uint(wrong)).toThrow(RangeError)
  })
})
