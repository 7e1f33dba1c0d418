/**
 * How long to wait before the next try: full jitter, a uniform draw from zero to a ceiling that doubles.
 * A thousand clients that lost one server at one moment come back spread out, not as a herd.
 * (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015.)
 */

export interface BackoffOptions {
  /** The first ceiling. */
  readonly baseMs: number
  /** No ceiling is higher. */
  readonly capMs: number
}

export class Backoff {
  readonly #options: BackoffOptions
  readonly #random: () => number
  #failures = 0

  /** `random` answers a number from 0 (included) to 1 (excluded). */
  constructor(options: BackoffOptions, random: () => number) {
    this.#options = options
    this.#random = random
  }

  /** The wait after one more failure; never shorter than what the server asked for. */
  next(retryAfterMs = 0): number {
    const { baseMs, capMs } = this.#options
    const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(this.#failures, 30))
    this.#failures++
    return retryAfterMs + Math.floor(this.#random() * ceiling)
  }

  reset(): void {
    this.#failures = 0
  }
}
