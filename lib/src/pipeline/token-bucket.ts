/** So much at once, and so much each second after: the measure of what one link may cost. */
import type { Millis } from '../identity/millis.ts'

export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

export class TokenBucket {
  readonly #rate: Rate
  #tokens: number
  #filledAt: Millis | undefined

  constructor(rate: Rate) {
    this.#rate = rate
    this.#tokens = rate.burst
  }

  /** Whether there are `count` tokens, to be taken later. */
  has(count: number, now: Millis): boolean {
    const elapsedMs = this.#filledAt === undefined ? 0 : Math.max(0, now - this.#filledAt)
    this.#filledAt = now
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + (elapsedMs * this.#rate.perSecond) / 1000)
    return this.#tokens >= count
  }

  /** Takes `count` tokens, or none of them. */
  take(count: number, now: Millis): boolean {
    if (!this.has(count, now)) return false
    this.#tokens -= count
    return true
  }
}
