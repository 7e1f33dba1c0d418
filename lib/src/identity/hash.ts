/** SHA-256, the only hash in a claim or an id. Synchronous, so that a digest never waits for an engine. */
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'

/** Takes bytes as they come. */
export interface Hasher {
  update(bytes: Uint8Array): void
  digest(): Uint8Array
}

export function sha256Hasher(): Hasher {
  return nobleSha256.create()
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes)
}
