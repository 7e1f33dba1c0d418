/**
 * Who accuses in vain. An accusation that its subject refutes, or that nobody joins, may be an honest mistake; of one
 * who makes that mistake about several members at once it is held that its own connection is bad, or that it lies. Its
 * word then begins no doubt for a while: it can only join in one that somebody else has begun.
 *
 * Nothing is told to anybody about this, and nobody is punished: each peer counts what it saw come to nothing itself.
 */
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { SwimConfig } from './config.ts'
import type { MemberTable } from './table.ts'

interface Account {
  /** Whom it accused in vain, and when that came out last. */
  readonly vainly: Map<PeerId, Millis>
  discountedUntil: Millis | undefined
  /** Whom we have told of a word of its that somebody else still listens to, and when. */
  readonly told: Map<PeerId, Millis>
}

type Limits = Pick<SwimConfig, 'vainSubjectsMax' | 'vainWindowMs' | 'discountMs'>

export class Accusers {
  readonly #config: Limits
  readonly #table: Pick<MemberTable, 'presentCount'>
  readonly #accounts = new Map<PeerId, Account>()
  #discounted = 0

  constructor(config: Limits, table: Pick<MemberTable, 'presentCount'>) {
    this.#config = config
    this.#table = table
  }

  /** `subject` refuted what `accuser` held against it, or nobody joined in. */
  inVain(accuser: PeerId, subject: PeerId, now: Millis): void {
    this.#sweep(now)
    let account = this.#accounts.get(accuser)
    if (account === undefined) {
      account = { vainly: new Map(), discountedUntil: undefined, told: new Map() }
      this.#accounts.set(accuser, account)
    }
    account.vainly.delete(subject)
    account.vainly.set(subject, now)
    if (account.discountedUntil !== undefined || account.vainly.size <= this.#config.vainSubjectsMax) return
    account.discountedUntil = (now + this.#config.discountMs) as Millis
    this.#discounted += 1
  }

  /**
   * Its word begins no doubt. When that would be true of more than half of all members it is true of none: so many are
   * no conspiracy that anything here withstands, but a network that fails, and then every word is needed.
   */
  discounted(accuser: PeerId, now: Millis, marginMs = 0): boolean {
    this.#sweep(now)
    const until = this.#accounts.get(accuser)?.discountedUntil
    return until !== undefined && now + marginMs < until && 2 * this.#discounted <= this.#table.presentCount
  }

  /** Somebody passes on what begins no doubt here, so it began one there: its subject is told once in a while. */
  mayTell(accuser: PeerId, subject: PeerId, now: Millis): boolean {
    const told = this.#accounts.get(accuser)?.told
    if (told === undefined || now < (told.get(subject) ?? -Infinity) + this.#config.vainWindowMs) return false
    told.set(subject, now)
    return true
  }

  /** Accounts are few, and most members have none: only mistakes open one, each in force for minutes at most. */
  #sweep(now: Millis): void {
    for (const [accuser, account] of this.#accounts) {
      for (const [subject, at] of account.vainly) {
        if (now < at + this.#config.vainWindowMs) break
        account.vainly.delete(subject)
      }
      if (account.discountedUntil !== undefined && now >= account.discountedUntil) {
        account.discountedUntil = undefined
        account.told.clear()
        this.#discounted -= 1
      }
      if (account.vainly.size === 0 && account.discountedUntil === undefined) this.#accounts.delete(accuser)
    }
  }
}
