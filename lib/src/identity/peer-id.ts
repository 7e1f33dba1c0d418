/**
 * Names that prove themselves. A peer's id is its ed25519 public key, so nobody else can speak as
 * it and no directory is needed; an instance tells one run of a tab from the next.
 */
import { fromBase64Url, toBase64Url } from './base64url.ts'
import { sha256 } from './hash.ts'
import { utf8 } from './utf8.ts'

declare const peerIdBrand: unique symbol
declare const instanceBrand: unique symbol
declare const meshIdBrand: unique symbol

/** An ed25519 public key, 32 bytes as base64url without padding: 43 characters. */
export type PeerId = string & { readonly [peerIdBrand]: 'PeerId' }

/** One run of one tab or process: 16 random bytes as base64url, 22 characters. */
export type InstanceId = string & { readonly [instanceBrand]: 'InstanceId' }

/** The 32 bytes that stand for a room in every signature and handshake. */
export type MeshId = Uint8Array & { readonly [meshIdBrand]: 'MeshId' }

export const peerIdBytes = 32
export const instanceIdBytes = 16

/** The id that a public key is. Throws a RangeError unless there are 32 bytes. */
export function peerIdFromBytes(publicKey: Uint8Array): PeerId {
  expectBytes(publicKey, peerIdBytes, 'a peer id')
  return toBase64Url(publicKey) as PeerId
}

/** An id that came from outside, as text; undefined when it is not the one spelling of 32 bytes. */
export function parsePeerId(text: string): PeerId | undefined {
  if (text.length !== 43) return undefined
  return fromBase64Url(text) && (text as PeerId)
}

/**
 * A memo, not a register: forgetting all of it at once costs a microsecond per id, and no id is ever
 * looked for here. Larger than the largest mesh that is simulated.
 */
const remembered = new Map<PeerId, Uint8Array>()
const rememberedMax = 8192

/** The public key that an id is. The array is shared: read it, never write it. Throws a RangeError for what is no id. */
export function peerIdToBytes(id: PeerId): Uint8Array {
  const known = remembered.get(id)
  if (known) return known
  const bytes = fromBase64Url(id)
  if (!bytes || bytes.length !== peerIdBytes) throw new RangeError(`not a peer id: ${JSON.stringify(id)}`)
  if (remembered.size >= rememberedMax) remembered.clear()
  remembered.set(id, bytes)
  return bytes
}

/** 16 bytes as an instance id. Throws a RangeError for any other number of bytes. */
export function instanceIdFromBytes(bytes: Uint8Array): InstanceId {
  expectBytes(bytes, instanceIdBytes, 'an instance id')
  return toBase64Url(bytes) as InstanceId
}

/** Throws a RangeError for what is no instance id. */
export function instanceIdToBytes(id: InstanceId): Uint8Array {
  const bytes = fromBase64Url(id)
  if (!bytes || bytes.length !== instanceIdBytes) throw new RangeError(`not an instance id: ${JSON.stringify(id)}`)
  return bytes
}

const meshLabel = utf8('shoal/1/mesh\0')

/**
 * The id of the room with this name: SHA-256("shoal/1/mesh" ‖ 0 ‖ name in UTF-8). Throws a RangeError
 * when the name holds half a surrogate pair.
 */
export function meshIdOf(roomName: string): MeshId {
  const name = utf8(roomName)
  const bytes = new Uint8Array(meshLabel.length + name.length)
  bytes.set(meshLabel)
  bytes.set(name, meshLabel.length)
  return sha256(bytes) as MeshId
}

function expectBytes(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length !== length) throw new RangeError(`${what} is ${length} bytes, not ${bytes.length}`)
}
