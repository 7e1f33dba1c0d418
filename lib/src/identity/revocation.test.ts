import { describe, expect, it } from 'vitest'
import { signCapability } from './capability.ts'
import type { Digest, Verified } from './claim.ts'
import { seedSigner } from './ed25519.ts'
import type { WallMillis } from './millis.ts'
import { type MeshId, peerIdToBytes } from './peer-id.ts'
import type { Revoke } from './proofs.ts'
import { readRevoked, Revocations, writeRevoked } from './revocation.ts'

const signer = (n: number) => seedSigner(new Uint8Array(32).fill(n))
const [owner, ada, bob] = [signer(1), signer(2), signer(3)]
const noon = 1_800_000_000_000 as WallMillis
const at = (ms: number) => (noon + ms) as WallMillis
const serial = (n: number) => new Uint8Array(16).fill(n)

/** A list as it is once its signature has been checked. */
function list(seq: number, more: Partial<Revoke> = {}, digest = 'a'): Verified<Revoke> {
  return {
    type: 'revoke',
    author: owner.peerId,
    issuedAt: noon,
    ttlMs: 1000,
    seq,
    minIssuedAt: 0 as WallMillis,
    serials: new Uint8Array(0),
    members: new Uint8Array(0),
    bytes: new Uint8Array(0),
    digest: digest as Digest,
    ...more,
  } as Verified<Revoke>
}
const serials = (...lines: readonly (readonly [number, number])[]) =>
  writeRevoked(
    lines.map(([n, ms]) => ({ name: serial(n), since: at(ms) })),
    16,
  )

function proof(n: number, by = owner, to = ada, notBefore = noon): Uint8Array {
  let signed: Uint8Array | Error = new Error('not at once')
  const rights = by === owner ? (['join', 'admit'] as const) : (['join'] as const)
  const capability = {
    subject: to.peerId,
    rights,
    ringSeed: serial(0),
    notBefore,
    expiresAt: at(9_000),
    serial: serial(n),
  }
  signCapability(by, new Uint8Array(32) as MeshId, capability, (bytes) => (signed = bytes))
  return signed as unknown as Uint8Array
}
const chain = (...parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]))

function book(...lists: readonly Verified<Revoke>[]): Revocations {
  const revocations = new Revocations()
  for (const each of lists) revocations.take(each)
  return revocations
}

describe('the newest list', () => {
  it('is the one with the highest number: an older one is never taken in its place', () => {
    const revocations = book()
    expect([revocations.take(list(2)), revocations.take(list(1)), revocations.take(list(2))]).toEqual([
      true,
      false,
      false,
    ])
    expect(revocations.newest?.seq).toBe(2)
    expect(revocations.take(list(3))).toBe(true)
  })

  it('is the same for everybody when an owner has used one number twice', () => {
    const [one, two] = [list(1, {}, 'a'), list(1, {}, 'b')]
    expect(book(one, two).newest).toBe(book(two, one).newest)
  })

  it('says all that is revoked: what an older one named and it does not, stands again', () => {
    expect(book(list(1, { serials: serials([7, 0]) })).revokedAt(proof(7))).toBe(noon)
    expect(book(list(1, { serials: serials([7, 0]) }), list(2)).revokedAt(proof(7))).toBeUndefined()
  })
})

describe('a proof', () => {
  it('counts for nothing from the moment that its serial, its holder or its age was revoked, the first of them', () => {
    const members = writeRevoked([{ name: peerIdToBytes(ada.peerId), since: at(5) }], 32)
    expect(book(list(1, { members })).revokedAt(proof(7))).toBe(at(5))
    expect(book(list(1, { members, serials: serials([7, 3]) })).revokedAt(proof(7))).toBe(at(3))
    expect(book(list(1, { minIssuedAt: at(1) })).revokedAt(proof(7))).toBe(at(1))
    expect(book(list(1, { minIssuedAt: noon })).revokedAt(proof(7))).toBeUndefined()
    expect(book(list(1, { serials: serials([8, 3]) })).revokedAt(proof(7))).toBeUndefined()
    expect(book().revokedAt(proof(7))).toBeUndefined()
  })

  it('falls with that of whoever let its holder in', () => {
    const both = chain(proof(7, owner, bob), proof(8, bob, ada))
    expect(book(list(1, { serials: serials([7, 0]) })).revokedAt(both)).toBe(noon)
    expect(book(list(1, { serials: serials([8, 0]) })).revokedAt(both)).toBe(noon)
    expect(book(list(1, { serials: serials([8, 0]) })).revokedAt(proof(7, owner, bob))).toBeUndefined()
  })

  it('that is none at all is not revoked: it is refused for that elsewhere', () => {
    expect(book(list(1, { minIssuedAt: at(1) })).revokedAt(new Uint8Array(3))).toBeUndefined()
  })
})

it('a peer is banned by its id alone, whatever it showed', () => {
  const members = writeRevoked([{ name: peerIdToBytes(ada.peerId), since: noon }], 32)
  const revocations = book(list(1, { members, serials: serials([7, 0]) }))
  expect([revocations.bans(ada.peerId), revocations.bans(bob.peerId)]).toEqual([true, false])
})

it('of what peers showed at the door the newest 2,048 are remembered', () => {
  const revocations = book()
  const peers = Array.from({ length: 2_049 }, (_, n) => `peer ${n}` as typeof ada.peerId)
  for (const peer of peers) revocations.show(peer, serial(1))
  expect([revocations.shown(peers[0]!), revocations.shown(peers[1]!)]).toEqual([undefined, serial(1)])
})

it('lines read back as they were written, up to the last moment of 48 bits', () => {
  const lines = [
    { name: serial(1), since: noon },
    { name: serial(2), since: (2 ** 48 - 1) as WallMillis },
  ]
  expect(readRevoked(writeRevoked(lines, 16), 16)).toEqual(lines)
})
