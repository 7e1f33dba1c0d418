/**
 * What waits to be sent on one link. Frames leave in the order of the four priorities, and within a
 * priority in the order they came. What the channel has accepted cannot be overtaken any more, so
 * each priority stops at its own ceiling of bytes accepted and not yet gone: a probe is never behind
 * more than a small buffer of somebody's file.
 */
import { priorities, type Priority } from '../core/effect.ts'
import type { Link } from '../transport/port.ts'

/** The part of a link that a queue needs. */
export type Outlet = Pick<Link, 'send' | 'bufferedBytes' | 'onDrain'>

/** SECURITY A.8: a link with more than this waiting is hung up. */
export const queueBytesMax = 1024 * 1024

/**
 * A frame of this priority waits while the channel holds more bytes than this. A guess for data: four
 * frames of 16 KiB keep a fast link busy, and cost a slow one (1 Mbit/s) half a second at worst.
 */
const ceilingBytes: Readonly<Record<Priority, number>> = {
  probe: Infinity,
  gossip: 256 * 1024,
  state: 128 * 1024,
  data: 64 * 1024,
}

const inOrder = (Object.keys(priorities) as Priority[]).sort((a, b) => priorities[a] - priorities[b])

export class SendQueue {
  readonly #outlet: Outlet
  readonly #lanes: Readonly<Record<Priority, Lane>>
  readonly #waiting: (() => void)[] = []
  bytesSent = 0
  framesSent = 0

  constructor(outlet: Outlet) {
    this.#outlet = outlet
    this.#lanes = { probe: new Lane(), gossip: new Lane(), state: new Lane(), data: new Lane() }
    outlet.onDrain = () => this.#onDrain()
  }

  /** Bytes accepted here or by the channel that have not left yet. */
  get waitingBytes(): number {
    return this.#queuedBytes + this.#outlet.bufferedBytes
  }

  get #queuedBytes(): number {
    let bytes = 0
    for (const priority of inOrder) bytes += this.#lanes[priority].bytes
    return bytes
  }

  /** Nothing waits here; the channel may still hold some. */
  get empty(): boolean {
    return inOrder.every((priority) => this.#lanes[priority].length === 0)
  }

  /** Room for another message of the application. */
  get roomy(): boolean {
    return this.#lanes.data.length === 0 && this.#outlet.bufferedBytes <= ceilingBytes.data
  }

  /** Queues a frame and sends what may go now. False when that was too much: the link is to be hung up. */
  push(frame: Uint8Array, priority: Priority): boolean {
    this.#lanes[priority].push(frame)
    this.pump()
    return this.waitingBytes <= queueBytesMax
  }

  /** Calls back once, when the application may send more. At once when it may now. */
  whenRoomy(resume: () => void): void {
    if (this.roomy) return resume()
    this.#waiting.push(resume)
  }

  /** Sends what may go now. */
  pump(): void {
    for (const priority of inOrder) {
      const lane = this.#lanes[priority]
      while (lane.length > 0 && this.#outlet.bufferedBytes <= ceilingBytes[priority]) this.#send(lane.shift())
    }
  }

  /** Sends everything now, ceilings or not: the page is closing. */
  spill(): void {
    for (const priority of inOrder) {
      const lane = this.#lanes[priority]
      while (lane.length > 0) this.#send(lane.shift())
    }
  }

  /** The link is gone: whoever waits for room goes on, and finds out. */
  close(): void {
    this.#outlet.onDrain = undefined
    for (const resume of this.#waiting.splice(0)) resume()
  }

  #onDrain(): void {
    this.pump()
    // One at a time: the first may fill the room that there is.
    while (this.#waiting.length > 0 && this.roomy) this.#waiting.shift()!()
  }

  #send(frame: Uint8Array): void {
    this.bytesSent += frame.length
    this.framesSent += 1
    this.#outlet.send(frame)
  }
}

/** First in, first out, without moving the rest for each one that leaves. */
class Lane {
  #frames: Uint8Array[] = []
  #head = 0
  bytes = 0

  get length(): number {
    return this.#frames.length - this.#head
  }

  push(frame: Uint8Array): void {
    this.#frames.push(frame)
    this.bytes += frame.length
  }

  /** Only when `length > 0`. */
  shift(): Uint8Array {
    const frame = this.#frames[this.#head]!
    this.#head += 1
    this.bytes -= frame.length
    if (this.#head === this.#frames.length || this.#head >= 64) {
      this.#frames.splice(0, this.#head)
      this.#head = 0
    }
    return frame
  }
}
