/**
 * Calendar time as the mesh sees it: our own, moved by the median of how far our neighbours' clocks
 * are from it, and by at most the tolerance, so that a majority of lying neighbours gains little.
 */
import type { Millis, WallMillis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'

export class WallClock {
  #offsetMs: number
  #skewMs = 0
  readonly #samples = new Map<PeerId, number>()
  readonly #toleranceMs: number

  constructor(offsetMs: number, toleranceMs: number) {
    this.#offsetMs = offsetMs
    this.#toleranceMs = toleranceMs
  }

  set(offsetMs: number): void {
    this.#offsetMs = offsetMs
    this.#samples.clear()
    this.#skewMs = 0
  }

  at(now: Millis): WallMillis {
    return Math.round(now + this.#offsetMs + this.#skewMs) as WallMillis
  }

  /** A neighbour's clock showed `wall` half a round trip ago. */
  sampled(peer: PeerId, wall: WallMillis, now: Millis, rttMs: number): void {
    this.#samples.set(peer, wall + rttMs / 2 - (now + this.#offsetMs))
    // Fewer than three say nothing about which of us is off.
    if (this.#samples.size < 3) return
    const sorted = [...this.#samples.values()].sort((a, b) => a - b)
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0
    // Within a second nothing that we check could tell the difference.
    this.#skewMs = Math.abs(median) < 1000 ? 0 : Math.max(-this.#toleranceMs, Math.min(this.#toleranceMs, median))
  }

  forget(peer: PeerId): void {
    this.#samples.delete(peer)
  }
}
