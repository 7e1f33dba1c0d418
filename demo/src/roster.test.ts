import { expect, test } from 'vitest'
import type { Member, PeerId } from './mesh.ts'
import { gone, present } from './roster.ts'
import { fadeMs, lingerMs } from './session.ts'

function member(name: string, given: Partial<Member> = {}): Member {
  return {
    id: name as PeerId,
    status: 'alive',
    self: false,
    metadata: { name },
    zone: undefined,
    instance: '',
    incarnation: 0,
    startedAt: 0,
    since: 0,
    linked: false,
    rttMs: undefined,
    ...given,
  }
}

const mapOf = (...members: Member[]) => new Map(members.map((one) => [one.id, one]))
const namesAt = (members: ReadonlyMap<PeerId, Member>, now: number) =>
  present(members, now).map(({ member }) => member.id)

test('we come first, the others by name', () => {
  expect(namesAt(mapOf(member('b'), member('a'), member('me', { self: true })), 0)).toEqual(['me', 'a', 'b'])
})

test('the living stay for ever; the departed linger, fade, and are then among the gone', () => {
  const members = mapOf(member('a'), member('s', { status: 'suspect' }), member('d', { status: 'dead' }))
  const departed = [{ id: 'd' as PeerId, name: 'd', status: 'dead' as const, at: 0 }]
  const fadingAt = (now: number) => present(members, now).filter(({ fading }) => fading).length

  expect(namesAt(members, lingerMs - 1)).toEqual(['a', 'd', 's'])
  expect([fadingAt(lingerMs - fadeMs), fadingAt(lingerMs - fadeMs + 1)]).toEqual([0, 1])
  expect(gone(departed, lingerMs - 1)).toEqual([])
  expect(namesAt(members, lingerMs)).toEqual(['a', 's'])
  expect(gone(departed, lingerMs)).toEqual(departed)
})
