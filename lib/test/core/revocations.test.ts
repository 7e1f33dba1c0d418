import { describe, expect, it } from 'vitest'
import { Core } from '../../src/core/core.ts'
import type { LinkId } from '../../src/core/input.ts'
import type { Claim } from '../../src/core/message.ts'
import { signCapability } from '../../src/identity/capability.ts'
import type { Digest, Verified } from '../../src/identity/claim.ts'
import type { Millis, WallMillis } from '../../src/identity/millis.ts'
import { instanceIdFromBytes, type PeerId } from '../../src/identity/peer-id.ts'
import type { Revoke } from '../../src/identity/proofs.ts'
import { Revocations, writeRevoked } from '../../src/identity/revocation.ts'
import { recallEntry } from '../../src/pipeline/recall.ts'
import type { Alive, Incarnation } from '../../src/swim/messages.ts'
import { ada, bob, cyd, meshId, sealed } from '../vectors/samples.ts'

const now = 0 as Millis
const wall = 1_800_000_000_000 as WallMillis
const owner = cyd.signer
const eve = bob.signer.peerId

function proofFor(subject: PeerId, serial: number): Uint8Array {
  let proof: Uint8Array | Error = new Error('not signed at once')
  signCapability(
    owner,
    meshId,
    {
      subject,
      rights: ['join'],
      ringSeed: new Uint8Array(16).fill(serial),
      notBefore: wall,
      expiresAt: (wall + 3_600_000) as WallMillis,
      serial: new Uint8Array(16).fill(serial),
    },
    (bytes) => (proof = bytes),
  )
  return proof as unknown as Uint8Array
}

const aliveOf = (signer: typeof owner, admission: Uint8Array, incarnation = 0) =>
  sealed<Alive>(signer, {
    type: 'alive',
    author: signer.peerId,
    issuedAt: wall,
    ttlMs: 60_000,
    instance: instanceIdFromBytes(new Uint8Array(16).fill(1)),
    startedAt: wall,
    incarnation: incarnation as Incarnation,
    metadata: new Uint8Array(0),
    zone: '',
    admission,
    sealingKey: new Uint8Array(0),
    incarnationDigest: '' as Digest,
  })

const listOf = (seq: number, serials: readonly number[], ttlMs = 3_600_000): Verified<Revoke> =>
  sealed<Revoke>(owner, {
    type: 'revoke',
    author: owner.peerId,
    issuedAt: wall,
    ttlMs,
    seq,
    minIssuedAt: 0 as WallMillis,
    serials: writeRevoked(
      serials.map((serial) => ({ name: new Uint8Array(16).fill(serial), since: wall })),
      16,
    ),
    members: new Uint8Array(0),
  })

/** A core of Ada's in a room of Cyd's, with links to two neighbours, the second of whom is a member. */
function core(owned = true): Core {
  const it = new Core(
    {
      id: ada.signer.peerId,
      meshId,
      recall: recallEntry,
      instance: instanceIdFromBytes(new Uint8Array(16)),
      startedAt: wall,
      seed: [1, 2, 3, 4],
      metadata: new Uint8Array(0),
      zone: '',
      wallOffsetMs: wall,
      ...(owned ? { admission: proofFor(ada.signer.peerId, 1), revocations: new Revocations() } : {}),
    },
    now,
  )
  it.start(now)
  for (const [link, peer] of [neighbour, suspect]) it.handle({ type: 'link-opened', link, peer, initiator: true }, now)
  return it
}
const neighbour = [1 as LinkId, owner.peerId] as const
const suspect = [2 as LinkId, eve] as const
const hear = (it: Core, claim: Verified<Revoke>, link = neighbour[0]) =>
  it.handle({ type: 'received', link, message: { type: 'revocations', claim } }, now)
const gossip = (it: Core, claim: Verified<Claim>) =>
  it.handle(
    { type: 'received', link: neighbour[0], message: { type: 'gossip', claims: [claim as Verified<Alive>] } },
    now,
  )
