/** Round-trip times per link, smoothed as TCP does it (RFC 6298 §2). */
import type { PeerId } from '../identity/peer-id.ts'

interface Estimate {
  srttMs: number
  rttvarMs: number
}

export class RoundTrips {
  readonly #estimates = new Map<PeerId, Estimate>()

  measured(peer: PeerId, rttMs: number): void {
    const known = this.#estimates.get(peer)
    if (known === undefined) {
      this.#estimates.set(peer, { srttMs: rttMs, rttvarMs: rttMs / 2 })
      return
    }
    known.rttvarMs += (Math.abs(known.srttMs - rttMs) - known.rttvarMs) / 4
    known.srttMs += (rttMs - known.srttMs) / 8
  }

  forget(peer: PeerId): void {
    this.#estimates.delete(peer)
  }

  srttMs(peer: PeerId): number | undefined {
    return this.#estimates.get(peer)?.srttMs
  }

  /** Nearly every answer comes within this; undefined before the first one. */
  timeoutMs(peer: PeerId): number | undefined {
    const known = this.#estimates.get(peer)
    return known === undefined ? undefined : known.srttMs + 4 * known.rttvarMs
  }

  /** A hop of a route that we know nothing of is taken to be like the mean of our own. */
  typical(initialMs: number): { readonly srttMs: number; readonly timeoutMs: number } {
    if (this.#estimates.size === 0) return { srttMs: initialMs / 2, timeoutMs: initialMs }
    let srttMs = 0
    let timeoutMs = 0
    for (const each of this.#estimates.values()) {
      srttMs += each.srttMs
      timeoutMs += each.srttMs + 4 * each.rttvarMs
    }
    return { srttMs: srttMs / this.#estimates.size, timeoutMs: timeoutMs / this.#estimates.size }
  }
}
