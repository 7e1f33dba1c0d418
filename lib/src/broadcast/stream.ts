/**
 * The broadcasts of one run of one author, as one peer has them: handed out in order and once. What comes out of turn
 * is held until what is lacking has come, or is given up.
 */
import type { Verified } from '../identity/claim.ts'
import type { Millis } from '../identity/millis.ts'
import type { InstanceId, PeerId } from '../identity/peer-id.ts'
import type { News } from './messages.ts'

/** Held out of turn, at most, of one author: what is over gives the gap before it up. Guesses. */
const heldMax = 1024
const heldBytesMax = 1 << 20
/** How far from the first news a neighbour's word on where to begin may be: it is not signed. */
const hintMax = 64

export interface Released {
  readonly news: readonly Verified<News>[]
  /** How many before them will not come any more. */
  readonly missed: number
}

/** Who was told of the newest, how often, and when to tell it again. */
export interface Telling {
  last: number
  times: number
  again: Millis
}

export class Stream {
  readonly author: PeerId
  readonly instance: InstanceId
  /** The highest number had. */
  top = 0
  /** The highest number that each neighbour has had, as far as we know. */
  readonly knows = new Map<PeerId, number>()
  readonly tellings = new Map<PeerId, Telling>()
  /** Neighbours who wait to hear what we have. */
  readonly owed = new Set<PeerId>()
  /** What a neighbour says to have beyond `top`: asked for a few times, and then forgotten. */
  rumour: { readonly peer: PeerId; readonly last: number; asks: number } | undefined
  /** Since when the number after the last one handed out has been lacking. */
  lackingSince: Millis | undefined
  askAt: Millis | undefined
  asks = 0
  /** All up to here were handed out or given up; undefined until it is settled where to begin. */
  #floor: number | undefined
  #hint: number | undefined
  readonly #held = new Map<number, Verified<News>>()
  #heldBytes = 0

  constructor(author: PeerId, instance: InstanceId) {
    this.author = author
    this.instance = instance
  }

  get settled(): boolean {
    return this.#floor !== undefined
  }

  /** The number that is to be handed out next; undefined until it is settled where to begin. */
  get next(): number | undefined {
    return this.#floor === undefined ? undefined : this.#floor + 1
  }

  get hinted(): boolean {
    return this.#hint !== undefined
  }

  /** Whether this number was neither had nor given up. */
  lacksNumber(seq: number): boolean {
    return (this.#floor === undefined || seq > this.#floor) && !this.#held.has(seq)
  }

  /** Whether this one is new. It is held then, until `release`. */
  take(news: Verified<News>): boolean {
    const { seq } = news
    if (!this.lacksNumber(seq)) return false
    this.#held.set(seq, news)
    this.#heldBytes += news.payload.length
    this.top = Math.max(this.top, seq)
    if (seq === 1) this.#floor ??= 0
    return true
  }

  /** Where to begin, by a neighbour's word. */
  hint(first: number): void {
    this.#hint = Math.min(first, this.#hint ?? first)
  }

  /** Begins with what came first, or with what a neighbour's word put before it. */
  settle(): void {
    if (this.#floor !== undefined || this.#held.size === 0) return
    const lowest = Math.min(...this.#held.keys())
    const hint = this.#hint ?? lowest
    this.#floor = (hint <= lowest && lowest - hint <= hintMax ? hint : lowest) - 1
  }

  /** What can be handed out now. */
  release(): Released {
    const news: Verified<News>[] = []
    if (this.#floor === undefined) return { news, missed: 0 }
    this.#run(this.#floor, news)
    if (this.#held.size <= heldMax && this.#heldBytes <= heldBytesMax) return { news, missed: 0 }
    const { news: more, missed } = this.giveUp()
    return { news: [...news, ...more], missed }
  }

  /** What is lacking first will not come any more: goes on behind it. */
  giveUp(): Released {
    const news: Verified<News>[] = []
    if (this.#floor === undefined || this.#held.size === 0) return { news, missed: 0 }
    const lowest = Math.min(...this.#held.keys())
    const missed = lowest - 1 - this.#floor
    this.#run(lowest - 1, news)
    return { news, missed }
  }

  /** The numbers that are lacking up to `last`, the first `max` of them. */
  missing(last: number, max: number): number[] {
    const numbers: number[] = []
    const from = this.#floor ?? (this.#hint ?? this.top) - 1
    for (let seq = from + 1; seq <= last && numbers.length < max; seq++) if (!this.#held.has(seq)) numbers.push(seq)
    return numbers
  }

  /** Whether something is held because something before it is lacking. */
  get lacks(): boolean {
    return this.#held.size > 0
  }

  #run(floor: number, news: Verified<News>[]): void {
    this.#floor = floor
    for (let next = this.#held.get(this.#floor + 1); next; next = this.#held.get(this.#floor + 1)) {
      this.#floor += 1
      this.#held.delete(this.#floor)
      this.#heldBytes -= next.payload.length
      news.push(next)
    }
  }
}
