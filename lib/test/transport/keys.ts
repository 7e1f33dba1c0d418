/** Real ed25519 keys for tests of links, in Node and in a page, independent of the product's own. */
import { getPublicKeyAsync, signAsync, verifyAsync } from '@noble/ed25519'
import type { Signer, Verifier } from '../../src/identity/keys.ts'
import { peerOfKey } from '../../src/transport/peer-key.ts'

export async function testSigner(seed: Uint8Array): Promise<Signer> {
  const peerId = peerOfKey(await getPublicKeyAsync(seed))
  return {
    peerId,
    sign: (message, done) => void signAsync(message, seed).then(done, (error: Error) => done(error)),
  }
}

export const testVerifier: Verifier = {
  verify: (key, message, signature, done) =>
    void verifyAsync(signature, message, key, { zip215: false }).then(done, () => done(false)),
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
