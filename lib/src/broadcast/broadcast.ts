/**
 * News to everyone: flooded once over every link, delivered once. Each author numbers its broadcasts,
 * and a window over those numbers tells what was had before.
 */
import type { Verified } from '../identity/claim.ts'
import type { WallMillis } from '../identity/millis.ts'
import type { InstanceId, PeerId } from '../identity/peer-id.ts'
import type { BroadcastMessage, News } from './messages.ts'

/** A guess: longer than any path takes, shorter than anyone would call it news. */
export const newsTtlMs = 60_000
/** Broadcasts of one author that may overtake one another. */
const windowMax = 1024
/** Authors remembered; the one not heard of for longest is forgotten first. */
const authorsMax = 10_000

export interface BroadcastPort {
  readonly self: PeerId
  linkedPeers(): readonly PeerId[]
  /** Whether this author may be in the room. */
  admits(peer: PeerId): boolean
  send(to: PeerId, message: BroadcastMessage): void
  seal(draft: News): void
  deliver(news: Verified<News>): void
}

interface Heard {
  /** Everything below was had, or came too late to matter. */
  floor: number
  readonly above: Set<number>
}

export class Broadcast {
  readonly #port: BroadcastPort
  readonly #instance: InstanceId
  readonly #heard = new Map<InstanceId, Heard>()
  #seq = 0

  constructor(port: BroadcastPort, instance: InstanceId) {
    this.#port = port
    this.#instance = instance
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

  sealed(news: Verified<News>): void {
    this.#spread(news, undefined)
  }

  receive(from: PeerId, claims: readonly Verified<News>[]): void {
    for (const news of claims) {
      if (news.author === this.#port.self || !this.#port.admits(news.author) || !this.#first(news)) continue
      this.#port.deliver(news)
      this.#spread(news, from)
    }
  }

  #spread(news: Verified<News>, from: PeerId | undefined): void {
    const message: BroadcastMessage = { type: 'spread', claims: [news] }
    for (const peer of this.#port.linkedPeers())
      if (peer !== from && peer !== news.author) this.#port.send(peer, message)
  }

  #first(news: News): boolean {
    let heard = this.#heard.get(news.instance)
    if (heard === undefined) heard = { floor: 0, above: new Set() }
    this.#heard.delete(news.instance)
    this.#heard.set(news.instance, heard)
    if (this.#heard.size > authorsMax) {
      const oldest = this.#heard.keys().next()
      if (!oldest.done) this.#heard.delete(oldest.value)
    }
    if (news.seq <= heard.floor || heard.above.has(news.seq)) return false
    heard.above.add(news.seq)
    while (heard.above.delete(heard.floor + 1)) heard.floor += 1
    if (heard.above.size > windowMax) {
      heard.floor = Math.min(...heard.above)
      while (heard.above.delete(heard.floor + 1)) heard.floor += 1
    }
    return true
  }
}
