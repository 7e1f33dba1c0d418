/** A token bucket: `burst` at once, then `perSecond` for ever. Knows no clock; the time is handed in. */

export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

export class Bucket {
  #tokens: number
  #at: number

  constructor(rate: Rate, now: number) {
    this.#tokens = rate.burst
    this.#at = now
  }

  /** Takes one token, or answers false and takes none. */
  take(rate: Rate, now: number): boolean {
    this.#tokens = Math.min(rate.burst, this.#tokens + (Math.max(0, now - this.#at) / 1000) * rate.perSecond)
    this.#at = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }

  /** Full again: forgetting it changes nothing. */
  isFull(rate: Rate, now: number): boolean {
    return this.#tokens + ((now - this.#at) / 1000) * rate.perSecond >= rate.burst
  }
}
