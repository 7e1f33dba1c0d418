/**
 * Our dials under way, how many there may be, and when to give each up.
 *
 * A dial costs both ends tens of milliseconds of a processor, and all that are under way share it: on a machine that is
 * short of time eight at once take longer than any may take, and all fail, for ever. (measured: 40 peers on one core made
 * 8 links in 50 s, out of some 400 dials.) So whoever sees its timers come late dials fewer at once, down to one.
 */
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { later } from './chance.ts'
import type { EdgesOptions } from './edge-options.ts'
import type { EdgesEffect } from './effect.ts'

/** Timers that come later than this halve the number of dials. A guess: what a dial costs. */
const lateMs = 50
/** A sleep is no later than this: it is over, and whoever wakes has links to make. */
const lateMaxMs = 350
/** How fast it is forgotten that they did: to the half in this time. A guess: about a dial's. */
const forgottenMs = 1000

export class Dials {
  readonly #emit: (effect: EdgesEffect) => void
  readonly #options: Required<EdgesOptions>
  /** `contact`: to somebody whom no ring names, to get in or to join two islands. */
  readonly #dials = new Map<PeerId, { readonly until: Millis; readonly contact: boolean }>()

  #late = 0
  #lateAt = 0 as Millis

  constructor(emit: (effect: EdgesEffect) => void, options: Required<EdgesOptions>) {
    this.#emit = emit
    this.#options = options
  }

  /** A timer has come so much later than it was due. */
  timerLate(byMs: number, now: Millis): void {
    this.#late = Math.max(Math.min(byMs, lateMaxMs), this.#late * 2 ** ((this.#lateAt - now) / forgottenMs))
    this.#lateAt = now
  }

  get full(): boolean {
    return this.#dials.size >= Math.max(1, this.#options.dialsMax / (1 + this.#late / lateMs))
  }

  get contacts(): number {
    let count = 0
    for (const { contact } of this.#dials.values()) if (contact) count++
    return count
  }

  has(peer: PeerId): boolean {
    return this.#dials.has(peer)
  }

  isContact(peer: PeerId): boolean {
    return this.#dials.get(peer)?.contact === true
  }

  start(peer: PeerId, contact: boolean, now: Millis): void {
    this.#dials.set(peer, { until: later(now, this.#options.dialMs), contact })
    this.#emit({ type: 'dial', peer })
  }

  /** However it ended. Answers whether it was to a contact. */
  end(peer: PeerId): boolean {
    const contact = this.isContact(peer)
    this.#dials.delete(peer)
    return contact
  }

  /** Those of which nothing was heard in their time: they are over. */
  takeExpired(now: Millis): readonly PeerId[] {
    const expired: PeerId[] = []
    for (const [peer, { until }] of this.#dials) if (until <= now) expired.push(peer)
    for (const peer of expired) this.#dials.delete(peer)
    return expired
  }

  /** The first that is to be given up; Infinity when there is none. */
  deadline(): number {
    let first = Number.POSITIVE_INFINITY
    for (const { until } of this.#dials.values()) first = Math.min(first, until)
    return first
  }
}
