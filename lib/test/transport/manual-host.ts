/** A world whose time moves only when a test says so. */
import { randomBytes } from 'node:crypto'
import type { TransportHost } from '../../src/transport/connection.ts'

interface Timer {
  readonly at: number
  readonly run: () => void
}

export class ManualHost implements TransportHost {
  #now = 0
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#now
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#now + delayMs, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  random(count: number): Uint8Array {
    return new Uint8Array(randomBytes(count))
  }

  /** Timers that wait. */
  get waiting(): number {
    return this.#timers.size
  }

  /** Runs what is due within the next `ms`, in order, and what that starts if it is due too. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      let next: Timer | undefined
      for (const timer of this.#timers) if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer
      if (next === undefined) break
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.run()
    }
    this.#now = end
  }
}