const types = (effects: readonly { type: string }[]) => effects.map(({ type }) => type)
const event = (type: string, more = {}) => ({
  type: 'notify',
  event: expect.objectContaining({ type, ...more }) as unknown,
})

describe('a list of revocations', () => {
  it('is passed on once to all but whoever brought it, and the newest is the first thing that a new link brings', () => {
    const it = core()
    const list = listOf(3, [])
    const effects = hear(it, list)
    const shown = { type: 'send', message: { type: 'revocations', claim: list } }
    expect(effects.filter(({ type }) => type === 'send')).toEqual([
      expect.objectContaining({ ...shown, link: suspect[0] }),
    ])
    expect(hear(it, list, suspect[0])).toEqual([])
    const [first] = it
      .handle({ type: 'link-opened', link: 3 as LinkId, peer: ada.signer.peerId, initiator: false }, now)
      .filter(({ type }) => type === 'send')
    expect(first).toMatchObject({ ...shown, link: 3 })
  })

  it('with a lower number is not taken for the newer one, whoever brings it', () => {
    const it = core()
    gossip(it, aliveOf(bob.signer, proofFor(eve, 5)))
    hear(it, listOf(3, [5]))
    expect(hear(it, listOf(2, []))).toEqual([])
    gossip(it, aliveOf(bob.signer, proofFor(eve, 5), 1))
    expect(it.member(eve)?.status).toBe('dead')
  })

  it('ends links and membership of whom it names, and of nobody else', () => {
    const it = core()
    gossip(it, aliveOf(bob.signer, proofFor(eve, 5)))
    gossip(it, aliveOf(owner, proofFor(owner.peerId, 6)))
    const effects = hear(it, listOf(1, [5]))
    expect(effects).toContainEqual(event('member-revoked'))
    expect(effects.filter(({ type }) => type === 'hang-up')[0]).toEqual({
      type: 'hang-up',
      link: suspect[0],
      code: 'ERR_CAPABILITY_REVOKED',
    })
    expect([it.member(eve)?.status, it.member(owner.peerId)?.status]).toEqual(['dead', 'alive'])
  })

  it('is no reason to blame a neighbour for what it voids, however often that comes', () => {
    const it = core()
    hear(it, listOf(1, [5]))
    for (let incarnation = 0; incarnation < 5; incarnation++) {
      const effects = gossip(it, aliveOf(bob.signer, proofFor(eve, 5), incarnation))
      expect(effects).toEqual([event('claim-rejected', { code: 'ERR_CAPABILITY_REVOKED', from: owner.peerId })])
    }
    expect(it.member(eve)).toBeUndefined()
  })

  it('lets one back in that comes with what it does not name', () => {
    const it = core()
    gossip(it, aliveOf(bob.signer, proofFor(eve, 5)))
    hear(it, listOf(1, [5]))
    gossip(it, aliveOf(bob.signer, proofFor(eve, 7), 1))
    expect(it.member(eve)?.status).toBe('alive')
  })

  it('that names what lets us in ends us, after the others were told', () => {
    const effects = hear(core(), listOf(1, [1]))
    expect(types(effects)[0]).toBe('send')
    expect(effects).toContainEqual(event('admission-revoked'))
  })

  it('is said to be out of date once, when its time is over', () => {
    const it = core()
    hear(it, listOf(1, [], 1_000))
    expect(it.deadline()).toBeLessThanOrEqual(1_000)
    const stale = event('revocations-stale', { seq: 1, expiresAt: wall + 1_000 })
    expect(it.handle({ type: 'tick' }, 999 as Millis)).not.toContainEqual(stale)
    expect(it.handle({ type: 'tick' }, 1_000 as Millis)).toContainEqual(stale)
    expect(it.handle({ type: 'tick' }, 1_001 as Millis)).not.toContainEqual(stale)
  })

  it('does not belong in a room without an owner', () => {
    const it = core(false)
    hear(it, listOf(1, []))
    hear(it, listOf(1, []))
    expect(hear(it, listOf(1, []))).toContainEqual({ type: 'hang-up', link: neighbour[0], code: 'ERR_FRAME_KIND' })
  })
})
