import { describe, expect, it } from 'vitest'
import type { CoreEvent, CoreMember } from '../core/effect.ts'
import type { News } from '../broadcast/messages.ts'
import type { Verified } from '../identity/claim.ts'
import type { Checker } from './checkers.ts'
import { viewDifference } from './checkers.ts'
import { conditionDefaults, Experiment } from './experiment.ts'
import { liar } from './liars.ts'
import type { End, SimPeer } from './peer.ts'

/** Four peers that know each other, and the checker of this name. */
function watched(name: string): { experiment: Experiment; checker: Checker; a: SimPeer; b: SimPeer } {
  const experiment = new Experiment({ ...conditionDefaults, peers: 4, seed: name })
  experiment.settle()
  const checker = experiment.checkers.find((each) => each.name === name)
  const [a, b] = experiment.peers
  if (checker === undefined || a === undefined || b === undefined) throw new Error(`no checker ${name}`)
  expect(checker.breaches).toEqual([])
  return { experiment, checker, a, b }
}

function memberAt(observer: SimPeer, subject: SimPeer): CoreMember {
  const member = observer.machine.members().get(subject.id)
  if (member === undefined) throw new Error('they never met')
  return member
}

const tell = (
  type: 'member-failed' | 'member-left' | 'member-joined' | 'member-recovered',
  member: CoreMember,
): CoreEvent => ({
  type,
  member,
})

