import { expect, test } from 'vitest'
import type { Millis } from '../identity/millis.ts'
import type { InstanceId, PeerId } from '../identity/peer-id.ts'
import { swimDefaults } from './config.ts'
import type { SwimContext } from './context.ts'
import type { SwimPort } from './port.ts'
import { Self } from './self.ts'
import { MemberTable } from './table.ts'

type Draft = Parameters<SwimPort['seal']>[0]

test('what is signed under one incarnation is one thing, though a lease is renewed while new metadata waits', () => {
  const drafts: Draft[] = []
  const context = {
    config: { ...swimDefaults, metadataIntervalMs: 3_600_000 },
    port: { self: 'ada' as PeerId, random: () => 0.5, seal: (draft: Draft) => drafts.push(draft) },
    table: new MemberTable(),
    wall: { at: (now: Millis) => now },
  } as unknown as SwimContext
  const noBytes = new Uint8Array(0)
  const self = new Self(context, {
    instance: 'a run' as InstanceId,
    startedAt: 0 as never,
    metadata: Uint8Array.of(1),
    zone: '',
    admission: noBytes,
    sealingKey: noBytes,
  })
  self.announce(0 as Millis)
  self.tick(self.deadline()!)
  self.setMetadata(Uint8Array.of(2), self.deadline()!)
  for (let renewals = 0; renewals < 2; renewals++) self.tick(self.deadline()!)

  const said = drafts.flatMap((draft) =>
    draft.type === 'alive' ? [[draft.incarnation, draft.metadata[0]] as [number, number]] : [],
  )
  expect(said).toEqual([
    [0, 1],
    [0, 1],
    [1, 2],
    [1, 2],
  ])
})
