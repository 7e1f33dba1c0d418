import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { attemptId, decodeSignal, encodeSignal, type Signal } from './signal.ts'

// No single case takes a second on an idle machine; a busy one must not fail it.
vi.setConfig({ testTimeout: 30_000 })

const attempt = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(attemptId)
const ascii = (lengthMax: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: lengthMax })
const candidates = (countMin: number): fc.Arbitrary<string[]> =>
  fc.array(ascii(100), { minLength: countMin, maxLength: 32 })
const signals: fc.Arbitrary<Signal> = fc.oneof(
  fc.record({ kind: fc.constantFrom('offer', 'answer'), attempt, sdp: ascii(2_000), candidates: candidates(0) }),
  fc.record({ kind: fc.constant('candidates'), attempt, candidates: candidates(1) }),
  fc.record({ kind: fc.constant('refuse'), attempt }),
)

const one: Signal = { kind: 'candidates', attempt: '0'.repeat(32), candidates: ['x'] }

describe('a signaling payload', () => {
  test('says the same when it is read as when it was written', () => {
    fc.assert(
      fc.property(signals, (signal) => {
        expect(decodeSignal(encodeSignal(signal))).toEqual(signal)
      }),
    )
  })

  test('is the one way to write what it says: whatever is read is written as the same bytes', () => {
    const near = fc.tuple(signals, fc.nat(), fc.nat({ max: 255 })).map(([signal, at, byte]) => {
      const bytes = encodeSignal(signal)
      bytes[at % bytes.length] = byte
      return bytes
    })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), near), (bytes) => {
        const signal = decodeSignal(bytes)
        if (signal !== undefined) expect(encodeSignal(signal)).toEqual(bytes)
      }),
      { numRuns: 2_000 },
    )
  })

  test('cut short, or with a byte to spare, is nothing', () => {
    fc.assert(
      fc.property(signals, fc.nat(), (signal, at) => {
        const bytes = encodeSignal(signal)
        expect(decodeSignal(bytes.subarray(0, at % bytes.length))).toBeUndefined()
        expect(decodeSignal(Uint8Array.of(...bytes, 0))).toBeUndefined()
      }),
    )
  })

  test('of another version or kind is nothing', () => {
    const bytes = encodeSignal(one)
    expect(decodeSignal(Uint8Array.of(2, ...bytes.subarray(1)))).toBeUndefined()
    for (const kind of [0, 5, 255]) expect(decodeSignal(Uint8Array.of(1, kind, ...bytes.subarray(2)))).toBeUndefined()
  })

  test('holds 32 candidates and no more, of 512 bytes and no more', () => {
    const full = { ...one, candidates: Array.from({ length: 32 }, () => 'x'.repeat(500)) }
    expect(decodeSignal(encodeSignal(full))).toEqual(full)
    expect(() => encodeSignal({ ...one, candidates: [...full.candidates, 'x'] })).toThrow(RangeError)
    const long = encodeSignal({ ...one, candidates: ['x'.repeat(512)] })
    expect(decodeSignal(long)).toBeDefined()
    expect(decodeSignal(encodeSignal({ ...one, candidates: ['x'.repeat(513)] }))).toBeUndefined()
    const counted = encodeSignal(full)
    counted[18] = 33
    expect(decodeSignal(counted)).toBeUndefined()
  })

  test('has 16,384 bytes at most', () => {
    const offer = { kind: 'offer', attempt: one.attempt, candidates: [] } as const
    const fits = encodeSignal({ ...offer, sdp: 'x'.repeat(16_384 - 21) })
    expect(fits).toHaveLength(16_384)
    expect(decodeSignal(fits)).toBeDefined()
    expect(() => encodeSignal({ ...offer, sdp: 'x'.repeat(16_384 - 20) })).toThrow(RangeError)
    expect(decodeSignal(new Uint8Array(16_385).fill(1))).toBeUndefined()
  })

  test('is ASCII', () => {
    expect(() => encodeSignal({ ...one, candidates: ['é'] })).toThrow(RangeError)
    for (const code of [0, 9, 11, 0x7f, 0x80, 0xff]) {
      const bytes = encodeSignal(one)
      bytes[bytes.length - 1] = code
      expect(decodeSignal(bytes)).toBeUndefined()
    }
  })

  test('names an attempt and a candidate, or it is nothing', () => {
    expect(decodeSignal(Uint8Array.of(1, 3, ...new Uint8Array(16), 0))).toBeUndefined()
    expect(decodeSignal(Uint8Array.of(1, 3, ...new Uint8Array(16), 1, 0, 0))).toBeUndefined()
  })
})

describe('the test vectors in docs/protocol/handshake.md', () => {
  const page = readFileSync(new URL('../../../docs/protocol/handshake.md', import.meta.url), 'utf8')
  const vectors: readonly (readonly [string, Signal])[] = [
    ['offer', { kind: 'offer', attempt: 'a7'.repeat(16), sdp: 'v=0\r\n', candidates: ['candidate:1'] }],
    ['answer', { kind: 'answer', attempt: 'a7'.repeat(16), sdp: 'v=0\r\n', candidates: [] }],
    ['candidates', { kind: 'candidates', attempt: 'a7'.repeat(16), candidates: ['candidate:1', 'candidate:2'] }],
    ['refuse', { kind: 'refuse', attempt: 'a7'.repeat(16) }],
  ]

  test.each(vectors)('are what this code says: %s', (name, signal) => {
    expect(page).toContain(`${name.padEnd(11)} ${Buffer.from(encodeSignal(signal)).toString('hex')}\n`)
  })
})
