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

/**
 * Hashes a prefix and one input after another, into the same 32 bytes: for what is hashed by the million, since a
 * hash of 129 bytes that makes nothing new takes two thirds of the time. What it answers is good until the next one.
 */
export function sha256Repeater(prefix: Uint8Array = new Uint8Array(0)): (bytes: Uint8Array) => Uint8Array {
  const begun = nobleSha256.create().update(prefix)
  const hash = nobleSha256.create()
  const digest = new Uint8Array(hash.outputLen)
  return (bytes) => {
    begun._cloneInto(hash)
    hash.update(bytes).digestInto(digest)
    return digest
  }
}
