/** How our last probes of each neighbour went, by any way. One that seldom answers has a bad connection. */
import type { PeerId } from '../identity/peer-id.ts'

/** Probes that are remembered, and how few say nothing yet. A guess: a window of about a minute at eight neighbours. */
const remembered = 8
const enough = 4

export class Reliability {
  readonly #answers = new Map<PeerId, boolean[]>()

  probed(peer: PeerId, answered: boolean): void {
    let answers = this.#answers.get(peer)
    if (answers === undefined) this.#answers.set(peer, (answers = []))
    answers.push(answered)
    if (answers.length > remembered) answers.shift()
  }

  /** The part of the last probes that found no answer; 0 while there were too few to tell. */
  failures(peer: PeerId): number {
    const answers = this.#answers.get(peer)
    if (answers === undefined || answers.length < enough) return 0
    return answers.filter((answered) => !answered).length / answers.length
  }

  forget(peer: PeerId): void {
    this.#answers.delete(peer)
  }
}
