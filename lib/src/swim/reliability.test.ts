import { describe, expect, it } from 'vitest'
import type { PeerId } from '../identity/peer-id.ts'
import { Reliability } from './reliability.ts'

const peer = 'peer' as PeerId

function after(...answers: readonly boolean[]): Reliability {
  const reliability = new Reliability()
  for (const answered of answers) reliability.probed(peer, answered)
  return reliability
}

describe('reliability', () => {
  it('is not doubted before four probes', () => {
    expect(after().failures(peer)).toBe(0)
    expect(after(false, false, false).failures(peer)).toBe(0)
    expect(after(false, false, false, true).failures(peer)).toBe(0.75)
  })

  it('is that of the last eight', () => {
    const eight = Array.from({ length: 8 }, () => false)
    expect(after(...eight).failures(peer)).toBe(1)
    expect(after(...eight, true, true, true, true).failures(peer)).toBe(0.5)
    expect(after(true, ...eight).failures(peer)).toBe(1)
  })

  it('is our own where most of all our probes fail, whoever they went to', () => {
    const reliability = new Reliability()
    for (let n = 0; n < 15; n++) reliability.probed(`peer ${n % 5}` as PeerId, false)
    expect(reliability.failuresInAll).toBe(0)
    reliability.probed(peer, true)
    expect(reliability.failuresInAll).toBe(15 / 16)
    for (let n = 0; n < 24; n++) reliability.probed(`peer ${n % 5}` as PeerId, true)
    expect(reliability.failuresInAll).toBe(7 / 32)
  })

  it('is forgotten with the neighbour', () => {
    const reliability = after(false, false, false, false)
    reliability.forget(peer)
    expect(reliability.failures(peer)).toBe(0)
  })
})
