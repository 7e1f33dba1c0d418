import { beforeEach, describe, expect, it } from 'vitest'
import type { Digest, Verified } from '../identity/claim.ts'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { Accusers } from './accusers.ts'
import { Awareness } from './awareness.ts'
import { swimDefaults } from './config.ts'
import type { SwimContext } from './context.ts'
import { Dissemination } from './dissemination.ts'
import { Judgement } from './judgement.ts'
import type { MemberRecord } from './member.ts'
import type { Accuse, Alive } from './messages.ts'
import type { SwimPort } from './port.ts'
import { Reliability } from './reliability.ts'
import { RoundTrips } from './rtt.ts'
import { MemberTable } from './table.ts'
import { WallClock } from './wall-clock.ts'

const self = 'self' as PeerId
const subject = 'subject' as PeerId
const monitors = [self, 'b', 'c', 'd', 'e'] as PeerId[]
const at = (ms: number): Millis => ms as Millis
const record = (id: PeerId): MemberRecord => ({
  id,
  alive: { incarnationDigest: `${id} 0` as Digest } as unknown as Verified<Alive>,
  status: 'alive',
  statusAt: at(0),
  runAt: at(0),
  raisedAt: undefined,
  pacedAt: 0 as Millis,
  suspicion: undefined,
  leaseEnded: false,
  leave: undefined,
  forgetAt: undefined,
})
const accusation = (author: string): Verified<Accuse> =>
  ({ author, incarnationDigest: `${subject} 0`, digest: author, issuedAt: 0 }) as unknown as Verified<Accuse>

