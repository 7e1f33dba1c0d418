/**
 * The hybrid logical clock (Kulkarni et al., 2014): follows the calendar, never goes back, and is later than
 * every write that was seen. Writes from further ahead than clocks may differ never get here (ingress drops
 * them without blame, and they are offered again), so nobody can drag it further than that.
 */
import type { Moment } from './messages.ts'

export const counterMax = 0xffff

export class HybridClock {
  #wall = 0
  #counter = 0

  /** A write was seen. */
  observe({ wall, counter }: Moment): void {
    if (wall < this.#wall || (wall === this.#wall && counter <= this.#counter)) return
    this.#wall = wall
    this.#counter = counter
  }

  /** The moment of a write now; later than any before. */
  next(wallNow: number): Moment {
    const wall = Math.floor(wallNow)
    if (wall > this.#wall) {
      this.#wall = wall
      this.#counter = 0
    } else if (this.#counter < counterMax) {
      this.#counter += 1
    } else {
      this.#wall += 1
      this.#counter = 0
    }
    return { wall: this.#wall, counter: this.#counter }
  }
}
