/** How our last probes of each neighbour went, by any way. One that seldom answers has a bad connection. */
import type { PeerId } from '../identity/peer-id.ts'

/** Probes that are remembered, and how few say nothing yet. A guess: a window of about a minute at eight neighbours. */
const remembered = 8
const enough = 4
/** The same for our own connection, over all neighbours. */
const rememberedInAll = 32
const enoughInAll = 16

export class Reliability {
  readonly #answers = new Map<PeerId, boolean[]>()
  readonly #inAll: boolean[] = []

  probed(peer: PeerId, answered: boolean): void {
    let answers = this.#answers.get(peer)
    if (answers === undefined) this.#answers.set(peer, (answers = []))
    answers.push(answered)
    if (answers.length > remembered) answers.shift()
    this.#inAll.push(answered)
    if (this.#inAll.length > rememberedInAll) this.#inAll.shift()
  }

  /** The part of all our last probes, whoever they went to, that found no answer: where it is large, it is ours that is bad. */
  get failuresInAll(): number {
    return this.#inAll.length < enoughInAll ? 0 : failed(this.#inAll)
  }

  /** The part of the last probes that found no answer; 0 while there were too few to tell. */
  failures(peer: PeerId): number {
    const answers = this.#answers.get(peer)
    if (answers === undefined || answers.length < enough) return 0
    return failed(answers)
  }

  forget(peer: PeerId): void {
    this.#answers.delete(peer)
  }
}

function failed(answers: readonly boolean[]): number {
  return answers.filter((answered) => !answered).length / answers.length
}
