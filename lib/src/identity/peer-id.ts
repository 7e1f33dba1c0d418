/**
 * Names that prove themselves. A peer's id is its ed25519 public key, so nobody else can speak as
 * it and no directory is needed; an instance tells one run of a tab from the next.
 */

declare const peerIdBrand: unique symbol
declare const instanceBrand: unique symbol
declare const meshIdBrand: unique symbol

/** An ed25519 public key, 32 bytes as base64url without padding: 43 characters. */
export type PeerId = string & { readonly [peerIdBrand]: 'PeerId' }

/** One run of one tab or process: 16 random bytes as base64url, 22 characters. */
export type InstanceId = string & { readonly [instanceBrand]: 'InstanceId' }

/** The 32 bytes that stand for a room in every signature and handshake. */
export type MeshId = Uint8Array & { readonly [meshIdBrand]: 'MeshId' }
