/**
 * Who may be in a room that has an owner. The owner is an ed25519 key, the room's mesh id is made of it, and a
 * capability is the owner's signature under "this key may do this, here, from then until then". Whoever holds one with
 * the right to admit may sign one more for somebody else: no longer, with no other rights, and never to admit further.
 *
 *     capability  0x08 | issuer 32 | subject 32 | rights u8 | ring seed 16 | not before u48 | expires u48 | serial 16 | signature 64
 *     proof       one capability of the owner's; or that of whoever admitted, then the one that it signed
 *
 * What is signed is the envelope's, so a capability is worth nothing in another room. Everything is fixed width: there
 * is one way to write it, and no decoder to attack. How a proof is judged is in `capability-room.ts`.
 */
import { claimTypes } from './claim.ts'
import { fromBase64Url } from './base64url.ts'
import { signedBytes } from './envelope.ts'
import { sha256 } from './hash.ts'
import type { Signer } from './keys.ts'
import type { WallMillis } from './millis.ts'
import { type MeshId, type PeerId, peerIdFromBytes, peerIdToBytes } from './peer-id.ts'
import { serialBytes } from './proofs.ts'
import { utf8 } from './utf8.ts'

/** The bits are inside signatures: never renumber. */
export const rightBits = { join: 1, 'write-shared': 2, relay: 4, admit: 8 } as const
export type Right = keyof typeof rightBits

export const ringSeedBytes = 16
/** SECURITY B.4: what was given by mistake is over within a day. */
export const capabilityMsMax = 24 * 3_600_000

export const capabilityBodyBytes = 32 + 32 + 1 + ringSeedBytes + 6 + 6 + serialBytes
export const capabilityBytes = 1 + capabilityBodyBytes + 64
const allRights = Object.values(rightBits).reduce((all, bit) => all | bit, 0)

export interface Capability {
  readonly issuer: PeerId
  readonly subject: PeerId
  readonly rights: readonly Right[]
  /** Its subject's place on the rings is a hash of this. */
  readonly ringSeed: Uint8Array
  readonly notBefore: WallMillis
  readonly expiresAt: WallMillis
  readonly serial: Uint8Array
}

/** The mesh id of a room with an owner: SHA-256("shoal/1/mesh/owner" ‖ 0 ‖ owner's key ‖ name in UTF-8). */
export function ownedMeshIdOf(owner: PeerId, roomName: string): MeshId {
  const [label, key, name] = [utf8('shoal/1/mesh/owner\0'), peerIdToBytes(owner), utf8(roomName)]
  return sha256(Uint8Array.from([...label, ...key, ...name])) as MeshId
}

/** The bytes of a proof as it is handed over in text; undefined for what is none. */
export function readProof(text: string): readonly [Capability, ...Capability[]] | undefined {
  const bytes = fromBase64Url(text)
  return bytes && readChain(bytes)
}

/** The capabilities in a proof, the owner's first; undefined for what is no proof. Signatures are not looked at. */
export function readChain(proof: Uint8Array): readonly [Capability, ...Capability[]] | undefined {
  if (proof.length !== capabilityBytes && proof.length !== 2 * capabilityBytes) return undefined
  const first = readOne(proof.subarray(0, capabilityBytes))
  const second = proof.length === capabilityBytes ? undefined : readOne(proof.subarray(capabilityBytes))
  if (first === undefined) return undefined
  if (proof.length === capabilityBytes) return [first]
  return second && [first, second]
}

/**
 * Signs a capability, and answers its 174 bytes, or the signer's error. Throws a RangeError for one that nobody would
 * accept.
 */
export function signCapability(
  signer: Signer,
  meshId: MeshId,
  capability: Omit<Capability, 'issuer'>,
  done: (bytes: Uint8Array | Error) => void,
): void {
  const { subject, rights, ringSeed, notBefore, expiresAt, serial } = capability
  const body = new Uint8Array(capabilityBodyBytes)
  body.set(peerIdToBytes(signer.peerId))
  body.set(peerIdToBytes(subject), 32)
  body[64] = rights.reduce((bits, right) => bits | rightBits[right], 0)
  body.set(ringSeed.subarray(0, ringSeedBytes), 65)
  writeMoment(body, 81, notBefore)
  writeMoment(body, 87, expiresAt)
  body.set(serial.subarray(0, serialBytes), 93)
  const whole = new Uint8Array(capabilityBytes)
  whole[0] = claimTypes.capability
  whole.set(body, 1)
  if (ringSeed.length !== ringSeedBytes || serial.length !== serialBytes || readOne(whole) === undefined)
    throw new RangeError('a capability that nobody would accept')
  signer.sign(signedBytes(meshId, 'capability', body), (signature) => {
    if (signature instanceof Error) return done(signature)
    whole.set(signature, 1 + capabilityBodyBytes)
    done(whole)
  })
}

function readOne(bytes: Uint8Array): Capability | undefined {
  const bits = bytes[65]!
  if (bytes[0] !== claimTypes.capability || (bits & rightBits.join) === 0 || (bits & ~allRights) !== 0) return undefined
  const [notBefore, expiresAt] = [readMoment(bytes, 82), readMoment(bytes, 88)]
  if (expiresAt <= notBefore || expiresAt - notBefore > capabilityMsMax) return undefined
  return {
    issuer: peerIdFromBytes(bytes.slice(1, 33)),
    subject: peerIdFromBytes(bytes.slice(33, 65)),
    rights: (Object.keys(rightBits) as Right[]).filter((right) => (bits & rightBits[right]) !== 0),
    ringSeed: bytes.slice(66, 82),
    notBefore,
    expiresAt,
    serial: bytes.slice(94, 110),
  }
}

function writeMoment(bytes: Uint8Array, at: number, ms: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  view.setUint16(at, Math.floor(ms / 2 ** 32))
  view.setUint32(at + 2, ms % 2 ** 32)
}

function readMoment(bytes: Uint8Array, at: number): WallMillis {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return (view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2)) as WallMillis
}
