/**
 * Whose broadcasts we know of. A member's place is its own; those who are no members, or not yet, share a few, so that
 * nobody who makes up keys can push a member's numbers out and have its news told twice.
 */
import type { InstanceId, PeerId } from '../identity/peer-id.ts'
import { Stream } from './stream.ts'

/** Runs of one author: the one that ends, and the one that begins. */
const runsMax = 2
/** A guess: broadcasts that overtook the claim of who made them. */
const strangersMax = 256
/** Members that were: more than there can be at once. */
const authorsMax = 10_000

export interface AuthorsOptions {
  readonly isMember: (id: PeerId) => boolean
  readonly onForgotten: (stream: Stream) => void
}

export class Authors {
  /** Of those who have said something. */
  readonly #streams = new Map<PeerId, Stream[]>()
  readonly #strangers = new Set<PeerId>()
  readonly #options: AuthorsOptions

  constructor(options: AuthorsOptions) {
    this.#options = options
  }

  /** It is a member now. */
  met(id: PeerId): void {
    this.#strangers.delete(id)
  }

  find(id: PeerId, instance: InstanceId): Stream | undefined {
    return this.#streams.get(id)?.find((stream) => stream.instance === instance)
  }

  open(id: PeerId, instance: InstanceId): Stream {
    const known = this.find(id, instance)
    if (known) return known
    const streams = this.#place(id)
    const stream = new Stream(id, instance)
    streams.push(stream)
    if (streams.length > runsMax) this.#options.onForgotten(streams.shift()!)
    return stream
  }

  *streams(): Iterable<Stream> {
    for (const streams of this.#streams.values()) yield* streams
  }

  #place(id: PeerId): Stream[] {
    const known = this.#streams.get(id)
    if (known) return known
    const streams: Stream[] = []
    this.#streams.set(id, streams)
    if (!this.#options.isMember(id)) this.#strangers.add(id)
    if (this.#strangers.size > strangersMax) this.#forget(this.#strangers.values().next().value!)
    if (this.#streams.size > authorsMax) this.#forget(this.#streams.keys().next().value!)
    return streams
  }

  #forget(id: PeerId): void {
    for (const stream of this.#streams.get(id) ?? []) this.#options.onForgotten(stream)
    this.#streams.delete(id)
    this.#strangers.delete(id)
  }
}