describe('five monitors and a subject', () => {
  let table: MemberTable
  let heardAt: Map<string, Millis>
  let condemned: PeerId[]
  let judgement: Judgement
  let reliability: Reliability
  let accusers: Accusers
  let accused: MemberRecord

  beforeEach(() => {
    table = new MemberTable()
    heardAt = new Map()
    reliability = new Reliability()
    accusers = new Accusers(swimDefaults, table)
    condemned = []
    for (const id of monitors) table.insert(record(id))
    accused = record(subject)
    table.insert(accused)
    const port = {
      self,
      monitorsOf: () => monitors,
      entitled: (accuser: PeerId) => monitors.includes(accuser),
    } as unknown as SwimPort
    const context: SwimContext = {
      config: swimDefaults,
      port,
      table,
      accusers,
      awareness: new Awareness(8),
      roundTrips: new RoundTrips(),
      reliability,
      wall: new WallClock(0, 60_000),
      dissemination: new Dissemination(swimDefaults, () => 0),
      granularityMs: 0,
      heardAt,
    }
    judgement = new Judgement(context, {
      suspected: () => undefined,
      cleared: () => undefined,
      condemned: ({ id }) => condemned.push(id),
    })
  })

  /** Runs the clock to `ms`, with a tick whenever one is due. */
  const runTo = (ms: number): void => {
    for (let due = judgement.deadline(); due !== undefined && due <= ms; due = judgement.deadline())
      judgement.tick(due, false)
  }

  it('condemn it when three have accused it and nothing comes of it', () => {
    for (const author of ['b', 'c']) judgement.accuse(accused, accusation(author), at(1000))
    runTo(5000)
    expect(condemned).toEqual([])
    judgement.accuse(accused, accusation('d'), at(5000))
    runTo(60_000)
    expect([condemned, accused.status]).toEqual([[subject], 'dead'])
  })

  it('forget two accusations that stay alone', () => {
    for (const author of ['b', 'c']) judgement.accuse(accused, accusation(author), at(1000))
    expect(accused.status).toBe('suspect')
    runTo(11_000)
    expect([condemned, accused.status]).toEqual([[], 'alive'])
  })

  it('doubt nobody for an old accusation that is repeated, until enough of them come together', () => {
    for (const author of ['b', 'c']) judgement.accuse(accused, accusation(author), at(100_000))
    expect(accused.status).toBe('alive')
    runTo(110_000)
    expect([accused.status, accused.suspicion]).toEqual(['alive', undefined])
    for (const author of ['b', 'c', 'd']) judgement.accuse(accused, accusation(author), at(200_000))
    expect(accused.status).toBe('suspect')
    runTo(300_000)
    expect(condemned).toEqual([subject])
  })

  it('count nobody twice, and nobody who is no monitor', () => {
    for (const author of ['b', 'b', 'c', 'stranger']) judgement.accuse(accused, accusation(author), at(1000))
    runTo(60_000)
    expect(condemned).toEqual([])
  })

  it('do not condemn while we hear it ourselves, and do when we no longer do', () => {
    for (const author of ['b', 'c', 'd']) judgement.accuse(accused, accusation(author), at(1000))
    heardAt.set(subject, at(1100))
    runTo(11_000)
    expect(condemned).toEqual([])
    runTo(11_200)
    expect(condemned).toEqual([subject])
  })

  it('are voided by a newer incarnation', () => {
    for (const author of ['b', 'c', 'd']) judgement.accuse(accused, accusation(author), at(1000))
    judgement.refuted(accused, at(1200))
    runTo(60_000)
    expect(condemned).toEqual([])
  })

  it('cool down after a refutation, but not against a silence that lasts', () => {
    heardAt.set(subject, at(900))
    judgement.accuse(accused, accusation(self), at(1000))
    judgement.refuted(accused, at(1200))
    accused.status = 'alive'
    heardAt.set(subject, at(1200))
    expect(judgement.mayAccuse(accused, at(1300))).toBe(false)
    expect(judgement.mayAccuse(accused, at(6199))).toBe(false)
    expect(judgement.mayAccuse(accused, at(6200))).toBe(true)
  })

  it('neither cool down nor count a stray frame as life where most probes go unanswered', () => {
    for (let probe = 0; probe < 8; probe++) reliability.probed(subject, probe % 4 === 0)
    heardAt.set(subject, at(900))
    judgement.accuse(accused, accusation(self), at(1000))
    judgement.refuted(accused, at(1200))
    accused.status = 'alive'
    heardAt.set(subject, at(1250))
    expect(judgement.mayAccuse(accused, at(1300))).toBe(true)
    for (const author of ['b', 'c', 'd']) judgement.accuse(accused, accusation(author), at(1300))
    heardAt.set(subject, at(1400))
    runTo(5000)
    expect(condemned).toEqual([subject])
  })

  /** Three others have shown that this one's word is worth little. */
  const discount = (accuser: string): void => {
    for (const id of ['x', 'y', 'z']) accusers.inVain(accuser as PeerId, id as PeerId, at(900))
  }

  it('do not begin to doubt it by the word of those who accuse in vain', () => {
    for (const author of ['b', 'c']) discount(author)
    for (const author of ['b', 'c']) expect(judgement.accuse(accused, accusation(author), at(1000))).toBe('idle')
    expect([accused.status, accused.suspicion]).toEqual(['alive', undefined])
  })

  it('condemn it with those who accuse in vain, once one who does not has begun', () => {
    for (const author of ['b', 'c']) discount(author)
    for (const author of ['d', 'b', 'c'])
      expect(judgement.accuse(accused, accusation(author), at(1000))).toBe('counted')
    runTo(60_000)
    expect(condemned).toEqual([subject])
  })

  it('believe their own probes whatever came of them before', () => {
    discount(self)
    expect(judgement.accuse(accused, accusation(self), at(1000))).toBe('counted')
  })

  it('remember who was refuted', () => {
    for (const id of ['x', 'y']) accusers.inVain('b' as PeerId, id as PeerId, at(900))
    judgement.accuse(accused, accusation('b'), at(1000))
    judgement.refuted(accused, at(1200))
    expect(accusers.discounted('b' as PeerId, at(1200))).toBe(true)
  })

  it('hold it against nobody that somebody returns from the dead: there was a cut', () => {
    for (const id of ['x', 'y']) accusers.inVain('b' as PeerId, id as PeerId, at(900))
    for (const author of ['b', 'c', 'd']) judgement.accuse(accused, accusation(author), at(1000))
    runTo(20_000)
    judgement.refuted(accused, at(20_000))
    expect([accused.status, accusers.discounted('b' as PeerId, at(20_000))]).toEqual(['dead', false])
  })

  it('remember who found nobody to join in', () => {
    for (const id of ['x', 'y']) accusers.inVain('b' as PeerId, id as PeerId, at(10_000))
    judgement.accuse(accused, accusation('b'), at(1000))
    runTo(11_000)
    expect(accusers.discounted('b' as PeerId, at(11_000))).toBe(true)
  })

  it('drop what stands by the word of nobody else, when that word loses its weight', () => {
    const other = record('other' as PeerId)
    table.insert(other)
    for (const id of ['x', 'y']) accusers.inVain('b' as PeerId, id as PeerId, at(900))
    judgement.accuse(other, { ...accusation('b'), incarnationDigest: 'other 0' } as Verified<Accuse>, at(1000))
    judgement.accuse(accused, accusation('b'), at(1000))
    judgement.refuted(accused, at(1200))
    expect([other.status, other.suspicion]).toEqual(['alive', undefined])
  })
})
