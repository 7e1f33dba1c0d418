/**
 * Rooms that only those who know a secret can enter. The secret itself is never sent: each use has a key of its own,
 * derived by HKDF-SHA-256 (RFC 5869) under a label of its own, so that what one of them gives away is worth nothing
 * for the others. The mesh id comes from the room's name alone, so that a secret can be replaced while peers that
 * know the old one and peers that know the new one are together.
 */
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { toBase64Url } from './base64url.ts'
import type { MeshId } from './peer-id.ts'
import { utf8 } from './utf8.ts'

export interface RoomKeys {
  /** What the signaling server sees in place of the room's name. */
  readonly door: string
  /** Proven in the handshake of each link, 32 bytes. */
  readonly link: Uint8Array
  /** Seals what goes through the signaling server, 32 bytes. */
  readonly seal: Uint8Array
}

export function roomKeysOf(roomName: string, secret: Uint8Array): RoomKeys {
  const salt = utf8(`shoal/1/room\0${roomName}`)
  const key = (label: string): Uint8Array => hkdf(sha256, secret, salt, utf8(`shoal/1/${label}`), 32)
  return { door: toBase64Url(key('door')), link: key('link'), seal: key('seal') }
}

/** Another one than the open room of the same name has: what is signed in one is worth nothing in the other. */
export function secretMeshIdOf(roomName: string): MeshId {
  return sha256(utf8(`shoal/1/mesh/secret\0${roomName}`)) as MeshId
}
