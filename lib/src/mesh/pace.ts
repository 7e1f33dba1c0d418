/**
 * How far a large message may run ahead of its receiver. What is ahead waits somewhere, in buffers or in the other page's
 * queue, and a probe waits behind it: so no further than the way itself needs. (Delay tells, as in TCP Vegas: RFC 6817
 * calls it LEDBAT.)
 */
import type { Millis } from '../identity/millis.ts'

/** What the receiver answers with credit: two frames on their way. */
const leastBytes = 1 << 14
const stepBytes = 1 << 12
/** A delay beyond so many times the least one is a queue of our own making. measured: npm run bench:transfer */
const queueFactor = 1.5
/** The clock of some browsers is no finer. */
const grainMs = 1

export class Pace {
  readonly #mostBytes: number
  /** When so many bytes had been sent. */
  readonly #marks: { readonly sent: number; readonly at: Millis }[] = []
  #leastMs = Infinity
  #bytes = 2 * leastBytes

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** How far ahead. */
  get bytes(): number {
    return this.#bytes
  }

  onSent(sent: number, now: Millis): void {
    this.#marks.push({ sent, at: now })
  }

  onReceived(received: number, now: Millis): void {
    let at: Millis | undefined
    while (this.#marks[0] !== undefined && this.#marks[0].sent <= received) at = this.#marks.shift()!.at
    if (at === undefined) return
    const delayMs = now - at
    this.#leastMs = Math.min(this.#leastMs, delayMs)
    const queues = delayMs > queueFactor * this.#leastMs + grainMs
    const next = queues ? this.#bytes * 0.875 : this.#bytes + stepBytes
    this.#bytes = Math.min(this.#mostBytes, Math.max(leastBytes, next))
  }
}
