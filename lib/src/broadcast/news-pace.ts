/**
 * How fast one author's broadcasts are passed on. What a member signs in its own name goes over every link of the mesh, so
 * nobody else would bound it: each peer passes on so much of one author and drops the rest, which is asked for again
 * (`broadcast.ts`) while it is still worth it. An honest author says no more than that in the first place (`mesh/outbox.ts`).
 */
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'

export interface NewsRate {
  readonly perSecond: number
  readonly burst: number
  /** Of payloads. */
  readonly bytesPerSecond: number
  readonly bytesBurst: number
}

/**
 * What is passed on of one author. Eight tabs that each say what sixty frames a second show are 480 in a second, of eight
 * authors; no page shows more of one than its own frames four times over. At once it is two seconds of that, for what a slow link
 * held back, and in bytes half of what may wait on a link (SECURITY A.8: 1 MiB).
 */
export const passedOn: NewsRate = { perSecond: 250, burst: 500, bytesPerSecond: 1 << 20, bytesBurst: 1 << 19 }

/** What an author says: four fifths of it, since what was said evenly may arrive in heaps. */
export const ownNews: NewsRate = { perSecond: 200, burst: 400, bytesPerSecond: 800_000, bytesBurst: 400_000 }

/** Authors who are told apart; the one that was heard of first goes first. A guess: it has its burst back long before. */
const authorsMax = 1024

export class NewsPace {
  readonly #rate: NewsRate
  #news: number
  #bytes: number
  #at: Millis | undefined

  constructor(rate: NewsRate) {
    this.#rate = rate
    this.#news = rate.burst
    this.#bytes = rate.bytesBurst
  }

  /** How long one of so many bytes has to wait; 0 when it may go now. */
  waitMs(bytes: number, now: Millis): number {
    const { perSecond, burst, bytesPerSecond, bytesBurst } = this.#rate
    const seconds = this.#at === undefined ? 0 : Math.max(0, now - this.#at) / 1000
    this.#at = now
    this.#news = Math.min(burst, this.#news + seconds * perSecond)
    this.#bytes = Math.min(bytesBurst, this.#bytes + seconds * bytesPerSecond)
    const lackingSeconds = Math.max((1 - this.#news) / perSecond, (bytes - this.#bytes) / bytesPerSecond)
    return Math.max(0, Math.ceil(lackingSeconds * 1000))
  }

  /** Takes it, or nothing. */
  take(bytes: number, now: Millis): boolean {
    if (this.waitMs(bytes, now) > 0) return false
    this.#news -= 1
    this.#bytes -= bytes
    return true
  }
}

/** By author. Those who are no members share one: keys cost nothing. */
export class NewsPaces {
  readonly #isMember: (author: PeerId) => boolean
  /** The one that was heard of first in front. */
  readonly #authors = new Map<PeerId, NewsPace>()
  readonly #strangers = new NewsPace(passedOn)

  constructor(isMember: (author: PeerId) => boolean) {
    this.#isMember = isMember
  }

  take(author: PeerId, bytes: number, now: Millis): boolean {
    if (!this.#isMember(author)) return this.#strangers.take(bytes, now)
    const known = this.#authors.get(author)
    if (known !== undefined) return known.take(bytes, now)
    const pace = new NewsPace(passedOn)
    this.#authors.set(author, pace)
    const [first] = this.#authors.keys()
    if (this.#authors.size > authorsMax && first !== undefined) this.#authors.delete(first)
    return pace.take(bytes, now)
  }
}
