/**
 * Local health (Lifeguard §IV.A): a small score of how far we may trust our own senses. It rises when
 * our timers are late, our probes fail or our helpers' nacks stay out, and stretches our own timeouts
 * before we accuse anyone.
 */
export class Awareness {
  #score = 0
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  /** 0 is well, `max` the worst. */
  get score(): number {
    return this.#score
  }

  add(delta: number): void {
    this.#score = Math.min(this.#max, Math.max(0, this.#score + delta))
  }

  scale(ms: number): number {
    return ms * (1 + this.#score)
  }
}
