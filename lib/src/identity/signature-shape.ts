/**
 * The half of the one acceptance rule that needs no curve arithmetic. Engines disagree on signatures
 * that any member can make on purpose: keys and points with a second spelling, points of small order,
 * a scalar past the group's order. One such claim, accepted here and refused there, splits a mesh for
 * good. So none of them gets as far as an engine, and what is left is verified without the cofactor,
 * as OpenSSL, BoringSSL and NSS do ("Taming the many EdDSAs", https://eprint.iacr.org/2020/1244).
 */

export const publicKeyBytes = 32
export const signatureBytes = 64

/** 2^255 − 19, little-endian. */
const fieldPrime = littleEndian('7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed')
/** The order of the prime subgroup, L = 2^252 + 27742317777372353535851937790883648493, little-endian. */
const groupOrder = littleEndian('1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed')

/**
 * The y of the eight points of small order (some share one). With the spellings that are refused as not
 * canonical these are all 14 encodings; `signature-shape.test.ts` checks each with curve arithmetic.
 */
const smallOrder = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000001',
  '7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec',
  '7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7',
  '05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826',
].map(littleEndian)

/** A public key as this project accepts it: 32 bytes, canonical, not of small order. */
export function publicKeyShapeOk(key: Uint8Array): boolean {
  return key.length === publicKeyBytes && pointOk(key, 0)
}

/** A signature as this project accepts it: 64 bytes, R canonical and not of small order, S below the group's order. */
export function signatureShapeOk(signature: Uint8Array): boolean {
  return signature.length === signatureBytes && pointOk(signature, 0) && below(signature, 32, groupOrder, 0xff)
}

function pointOk(bytes: Uint8Array, from: number): boolean {
  if (!below(bytes, from, fieldPrime, 0x7f)) return false
  for (const y of smallOrder) if (sameY(bytes, from, y)) return false
  return true
}

function sameY(bytes: Uint8Array, from: number, y: Uint8Array): boolean {
  for (let at = 0; at < 31; at++) if (bytes[from + at] !== y[at]) return false
  return (bytes[from + 31]! & 0x7f) === y[31]
}

/** Whether the little-endian number at `from` is below `bound`; `mask` takes the sign bit off the last byte. */
function below(bytes: Uint8Array, from: number, bound: Uint8Array, mask: number): boolean {
  for (let at = 31; at >= 0; at--) {
    const byte = at === 31 ? bytes[from + at]! & mask : bytes[from + at]!
    if (byte !== bound[at]) return byte < bound[at]!
  }
  return false
}

function littleEndian(bigEndianHex: string): Uint8Array {
  const bytes = new Uint8Array(32)
  for (let at = 0; at < 32; at++) bytes[31 - at] = Number.parseInt(bigEndianHex.slice(2 * at, 2 * at + 2), 16)
  return bytes
}
