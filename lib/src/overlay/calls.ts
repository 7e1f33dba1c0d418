/**
 * How many calls one neighbour may hand us. A call is the first signal of somebody who is neither linked to us nor on the
 * way to it, and it makes our transport open a connection: tens of milliseconds of a processor, and one of the few hundred
 * that a page may have. The caller can be any key, the neighbour that the call came from is one, and no neighbour is to use
 * up what the transport grants to all.
 */
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { Bucket } from './bucket.ts'
import { trim } from './chance.ts'

export interface CallLimits {
  readonly callsPerSecond: number
  readonly callsBurst: number
}

/** Neighbours, linked or not: a new link is no new budget. The one longest silent goes first. */
const neighboursMax = 256

export class Calls {
  readonly #limits: CallLimits
  readonly #buckets = new Map<PeerId, Bucket>()

  constructor(limits: CallLimits) {
    this.#limits = limits
  }

  take(via: PeerId, now: Millis): boolean {
    const { callsPerSecond, callsBurst } = this.#limits
    const bucket = this.#buckets.get(via) ?? new Bucket(callsPerSecond, callsBurst, now)
    this.#buckets.delete(via)
    this.#buckets.set(via, bucket)
    trim(this.#buckets, neighboursMax)
    return bucket.take(1, now)
  }
}
