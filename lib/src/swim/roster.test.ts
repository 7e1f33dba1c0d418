import { expect, it } from 'vitest'
import { alive } from '../../test/vectors/samples.ts'
import type { Millis } from '../identity/millis.ts'
import { type PeerId, peerIdFromBytes } from '../identity/peer-id.ts'
import { swimDefaults } from './config.ts'
import type { SwimContext } from './context.ts'
import { Roster } from './roster.ts'
import { MemberTable } from './table.ts'

const [neighbour, near, far] = ['neighbour', 'near', 'far'] as PeerId[] as [PeerId, PeerId, PeerId]

it('takes in so many new members by a neighbour, so many by all who are none together, and says what it left out', () => {
  const told: string[] = []
  const spread: PeerId[] = []
  const table = new MemberTable()
  const context = {
    config: { ...swimDefaults, newcomerMs: 0, newMembersAtOnce: 1, newMembersPerSecond: 0 },
    table,
    wall: { at: (now: Millis) => now },
    dissemination: { spread: ({ author }: { author: PeerId }) => void spread.push(author) },
    port: {
      self: 'self',
      linked: (peer: PeerId) => peer === neighbour,
      memberUp: () => undefined,
      notify: (event: { type: string; from?: PeerId; code?: string }) => {
        if (event.type === 'rejected') told.push(`${event.from} ${event.code}`)
      },
    },
  }
  const roster = new Roster(context as unknown as SwimContext, {} as never, 0 as Millis)
  const stranger = (n: number) => ({ ...alive, author: peerIdFromBytes(new Uint8Array(32).fill(n)) })
  for (const [n, from] of [neighbour, neighbour, near, far].entries()) roster.onAlive(stranger(n), from, 0 as Millis)
  expect([...table.values()].map(({ id }) => id)).toEqual([stranger(0).author, stranger(2).author])
  expect(spread).toEqual([stranger(0).author, stranger(2).author])
  expect(told).toEqual(['neighbour ERR_MEMBER_RATE', 'far ERR_MEMBER_RATE'])
})
