import { expect, test } from 'vitest'
import { othersMax } from '../core/effect.ts'
import { peerIdFromBytes } from '../identity/peer-id.ts'
import { farewell, full, readDoorWord } from './door-words.ts'

const ids = Array.from({ length: othersMax + 1 }, (_, at) => peerIdFromBytes(new Uint8Array(32).fill(at + 1)))

test('a farewell is its frame after two bytes', () => {
  const bytes = farewell(Uint8Array.of(7, 8))
  expect(bytes).toEqual(Uint8Array.of(1, 5, 7, 8))
  expect(readDoorWord(bytes)).toEqual({ type: 'farewell', frame: Uint8Array.of(7, 8) })
})

test('"no room" names up to eight others, or nobody', () => {
  for (const count of [0, 1, othersMax]) {
    const others = ids.slice(0, count)
    expect(full(others)).toHaveLength(2 + 32 * count)
    expect(readDoorWord(full(others))).toEqual({ type: 'full', others })
  }
})

test('nine others, or a part of one, are for nobody', () => {
  expect(readDoorWord(full(ids))).toBe('malformed')
  expect(readDoorWord(full(ids.slice(0, 2)).subarray(0, 65))).toBe('malformed')
})

test('anything else is for the transport', () => {
  for (const payload of [[], [1], [1, 1], [1, 4], [2, 5], [2, 8]])
    expect(readDoorWord(Uint8Array.from(payload))).toBeUndefined()
})
