/** Our dials under way, and when to give each up. */
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { later } from './chance.ts'
import type { EdgesOptions } from './edge-options.ts'
import type { EdgesEffect } from './effect.ts'

export class Dials {
  readonly #emit: (effect: EdgesEffect) => void
  readonly #options: Required<EdgesOptions>
  /** `contact`: to somebody whom no ring names, to get in or to join two islands. */
  readonly #dials = new Map<PeerId, { readonly until: Millis; readonly contact: boolean }>()

  constructor(emit: (effect: EdgesEffect) => void, options: Required<EdgesOptions>) {
    this.#emit = emit
    this.#options = options
  }

  get full(): boolean {
    return this.#dials.size >= this.#options.dialsMax
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
