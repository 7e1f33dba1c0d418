/**
 * What SWIM says: claims, which are signed and travel on, and messages, which are believed only
 * about the link that they came in on.
 */
import type { ClaimBase, Digest, Verified } from '../identity/claim.ts'
import type { Millis, WallMillis } from '../identity/millis.ts'
import type { InstanceId, PeerId } from '../identity/peer-id.ts'

declare const incarnationBrand: unique symbol

/** A member's own counter, 0 … 2^32−1. Only its subject moves it. */
export type Incarnation = number & { readonly [incarnationBrand]: 'Incarnation' }

/** "I am here, and this is me." Ordered by (startedAt, instance, incarnation, issuedAt, digest). */
export interface Alive extends ClaimBase {
  readonly type: 'alive'
  readonly instance: InstanceId
  readonly startedAt: WallMillis
  readonly incarnation: Incarnation
  /** Canonical CBOR of the application's metadata, at most 512 bytes. */
  readonly metadata: Uint8Array
  /** A zone's name, at most 64 bytes of UTF-8; empty for none. */
  readonly zone: string
  /** What admits the author to the room; empty in open and secret rooms. */
  readonly admission: Uint8Array
  /** The X25519 key of this run, to which signals for it are sealed: 32 bytes, or none. */
  readonly sealingKey: Uint8Array
  /**
   * Names the incarnation: the first 16 bytes of SHA-256 over the claim's body without issue time
   * and time to live, as base64url. A renewed lease keeps it, a refutation changes it. Computed by
   * the decoder, not transmitted.
   */
  readonly incarnationDigest: Digest
}

/** "I cannot reach it." Binds to one incarnation of its subject, so a refutation voids it. */
export interface Accuse extends ClaimBase {
  readonly type: 'accuse'
  readonly subject: PeerId
  readonly incarnationDigest: Digest
}

/** "I go." Irrevocable for this instance. */
export interface Leave extends ClaimBase {
  readonly type: 'leave'
  readonly instance: InstanceId
  readonly startedAt: WallMillis
}

/** "I answered this very probe." Signed by the target, so that a helper cannot make it up. */
export interface AckClaim extends ClaimBase {
  readonly type: 'ack'
  readonly origin: PeerId
  /** 16 bytes, chosen by the origin. */
  readonly nonce: Uint8Array
  readonly instance: InstanceId
  readonly incarnation: Incarnation
}

export type SwimClaim = Alive | Accuse | Leave | AckClaim

/** 8 bytes that stand for all that a member table says of who is here. */
export type TableDigest = Uint8Array

/** What rides on both halves of a probe. */
export interface ProbeCargo {
  readonly seq: number
  readonly table: TableDigest
  /** Other machines' digests (shared state), opaque here; at most 64 bytes, empty for none. */
  readonly extra: Uint8Array
  readonly claims: readonly Verified<SwimClaim>[]
}

export interface Ping extends ProbeCargo {
  readonly type: 'ping'
}
export interface Ack extends ProbeCargo {
  readonly type: 'ack'
  /** The sender's calendar time, for the clock-skew estimate. */
  readonly wall: WallMillis
}

/** "Ping this target for me." Its author is the link's peer, or the author of the route it came on. */
export interface PingReq {
  readonly type: 'ping-req'
  readonly target: PeerId
  readonly nonce: Uint8Array
  /** How long the origin will wait; the helper answers `nack` at 80 % of it. */
  readonly timeoutMs: Millis
}

/** The helper's ping on somebody's behalf; the target answers with a signed ack. */
export interface IndirectPing {
  readonly type: 'indirect-ping'
  readonly origin: PeerId
  readonly nonce: Uint8Array
}
/** The target's signed answer, to the helper and from it to the origin. */
export interface IndirectAck {
  readonly type: 'indirect-ack'
  readonly claim: Verified<AckClaim>
}
/** "I am here, your target is silent": advice about the asker's own health, never an accusation. */
export interface Nack {
  readonly type: 'nack'
  readonly nonce: Uint8Array
}

/** Fresh claims, sent on at once. */
export interface Gossip {
  readonly type: 'gossip'
  readonly claims: readonly Verified<SwimClaim>[]
}

/** Push-pull, first step: the sender's table as bucket digests. */
export interface SyncBuckets {
  readonly type: 'sync-buckets'
  readonly count: number
  /** 64 buckets of 8 bytes each, 512 bytes. */
  readonly buckets: Uint8Array
}

/** Second step: what the sender holds in the buckets that differ, as 16-byte rows (8 of the id, 8 of the state). */
export interface SyncRows {
  readonly type: 'sync-rows'
  readonly buckets: readonly number[]
  readonly rows: Uint8Array
}

/** Third step: "send me these", as 8-byte prefixes of ids. */
export interface SyncWant {
  readonly type: 'sync-want'
  readonly ids: Uint8Array
}

export type SwimMessage =
  Ping | Ack | PingReq | IndirectPing | IndirectAck | Nack | Gossip | SyncBuckets | SyncRows | SyncWant
