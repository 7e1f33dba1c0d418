/**
 * How much we ask one neighbour. Whoever shows a root that differs is asked, and each answer may lead to more questions, so
 * that a neighbour which makes up its tree could keep us asking for ever. Each question costs, and each entry that it brought
 * us pays: a first sync of a large map goes on as fast as it comes. Nobody is blamed, since a neighbour that lacks much of
 * what we have looks the same until it has asked us.
 */
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'

export interface RoundLimits {
  readonly roundsPerSecond: number
  readonly roundsBurst: number
}

/** One question asks for up to 512 entries: a sixteenth of that is not in vain. A guess. */
export const entriesPerRound = 32

/** Neighbours, linked or not: a new link is no new budget. The one longest silent goes first. */
const neighboursMax = 256

export class Rounds {
  readonly #limits: RoundLimits
  /** Questions that are left. */
  readonly #accounts = new Map<PeerId, { left: number; at: Millis }>()

  constructor(limits: RoundLimits) {
    this.#limits = limits
  }

  /** Whether one more question may be asked. */
  ask(peer: PeerId, now: Millis): boolean {
    const account = this.#account(peer, now)
    if (account.left < 1) return false
    account.left -= 1
    return true
  }

  /** So many entries that it gave us were news. */
  brought(peer: PeerId, entries: number, now: Millis): void {
    const account = this.#account(peer, now)
    account.left = Math.min(this.#limits.roundsBurst, account.left + entries / entriesPerRound)
  }

  #account(peer: PeerId, now: Millis): { left: number; at: Millis } {
    const { roundsPerSecond, roundsBurst } = this.#limits
    const account = this.#accounts.get(peer) ?? { left: roundsBurst, at: now }
    account.left = Math.min(roundsBurst, account.left + (Math.max(0, now - account.at) / 1000) * roundsPerSecond)
    account.at = now
    this.#accounts.delete(peer)
    this.#accounts.set(peer, account)
    const [oldest] = this.#accounts.keys()
    if (this.#accounts.size > neighboursMax && oldest !== undefined) this.#accounts.delete(oldest)
    return account
  }
}
