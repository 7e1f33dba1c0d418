/**
 * What a neighbour has left of its budget. It outlives the link, or a new link would be a new budget, and it does no
 * more than count: what becomes of a link that is over it is for ingress to say.
 */
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { accountsMax, type LinkBudget, newsAuthorsMax } from './budget.ts'
import { TokenBucket } from './token-bucket.ts'

export class Account {
  readonly frames: TokenBucket
  readonly bytes: TokenBucket
  readonly claims: TokenBucket
  readonly verifications: TokenBucket
  readonly unread: TokenBucket
  readonly useless: TokenBucket
  readonly #budget: LinkBudget
  /** By author, the one that was heard of first in front. */
  readonly #news = new Map<PeerId, TokenBucket>()

  constructor(budget: LinkBudget) {
    this.#budget = budget
    this.frames = new TokenBucket(budget.frames)
    this.bytes = new TokenBucket(budget.bytes)
    this.claims = new TokenBucket(budget.claims)
    this.verifications = new TokenBucket(budget.verifications)
    this.unread = new TokenBucket(budget.unread)
    this.useless = new TokenBucket(budget.useless)
  }

  /** One more new broadcast of this author. */
  takeNews(author: PeerId, now: Millis): boolean {
    let bucket = this.#news.get(author)
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#budget.news)
      this.#news.set(author, bucket)
      dropFirstOver(this.#news, newsAuthorsMax)
    }
    return bucket.take(1, now)
  }
}

/** By neighbour, the one whose last link opened first in front. */
export class Accounts<A extends Account> {
  readonly #open: () => A
  readonly #byPeer = new Map<PeerId, A>()

  constructor(open: () => A) {
    this.#open = open
  }

  /** For a link that opens now. Undefined: one that shares its budget with none. */
  of(peer: PeerId | undefined): A {
    if (peer === undefined) return this.#open()
    const account = this.#byPeer.get(peer) ?? this.#open()
    this.#byPeer.delete(peer)
    this.#byPeer.set(peer, account)
    dropFirstOver(this.#byPeer, accountsMax)
    return account
  }
}

function dropFirstOver(map: Map<PeerId, unknown>, max: number): void {
  const [first] = map.keys()
  if (map.size > max && first !== undefined) map.delete(first)
}
