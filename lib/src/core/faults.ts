/**
 * Keys that are known to have said two things under one number, each with the evidence. Whoever holds such a key is no
 * member here for as long as the evidence is good: two tabs that share a key by accident are two runs, and do not come
 * to this.
 */
import type { ClaimBase, Verified } from '../identity/claim.ts'
import type { Fault, Numbered } from '../identity/fault.ts'
import type { PeerId } from '../identity/peer-id.ts'

/** A guess: each may be 37 KB, and all of them are shown to every new neighbour. */
export const faultsMax = 64
/** As long as a capability lives that its owner might take back meanwhile. SECURITY B.4. */
const faultTtlMs = 86_400_000

export class Faults {
  readonly #wall: () => number
  readonly #held = new Map<PeerId, Verified<Fault>>()
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
    this.#held.delete(peer)
    return false
  }

  /**
   * Answers whether it says something new. A member's takes the oldest's place when there is no more room; somebody's who
   * is no member takes nobody's, since such keys cost nothing.
   */
  take(fault: Verified<Fault>, isMember: boolean): boolean {
    const { culprit } = fault
    if (this.convicted(culprit)) return false
    const [oldest] = this.#held.keys()
    this.#drafted.delete(culprit)
    this.#held.set(culprit, fault)
    if (!this.convicted(culprit)) return false
    if (this.#held.size <= faultsMax) return true
    this.#held.delete(isMember ? oldest! : culprit)
    return isMember
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
