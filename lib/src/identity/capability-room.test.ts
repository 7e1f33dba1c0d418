import { describe, expect, it } from 'vitest'
import type { Alive } from '../swim/messages.ts'
import { type Capability, capabilityBytes, ownedMeshIdOf, signCapability } from './capability.ts'
import { CapabilityRoom } from './capability-room.ts'
import type { Verified } from './claim.ts'
import { seedSigner, verifyStrict } from './ed25519.ts'
import type { Signer } from './keys.ts'
import type { WallMillis } from './millis.ts'
import type { Revoke } from './proofs.ts'
import { writeRevoked } from './revocation.ts'

const signer = (n: number) => seedSigner(new Uint8Array(32).fill(n))
const [owner, ada, bob, eve] = [signer(1), signer(2), signer(3), signer(4)]
const verifier = {
  verify: (key: Uint8Array, message: Uint8Array, signature: Uint8Array, done: (valid: boolean) => void) =>
    done(verifyStrict(key, message, signature)),
}
const meshId = ownedMeshIdOf(owner.peerId, 'lobby')
const room = new CapabilityRoom({ verifier, meshId, owner: owner.peerId })
const hour = 3_600_000
const noon = 1_800_000_000_000

type Wish = Partial<Omit<Capability, 'notBefore' | 'expiresAt'>> & { notBefore?: number; expiresAt?: number }

function issue(by: Signer, wish: Wish = {}, mesh = meshId): Uint8Array {
  let issued: Uint8Array | Error | undefined
  const whole = {
    subject: ada.peerId,
    rights: ['join', 'write-shared'],
    ringSeed: new Uint8Array(16).fill(7),
    notBefore: noon,
    expiresAt: noon + hour,
    serial: new Uint8Array(16).fill(9),
    ...wish,
  } as Omit<Capability, 'issuer'>
  signCapability(by, mesh, whole, (bytes) => (issued = bytes))
  return issued as Uint8Array
}
const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]))

function proved(proof: Uint8Array, subject = ada): string | undefined {
  let said: string | undefined = 'nothing'
  room.prove(subject.peerId, proof, (fault) => (said = fault))
  return said
}
function admitted(proof: Uint8Array, wall: number, by = room): string | undefined {
  let said: string | undefined = 'nothing'
  by.admit(ada.peerId, proof, wall, (refusal) => (said = refusal))
  return said
}
function claimed(claim: Partial<Omit<Alive, 'type'>> & { type: string; key?: string }): string | undefined {
  let said: string | undefined = 'nothing'
  const base = { author: ada.peerId, issuedAt: noon as WallMillis, ttlMs: 1000 }
  room.check({ ...base, ...claim } as Alive, (fault) => (said = fault))
  return said
}

describe('a proof', () => {
  it('of the owner’s, for its subject, in its room is accepted', () => {
    expect(proved(issue(owner))).toBeUndefined()
  })

  it('for another room, another subject or by another owner is refused', () => {
    expect(proved(issue(owner, {}, ownedMeshIdOf(owner.peerId, 'cellar')))).toBe('ERR_CAPABILITY_SIGNATURE')
    expect(proved(issue(owner), eve)).toBe('ERR_CAPABILITY_SUBJECT')
    expect(proved(issue(eve))).toBe('ERR_CAPABILITY_ISSUER')
  })

  it('is refused with any one bit of it changed', () => {
    const good = issue(owner)
    for (let bit = 0; bit < good.length * 8; bit += 5) {
      const bad = good.slice()
      bad[bit >> 3]! ^= 1 << (bit & 7)
      expect(proved(bad), `bit ${bit}`).toMatch(/^ERR_CAPABILITY_/)
    }
  })

  it('is exactly one or two capabilities long', () => {
    const good = issue(owner)
    for (const length of [0, capabilityBytes - 1, capabilityBytes + 1])
      expect(proved(join(good, good).slice(0, length))).toBe('ERR_CAPABILITY_SHAPE')
    expect(proved(join(good, good, good))).toBe('ERR_CAPABILITY_SHAPE')
  })
})

