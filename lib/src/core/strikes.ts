/**
 * Faults that only the sender can be blamed for, counted per link. Three in ten minutes close it. There
 * is no score that good behaviour could win back.
 */
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { LinkId } from './input.ts'

const strikesMax = 3
const windowMs = 600_000
/**
 * How long whoever was over a budget is shunned: a flood of a second or less each minute is borne. No longer, since a rate
 * that was too high may be our own slowness. A guess.
 */
export const overBudgetMs = 60_000

export class Strikes {
  readonly #strikes = new Map<LinkId, Millis[]>()

  /** Answers whether the link is to be closed. */
  strike(link: LinkId, now: Millis): boolean {
    const recent = [...(this.#strikes.get(link) ?? []), now].filter((at) => now - at < windowMs)
    this.#strikes.set(link, recent)
    return recent.length >= strikesMax
  }

  forget(link: LinkId): void {
    this.#strikes.delete(link)
  }
}

/**
 * Peers whose link was closed for its third fault, or since it was over a budget. They are no neighbours of ours for as long
 * as a fault counts, or for `overBudgetMs`: neither dialled nor listened to. Otherwise whoever is thrown out comes back a
 * moment later, with three faults to spend. It is our own memory only, and nobody is told.
 */
export class Outlaws {
  readonly #until = new Map<PeerId, Millis>()

  add(peer: PeerId, now: Millis, forMs: number = windowMs): void {
    const until = Math.max(now + forMs, this.#until.get(peer) ?? 0) as Millis
    this.#until.delete(peer)
    this.#until.set(peer, until)
    const [oldest] = this.#until.keys()
    if (this.#until.size > outlawsMax && oldest !== undefined) this.#until.delete(oldest)
  }

  has(peer: PeerId, now: Millis): boolean {
    const until = this.#until.get(peer)
    if (until === undefined) return false
    if (now < until) return true
    this.#until.delete(peer)
    return false
  }
}

/** Whoever makes this many keys has made the first of them worthless: a guess. */
const outlawsMax = 1024
