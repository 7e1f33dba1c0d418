/**
 * The only maker of verified claims. A claim on the wire is `type u8 ‖ body ‖ signature 64`; what is
 * signed is
 *
 *     "shoal/1/" ‖ name of the type ‖ 0 ‖ mesh id (32 bytes) ‖ body
 *
 * Protocol, version, type and room are in front of every signature and never in the claim, so they can
 * be neither wrong nor left out, and a claim made for one room, type or version is worth nothing in another.
 */
import { type ClaimBase, type ClaimType, claimTypes, type Digest, type Verified } from './claim.ts'
import { fromBase64Url, toBase64Url } from './base64url.ts'
import { sha256 } from './hash.ts'
import type { Signer, Verifier } from './keys.ts'
import { type MeshId, peerIdToBytes } from './peer-id.ts'
import { signatureBytes } from './signature-shape.ts'
import { utf8 } from './utf8.ts'

/** Bytes of an envelope that are not its body. */
export const envelopeOverheadBytes = 1 + signatureBytes
export const digestBytes = 16

const typeOfCode: readonly (ClaimType | undefined)[] = (() => {
  const types: (ClaimType | undefined)[] = []
  for (const [type, code] of Object.entries(claimTypes)) types[code] = type as ClaimType
  return types
})()

const contexts = Object.fromEntries(Object.keys(claimTypes).map((type) => [type, utf8(`shoal/1/${type}\0`)])) as Record<
  ClaimType,
  Uint8Array
>

/** The type in an envelope's first byte; undefined when there is no such type, or no room for a body. */
export function typeOf(envelope: Uint8Array): ClaimType | undefined {
  return envelope.length > envelopeOverheadBytes ? typeOfCode[envelope[0]!] : undefined
}

/** The body inside an envelope, not copied. */
export function bodyOf(envelope: Uint8Array): Uint8Array {
  return envelope.subarray(1, envelope.length - signatureBytes)
}

/** Names the claim in an envelope: the first 16 bytes of SHA-256(type ‖ body). */
export function digestOf(envelope: Uint8Array): Digest {
  return digestOfBytes(envelope.subarray(0, envelope.length - signatureBytes))
}

/** The first 16 bytes of SHA-256 as base64url. */
export function digestOfBytes(bytes: Uint8Array): Digest {
  return toBase64Url(sha256(bytes).subarray(0, digestBytes)) as Digest
}

/** 16 bytes as a digest. Throws a RangeError for any other number of bytes. */
export function digestFromBytes(bytes: Uint8Array): Digest {
  if (bytes.length !== digestBytes) throw new RangeError(`a digest is ${digestBytes} bytes, not ${bytes.length}`)
  return toBase64Url(bytes) as Digest
}

/** Throws a RangeError for what is no digest. */
export function digestToBytes(digest: Digest): Uint8Array {
  const bytes = fromBase64Url(digest)
  if (!bytes || bytes.length !== digestBytes) throw new RangeError(`not a digest: ${JSON.stringify(digest)}`)
  return bytes
}

/** What is signed: the context, then the body. */
export function signedBytes(meshId: MeshId, type: ClaimType, body: Uint8Array): Uint8Array {
  const context = contexts[type]
  const bytes = new Uint8Array(context.length + meshId.length + body.length)
  bytes.set(context)
  bytes.set(meshId, context.length)
  bytes.set(body, context.length + meshId.length)
  return bytes
}

/** Reads the claim that an envelope holds: the business of `wire`, handed in so that nobody can hand in another. */
export type ReadClaim<C extends ClaimBase> = (envelope: Uint8Array) => C

/**
 * Signs a body once and answers the claim as every receiver will read it, or an Error when the signer
 * fails or is somebody other than the claim's author. Throws what `read` throws, before anything is signed:
 * a body that no receiver would accept is our own mistake.
 */
export function seal<C extends ClaimBase>(
  signer: Signer,
  meshId: MeshId,
  type: ClaimType,
  body: Uint8Array,
  read: ReadClaim<C>,
  done: (claim: Verified<C> | Error) => void,
): void {
  const bytes = new Uint8Array(envelopeOverheadBytes + body.length)
  bytes[0] = claimTypes[type]
  bytes.set(body, 1)
  const claim = read(bytes)
  if (claim.author !== signer.peerId) return done(new Error(`sealed by ${signer.peerId}, written by ${claim.author}`))
  signer.sign(signedBytes(meshId, type, body), (signature) => {
    if (signature instanceof Error) return done(signature)
    if (signature.length !== signatureBytes) return done(new Error(`a signature is 64 bytes, not ${signature.length}`))
    bytes.set(signature, 1 + body.length)
    done(verified(claim, bytes, digestOf(bytes)))
  })
}

declare const unopenedBrand: unique symbol

/** A claim that was read, and not yet believed. Only `unwrap` makes one, so claim and bytes belong together. */
export interface Unopened<C extends ClaimBase> {
  readonly claim: C
  readonly envelope: Uint8Array
  readonly digest: Digest
  readonly [unopenedBrand]: true
}

/** Reads an envelope, then names it. Throws what `read` throws. The envelope is kept: nobody may write to it any more. */
export function unwrap<C extends ClaimBase>(envelope: Uint8Array, read: ReadClaim<C>): Unopened<C> {
  const claim = read(envelope)
  if (claim.type !== typeOf(envelope)) throw new Error(`an envelope of ${typeOf(envelope)} was read as ${claim.type}`)
  // Hashed last: reading refuses what is too large to be worth it.
  return { claim, envelope, digest: digestOf(envelope) } as Unopened<C>
}

/** Checks the signature, and answers the claim as verified, or undefined when the one acceptance rule refuses it. */
export function open<C extends ClaimBase>(
  verifier: Verifier,
  meshId: MeshId,
  { claim, envelope, digest }: Unopened<C>,
  done: (claim: Verified<C> | undefined) => void,
): void {
  const signature = envelope.subarray(envelope.length - signatureBytes)
  const message = signedBytes(meshId, claim.type, bodyOf(envelope))
  verifier.verify(peerIdToBytes(claim.author), message, signature, (valid) =>
    done(valid ? verified(claim, envelope, digest) : undefined),
  )
}

/**
 * Reads an envelope that was verified before, and has been kept since where nobody else writes. Throws what `read`
 * throws.
 */
export function recall<C extends ClaimBase>(envelope: Uint8Array, read: ReadClaim<C>): Verified<C> {
  return verified(read(envelope), envelope, digestOf(envelope))
}

function verified<C extends ClaimBase>(claim: C, bytes: Uint8Array, digest: Digest): Verified<C> {
  return Object.assign(claim, { bytes, digest }) as Verified<C>
}