describe('whoever may admit', () => {
  const parent = issue(owner, { subject: bob.peerId, rights: ['join', 'write-shared', 'admit'] })
  const under = (wish: Wish = {}, by = bob, top = parent) => proved(join(top, issue(by, wish)))

  it('lets in others for as long as itself, and with no more rights', () => {
    expect(under()).toBeUndefined()
    expect(under({ expiresAt: noon + hour + 1 })).toBe('ERR_CAPABILITY_DELEGATION')
    expect(under({ notBefore: noon - 1 })).toBe('ERR_CAPABILITY_DELEGATION')
    const joins = issue(owner, { subject: bob.peerId, rights: ['join', 'admit'] })
    expect(under({}, bob, joins)).toBe('ERR_CAPABILITY_DELEGATION')
    expect(under({ rights: ['join'] }, bob, joins)).toBeUndefined()
  })

  it('lets nobody else admit: neither by saying so, nor by a third capability', () => {
    expect(under({ rights: ['join', 'admit'] })).toBe('ERR_CAPABILITY_DELEGATION')
    const second = issue(bob, { subject: eve.peerId })
    expect(proved(join(parent, second, issue(eve)))).toBe('ERR_CAPABILITY_SHAPE')
  })

  it('has to have the right, and signs for itself', () => {
    expect(under({}, bob, issue(owner, { subject: bob.peerId }))).toBe('ERR_CAPABILITY_DELEGATION')
    expect(under({}, eve)).toBe('ERR_CAPABILITY_DELEGATION')
  })
})

describe('at a handshake', () => {
  it('a capability is refused before its time and after it, by a clock that may be a minute slow', () => {
    const good = issue(owner)
    expect(admitted(good, noon - 60_000)).toBeUndefined()
    expect(admitted(good, noon - 60_001)).toBe('ERR_CAPABILITY_EARLY')
    expect(admitted(good, noon + hour)).toBeUndefined()
    expect(admitted(good, noon + hour + 1)).toBe('ERR_CAPABILITY_EXPIRED')
  })

  it('one that the owner took back is refused, and what was shown is remembered only of those let in', () => {
    const [good, bad] = [issue(owner), issue(owner, { serial: new Uint8Array(16).fill(8) })]
    const serials = writeRevoked([{ name: new Uint8Array(16).fill(8), since: noon as WallMillis }], 16)
    const strict = new CapabilityRoom({ verifier, meshId, owner: owner.peerId })
    strict.revocations.take({ seq: 1, serials, members: new Uint8Array(0), minIssuedAt: 0 } as Verified<Revoke>)
    expect(admitted(bad, noon, strict)).toBe('ERR_CAPABILITY_REVOKED')
    expect(strict.revocations.shown(ada.peerId)).toBeUndefined()
    expect(admitted(good, noon, strict)).toBeUndefined()
    expect(strict.revocations.shown(ada.peerId)).toEqual(good)
  })

  it('two signatures are checked once', () => {
    let checks = 0
    const counted = { verify: (...asked: Parameters<typeof verifier.verify>) => (checks++, verifier.verify(...asked)) }
    const fresh = new CapabilityRoom({ verifier: counted, meshId, owner: owner.peerId })
    const proof = join(
      issue(owner, { subject: bob.peerId, rights: ['join', 'admit'] }),
      issue(bob, { rights: ['join'] }),
    )
    expect([admitted(proof, noon, fresh), admitted(proof, noon, fresh), checks]).toEqual([undefined, undefined, 2])
  })
})

describe('a claim', () => {
  const admission = issue(owner)

  it('of a member has to end with its capability', () => {
    expect(claimed({ type: 'alive', admission, ttlMs: hour })).toBeUndefined()
    expect(claimed({ type: 'alive', admission, ttlMs: hour + 1 })).toBe('ERR_CAPABILITY_TIME')
    expect(claimed({ type: 'alive', admission, issuedAt: (noon - 60_001) as WallMillis })).toBe('ERR_CAPABILITY_TIME')
    expect(claimed({ type: 'alive' })).toBe('ERR_CAPABILITY_SHAPE')
  })

  it('that is a list of revocations has to be the owner’s', () => {
    expect(claimed({ type: 'revoke', author: owner.peerId })).toBeUndefined()
    expect(claimed({ type: 'revoke', author: ada.peerId })).toBe('ERR_REVOKE_ISSUER')
  })

  it('about shared keys needs the right to write there; one’s own need none', () => {
    const reader = issue(owner, { rights: ['join'] })
    expect(claimed({ type: 'entry', key: 'milk', admission })).toBeUndefined()
    expect(claimed({ type: 'entry', key: 'milk', admission: reader })).toBe('ERR_CAPABILITY_RIGHT')
    expect(claimed({ type: 'entry', key: `o/${ada.peerId}/milk`, admission: reader })).toBeUndefined()
  })

  it('that is an entry stays when its writer’s capability is over, if it was written in time', () => {
    const at = (ms: number) =>
      claimed({ type: 'entry', key: 'milk', admission, ttlMs: 99 * hour, issuedAt: ms as WallMillis })
    expect(at(noon + hour + 60_000)).toBeUndefined()
    expect(at(noon + hour + 60_001)).toBe('ERR_CAPABILITY_TIME')
  })
})
