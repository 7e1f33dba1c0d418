import { describe, expect, it } from 'vitest'
import { Core } from '../../src/core/core.ts'
import type { Effect } from '../../src/core/effect.ts'
import type { LinkId } from '../../src/core/input.ts'
import type { Claim, Message } from '../../src/core/message.ts'
import type { Verified } from '../../src/identity/claim.ts'
import { seedSigner } from '../../src/identity/ed25519.ts'
import type { Signer } from '../../src/identity/keys.ts'
import type { Millis } from '../../src/identity/millis.ts'
import { instanceIdFromBytes } from '../../src/identity/peer-id.ts'
import { recallEntry } from '../../src/pipeline/recall.ts'
import type { Alive, Incarnation, Leave } from '../../src/swim/messages.ts'
import { alive, bob, cyd, leave, meshId, sealed } from '../vectors/samples.ts'

const now = 0 as Millis
const [bobLink, cydLink] = [1 as LinkId, 2 as LinkId]
const instance = instanceIdFromBytes(new Uint8Array(16))
const self = seedSigner(new Uint8Array(32).fill(50))
const strangers = Array.from({ length: 8 }, (_, i) => seedSigner(new Uint8Array(32).fill(60 + i)))

const aliveOf = (signer: Signer, incarnation = 0) =>
  sealed<Alive>(signer, { ...alive, author: signer.peerId, instance, incarnation: incarnation as Incarnation })
const leaveOf = (signer: Signer) =>
  sealed<Leave>(signer, { ...leave, author: signer.peerId, instance, startedAt: alive.startedAt })

/** A member among so many at most, itself included, that has two links. */
function core(membersMax: number): Core {
  const it = new Core(
    {
      id: self.peerId,
      meshId,
      recall: recallEntry,
      instance,
      startedAt: alive.startedAt,
      seed: [1, 2, 3, 4],
      metadata: new Uint8Array(0),
      zone: '',
      wallOffsetMs: alive.issuedAt,
      swim: { membersMax },
    },
    now,
  )
  const effects = [...it.start(now)]
  for (let effect = effects.shift(); effect !== undefined; effect = effects.shift())
    if (effect.type === 'seal') {
      const claim = sealed<Claim & Verified<Alive>>(self, effect.draft)
      effects.push(...it.handle({ type: 'sealed', claim }, now))
    }
  for (const [link, { signer }] of [
    [bobLink, bob],
    [cydLink, cyd],
  ] as const)
    it.handle({ type: 'link-opened', link, peer: signer.peerId, initiator: false }, now)
  return it
}

const hear = (it: Core, ...claims: readonly Verified<Alive | Leave>[]): Effect[] =>
  it.handle({ type: 'received', link: bobLink, message: { type: 'gossip', claims } as Message }, now)
const events = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.type === 'notify' ? [effect.event] : []))
const told = (effects: readonly Effect[]) => events(effects).map(({ type }) => type)
const full = { type: 'claim-rejected', from: bob.signer.peerId, code: 'ERR_MEMBERS_MAX' }

describe('a room with as many members as are accepted', () => {
  const [first, second, third, fourth] = strangers as [Signer, Signer, Signer, Signer]

  it('takes the last that fits, ourselves counted, and refuses one more by name', () => {
    const it = core(4)
    expect(told(hear(it, aliveOf(first), aliveOf(second), aliveOf(third)))).toEqual(Array(3).fill('member-joined'))
    const effects = hear(it, aliveOf(fourth))
    expect(events(effects)).toEqual([full])
    expect(it.member(fourth.peerId)).toBeUndefined()
    expect([...it.present()]).toHaveLength(4)
  })

  it('passes on nobody whom it refused, and blames no link for it', () => {
    const it = core(4)
    hear(it, aliveOf(first), aliveOf(second), aliveOf(third))
    const strange = aliveOf(fourth)
    const effects = hear(it, strange)
    for (let at = it.deadline(); at !== undefined && at <= 1000; at = it.deadline())
      effects.push(...it.handle({ type: 'tick' }, at))
    const sent = effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : []))
    expect(sent.some((message) => 'claims' in message && message.claims.length > 0)).toBe(true)
    expect(
      sent.filter((message) => 'claims' in message && (message.claims as readonly unknown[]).includes(strange)),
    ).toEqual([])
    expect(effects.filter(({ type }) => type === 'hang-up')).toEqual([])
  })

  it('goes on to hear of those who are in, and has room again when one is gone', () => {
    const it = core(4)
    hear(it, aliveOf(first), aliveOf(second), aliveOf(third))
    expect(told(hear(it, aliveOf(second, 5)))).toEqual(['member-updated'])
    expect(told(hear(it, leaveOf(first)))).toEqual(['member-left'])
    expect(told(hear(it, aliveOf(fourth)))).toEqual(['member-joined'])
    expect(events(hear(it, aliveOf(strangers[4]!)))).toEqual([full])
  })
})
