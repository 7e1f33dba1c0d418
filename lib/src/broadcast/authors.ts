/**
 * Whose broadcasts we know of. A member's place is its own; those who are no members, or not yet, share a few, so that
 * nobody who makes up keys can push a member's numbers out and have its news told twice.
 */
import type { Millis } from '../identity/millis.ts'
import type { InstanceId, PeerId } from '../identity/peer-id.ts'
import { Stream } from './stream.ts'

/** Runs of one author: the one that ends, and the one that begins. */
const runsMax = 2
/** A guess: broadcasts that overtook the claim of who made them. */
const strangersMax = 256
/** Members that were: more than there can be at once. */
const authorsMax = 10_000

interface Author {
  readonly streams: Stream[]
  instance: InstanceId | undefined
  metAt: Millis | undefined
}

export class Authors {
  readonly #authors = new Map<PeerId, Author>()
  readonly #strangers = new Set<PeerId>()
  readonly #onForgotten: (stream: Stream) => void

  constructor(onForgotten: (stream: Stream) => void) {
    this.#onForgotten = onForgotten
  }

  /** A member, in this run of it. */
  met(id: PeerId, instance: InstanceId, now: Millis): void {
    const author = this.#place(id)
    this.#strangers.delete(id)
    if (author.instance === instance) return
    author.instance = instance
    author.metAt = now
  }

  /** Since when this run of a member has been known; undefined for anybody else. */
  metAt(id: PeerId, instance: InstanceId): Millis | undefined {
    const author = this.#authors.get(id)
    return author?.instance === instance ? author.metAt : undefined
  }

  find(id: PeerId, instance: InstanceId): Stream | undefined {
    return this.#authors.get(id)?.streams.find((stream) => stream.instance === instance)
  }

  open(id: PeerId, instance: InstanceId): Stream {
    const known = this.find(id, instance)
    if (known) return known
    const { streams } = this.#place(id)
    const stream = new Stream(id, instance)
    streams.push(stream)
    if (streams.length > runsMax) this.#onForgotten(streams.shift()!)
    return stream
  }

  *streams(): Iterable<Stream> {
    for (const { streams } of this.#authors.values()) yield* streams
  }

  #place(id: PeerId): Author {
    const known = this.#authors.get(id)
    if (known) return known
    const author: Author = { streams: [], instance: undefined, metAt: undefined }
    this.#authors.set(id, author)
    this.#strangers.add(id)
    if (this.#strangers.size > strangersMax) this.#forget(this.#strangers.values().next().value!)
    if (this.#authors.size > authorsMax) this.#forget(this.#authors.keys().next().value!)
    return author
  }

  #forget(id: PeerId): void {
    for (const stream of this.#authors.get(id)?.streams ?? []) this.#onForgotten(stream)
    this.#authors.delete(id)
    this.#strangers.delete(id)
  }
}