describe('every checker can go red', () => {
  it('no false death: a running, reachable peer is declared dead', () => {
    const { checker, a, b } = watched('no false death')
    checker.onNotify?.(a, tell('member-failed', memberAt(a, b)))
    expect(checker.breaches).toHaveLength(1)
  })

  it('no false death: but not when it crashed, was cut off, or is a run that ended', () => {
    const { experiment, checker, a, b } = watched('no false death')
    checker.onNotify?.(a, tell('member-failed', { ...memberAt(a, b), instance: 'another run' }))
    experiment.world.cut(b, a)
    checker.onNotify?.(a, tell('member-failed', memberAt(a, b)))
    experiment.world.heal()
    experiment.world.crash(b)
    checker.onNotify?.(a, tell('member-failed', memberAt(a, b)))
    expect(checker.breaches).toEqual([])
  })

  it('dead stays dead: the same incarnation comes back', () => {
    const { checker, a, b } = watched('dead stays dead')
    const member = memberAt(a, b)
    checker.onNotify?.(a, tell('member-failed', { ...member, status: 'dead' }))
    checker.onNotify?.(a, tell('member-recovered', member))
    expect(checker.breaches).toHaveLength(1)
  })

  it('dead stays dead: a newer incarnation does not bring back a run that left', () => {
    const { checker, a, b } = watched('dead stays dead')
    const member = memberAt(a, b)
    checker.onNotify?.(a, tell('member-left', { ...member, status: 'left' }))
    checker.onNotify?.(a, tell('member-joined', { ...member, incarnation: member.incarnation + 1 }))
    expect(checker.breaches).toHaveLength(1)
  })

  it('dead stays dead: but a newer incarnation revives the dead, and a newer run whoever left', () => {
    const { checker, a, b } = watched('dead stays dead')
    const member = memberAt(a, b)
    checker.onNotify?.(a, tell('member-failed', { ...member, status: 'dead' }))
    checker.onNotify?.(a, tell('member-recovered', { ...member, incarnation: member.incarnation + 1 }))
    checker.onNotify?.(a, tell('member-left', { ...member, status: 'left' }))
    checker.onNotify?.(a, tell('member-joined', { ...member, instance: 'later', startedAt: member.startedAt + 1 }))
    expect(checker.breaches).toEqual([])
  })

  it('dead stays dead: but a renewed lease revives whose lease ran out, even one renewed before that', () => {
    const { checker, a, b } = watched('dead stays dead')
    const member = memberAt(a, b)
    checker.onNotify?.(a, tell('member-failed', { ...member, status: 'dead' }))
    checker.onNotify?.(a, tell('member-recovered', { ...member, issuedAt: member.issuedAt + 1 }))
    expect(checker.breaches).toEqual([])
  })

  it('no forged claim applied: an incarnation, metadata or leave that its subject never signed', () => {
    const { checker, a, b } = watched('no forged claim applied')
    const member = memberAt(a, b)
    checker.onNotify?.(a, tell('member-recovered', { ...member, incarnation: 99 }))
    checker.onNotify?.(a, tell('member-recovered', { ...member, metadata: new Uint8Array([1]) }))
    checker.onNotify?.(a, tell('member-recovered', member))
    expect(checker.breaches).toHaveLength(2)
    // Each signs its leave ahead of time, so one from a run that nobody started stands for the unsigned one.
    checker.onNotify?.(a, tell('member-left', { ...member, instance: 'another run' }))
    expect(checker.breaches).toHaveLength(4)
  })

  it('no one honest blamed: a refusal that blames the neighbour', () => {
    const { experiment, checker, a } = watched('no one honest blamed')
    const [link] = a.ends.keys()
    if (link === undefined) throw new Error('no link')
    const refusal = { type: 'refused', link, code: 'ERR_CLAIM_SIGNATURE' } as const
    checker.onInput?.(a, { ...refusal, blame: false })
    expect(checker.breaches).toEqual([])
    checker.onInput?.(a, { ...refusal, blame: true })
    expect(checker.breaches).toHaveLength(1)
    // A liar may be blamed.
    const crook = experiment.world.spawn({ liar: liar('replay') })
    experiment.world.runFor(5000)
    const end = [...a.ends.values()].find(({ other }) => other.peer === crook)
    if (end === undefined) throw new Error('not linked to the liar')
    checker.onInput?.(a, { ...refusal, link: end.link, blame: true })
    expect(checker.breaches).toHaveLength(1)
  })

  it('bounded links and sends: one link, one byte or one frame over the limit', () => {
    const { experiment, checker, a } = watched('bounded links and sends')
    const [end] = a.ends.values()
    if (end === undefined) throw new Error('no link')
    checker.onSend?.(end, { type: 'gossip', claims: [] }, new Uint8Array(65_536))
    expect(checker.breaches).toEqual([])
    checker.onSend?.(end, { type: 'gossip', claims: [] }, new Uint8Array(65_537))
    expect(checker.breaches).toHaveLength(1)
    experiment.world.runFor(2000)
    for (let i = 0; i < 501; i++) checker.onSend?.(end, { type: 'gossip', claims: [] }, new Uint8Array(1))
    expect(checker.breaches).toHaveLength(2)
    const crowded = Object.create(a, {
      ends: { value: new Map(Array.from({ length: 25 }, (_, i) => [i, end])) },
    }) as SimPeer
    checker.onLink?.({ ...end, peer: crowded } as End)
    expect(checker.breaches).toHaveLength(3)
  })

  it.each([
    ['broadcasts in order, once', [1, 2, 2], 0, 1],
    ['broadcasts in order, once', [2, 1, 3], 0, 1],
    ['no broadcast lost in silence', [1, 3], 1, 0],
    ['no broadcast lost in silence', [1, 3], 0, 1],
    ['no broadcast lost in silence', [1, 2], 0, 1],
  ])('%s: told %j of three, and of %i lost', (name, told, missed, breaches) => {
    const { experiment, checker, a, b } = watched(name)
    const { id: from, instance } = b
    const payloads = [1, 2, 3].map((n) => Uint8Array.of(n))
    payloads.forEach((payload, i) => {
      const claim = { type: 'news', author: from, instance, seq: i + 1, topic: '', payload }
      checker.onInput?.(b, { type: 'sealed', claim: claim as unknown as Verified<News> })
    })
    for (const n of told) checker.onNotify?.(a, { type: 'broadcast', from, topic: '', payload: Uint8Array.of(n) })
    if (missed > 0) checker.onNotify?.(a, { type: 'broadcast-gap', from, instance, missed })
    experiment.world.runFor(21_000)
    checker.atEnd?.()
    expect(checker.breaches).toHaveLength(breaches)
  })

  it('views converge: somebody is missing, or still counted', () => {
    const { experiment, checker, a, b } = watched('views converge')
    checker.atEnd?.()
    expect(checker.breaches).toEqual([])
    experiment.world.crash(b)
    checker.atEnd?.() // at once, before anyone can have noticed
    expect(checker.breaches).toHaveLength(3)
    expect(checker.breaches[0]).toContain('still counts')
    const nobody = { here: new Set([a, b]), indifferent: new Set<SimPeer>() }
    expect(viewDifference(a, nobody).missing).toEqual([])
    experiment.world.spawn()
    checker.atEnd?.()
    expect(checker.breaches.some((breach) => breach.includes('misses'))).toBe(true)
  })
})
