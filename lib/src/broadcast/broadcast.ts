/**
 * News to everyone: flooded over every link, handed out once and in the order in which its author said it. Each author
 * numbers its broadcasts. What a flood has lost is noticed by the numbers, or by what neighbours say to have had, and
 * asked for again; what nobody has any more is reported as a gap.
 *
 * Nothing is said while there is no news, and what a neighbour says of somebody else's numbers is believed only as
 * something to ask that neighbour for: a gap is what signed numbers leave.
 */
import type { Verified } from '../identity/claim.ts'
import type { Numbered } from '../identity/fault.ts'
import type { Millis, WallMillis } from '../identity/millis.ts'
import type { InstanceId, PeerId } from '../identity/peer-id.ts'
import { Authors } from './authors.ts'
import type { BroadcastMessage, Had, HadStream, News, RepairMessage, Spread, WantNews } from './messages.ts'
import { NewsPaces } from './news-pace.ts'
import { Retained } from './retained.ts'
import type { Released, Stream } from './stream.ts'

/** A guess: longer than any path takes, shorter than anyone would call it news. */
export const newsTtlMs = 60_000
/** An author whose first numbers we did not hear: a neighbour is asked where to begin, and another after this. A guess: a round trip. */
const settleMs = 250
const settleAsksMax = 3
/** What was said before we met its author is not for us, but for what was said just before: links open one by one. */
const freshMs = 5000
/** Numbers that overtook others may be all that is wrong. */
const askAfterMs = 100
const askEveryMs = 500
/** measured: npm run sim -- broadcast --loss 0.2 */
const giveUpMs = 10_000
const rumourAsksMax = 3
/** What neighbours may not know of is told this often: an answer ends it. */
const tellEveryMs = 500
const tellTimesMax = 6
/** Within the wire's limits. */
const streamsPerFrame = 128
export const numbersPerFrame = 64
/** News sent again to one neighbour, in a second and at once. */
const againPerSecond = 256
const againBurst = 512

export interface BroadcastPort {
  readonly self: PeerId
  linkedPeers(): readonly PeerId[]
  /** Whether this author may be in the room. */
  admits(peer: PeerId): boolean
  /** The run of a member that we know, and since when; undefined for whoever is no member. */
  metAt(author: PeerId): { readonly instance: InstanceId; readonly since: Millis } | undefined
  send(to: PeerId, message: BroadcastMessage): void
  seal(draft: News): void
  deliver(news: Verified<News>): void
  /** One run of somebody signed both, under one number. */
  equivocated(one: Numbered, other: Numbered): void
  /** Something from this neighbour that is in order was not taken. */
  rejected(from: PeerId, code: string): void
  /** So many of this author's broadcasts will not come any more. */
  gap(author: PeerId, instance: InstanceId, missed: number): void
}

export class Broadcast {
  readonly #port: BroadcastPort
  readonly #instance: InstanceId
  readonly #retained = new Retained(newsTtlMs)
  readonly #authors: Authors
  readonly #paces: NewsPaces
  /** Those of which something is lacking, or of which it is not settled where to begin. */
  readonly #lacking = new Set<Stream>()
  readonly #again = new Map<PeerId, { tokens: number; at: Millis }>()
  #tellAt: Millis | undefined
  #expireAt: Millis | undefined
  #seq = 0

