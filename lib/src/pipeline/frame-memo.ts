/**
 * Frames that were read and verified, by the very array that they came in. In a simulation one array goes to
 * many peers of one process; what it says is worked out once. On a network no array arrives twice, and
 * nobody hands ingress such a memo.
 */
import type { WallMillis } from '../identity/millis.ts'
import type { Message } from '../core/message.ts'

interface Remembered {
  readonly message: Message
  /** The claims in it are all current between these two. */
  readonly from: number
  readonly until: number
}

export class FrameMemo {
  readonly #frames = new WeakMap<Uint8Array, Remembered>()

  find(bytes: Uint8Array, wall: WallMillis): Message | undefined {
    const known = this.#frames.get(bytes)
    return known && known.from <= wall && wall <= known.until ? known.message : undefined
  }

  add(bytes: Uint8Array, message: Message, from: number, until: number): void {
    this.#frames.set(bytes, { message, from, until })
  }
}
