import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Fingerprint } from './leaf.ts'
import { lackingBySum, markOf, sumBytes, sumOf } from './sum.ts'

const word = fc.integer({ min: 0, max: 0xffff_ffff })
const fingerprint = fc.tuple(word, word)
const nameOf = (list: readonly Fingerprint[]): string => list.map(String).sort().join(' ')
const distinct = (minLength: number) =>
  fc.uniqueArray(fingerprint, { selector: String, minLength, maxLength: 40, size: 'max' })
const lacking = (own: readonly Fingerprint[], theirs: readonly Fingerprint[], sum = sumOf(theirs)) =>
  lackingBySum(own, sum, (list) => nameOf(list) === nameOf(theirs))

describe('a sum', () => {
  it('tells the one entry that they have, whether or not it took the place of one', () => {
    fc.assert(
      fc.property(distinct(1), fc.nat(), ([came, ...own], at) => {
        expect(lacking(own, [came!, ...own])).toEqual([came])
        const gone = at % Math.max(1, own.length)
        expect(lacking(own, [came!, ...own.filter((_, i) => i !== gone)])).toEqual([came])
      }),
    )
  })

  it('tells that nothing is lacking, where nothing differs or we have one more', () => {
    fc.assert(
      fc.property(distinct(1), ([more, ...theirs]) => {
        expect(lacking(theirs, theirs)).toEqual([])
        expect(lacking([more!, ...theirs], theirs)).toEqual([])
      }),
    )
  })

  it('tells nothing where more differs', () => {
    fc.assert(
      fc.property(distinct(2), ([one, other, ...own]) => {
        expect(lacking(own, [one!, other!, ...own])).toBeUndefined()
        expect(lacking([one!, other!, ...own], own)).toBeUndefined()
      }),
    )
  })

  it('that is a lie tells nothing', () => {
    const lie = fc.uint8Array({ minLength: sumBytes, maxLength: sumBytes })
    fc.assert(
      fc.property(distinct(1), lie, ([came, ...own], sum) => {
        expect(lacking(own, [came!, ...own], sum)).toBeUndefined()
        // One that was made to fit, of an entry that they do not have.
        expect(lackingBySum(own, sumOf([came!, ...own]), () => false)).toBeUndefined()
        expect(lackingBySum(own, sumOf(own.slice(1)), () => false)).toBeUndefined()
      }),
    )
  })

  it('has marks as the protocol has them', () => {
    expect(markOf(0, 0)).toBe(0)
    expect(Buffer.from(sumOf([[0x0001_0203, 0x0405_0607]])).toString('hex')).toBe('0001020304050607f05505db')
  })
})
