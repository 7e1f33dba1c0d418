/**
 * Links beside the rings, to members chosen at random: asked for, granted or declined. One of them at least is our own
 * choice, or strangers could choose all our company.
 */
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { jitter, later, type Random } from './chance.ts'
import type { Dials } from './dials.ts'
import type { EdgesOptions } from './edge-options.ts'
import type { EdgeWord } from './messages.ts'
import type { Pairs } from './pairs.ts'
import type { Rings } from './rings.ts'

const drawsMax = 8
const askMs = 3000
const askAgainMs = 10_000
/** Where everybody has enough, asking is in vain and costs a route and back. measured: npm run sim -- steady */
const askMaxMs = 600_000
const answerMs = 5000
/** A grant is good for a dial, not longer. */
const grantMs = 15_000

/** Who asked for a link that no ring says. */
export type Side = 'ours' | 'theirs'

export interface ExtraLinksContext {
  readonly self: PeerId
  readonly rings: Rings
  readonly random: Random
  readonly say: (peer: PeerId, word: EdgeWord, now: Millis) => void
  readonly links: ReadonlyMap<PeerId, { extra: Side | undefined }>
  readonly wanted: () => ReadonlySet<PeerId>
  readonly pairs: Pairs
  readonly dials: Dials
}

export class ExtraLinks {
  readonly #context: ExtraLinksContext
  readonly #options: Required<EdgesOptions>
  #asked: { readonly peer: PeerId; readonly until: Millis } | undefined
  #askAt: Millis | undefined
  #declines = 0
  /** Places for links that have been granted and are still to open. */
  readonly #reserved = new Map<PeerId, { readonly side: Side; readonly until: Millis }>()

  constructor(context: ExtraLinksContext, options: Required<EdgesOptions>) {
    this.#context = context
    this.#options = options
  }

  isReserved(peer: PeerId): boolean {
    return this.#reserved.has(peer)
  }

  /** Its link is open, or does not come about: whose place it was. */
  take(peer: PeerId): Side | undefined {
    const side = this.#reserved.get(peer)?.side
    this.#reserved.delete(peer)
    return side
  }

  /** Asks one more, if there is room, and time since the last. */
  ask(settled: boolean, now: Millis): void {
    const { self, rings, random, links, wanted, pairs, dials, say } = this.#context
    const everybodyFits = rings.size - 1 <= 2 * rings.rings
    if (everybodyFits || !settled || this.#count() >= this.#options.extraLinks) {
      this.#askAt = undefined
      return
    }
    if (this.#asked !== undefined) return
    if (this.#askAt === undefined) this.#askAt = later(now, jitter(random, askMs))
    if (this.#askAt > now) return
    this.#askAt = later(now, jitter(random, askAgainMs))
    for (let draws = 0; draws < drawsMax; draws++) {
      const peer = rings.at(Math.floor(random() * rings.size))
      if (peer === undefined || peer === self || links.has(peer) || wanted().has(peer)) continue
      if (pairs.isBarred(peer) || dials.has(peer)) continue
      this.#asked = { peer, until: later(now, answerMs) }
      say(peer, 'ask', now)
      return
    }
  }

  onAsk(from: PeerId, now: Millis): void {
    this.#context.say(from, this.#grants(from, now) ? 'grant' : 'decline', now)
  }

  onGrant(from: PeerId, now: Millis): void {
    const { links, dials, random } = this.#context
    if (this.#asked?.peer !== from) return
    this.#asked = undefined
    this.#declines = 0
    this.#askAt = later(now, jitter(random, askAgainMs))
    const link = links.get(from)
    if (link !== undefined) link.extra = 'ours'
    else if (!dials.has(from) && !dials.full) {
      this.#reserved.set(from, { side: 'ours', until: later(now, grantMs) })
      dials.start(from, false, now)
    }
  }

  onDecline(from: PeerId, now: Millis): void {
    if (this.#asked?.peer === from) this.#declined(now)
  }

  expireReserved(now: Millis): void {
    for (const [peer, { until }] of this.#reserved) if (until <= now) this.#reserved.delete(peer)
  }

  /** No answer is a no. */
  expireAsked(now: Millis): void {
    if (this.#asked !== undefined && this.#asked.until <= now) this.#declined(now)
  }

  /**
   * A ring named some of them, and does no more: the youngest is for nothing again, which its other end will be told.
   * Those that others asked for go before ours: whoever stands around a newcomer is on all of its rings for a moment.
   */
  giveUpSurplus(): void {
    this.#giveUp(this.#count('theirs') - this.#theirsMax, 'theirs')
    this.#giveUp(this.#count() - this.#options.extraLinks)
  }

  /** Infinity when nothing is due. */
  deadline(): number {
    let first = this.#asked?.until ?? this.#askAt ?? Number.POSITIVE_INFINITY
    for (const { until } of this.#reserved.values()) first = Math.min(first, until)
    return first
  }

  #grants(from: PeerId, now: Millis): boolean {
    const { rings, links, wanted, pairs } = this.#context
    if (!rings.has(from) || pairs.isBarred(from)) return false
    const link = links.get(from)
    if (link?.extra !== undefined) return true
    // One that a ring names takes no place of these, and yet both ends must know what it is when no ring does any more.
    const free = wanted().has(from)
    if (!free && this.#count() >= this.#options.extraLinks) return false
    const theirs = this.#count('theirs')
    if (!free && theirs >= this.#theirsMax) return false
    if (link !== undefined) link.extra = 'theirs'
    else this.#reserved.set(from, { side: 'theirs', until: later(now, grantMs) })
    return true
  }

  #declined(now: Millis): void {
    this.#asked = undefined
    this.#declines++
    const waitMs = Math.min(askMaxMs, askMs * 4 ** Math.min(this.#declines, 5))
    this.#askAt = later(now, jitter(this.#context.random, waitMs))
  }

  get #theirsMax(): number {
    return Math.max(1, this.#options.extraLinks - 1)
  }

  #giveUp(surplus: number, side?: Side): void {
    const { links, wanted } = this.#context
    if (surplus <= 0) return
    for (const [peer, link] of [...links].reverse()) {
      if (surplus <= 0) return
      if (link.extra === undefined || (side !== undefined && link.extra !== side) || wanted().has(peer)) continue
      link.extra = undefined
      surplus--
    }
  }

  /** Of one side, or of both. Those that a ring names are counted there. */
  #count(side?: Side): number {
    const wanted = this.#context.wanted()
    let count = 0
    const look = (peer: PeerId, whose: Side | undefined): void => {
      if (whose !== undefined && (side === undefined || whose === side) && !wanted.has(peer)) count++
    }
    for (const [peer, reserved] of this.#reserved) look(peer, reserved.side)
    for (const [peer, { extra }] of this.#context.links) look(peer, extra)
    return count
  }
}
