import { beforeEach, expect, it } from 'vitest'
import { Core } from '../../src/core/core.ts'
import type { Effect } from '../../src/core/effect.ts'
import { door, type LinkId } from '../../src/core/input.ts'
import type { Digest, Verified } from '../../src/identity/claim.ts'
import type { Millis, WallMillis } from '../../src/identity/millis.ts'
import { instanceIdFromBytes, meshIdOf, type PeerId } from '../../src/identity/peer-id.ts'
import type { Claim } from '../../src/core/message.ts'
import { recallEntry } from '../../src/pipeline/recall.ts'
import { ada, bob, cyd } from '../vectors/samples.ts'

const now = 0 as Millis
const link = 1 as LinkId
const instances = { [ada.signer.peerId]: 1, [bob.signer.peerId]: 2, [cyd.signer.peerId]: 3 }

const coreOf = (id: PeerId): Core =>
  new Core(
    {
      id,
      meshId: meshIdOf('a room'),
      recall: recallEntry,
      instance: instanceIdFromBytes(new Uint8Array(16).fill(instances[id] ?? 0)),
      startedAt: 0 as WallMillis,
      seed: [1, 2, 3, 4],
      metadata: new Uint8Array(0),
      zone: '',
      wallOffsetMs: 1_800_000_000_000,
    },
    now,
  )

/** As egress hands a draft back. */
const sealed = (effects: readonly Effect[]): Verified<Claim>[] =>
  effects.flatMap((effect) =>
    effect.type === 'seal'
      ? [
          {
            ...effect.draft,
            digest: `${effect.draft.author} ${effect.draft.type}` as Digest,
            bytes: new Uint8Array(9),
          } as unknown as Verified<Claim>,
        ]
      : [],
  )

let one: Core
let other: Core
let claims: Verified<Claim>[]

beforeEach(() => {
  one = coreOf(ada.signer.peerId)
  other = coreOf(bob.signer.peerId)
  claims = sealed(one.start(now))
  for (const claim of claims) one.handle({ type: 'sealed', claim }, now)
  one.handle({ type: 'link-opened', link, peer: bob.signer.peerId, initiator: true }, now)
  for (const claim of claims) {
    if (claim.type === 'alive') {
      other.handle({ type: 'link-opened', link, peer: ada.signer.peerId, initiator: false }, now)
      other.handle({ type: 'received', link, message: { type: 'gossip', claims: [claim] } }, now)
    }
  }
})

it('whoever leaves says so through the server too, and is believed', () => {
  const said = one.handle({ type: 'leave' }, now).filter((effect) => effect.type === 'door-say')
  expect(said.map(({ to }) => to)).toEqual([bob.signer.peerId])
  expect(other.member(ada.signer.peerId)?.status).toBe('alive')
  for (const { message } of said) other.handle({ type: 'received', link: door, message }, now)
  expect(other.member(ada.signer.peerId)?.status).toBe('left')
})

it('nothing but a leave is taken from the server', () => {
  const stranger = coreOf(bob.signer.peerId)
  const alive = claims.filter((claim) => claim.type === 'alive')
  stranger.handle({ type: 'received', link: door, message: { type: 'gossip', claims: alive } }, now)
  expect(stranger.member(ada.signer.peerId)).toBeUndefined()
})

/** Claims that this core sends to somebody, over this link, because of what that sent. */
function saidTo(core: Core, to: LinkId, sent: readonly Verified<Claim>[], at: Millis): Claim[] {
  core.handle({ type: 'link-opened', link: to, peer: cyd.signer.peerId, initiator: false }, at)
  const effects = core.handle({ type: 'received', link: to, message: { type: 'gossip', claims: sent } as never }, at)
  return effects.flatMap((effect) =>
    effect.type === 'send' && effect.link === to && effect.message.type === 'gossip' ? effect.message.claims : [],
  )
}

const another = 2 as LinkId

it.each([-1, 1])(
  'whoever counts one that left, in an incarnation that we never met (%i), is told that it left',
  (by) => {
    const alive = claims.find((claim) => claim.type === 'alive')!
    const known = { ...alive, incarnation: 5, incarnationDigest: 'five', digest: 'five' } as never
    other.handle({ type: 'received', link, message: { type: 'gossip', claims: [known] } }, now)
    const leave = claims.filter((claim) => claim.type === 'leave')
    other.handle({ type: 'received', link, message: { type: 'gossip', claims: leave } }, now)
    expect(other.member(ada.signer.peerId)?.status).toBe('left')
    const theirs = { ...alive, incarnation: 5 + by, incarnationDigest: 'theirs', digest: 'theirs' } as never
    expect(saidTo(other, another, [theirs], 1000 as Millis)).toContainEqual(leave[0])
  },
)

it('whoever counts one that left before we had met it is told so too', () => {
  const leave = claims.filter((claim) => claim.type === 'leave')
  const stranger = coreOf(bob.signer.peerId)
  stranger.handle({ type: 'received', link: door, message: { type: 'gossip', claims: leave } }, now)
  const alive = claims.filter((claim) => claim.type === 'alive')
  expect(saidTo(stranger, another, alive, 1000 as Millis)).toEqual(leave)
  expect(stranger.member(ada.signer.peerId)).toBeUndefined()
})
