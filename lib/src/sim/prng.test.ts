import { describe, expect, it } from 'vitest'
import { Prng } from './prng.ts'

describe('the generator', () => {
  it('repeats itself from the same seed only', () => {
    const draw = (seed: string | number): number[] =>
      Array.from(
        { length: 8 },
        (
          (prng) => () =>
            prng.u32()
        )(new Prng(seed)),
      )
    expect(draw('a')).toEqual(draw('a'))
    expect(draw(1)).not.toEqual(draw(2))
    expect(draw('ab')).not.toEqual(draw('ba'))
  })

  it('splits off a stream without moving the one that it came from', () => {
    const prng = new Prng(7)
    const twin = new Prng(7)
    const branch = prng.split('network')
    for (let i = 0; i < 100; i++) branch.u32()
    expect(prng.u32()).toBe(twin.u32())
    expect(new Prng(7).split('network').u32()).not.toBe(new Prng(7).split('door').u32())
  })

  it('is even enough: 16 buckets of 160,000 draws stay within 8 % of each other', () => {
    const prng = new Prng('even')
    const buckets = Array.from({ length: 16 }, () => 0)
    for (let i = 0; i < 160_000; i++) {
      const bucket = prng.int(16)
      buckets[bucket] = (buckets[bucket] ?? 0) + 1
    }
    expect(Math.max(...buckets) / Math.min(...buckets)).toBeLessThan(1.08)
  })

  it('shuffles into a permutation and samples without repeats', () => {
    const prng = new Prng('cards')
    const cards = Array.from({ length: 52 }, (_, i) => i)
    expect(prng.shuffled(cards).sort((a, b) => a - b)).toEqual(cards)
    expect(new Set(prng.sample(cards, 20)).size).toBe(20)
  })
})
