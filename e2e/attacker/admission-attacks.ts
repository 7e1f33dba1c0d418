/**
 * Attacks on who is let in: by whoever knows no secret, and with capabilities that are somebody else's, one's own
 * work, or more than was given. Capabilities are written from docs/protocol/handshake.md and claims.md alone.
 */
import { CapabilityRoom } from '../../lib/src/identity/capability-room.ts'
import { type MeshId, peerIdFromBytes } from '../../lib/src/identity/peer-id.ts'
import type { Credentials } from '../../lib/src/transport/handshake.ts'
import { type Key, keyOf, meshIdOf, signed } from './claims.ts'
import { carryAll, prints, Side, turned, verifier } from './handshake-attacks.ts'
import { type Attack, room } from './siege.ts'

const [owner, ada, mallory] = [3, 1, 6].map((fill) => keyOf(Buffer.alloc(32, fill))) as [Key, Key, Key]
const meshId = Uint8Array.from(meshIdOf(room)) as MeshId
const wall = 1_800_000_000_000
const rights = { join: 1, 'join and admit': 1 | 8, 'join and write': 1 | 2 }

function capability(by: Key, subject: Key, allowed: keyof typeof rights, hours = 1, issuer = by): Buffer {
  const body = Buffer.alloc(109)
  body.set(issuer.publicKey)
  body.set(subject.publicKey, 32)
  body[64] = rights[allowed]
  body.writeUIntBE(wall - 60_000, 81, 6)
  body.writeUIntBE(wall - 60_000 + hours * 3_600_000, 87, 6)
  return Buffer.concat([Buffer.of(8), body, by.sign(signed('capability', meshId, body))])
}

/** Whether the room lets Mallory in for this. */
function isAdmitted(proof: Uint8Array, who: Key = mallory): boolean {
  let refusal: string | undefined = 'not asked'
  const rule = new CapabilityRoom({ verifier, meshId, owner: peerIdFromBytes(owner.publicKey) })
  rule.admit(peerIdFromBytes(who.publicKey), proof, wall, (said) => (refusal = said))
  return refusal === undefined
}

/** One attack for each way to show what one was not given. */
const shown = (name: string, proof: () => Uint8Array): Attack => ({
  name,
  run() {
    if (!isAdmitted(capability(owner, ada, 'join'), ada)) return ['whoever has a capability is not let in']
    return isAdmitted(proof()) ? ['a stranger was let in'] : []
  },
})

/** A handshake in which only Bob, who answers, asks for something. */
const knock = (name: string, asks: Partial<Credentials>): Attack => ({
  name,
  run() {
    const one = new Side('initiator', prints, 1)
    const other = new Side('responder', turned, 2, room, asks)
    carryAll(one, other)
    return other.linked ? ['a stranger was let in'] : []
  },
})

const secret = Buffer.alloc(32, 7)

export const admissionAttacks: readonly Attack[] = [
  knock('knock: at a room with a secret, without it', { psk: { prove: secret, accept: [secret] } }),
  knock('knock: at a room whose rule says no', { admit: (_peer, _proof, done) => done('ERR_NOT_ADMITTED') }),
  shown('borrow: somebody else’s capability', () => capability(owner, ada, 'join')),
  shown('issue: a capability of one’s own', () => capability(mallory, mallory, 'join')),
  shown('issue: a capability in the owner’s name', () => capability(mallory, mallory, 'join', 1, owner)),
  shown('delegate: from a capability that lets nobody in', () =>
    Buffer.concat([capability(owner, ada, 'join'), capability(ada, mallory, 'join')]),
  ),
  shown('delegate: more than was given', () =>
    Buffer.concat([capability(owner, ada, 'join and admit'), capability(ada, mallory, 'join and write')]),
  ),
  shown('delegate: for longer than was given', () =>
    Buffer.concat([capability(owner, ada, 'join and admit'), capability(ada, mallory, 'join', 2)]),
  ),
  shown('delegate: the right to let others in', () =>
    Buffer.concat([capability(owner, ada, 'join and admit'), capability(ada, mallory, 'join and admit')]),
  ),
]
