import { expect, it } from 'vitest'
import { Core } from '../../src/core/core.ts'
import type { Input, LinkId } from '../../src/core/input.ts'
import type { Millis, WallMillis } from '../../src/identity/millis.ts'
import { instanceIdFromBytes, meshIdOf } from '../../src/identity/peer-id.ts'
import { recallEntry } from '../../src/pipeline/recall.ts'
import { ada, bob } from '../vectors/samples.ts'

const now = 0 as Millis
const link = 1 as LinkId

/** A core with one open link. */
function linked(): Core {
  const options = {
    id: ada.signer.peerId,
    meshId: meshIdOf('a room'),
    recall: recallEntry,
    instance: instanceIdFromBytes(new Uint8Array(16)),
    startedAt: 0 as WallMillis,
    seed: [1, 2, 3, 4],
    metadata: new Uint8Array(0),
    zone: '',
    wallOffsetMs: 1_800_000_000_000,
  } as const
  const core = new Core(options, now)
  core.handle({ type: 'link-opened', link, peer: bob.signer.peerId, initiator: true }, now)
  return core
}

/** What it asks for when something on its link is refused. */
function refuse(...refusals: Omit<Extract<Input, { type: 'refused' }>, 'type' | 'link'>[]) {
  const core = linked()
  return refusals.flatMap((refusal) => core.handle({ type: 'refused', link, ...refusal }, now))
}

const hangUp = (code: string) => expect.objectContaining({ type: 'hang-up', link, code })

it('a link that ingress reads no longer is hung up at once', () => {
  expect(refuse({ code: 'ERR_LINK_BYTE_RATE', blame: true, final: true })).toContainEqual(hangUp('ERR_LINK_BYTE_RATE'))
})

it('whoever was over a budget is not listened to for a minute, and then is', () => {
  const core = linked()
  const rate = { type: 'refused', link, code: 'ERR_LINK_STALE_RATE', blame: false, final: true } as const
  core.handle(rate, now)
  core.handle({ type: 'link-closed', link }, now)
  const listens = (at: number) =>
    core
      .handle({ type: 'signal-in', from: bob.signer.peerId, payload: new Uint8Array(1) }, at as Millis)
      .some(({ type }) => type === 'signal')
  expect([listens(59_999), listens(60_000)]).toEqual([false, true])
})

it('a fault that may be an honest peer’s never costs the link, one that cannot be costs it the third time', () => {
  const expired = { code: 'ERR_CLAIM_EXPIRED', blame: false }
  expect(refuse(expired, expired, expired, expired)).not.toContainEqual(hangUp(expired.code))
  const forged = { code: 'ERR_CLAIM_SIGNATURE', blame: true }
  expect(refuse(forged, forged)).not.toContainEqual(hangUp(forged.code))
  expect(refuse(forged, forged, forged)).toContainEqual(hangUp(forged.code))
})
