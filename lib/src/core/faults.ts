/**
 * Keys that are known to have said two things under one number, each with the evidence. Whoever holds such a key is no
 * member here for as long as the evidence is good: two tabs that share a key by accident are two runs, and do not come
 * to this.
 */
import type { ClaimBase, Verified } from '../identity/claim.ts'
import type { Fault, Numbered } from '../identity/fault.ts'
import type { PeerId } from '../identity/peer-id.ts'

/** A guess. */
export const faultsMax = 64
/** Of all of them together, since every new neighbour is shown them at once: a quarter of what may wait for a link. */
export const faultBytesMax = 262_144
/** As long as a capability lives that its owner might take back meanwhile. SECURITY B.4. */
const faultTtlMs = 86_400_000

export class Faults {
  readonly #wall: () => number
  readonly #held = new Map<PeerId, Verified<Fault>>()
  #heldBytes = 0
  /** Whose fault is being signed. */
  readonly #drafted = new Set<PeerId>()

  /** `wall`: the time by the calendar. */
  constructor(wall: () => number) {
    this.#wall = wall
  }

  convicted(peer: PeerId): boolean {
    const fault = this.#held.get(peer)
    if (fault === undefined) return false
    if (this.#wall() < fault.issuedAt + fault.ttlMs) return true
    this.#forget(peer, fault)
    return false
  }

  /**
   * Answers whether it says something new. A member's takes the oldest's place when there is no more room; somebody's who
   * is no member takes nobody's, since such keys cost nothing.
   */
  take(fault: Verified<Fault>, isMember: boolean): boolean {
    const { culprit } = fault
    if (this.convicted(culprit)) return false
    this.#drafted.delete(culprit)
    this.#held.set(culprit, fault)
    this.#heldBytes += fault.bytes.length
    if (!this.convicted(culprit)) return false
    if (!isMember && this.#isFull) {
      this.#forget(culprit, fault)
      return false
    }
    for (const [oldest, held] of this.#held) {
      if (!this.#isFull) break
      this.#forget(oldest, held)
    }
    return true
  }

  get #isFull(): boolean {
    return this.#held.size > faultsMax || this.#heldBytes > faultBytesMax
  }

  #forget(culprit: PeerId, fault: Verified<Fault>): void {
    this.#held.delete(culprit)
    this.#heldBytes -= fault.bytes.length
  }

  /** To be shown to whoever is new here. What is out of date among them is nobody's fault. */
  get held(): Iterable<Verified<Fault>> {
    return this.#held.values()
  }

  /** Puts two claims side by side; undefined when that was done, or is being done. */
  draft(author: PeerId, one: Numbered, other: Numbered): Fault | undefined {
    const culprit = one.author
    if (this.convicted(culprit) || this.#drafted.has(culprit)) return undefined
    this.#drafted.add(culprit)
    const base = { type: 'fault', author, ttlMs: faultTtlMs } as const
    const issuedAt = Math.floor(this.#wall()) as ClaimBase['issuedAt']
    return { ...base, issuedAt, culprit, evidence: [one.bytes, other.bytes] }
  }
}
