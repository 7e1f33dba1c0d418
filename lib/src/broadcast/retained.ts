/** News that may be asked for again: for as long as it lives, and within bounds for one author and for all. */
import type { Verified } from '../identity/claim.ts'
import type { Millis } from '../identity/millis.ts'
import type { News } from './messages.ts'
import type { Stream } from './stream.ts'

/** Guesses: a second of one author who floods, and of thirty-two. */
const authorBytesMax = 1 << 20
const bytesMax = 32 << 20
/** What an item costs beside its payload: envelope and object. */
const overheadBytes = 512

interface Kept {
  readonly news: Verified<News>
  readonly at: Millis
}

export class Retained {
  readonly #forMs: number
  /** By stream, in the order in which they came. */
  readonly #kept = new Map<Stream, { readonly bySeq: Map<number, Kept>; bytes: number }>()
  #bytes = 0

  constructor(forMs: number) {
    this.#forMs = forMs
  }

  get streams(): Iterable<Stream> {
    return this.#kept.keys()
  }

  add(stream: Stream, news: Verified<News>, now: Millis): void {
    const of = this.#kept.get(stream) ?? { bySeq: new Map<number, Kept>(), bytes: 0 }
    // The stream that was heard of last is the last to make room.
    this.#kept.delete(stream)
    this.#kept.set(stream, of)
    of.bySeq.set(news.seq, { news, at: now })
    const cost = costOf(news)
    of.bytes += cost
    this.#bytes += cost
    while (of.bytes > authorBytesMax) this.#dropFirst(stream)
    for (const other of this.#kept.keys()) {
      if (this.#bytes <= bytesMax) break
      this.drop(other)
    }
  }

  get(stream: Stream, seq: number): Verified<News> | undefined {
    return this.#kept.get(stream)?.bySeq.get(seq)?.news
  }

  /** The lowest number kept with its age, and the lowest of those that came within `freshMs`. */
  extent(stream: Stream, freshMs: number, now: Millis): { oldest: number; ageMs: number; fresh: number } | undefined {
    let oldest: number | undefined
    let ageMs = 0
    let fresh = stream.top + 1
    for (const [seq, { at }] of this.#kept.get(stream)?.bySeq ?? []) {
      if (oldest === undefined || seq < oldest) oldest = seq
      ageMs = Math.max(ageMs, now - at)
      if (now - at <= freshMs && seq < fresh) fresh = seq
    }
    return oldest === undefined ? undefined : { oldest, ageMs, fresh }
  }

  /** Forgets what is too old. Answers when to do so again. */
  expire(now: Millis): Millis | undefined {
    let next: Millis | undefined
    for (const [stream, { bySeq }] of this.#kept) {
      for (const { at } of bySeq.values()) {
        const until = (at + this.#forMs) as Millis
        if (until > now) {
          if (next === undefined || until < next) next = until
          break
        }
        this.#dropFirst(stream)
      }
    }
    return next
  }

  drop(stream: Stream): void {
    this.#bytes -= this.#kept.get(stream)?.bytes ?? 0
    this.#kept.delete(stream)
  }

  #dropFirst(stream: Stream): void {
    const of = this.#kept.get(stream)
    const first = of?.bySeq.entries().next()
    if (of === undefined || first === undefined || first.done) return
    const [seq, { news }] = first.value
    of.bySeq.delete(seq)
    of.bytes -= costOf(news)
    this.#bytes -= costOf(news)
    if (of.bySeq.size === 0) this.#kept.delete(stream)
  }
}

const costOf = ({ payload }: News): number => payload.length + overheadBytes
