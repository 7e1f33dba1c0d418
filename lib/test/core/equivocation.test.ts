import { describe, expect, it } from 'vitest'
import { Core } from '../../src/core/core.ts'
import type { Effect } from '../../src/core/effect.ts'
import type { LinkId } from '../../src/core/input.ts'
import type { Claim, Message } from '../../src/core/message.ts'
import type { Verified } from '../../src/identity/claim.ts'
import type { Fault } from '../../src/identity/fault.ts'
import type { Millis } from '../../src/identity/millis.ts'
import { instanceIdFromBytes } from '../../src/identity/peer-id.ts'
import type { News } from '../../src/broadcast/messages.ts'
import { recallEntry } from '../../src/pipeline/recall.ts'
import { encodeValue } from '../../src/pipeline/index.ts'
import type { Entry } from '../../src/state/messages.ts'
import type { Alive } from '../../src/swim/messages.ts'
import { ada, alive, bob, cyd, entry, fault, meshId, news, sealed } from '../vectors/samples.ts'

const now = 0 as Millis
const culprit = ada.signer.peerId
const [adaLink, bobLink] = [1 as LinkId, 2 as LinkId]

/** Cyd's, linked to Ada, who is a member, and to Bob. */
function core(self = cyd): Core {
  const it = new Core(
    {
      id: self.signer.peerId,
      meshId,
      recall: recallEntry,
      instance: instanceIdFromBytes(new Uint8Array(16)),
      startedAt: alive.issuedAt,
      seed: [1, 2, 3, 4],
      metadata: new Uint8Array(0),
      zone: '',
      wallOffsetMs: alive.issuedAt,
    },
    now,
  )
  it.start(now)
  it.handle({ type: 'link-opened', link: adaLink, peer: culprit, initiator: true }, now)
  it.handle({ type: 'link-opened', link: bobLink, peer: bob.signer.peerId, initiator: true }, now)
  if (self === cyd) hear(it, { type: 'gossip', claims: [alive] })
  return it
}
const hear = (it: Core, message: Message, link = bobLink): Effect[] =>
  it.handle({ type: 'received', link, message }, now)
const faultsSent = (effects: readonly Effect[]) =>
  effects.flatMap((each) => (each.type === 'send' && each.message.type === 'fault' ? [each.link] : []))
const drafts = (effects: readonly Effect[]) =>
  effects.flatMap((each) => (each.type === 'seal' && each.draft.type === 'fault' ? [each.draft] : []))
const told = (effects: readonly Effect[]) =>
  effects.flatMap((each) =>
    each.type === 'notify' && each.event.type === 'claim-rejected' && each.event.code === 'ERR_EQUIVOCATION'
      ? [each.event.from]
      : [],
  )

const twin = <C extends Claim>(claim: Verified<C>, more: object) =>
  sealed<C>(ada.signer, { ...claim, ...more } as never)
const otherAlive = twin<Alive>(alive, { zone: 'elsewhere' })
const otherNews = twin<News>(news, { payload: encodeValue('goodbye') })
const otherEntry = twin<Entry>(entry, { value: encodeValue('another') })

describe('two claims under one number', () => {
  it('of whatever kind are put side by side, once for one key', () => {
    for (const [one, other] of [
      [
        { type: 'gossip', claims: [alive] },
        { type: 'gossip', claims: [otherAlive] },
      ],
      [
        { type: 'spread', claims: [news] },
        { type: 'spread', claims: [otherNews] },
      ],
      [
        { type: 'fresh', claims: [entry] },
        { type: 'fresh', claims: [otherEntry] },
      ],
    ] as const) {
      const it = core()
      expect(drafts(hear(it, one))).toEqual([])
      expect(drafts(hear(it, other))).toMatchObject([
        { culprit, evidence: [one.claims[0].bytes, other.claims[0].bytes] },
      ])
      expect(drafts(hear(it, other))).toEqual([])
    }
  })

  it('of two runs are an accident, as with a second tab: the newer counts, and nobody is convicted', () => {
    const it = core()
    const instance = instanceIdFromBytes(new Uint8Array(16).fill(3))
    const second = twin<Alive>(alive, { instance, startedAt: alive.startedAt + 1000, zone: 'elsewhere' })
    expect(drafts(hear(it, { type: 'gossip', claims: [second] }))).toEqual([])
    expect(it.member(culprit)).toMatchObject({ status: 'alive', instance })
    const oldOne = core(ada)
    const own = sealed<Alive>(ada.signer, { ...alive, instance: instanceIdFromBytes(new Uint8Array(16)) })
    oldOne.handle({ type: 'sealed', claim: own }, now)
    const effects = hear(oldOne, { type: 'gossip', claims: [second] })
    expect(effects).toContainEqual({ type: 'notify', event: { type: 'duplicate-identity', instance } })
  })

  it('renewed are one', () => {
    const it = core()
    const renewed = twin<Alive>(alive, { issuedAt: alive.issuedAt + 1 })
    expect(drafts(hear(it, { type: 'gossip', claims: [renewed] }))).toEqual([])
  })
})

