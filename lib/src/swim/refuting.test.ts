import { beforeEach, describe, expect, it } from 'vitest'
import type { Digest, Verified } from '../identity/claim.ts'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { Accusers } from './accusers.ts'
import { Awareness } from './awareness.ts'
import { swimDefaults } from './config.ts'
import { Dissemination } from './dissemination.ts'
import type { Accuse, Alive } from './messages.ts'
import type { SwimPort } from './port.ts'
import { Reliability } from './reliability.ts'
import { RoundTrips } from './rtt.ts'
import { Self, type SelfOptions } from './self.ts'
import { MemberTable } from './table.ts'
import { WallClock } from './wall-clock.ts'

const self = 'self' as PeerId
const monitors = ['a', 'b', 'c', 'd', 'e'] as PeerId[]
const { discountMs, refuteIntervalMs } = swimDefaults
const at = (ms: number): Millis => ms as Millis

describe('a member that is accused', () => {
  let accusers: Accusers
  let own: Self
  let raised: number[]

  beforeEach(() => {
    raised = []
    accusers = new Accusers(swimDefaults, { presentCount: 50 })
    const port = {
      self,
      random: () => 0.5,
      monitorsOf: () => monitors,
      seal: (draft: Alive) => {
        if (draft.type !== 'alive' || draft.incarnation === own.alive?.incarnation) return
        raised.push(draft.issuedAt)
        own.onSealedAlive({ ...draft, incarnationDigest: `${draft.incarnation}` as Digest } as Verified<Alive>)
      },
    } as unknown as SwimPort
    own = new Self(
      {
        config: swimDefaults,
        port,
        table: new MemberTable(),
        accusers,
        awareness: new Awareness(8),
        roundTrips: new RoundTrips(),
        reliability: new Reliability(),
        wall: new WallClock(0, 60_000),
        dissemination: new Dissemination(swimDefaults, () => 0),
        granularityMs: 0,
        heardAt: new Map(),
      },
      { metadata: new Uint8Array(0) } as SelfOptions,
    )
    own.onSealedAlive({ type: 'alive', incarnation: 0, incarnationDigest: '0' } as unknown as Verified<Alive>)
  })

  const accuse = (authors: readonly string[], ms: number, from?: string): void => {
    own.tick(at(ms))
    for (const author of authors) {
      const { incarnationDigest } = own.alive as Verified<Alive>
      own.accused({ author, issuedAt: ms, incarnationDigest } as Verified<Accuse>, (from ?? author) as PeerId, at(ms))
    }
    own.tick(at(ms))
  }
  const discount = (accuser: string): void => {
    for (const id of ['x', 'y', 'z']) accusers.inVain(accuser as PeerId, id as PeerId, at(900))
  }

  it('answers two at once, and then once in two seconds', () => {
    for (let ms = 1000; ms < 1000 + 2 * refuteIntervalMs; ms += 500) accuse(['a', 'b'], ms)
    expect(raised).toEqual([1000, 1000 + refuteIntervalMs])
  })

  it('answers those who accuse in vain once in ten minutes', () => {
    for (const author of ['a', 'b']) discount(author)
    for (let ms = 1000; ms < 500_000; ms += 1000) accuse(['a', 'b'], ms)
    expect(raised).toEqual([1000])
    own.tick(at(1000 + discountMs - 1))
    expect(raised).toEqual([1000])
    own.tick(at(1000 + discountMs))
    expect(raised).toEqual([1000, 1000 + discountMs])
  })

  it('answers them as ever when another tells it what they say: somebody listens to them', () => {
    for (const author of ['a', 'b']) discount(author)
    for (let ms = 1000; ms < 1000 + 2 * refuteIntervalMs; ms += 500) accuse(['a', 'b'], ms, 'newcomer')
    expect(raised).toEqual([1000, 1000 + refuteIntervalMs])
  })

  it('takes none of them for a witness of what another of them says', () => {
    for (const author of ['a', 'b']) discount(author)
    for (let ms = 1000; ms < 1000 + 2 * refuteIntervalMs; ms += 500) accuse(['a'], ms, 'b')
    expect(raised).toEqual([])
    for (let ms = 6000; ms < 6000 + 2 * refuteIntervalMs; ms += 500) accuse(['a', 'b'], ms, 'b')
    expect(raised).toEqual([6000])
  })

  it('answers as ever shortly before others would listen to them again', () => {
    for (const author of ['a', 'b']) discount(author)
    accuse(['a', 'b'], 1000)
    accuse(['a', 'b'], 900 + discountMs - 10_001)
    expect(raised).toEqual([1000])
    accuse(['a', 'b'], 900 + discountMs - 10_000)
    expect(raised).toEqual([1000, 900 + discountMs - 10_000])
  })

  it('answers at once when one joins them who does not', () => {
    for (const author of ['a', 'b']) discount(author)
    accuse(['a', 'b'], 1000)
    accuse(['a', 'b'], 5000)
    accuse(['c'], 6000)
    expect(raised).toEqual([1000, 6000])
  })

  it('tells apart who has made it refute from who has not', () => {
    for (const id of ['x', 'y']) accusers.inVain('a' as PeerId, id as PeerId, at(900))
    accuse(['a', 'b'], 1000)
    expect(['a', 'b'].map((author) => accusers.discounted(author as PeerId, at(1000)))).toEqual([true, false])
  })
})
