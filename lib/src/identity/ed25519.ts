/**
 * Signatures in JavaScript alone, for engines whose own are missing (a page that is not a secure
 * context) or accept what the rule refuses. About 1,000 verifications a second, on the caller's thread:
 * `webcrypto.ts` loads this file only where it must.
 *
 * noble's own `verify` is not used: it multiplies by the cofactor even with `zip215: false`, and so
 * accepts signatures that every native engine refuses.
 */
import { getPublicKey, hash, hashes, Point, sign } from '@noble/ed25519'
import { sha512 } from '#sha512'
import type { Signer, Verifier } from './keys.ts'
import { peerIdFromBytes } from './peer-id.ts'
import { publicKeyShapeOk, signatureShapeOk } from './signature-shape.ts'

hashes.sha512 = sha512

/** 2^252 + 27742317777372353535851937790883648493: the order of the prime subgroup. */
const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n

/** The public key of a 32-byte seed (RFC 8032 §5.1.5). */
export function publicKeyOf(seed: Uint8Array): Uint8Array {
  return getPublicKey(seed)
}

/** Signs as the owner of a 32-byte seed. Answers at once. */
export function seedSigner(seed: Uint8Array): Signer {
  const secret = seed.slice()
  return {
    peerId: peerIdFromBytes(publicKeyOf(secret)),
    sign: (message, done) => done(sign(message, secret)),
  }
}

/** The one acceptance rule, whole: byte pre-check, then R = [S]B − [k]A without the cofactor. Never throws. */
export function verifyStrict(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!publicKeyShapeOk(publicKey) || !signatureShapeOk(signature)) return false
  const r = signature.subarray(0, 32)
  let a: Point
  try {
    a = Point.fromBytes(publicKey)
  } catch {
    return false // 32 bytes that are no point of the curve
  }
  const hashed = new Uint8Array(64 + message.length)
  hashed.set(r)
  hashed.set(publicKey, 32)
  hashed.set(message, 64)
  const k = littleEndian(hash(hashed)) % groupOrder
  const s = littleEndian(signature.subarray(32))
  // Not constant time, and need not be: everything here is public.
  const expected = Point.BASE.multiply(s, false).subtract(a.multiply(k, false)).toBytes()
  for (let at = 0; at < 32; at++) if (expected[at] !== r[at]) return false
  return true
}

/** Verifies on the caller's thread and answers at once. */
export const scriptVerifier: Verifier = {
  verify: (publicKey, message, signature, done) => done(verifyStrict(publicKey, message, signature)),
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (let at = bytes.length - 1; at >= 0; at--) value = (value << 8n) | BigInt(bytes[at]!)
  return value
}