describe('a fault', () => {
  it('of our own finding takes effect once it is signed, and goes to everybody', () => {
    const it = core()
    const effects = it.handle({ type: 'sealed', claim: fault }, now)
    expect(faultsSent(effects)).toEqual([adaLink, bobLink])
    expect(told(effects)).toEqual([culprit])
  })

  it('is passed on once, and not to whoever brought it', () => {
    const it = core()
    expect(faultsSent(hear(it, { type: 'fault', claim: fault }))).toEqual([adaLink])
    const again = sealed<Fault>(cyd.signer, { ...fault, author: cyd.signer.peerId })
    for (const claim of [fault, again]) expect(hear(it, { type: 'fault', claim })).toEqual([])
  })

  it('ends membership and link of its culprit, and keeps it out for as long as it lives', () => {
    const it = core()
    const effects = hear(it, { type: 'fault', claim: fault })
    expect(effects).toContainEqual({ type: 'hang-up', link: adaLink, code: 'ERR_EQUIVOCATION' })
    expect(it.member(culprit)?.status).toBe('dead')
    it.handle({ type: 'link-closed', link: adaLink }, now)
    const raised = twin<Alive>(alive, { incarnation: 99, instance: instanceIdFromBytes(new Uint8Array(16).fill(3)) })
    hear(it, { type: 'gossip', claims: [raised] })
    expect(it.member(culprit)?.status).toBe('dead')
    const link = 9 as LinkId
    expect(it.handle({ type: 'link-opened', link, peer: culprit, initiator: false }, now)).toEqual([
      { type: 'hang-up', link, code: 'ERR_OUTLAW' },
    ])
    expect(it.handle({ type: 'signal-in', from: culprit, payload: new Uint8Array(1) }, now)).toEqual([])
    const later = fault.ttlMs as Millis
    expect(it.handle({ type: 'link-opened', link, peer: culprit, initiator: false }, later)).not.toContainEqual({
      type: 'hang-up',
      link,
      code: 'ERR_OUTLAW',
    })
  })

  it('is told of its culprit alone, and not of whoever passes on what that says', () => {
    const it = core()
    hear(it, { type: 'fault', claim: fault })
    const effects = hear(it, { type: 'gossip', claims: [otherAlive] })
    expect(told(effects)).toEqual([])
    expect(effects).toContainEqual({
      type: 'notify',
      event: { type: 'claim-rejected', from: bob.signer.peerId, code: 'ERR_OUTLAW' },
    })
  })

  it('leaves standing what its culprit wrote, so that replicas stay the same', () => {
    const it = core()
    hear(it, { type: 'fault', claim: fault })
    hear(it, { type: 'fresh', claims: [entry] })
    expect(it.state.read(entry.map, entry.key)).toHaveLength(1)
    const effects = hear(it, { type: 'spread', claims: [twin<News>(news, { seq: 1 })] })
    expect(effects).toEqual([])
  })

  it('is shown to every new neighbour', () => {
    const it = core()
    hear(it, { type: 'fault', claim: fault })
    const link = 9 as LinkId
    it.handle({ type: 'link-closed', link: bobLink }, now)
    const opened = it.handle({ type: 'link-opened', link, peer: bob.signer.peerId, initiator: false }, now)
    expect(faultsSent(opened)).toEqual([link])
  })

  it('of somebody who is no member is kept, and not passed on: such keys cost nothing', () => {
    const it = core()
    const stranger = bob.signer.peerId
    const said = (topic: string) => sealed<News>(bob.signer, { ...news, author: stranger, topic }).bytes
    const claim = sealed<Fault>(cyd.signer, {
      ...fault,
      author: cyd.signer.peerId,
      evidence: [said('one'), said('other')],
    })
    const effects = hear(it, { type: 'fault', claim }, adaLink)
    expect(faultsSent(effects)).toEqual([])
    expect(effects).toContainEqual({ type: 'hang-up', link: bobLink, code: 'ERR_EQUIVOCATION' })
  })

  it('against our own key is told, and nothing more', () => {
    const it = core(ada)
    const effects = hear(it, { type: 'fault', claim: fault })
    expect(effects).toEqual([
      { type: 'notify', event: { type: 'claim-rejected', from: culprit, code: 'ERR_EQUIVOCATION' } },
    ])
  })
})
