/** Comings and goings from a seed. */
import type { Experiment } from './experiment.ts'
import type { SimPeer } from './peer.ts'

export interface ChurnOptions {
  /** Something happens this often on average. */
  readonly everyMs: number
  /** Nobody goes when no more than these are left. */
  readonly least: number
}

export class Churn {
  readonly #experiment: Experiment
  readonly #options: ChurnOptions
  readonly #gone: SimPeer[] = []
  readonly counts = { joins: 0, returns: 0, crashes: 0, leaves: 0 }
  #on = false

  constructor(experiment: Experiment, options: ChurnOptions) {
    this.#experiment = experiment
    this.#options = options
  }

  start(): void {
    this.#on = true
    this.#next()
  }

  stop(): void {
    this.#on = false
  }

  #next(): void {
    const { world } = this.#experiment
    // Exponential gaps: events come in bursts, as people do.
    world.after(-Math.log(1 - world.prng.float()) * this.#options.everyMs, () => {
      if (!this.#on) return
      this.#happen()
      this.#next()
    })
  }

  #happen(): void {
    const { world } = this.#experiment
    const running = world.running
    const what = world.prng.float()
    if (running.length <= this.#options.least || what < 0.4) {
      this.counts.joins++
      world.spawn()
      return
    }
    if (what < 0.6 && this.#gone.length > 0) {
      const again = this.#gone.splice(world.prng.int(this.#gone.length), 1)[0]
      if (again === undefined) return
      this.counts.returns++
      world.spawn({ again })
      return
    }
    const victim = world.prng.pick(running)
    this.#gone.push(victim)
    if (what < 0.8) {
      this.counts.leaves++
      victim.arrive({ type: 'leave' })
    } else {
      this.counts.crashes++
      world.crash(victim, world.prng.chance(0.5))
    }
  }
}
