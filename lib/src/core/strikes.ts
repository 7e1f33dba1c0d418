/**
 * Faults that only the sender can be blamed for, counted per link. Three in ten minutes close it. There
 * is no score that good behaviour could win back.
 */
import type { Millis } from '../identity/millis.ts'
import type { LinkId } from './input.ts'

const strikesMax = 3
const windowMs = 600_000

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
