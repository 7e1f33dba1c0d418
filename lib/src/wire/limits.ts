/** Every limit on what comes in, in one place. What is at the limit passes; what is one over is refused. */
import type { ClaimType } from '../identity/claim.ts'

/** One frame. A data channel carries at least this much everywhere (64 KiB when SDP is silent, RFC 8841 §6.1). */
export const frameBytesMax = 65_536

/** CBOR nesting, and items in one frame or value. SECURITY A.8. */
export const depthMax = 16
export const itemsMax = 4_096

/** Claims in one frame: 256 `alive` without metadata fill it. */
export const claimsPerFrameMax = 256

/** Application data in one frame or claim: a larger message is cut, so that it never delays a ping. DESIGN §3. */
export const payloadBytesMax = 16_384
/** A routed claim's payload: a frame that holds `payloadBytesMax`, or one signaling message. */
export const routedPayloadBytesMax = payloadBytesMax + 1_024

/** A member's metadata, encoded. SECURITY A.8. */
export const metadataBytesMax = 512
/** A zone's or a topic's name in UTF-8. */
export const nameBytesMax = 64
/** A key of a replicated map in UTF-8. */
export const keyBytesMax = 256
/** Instances that the context of an entry names. */
export const contextWritersMax = 32
/** What admits a member: a capability and its chain. SECURITY B.1. */
export const admissionBytesMax = 1_024
/** Serials, and members, in one list of revocations. A guess: who has taken back so many starts over with `minIssuedAt`. */
export const revokedMax = 256
/** Other machines' digests on a ping. */
export const extraBytesMax = 64
/** Relays on a route, receiver included. SECURITY A.8. */
export const hopsMax = 8

/** Envelope bytes by type: the largest that the fields' own limits allow, rounded up. */
export const claimBytesMax: Readonly<Record<ClaimType, number>> = {
  alive: 2_048,
  accuse: 256,
  leave: 256,
  ack: 256,
  routed: routedPayloadBytesMax + 256,
  news: payloadBytesMax + 512,
  entry: payloadBytesMax + 2_048,
  capability: 1_024,
  revoke: 16_384,
  fault: 40_960,
}

const second = 1_000
const minute = 60 * second
const hour = 60 * minute

/**
 * The longest that a claim of each type may ask to be believed. Tombstones live as long as the longest
 * `alive`, so this bounds memory.
 */
export const claimTtlMsMax: Readonly<Record<ClaimType, number>> = {
  alive: 24 * hour, // the lease grows with the mesh (DESIGN §4): 2,880 members reach swim's `leaseMaxMs`
  accuse: 24 * hour, // it is the proof of a death for as long as the claim that it speaks of could be shown
  leave: 24 * hour, // as long as the longest `alive` that it ends
  ack: minute, // of use to one prober, once
  routed: 30 * second, // SECURITY A.3
  news: 5 * minute, // a guess: longer than a partition that flooding outlives
  entry: 366 * 24 * hour, // state outlives its writer; the map's own horizon decides
  capability: 24 * hour, // SECURITY B.4
  revoke: 24 * hour, // SECURITY B.4
  fault: 24 * hour, // as long as what it may revoke
}

/** How far two honest clocks may differ. SECURITY A.7. */
export const clockSkewMsMax = minute
