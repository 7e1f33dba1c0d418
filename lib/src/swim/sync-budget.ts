/**
 * What push-pulls may cost us, for each peer that takes part in one: a question is a few bytes, and its answer may be
 * the whole member list. Counted before the work. Whoever is over it is not blamed, since a healed split may bring an
 * honest neighbour there, and asks again a second later.
 */
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'

/** Keeps a frame of rows under 16 KiB. */
export const rowsPerFrame = 960

/**
 * Messages of push-pulls, for each frame that a member list takes. An honest neighbour begins one round a second
 * (`syncIntervalMs`), answers one of ours, and asks for what both left open: four. Twice that, and eight seconds of it
 * at once for what a slow link held back: a guess.
 */
const messagesPerSecond = 8
const messagesBurst = 64

/** Claims given away: the whole list twice, then a quarter of it each second, and a join storm's worth besides. A guess. */
const claimsBurst = 1024
const claimsPerSecond = 256

/** Peers that are told apart: links are few, and whoever asks over routes is a member. The one longest silent goes first. */
const accountsMax = 1024
const tellEveryMs = 1000

interface Account {
  /** What was used and has not been made good by the time that passed. */
  messages: number
  claims: number
  at: Millis
  toldAt: number
}

export class SyncBudget {
  readonly #accounts = new Map<PeerId, Account>()

  /** One message of a push-pull: may it be answered? `members`: how many we hold to be here. */
  message(peer: PeerId, members: number, now: Millis): boolean {
    const account = this.#account(peer, members, now)
    if (account.messages + 1 > messagesBurst * framesOf(members)) return false
    account.messages += 1
    return true
  }

  /** How many of `count` claims it may be given now. */
  claims(peer: PeerId, count: number, members: number, now: Millis): number {
    const account = this.#account(peer, members, now)
    const granted = Math.max(0, Math.min(count, Math.floor(claimsBurst + 2 * members - account.claims)))
    account.claims += granted
    return granted
  }

  /** Whether somebody should hear that this peer is over its budget: once a second, lest the telling be the harm. */
  worthTelling(peer: PeerId, members: number, now: Millis): boolean {
    const account = this.#account(peer, members, now)
    if (now < account.toldAt + tellEveryMs) return false
    account.toldAt = now
    return true
  }

  get size(): number {
    return this.#accounts.size
  }

  #account(peer: PeerId, members: number, now: Millis): Account {
    const account = this.#accounts.get(peer) ?? { messages: 0, claims: 0, at: now, toldAt: -Infinity }
    const seconds = Math.max(0, now - account.at) / 1000
    account.messages = Math.max(0, account.messages - seconds * messagesPerSecond * framesOf(members))
    account.claims = Math.max(0, account.claims - seconds * (claimsPerSecond + members / 4))
    account.at = now
    this.#accounts.delete(peer)
    this.#accounts.set(peer, account)
    const [oldest] = this.#accounts.keys()
    if (this.#accounts.size > accountsMax && oldest !== undefined) this.#accounts.delete(oldest)
    return account
  }
}

const framesOf = (members: number): number => Math.max(1, Math.ceil(members / rowsPerFrame))
