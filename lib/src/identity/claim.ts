/**
 * A claim is a signed statement. What it says is the business of the machine that made it; this
 * room knows only that somebody signed it, when, and for how long it may be believed.
 *
 * A claim is born as a `Draft`, is sealed (signed) once, and from then on is the bytes that were
 * signed: they are kept, forwarded and hashed as they are, and never encoded again.
 */
import type { WallMillis } from './millis.ts'
import type { PeerId } from './peer-id.ts'

/** The codes are on the wire and inside every signature: never renumber. */
export const claimTypes = {
  alive: 1,
  accuse: 2,
  leave: 3,
  ack: 4,
  routed: 5,
  news: 6,
  entry: 7,
  capability: 8,
  revoke: 9,
  fault: 10,
} as const

export type ClaimType = keyof typeof claimTypes

/** What every claim says, whatever its type. */
export interface ClaimBase {
  readonly type: ClaimType
  /** Who signed it. */
  readonly author: PeerId
  readonly issuedAt: WallMillis
  /** Believed until `issuedAt + ttlMs`, and nowhere after. */
  readonly ttlMs: number
}

/** The 128-bit name of a claim: the first 16 bytes of SHA-256(type ‖ body), as base64url (22 characters). */
export type Digest = string & { readonly __brand: 'Digest' }

declare const verifiedBrand: unique symbol

/**
 * A claim whose signature, shape and size were checked, with the bytes as they came. Only
 * `identity/envelope.ts` makes one, so handing the core an unverified claim does not compile.
 */
export type Verified<C extends ClaimBase> = C & {
  /** type u8 ‖ body (canonical CBOR) ‖ signature (64 bytes): what is stored and forwarded. */
  readonly bytes: Uint8Array
  readonly digest: Digest
  readonly [verifiedBrand]: true
}

/** A claim of our own that is not signed yet. */
export type Draft<C extends ClaimBase> = C