  constructor(port: BroadcastPort, instance: InstanceId) {
    this.#port = port
    this.#instance = instance
    const isMember = (author: PeerId): boolean => author === port.self || port.metAt(author) !== undefined
    this.#paces = new NewsPaces(isMember)
    this.#authors = new Authors({
      isMember,
      onForgotten: (stream) => {
        this.#retained.drop(stream)
        this.#lacking.delete(stream)
      },
    })
  }

  /** Answers its number among our broadcasts; it is on its way once it came back `sealed`. */
  publish(topic: string, payload: Uint8Array, wall: WallMillis): number {
    this.#seq += 1
    this.#port.seal({
      type: 'news',
      author: this.#port.self,
      issuedAt: wall,
      ttlMs: newsTtlMs,
      instance: this.#instance,
      seq: this.#seq,
      topic,
      payload,
    })
    return this.#seq
  }

  sealed(news: Verified<News>, now: Millis): void {
    const stream = this.#authors.open(news.author, news.instance)
    stream.take(news)
    stream.release()
    this.#spread(stream, news, now)
  }

  /** It is a member now. */
  met(author: PeerId): void {
    this.#authors.met(author)
  }

  receive(from: PeerId, message: Spread | RepairMessage, now: Millis): void {
    switch (message.type) {
      case 'spread':
        for (const news of message.claims) this.#onNews(from, news, now)
        break
      case 'had':
        for (const had of message.streams) this.#onHad(from, had, message.answer, now)
        break
      case 'want-news':
        this.#onWant(from, message, now)
        break
    }
  }

  /** What is news is told to whoever has just come. */
  linkOpened(now: Millis): void {
    this.#tellSoon(now)
  }

  linkClosed(peer: PeerId): void {
    this.#again.delete(peer)
    for (const stream of this.#authors.streams()) {
      stream.knows.delete(peer)
      stream.tellings.delete(peer)
      stream.owed.delete(peer)
    }
  }

  deadline(): Millis | undefined {
    let next = earlier(this.#tellAt, this.#expireAt)
    for (const { askAt } of this.#lacking) next = earlier(next, askAt)
    return next
  }

  tick(now: Millis): void {
    for (const stream of [...this.#lacking])
      if (stream.askAt !== undefined && stream.askAt <= now) this.#chase(stream, now)
    if (this.#expireAt !== undefined && this.#expireAt <= now) this.#expireAt = this.#retained.expire(now)
    if (this.#tellAt !== undefined && this.#tellAt <= now) this.#tell(now)
  }

  #onNews(from: PeerId, news: Verified<News>, now: Millis): void {
    if (news.author === this.#port.self || news.seq === 0 || !this.#port.admits(news.author)) return
    const stream = this.#authors.open(news.author, news.instance)
    know(stream, from, news.seq)
    // It was signed, and so it may be asked for when there is room for it: whoever sent it has it.
    if (stream.lacksNumber(news.seq) && !this.#paces.take(news.author, news.payload.length, now))
      return this.#port.rejected(from, 'ERR_BROADCAST_RATE')
    if (!stream.take(news)) {
      const kept = this.#retained.get(stream, news.seq)
      if (kept !== undefined && kept.digest !== news.digest) this.#port.equivocated(kept, news)
      return
    }
    this.#spread(stream, news, now)
    if (!stream.settled && stream.asks === 0) this.#askWhereToBegin(stream, from)
    if (stream.hinted) stream.settle()
    this.#handOut(stream, stream.release(), now)
  }

  #askWhereToBegin(stream: Stream, peer: PeerId): void {
    stream.asks += 1
    this.#port.send(peer, { type: 'want-news', author: stream.author, instance: stream.instance, numbers: [] })
  }

  #spread(stream: Stream, news: Verified<News>, now: Millis): void {
    this.#retained.add(stream, news, now)
    this.#expireAt ??= (now + newsTtlMs) as Millis
    const message: BroadcastMessage = { type: 'spread', claims: [news] }
    for (const peer of this.#port.linkedPeers()) {
      // Whoever has had a later one has this one too, or will ask for it.
      if (peer !== news.author && (stream.knows.get(peer) ?? 0) < news.seq) this.#port.send(peer, message)
    }
    this.#tellSoon(now)
  }

  #handOut(stream: Stream, { news, missed }: Released, now: Millis): void {
    if (missed > 0) this.#port.gap(stream.author, stream.instance, missed)
    for (const each of news) this.#port.deliver(each)
    if (stream.rumour !== undefined && stream.rumour.last <= stream.top) stream.rumour = undefined
    if (!stream.lacks && stream.rumour === undefined) {
      stream.lackingSince = undefined
      stream.askAt = undefined
      this.#lacking.delete(stream)
      return
    }
    if (!stream.lacks) stream.lackingSince = undefined
    else if (news.length > 0 || stream.lackingSince === undefined) {
      // The first of what is lacking now was not the first before.
      stream.lackingSince = now
      stream.asks = 0
    }
    if (stream.settled) stream.askAt ??= (now + askAfterMs) as Millis
    else stream.askAt = earlier(stream.askAt, (now + settleMs) as Millis)
    this.#lacking.add(stream)
  }

  /** Asks for what is lacking, or gives it up. */
  #chase(stream: Stream, now: Millis): void {
    stream.askAt = undefined
    if (!stream.settled && stream.lacks) {
      const peer = stream.asks < settleAsksMax ? this.#whomToAsk(stream, 1) : undefined
      if (peer !== undefined) {
        this.#askWhereToBegin(stream, peer)
        stream.askAt = (now + settleMs) as Millis
        return
      }
      stream.settle()
      this.#handOut(stream, stream.release(), now)
    }
    if (stream.lacks && stream.lackingSince !== undefined && now >= stream.lackingSince + giveUpMs)
      this.#handOut(stream, stream.giveUp(), now)
    const { rumour } = stream
    if (rumour !== undefined && rumour.asks >= rumourAsksMax) stream.rumour = undefined
    const last = Math.max(stream.lacks ? stream.top : 0, stream.rumour?.last ?? 0)
    const numbers = stream.missing(last, numbersPerFrame)
    const peer = numbers.length === 0 ? undefined : this.#whomToAsk(stream, numbers[0]!)
    if (peer !== undefined) {
      this.#port.send(peer, { type: 'want-news', author: stream.author, instance: stream.instance, numbers })
      stream.asks += 1
      if (stream.rumour !== undefined) stream.rumour.asks += 1
    }
    if (stream.lacks || stream.rumour !== undefined) stream.askAt = (now + askEveryMs) as Millis
    else this.#lacking.delete(stream)
  }

  /** One after the other, those who have had it first. */
  #whomToAsk(stream: Stream, seq: number): PeerId | undefined {
    if (stream.rumour !== undefined && !stream.lacks) return stream.rumour.peer
    const peers = this.#port.linkedPeers()
    const likely = peers.filter((peer) => (stream.knows.get(peer) ?? 0) >= seq)
    const from = likely.length > 0 ? likely : peers
    return from[stream.asks % Math.max(1, from.length)]
  }

  #onHad(from: PeerId, had: HadStream, answer: boolean, now: Millis): void {
    const { author, instance, last } = had
    if (author === this.#port.self) {
      const own = this.#authors.find(author, instance)
      if (own !== undefined) know(own, from, Math.min(last, own.top))
      return
    }
    let stream = this.#authors.find(author, instance)
    if (stream === undefined || !stream.settled) {
      const met = this.#port.metAt(author)
      const metAt = met?.instance === instance ? met.since : undefined
      // Nobody whom we know: its news will bring it along.
      if ((metAt === undefined && stream === undefined) || !this.#port.admits(author)) return
      const first = metAt !== undefined && metAt + had.oldestAgeMs < now ? had.oldest : had.fresh
      if (first > last) return
      stream ??= this.#authors.open(author, instance)
      stream.hint(first)
      stream.settle()
      stream.askAt = undefined
      this.#handOut(stream, stream.release(), now)
    }
    // It has told us before that it knows: our answer was lost.
    if (!answer && (stream.knows.get(from) ?? 0) >= last && stream.top >= last) {
      stream.owed.add(from)
      this.#tellSoon(now)
    }
    know(stream, from, last)
    if (last <= stream.top || (stream.rumour?.last ?? 0) >= last) return
    stream.rumour = { peer: from, last, asks: 0 }
    stream.askAt ??= (now + askAfterMs) as Millis
    this.#lacking.add(stream)
  }

  #onWant(from: PeerId, { author, instance, numbers }: WantNews, now: Millis): void {
    const stream = this.#authors.find(author, instance)
    if (stream === undefined) return
    const had = numbers.length === 0 && this.#mayAgain(from, now) ? this.#hadOf(stream, now) : undefined
    if (had !== undefined) this.#say(from, [had], true)
    for (const seq of numbers) {
      const news = this.#retained.get(stream, seq)
      if (news !== undefined && this.#mayAgain(from, now)) this.#port.send(from, { type: 'spread', claims: [news] })
    }
  }

  #mayAgain(peer: PeerId, now: Millis): boolean {
    const allowance = this.#again.get(peer) ?? { tokens: againBurst, at: now }
    allowance.tokens = Math.min(againBurst, allowance.tokens + ((now - allowance.at) * againPerSecond) / 1000)
    allowance.at = now
    this.#again.set(peer, allowance)
    if (allowance.tokens < 1) return false
    allowance.tokens -= 1
    return true
  }

  #tellSoon(now: Millis): void {
    this.#tellAt ??= (now + tellEveryMs) as Millis
  }

  /** Tells each neighbour what it may not have had, and answers who asked. */
  #tell(now: Millis): void {
    this.#tellAt = undefined
    const peers = this.#port.linkedPeers()
    const news = new Map<PeerId, HadStream[]>(peers.map((peer) => [peer, []]))
    const answers = new Map<PeerId, HadStream[]>(peers.map((peer) => [peer, []]))
    for (const stream of this.#retained.streams) {
      let had: HadStream | undefined
      for (const peer of peers) {
        const owed = stream.owed.delete(peer)
        if (!owed && !this.#tells(stream, peer, now)) continue
        had ??= this.#hadOf(stream, now)
        if (had !== undefined) (owed ? answers : news).get(peer)!.push(had)
      }
    }
    for (const peer of peers) {
      this.#say(peer, news.get(peer)!, false)
      this.#say(peer, answers.get(peer)!, true)
    }
  }

  /** Whether it is time to tell this neighbour of this stream. Sets the time of the next round while there is a reason for one. */
  #tells(stream: Stream, peer: PeerId, now: Millis): boolean {
    if (peer === stream.author || (stream.knows.get(peer) ?? 0) >= stream.top) return false
    const telling = stream.tellings.get(peer) ?? { last: 0, times: 0, again: now }
    stream.tellings.set(peer, telling)
    if (telling.last !== stream.top) Object.assign(telling, { last: stream.top, times: 0, again: now })
    if (telling.times >= tellTimesMax) return false
    this.#tellSoon(now)
    if (telling.again > now) return false
    telling.times += 1
    telling.again = (now + tellEveryMs * 2 ** telling.times - 1) as Millis
    return true
  }

  #hadOf(stream: Stream, now: Millis): HadStream | undefined {
    const extent = this.#retained.extent(stream, freshMs, now)
    const { author, instance, top, next } = stream
    // Where we do not know ourselves where to begin, we are no guide.
    if (extent === undefined || next === undefined) return undefined
    const { oldest, ageMs, fresh } = extent
    // What we lack ourselves somebody else may have: it is no reason for others to begin behind it.
    const from = Math.min(next, oldest)
    return {
      author,
      instance,
      oldest: from,
      oldestAgeMs: Math.ceil(ageMs),
      fresh: fresh === oldest ? from : fresh,
      last: top,
    }
  }

  #say(peer: PeerId, streams: readonly HadStream[], answer: boolean): void {
    for (let at = 0; at < streams.length; at += streamsPerFrame) {
      const had: Had = { type: 'had', answer, streams: streams.slice(at, at + streamsPerFrame) }
      this.#port.send(peer, had)
    }
  }
}

function know(stream: Stream, peer: PeerId, seq: number): void {
  if (seq > (stream.knows.get(peer) ?? 0)) stream.knows.set(peer, seq)
}

function earlier(a: Millis | undefined, b: Millis | undefined): Millis | undefined {
  return a === undefined || (b !== undefined && b < a) ? b : a
}
