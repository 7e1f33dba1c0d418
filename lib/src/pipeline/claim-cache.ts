/**
 * Claims that were verified, so that each is verified once however often it arrives. Two generations: what
 * is found moves to the young one, and when that is full the old one is forgotten. So it holds between
 * `claimsMax` and twice that, and what is in use stays.
 *
 * A claim is found in two ways: by the exact bytes of its envelope, which needs no hash, and by its digest,
 * when somebody sends it under another signature. A cache belongs to one room; peers that share a process
 * (a simulation) may share one.
 */
import type { Digest, Verified } from '../identity/claim.ts'
import type { MeshId } from '../identity/peer-id.ts'
import type { Claim } from '../core/message.ts'

type Known = Verified<Claim>

interface Generation {
  readonly byKey: Map<number, Known>
  readonly byDigest: Map<Digest, Known>
}

/** Enough for the largest mesh's `alive` claims, with accusations and news besides. A claim is some 500 bytes here. */
const claimsMaxDefault = 8_192

export class ClaimCache {
  readonly meshId: MeshId
  readonly #claimsMax: number
  #young = generation()
  #old = generation()

  constructor(meshId: MeshId, claimsMax: number = claimsMaxDefault) {
    this.meshId = meshId
    this.#claimsMax = claimsMax
  }

  /** The claim with exactly this envelope. */
  find(envelope: Uint8Array): Known | undefined {
    const key = keyOf(envelope)
    let claim = this.#young.byKey.get(key)
    if (claim && sameBytes(claim.bytes, envelope)) return claim
    claim = this.#old.byKey.get(key)
    if (!claim || !sameBytes(claim.bytes, envelope)) return undefined
    this.add(claim)
    return claim
  }

  /** The claim with this digest, whatever its signature. */
  findDigest(digest: Digest): Known | undefined {
    return this.#young.byDigest.get(digest) ?? this.#old.byDigest.get(digest)
  }

  add(claim: Known): void {
    if (this.#young.byDigest.size >= this.#claimsMax) {
      this.#old = this.#young
      this.#young = generation()
    }
    this.#young.byKey.set(keyOf(claim.bytes), claim)
    this.#young.byDigest.set(claim.digest, claim)
  }

  get size(): number {
    return this.#young.byDigest.size + this.#old.byDigest.size
  }
}

function generation(): Generation {
  return { byKey: new Map(), byDigest: new Map() }
}

/**
 * 30 bits of the signature's R, which is as good as random. Somebody may make two that agree, and gains that
 * one of them is looked up by its digest.
 */
function keyOf(envelope: Uint8Array): number {
  const at = envelope.length - 64
  return ((envelope[at]! << 22) | (envelope[at + 1]! << 14) | (envelope[at + 2]! << 6) | (envelope[at + 3]! >> 2)) >>> 0
}

export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false
  for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false
  return true
}
