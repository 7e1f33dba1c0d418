/**
 * What we say of ourselves, and when: at once what is new, then no more often than `paceMs` allows, and nothing while nothing
 * changes. It has no clock and no timer: whoever drives it gives the time, and asks again at `deadline()`.
 */
import { keyCharsMax, type Place, type Presence } from './presence-message.ts'

/** A pointer that rests is put away: a guess at how long one looks for what another means. */
export const restMs = 10_000
/** Between one board and the next a pointer is on neither; its cursor waits that long for it. */
export const awayMs = 2_000
/** Who has not typed for that long has left the slate as it is: a guess. */
export const idleMs = 60_000
/** Who types says now and then that the slate is still held, for those who have forgotten. */
export const renewMs = 10_000
/** A newcomer hears nothing before it has opened the topic: a guess. Several that come together are told once. */
export const greetMs = 1_000

const sayMs = 100
/**
 * Everybody's messages pass through every tab. Measured with eight on two busy cores (`e2e/bench/presence.bench.ts`): each costs
 * each tab 4 ms of processor, all threads: 6 % of a core while one points, 16 % while all do.
 */
const roomPerSecondMax = 50

/** Between two messages of one peer when so many point at once, itself included. */
export function paceMs(pointing: number): number {
  return Math.max(sayMs, (pointing * 1000) / roomPerSecondMax)
}

const nothing: Presence = { points: null, holds: null }

export class OwnPresence {
  #now: Presence = nothing
  #movedAt = -Infinity
  #pointsUntil = Infinity
  #holdsUntil = Infinity
  #said: Presence = nothing
  #saidAt = -Infinity
  /** When the same is to be said again. */
  #againAt = Infinity

  get holds(): string | null {
    return this.#now.holds
  }

  point(points: Place, now: number): void {
    // Back where it left, it still rests; the others count from when it came there.
    if (!isSamePlace(points, this.#now.points)) this.#movedAt = now
    this.#now = { ...this.#now, points }
    this.#pointsUntil = this.#movedAt + restMs
  }

  leave(now: number): void {
    this.#pointsUntil = Math.min(this.#pointsUntil, now + awayMs)
  }

  /** Also for each sign of life of whoever holds it. */
  hold(holds: string | null, now: number): void {
    if (holds !== null && holds.length > keyCharsMax) return
    if (holds !== null && holds === this.#said.holds && now - this.#saidAt >= renewMs) this.#againAt = now
    this.#now = { ...this.#now, holds }
    this.#holdsUntil = now + idleMs
  }

  onJoined(now: number): void {
    if (!isSame(this.#now, nothing)) this.#againAt = Math.min(this.#againAt, now + greetMs)
  }

  /** What is to be said now, if anything is. */
  say(now: number, everyMs: number): Presence | undefined {
    if (now >= this.#pointsUntil) this.#now = { ...this.#now, points: null }
    if (now >= this.#holdsUntil) this.#now = { ...this.#now, holds: null }
    const due = now >= this.#againAt || !isSame(this.#now, this.#said)
    if (!due || now < this.#saidAt + everyMs) return undefined
    this.#said = this.#now
    this.#saidAt = now
    this.#againAt = Infinity
    return this.#now
  }

  /** When to ask next; Infinity when nothing will have to be said unless something happens. */
  deadline(everyMs: number): number {
    const { points, holds } = this.#now
    const changed = isSame(this.#now, this.#said) ? Infinity : -Infinity
    const toSay = Math.max(this.#saidAt + everyMs, Math.min(changed, this.#againAt))
    const toEnd = Math.min(points ? this.#pointsUntil : Infinity, holds === null ? Infinity : this.#holdsUntil)
    return Math.min(toSay, toEnd)
  }
}

function isSame(a: Presence, b: Presence): boolean {
  return isSamePlace(a.points, b.points) && a.holds === b.holds
}

function isSamePlace(a: Place | null, b: Place | null): boolean {
  return a === b || (a !== null && b !== null && a.on === b.on && a.x === b.x && a.y === b.y)
}
