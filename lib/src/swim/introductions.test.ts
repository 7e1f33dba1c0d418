import { describe, expect, it } from 'vitest'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { swimDefaults } from './config.ts'
import { Introductions } from './introductions.ts'

const at = (ms: number): Millis => ms as Millis
const ada = 'ada' as PeerId
const late = 60_000

/** How many in a row are let in at one moment. */
function taken(introductions: Introductions, by: PeerId | undefined, ms: number): number {
  let count = 0
  while (count < 20_000 && introductions.take(by, at(ms))) count += 1
  return count
}

describe('the members that one neighbour brings in', () => {
  it('are as many as it likes in our first minute', () => {
    const introductions = new Introductions(swimDefaults, at(0))
    expect(taken(introductions, ada, late - 1)).toBe(20_000)
    expect(taken(introductions, ada, late)).toBe(512)
  })

  it('are 512 at once after that, not one more, and 50 in each second, whatever another brings', () => {
    const introductions = new Introductions(swimDefaults, at(0))
    expect(taken(introductions, ada, late)).toBe(512)
    expect(taken(introductions, ada, late + 1000)).toBe(50)
    expect(taken(introductions, 'bob' as PeerId, late + 1000)).toBe(512)
  })

  it('are counted together where they come over routes', () => {
    const introductions = new Introductions(swimDefaults, at(0))
    expect(taken(introductions, undefined, late)).toBe(512)
    expect(taken(introductions, undefined, late)).toBe(0)
  })

  it('are remembered of 256 neighbours', () => {
    const introductions = new Introductions(swimDefaults, at(0))
    expect(taken(introductions, ada, late)).toBe(512)
    for (let i = 0; i < 255; i++) introductions.take(`${i}` as PeerId, at(late))
    expect(introductions.take(ada, at(late))).toBe(false)
    for (let i = 0; i < 256; i++) introductions.take(`${i}` as PeerId, at(late))
    expect(introductions.take(ada, at(late))).toBe(true)
  })
})
