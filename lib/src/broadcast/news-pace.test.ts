import { describe, expect, it } from 'vitest'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { NewsPace, NewsPaces, ownNews, passedOn } from './news-pace.ts'

const at = (ms: number): Millis => ms as Millis
const ada = 'ada' as PeerId

/** How many in a row are taken at one moment. */
function taken(take: () => boolean): number {
  let count = 0
  while (count < 5000 && take()) count += 1
  return count
}

describe('the pace of broadcasts', () => {
  it('is 500 of one author at once, not one more, and 250 in each second after', () => {
    const paces = new NewsPaces(() => true)
    expect(taken(() => paces.take(ada, 10, at(0)))).toBe(500)
    expect(taken(() => paces.take(ada, 10, at(1000)))).toBe(250)
    expect(taken(() => paces.take('bob' as PeerId, 10, at(1000)))).toBe(500)
  })

  it('is 32 of 16 KiB at once, not one more, and 64 in each second after', () => {
    const pace = new NewsPace({ ...passedOn, bytesBurst: passedOn.bytesBurst })
    expect(taken(() => pace.take(16_384, at(0)))).toBe(32)
    expect(taken(() => pace.take(16_384, at(500)))).toBe(32)
  })

  it('is one for all who are no members', () => {
    const paces = new NewsPaces(() => false)
    let author = 0
    expect(taken(() => paces.take(`${author++}` as PeerId, 0, at(0)))).toBe(500)
  })

  it('says how long the next has to wait, and then it need not', () => {
    const pace = new NewsPace(ownNews)
    expect(taken(() => pace.take(0, at(0)))).toBe(400)
    expect(pace.waitMs(0, at(0))).toBe(5)
    expect(pace.waitMs(0, at(4))).toBe(1)
    expect(pace.take(0, at(5))).toBe(true)
    expect(pace.waitMs(16_384, at(5))).toBe(5)
  })

  it('of an author fits what others pass on, however it is bunched', () => {
    const [own, others] = [new NewsPace(ownNews), new NewsPace(passedOn)]
    for (let ms = 0; ms < 20_000; ms += 250)
      for (const bytes of [100, 100, 100, 16_384])
        while (own.take(bytes, at(ms))) expect(others.take(bytes, at(ms + (ms % 1000)))).toBe(true)
  })

  it('knows 1,024 authors apart, and forgets the one that it heard of first', () => {
    const paces = new NewsPaces(() => true)
    expect(taken(() => paces.take(ada, 0, at(0)))).toBe(500)
    for (let i = 0; i < 1023; i++) paces.take(`${i}` as PeerId, 0, at(0))
    expect(paces.take(ada, 0, at(0))).toBe(false)
    for (let i = 0; i < 1024; i++) paces.take(`${i}` as PeerId, 0, at(0))
    expect(paces.take(ada, 0, at(0))).toBe(true)
  })
})
