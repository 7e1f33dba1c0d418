/**
 * How many members one neighbour may bring in. Keys cost nothing in most rooms, and each made-up member is memory, a place
 * on the rings and something to be probed. A newcomer has no choice: it takes the room as it is told of it. Nobody is blamed
 * for more, since a healed split may bring an honest neighbour there; what is left out comes with a later push-pull.
 */
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'

export interface IntroductionLimits {
  /** How long after its start a peer takes in whoever it is told of. */
  readonly newcomerMs: number
  readonly newMembersAtOnce: number
  readonly newMembersPerSecond: number
}

/** Links are few; what comes over routes has one account for all, since its authors can be many keys. */
const accountsMax = 256

export class Introductions {
  readonly #limits: IntroductionLimits
  readonly #startedAt: Millis
  /** What was used and has not been made good by the time that passed; the one longest silent first. */
  readonly #accounts = new Map<PeerId | undefined, { used: number; at: Millis }>()

  constructor(limits: IntroductionLimits, startedAt: Millis) {
    this.#limits = limits
    this.#startedAt = startedAt
  }

  /** Whether one more may come in. `by`: the neighbour that told us; undefined for a route. */
  take(by: PeerId | undefined, now: Millis): boolean {
    const { newcomerMs, newMembersAtOnce, newMembersPerSecond } = this.#limits
    if (now < this.#startedAt + newcomerMs) return true
    const account = this.#accounts.get(by) ?? { used: 0, at: now }
    account.used = Math.max(0, account.used - (Math.max(0, now - account.at) / 1000) * newMembersPerSecond)
    account.at = now
    this.#accounts.delete(by)
    this.#accounts.set(by, account)
    if (this.#accounts.size > accountsMax) {
      const [oldest] = this.#accounts.keys()
      this.#accounts.delete(oldest)
    }
    if (account.used + 1 > newMembersAtOnce) return false
    account.used += 1
    return true
  }
}
