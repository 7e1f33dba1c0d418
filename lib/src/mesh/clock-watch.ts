/**
 * Notices when time does what time should not do. A laptop sleeps, a page is frozen or kept in the
 * back/forward cache, somebody sets the clock: afterwards our beliefs are stale, and the core must
 * know it before it sees anything else.
 *
 * Some systems stop the monotonic clock during sleep (Linux, macOS) and some do not (Windows), so
 * there are two signs: the distance between the two clocks jumps, or a timer was due long ago and
 * nothing at all has happened since.
 */
import type { Millis, WallMillis } from '../identity/millis.ts'

/** SECURITY: `Date.now()` jumps of more than 5 s mean a sleep or a set clock. */
export const jumpMs = 5000

/** Smaller drift than this is not worth telling: claims are compared with a tolerance of 60 s. */
const driftMs = 250

export interface ClockChange {
  readonly type: 'clock'
  readonly wallOffsetMs: number
  readonly granularityMs: number
}

export type ClockNews = ClockChange | { readonly type: 'resumed' }

export class ClockWatch {
  #offsetMs: number | undefined
  #granularityMs = 0
  #lastAt: Millis | undefined

  /**
   * To be called before anything else is handled. `dueAt` is when the timer was set to go off;
   * undefined when none was set. Answers what the core should hear first, usually nothing.
   */
  observe(now: Millis, wall: WallMillis, granularityMs: number, dueAt: Millis | undefined): readonly ClockNews[] {
    const offsetMs = wall - now
    const first = this.#offsetMs === undefined
    const jumpedMs = first ? 0 : offsetMs - this.#offsetMs!
    const silentMs = this.#lastAt === undefined ? 0 : now - this.#lastAt
    const overdueMs = dueAt === undefined ? 0 : now - dueAt
    this.#lastAt = now

    const news: ClockNews[] = []
    if (first || Math.abs(jumpedMs) > driftMs || granularityMs !== this.#granularityMs) {
      this.#offsetMs = offsetMs
      this.#granularityMs = granularityMs
      news.push({ type: 'clock', wallOffsetMs: offsetMs, granularityMs })
    }
    // Calendar time that ran ahead of the monotonic clock was slept through; the other way round
    // somebody set the clock back, which makes no belief stale.
    if (jumpedMs > jumpMs || (silentMs > jumpMs && overdueMs > jumpMs)) news.push({ type: 'resumed' })
    return news
  }
}
