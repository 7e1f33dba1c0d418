import type { Millis } from '../identity/millis.ts'

/** A token bucket: what one link may cost us. */
export class Bucket {
  readonly #perSecond: number
  readonly #burst: number
  #tokens: number
  #at: Millis

  constructor(perSecond: number, burst: number, now: Millis) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#tokens = burst
    this.#at = now
  }

  /** Takes `cost` when there is that much, and says whether there was. */
  take(cost: number, now: Millis): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + (Math.max(0, now - this.#at) * this.#perSecond) / 1000)
    this.#at = now
    if (this.#tokens < cost) return false
    this.#tokens -= cost
    return true
  }
}
