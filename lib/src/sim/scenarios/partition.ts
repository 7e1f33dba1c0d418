/**
 * The network is split in two for a while. Each half goes on by itself, and when the split heals the
 * halves become one again, without anyone's help.
 */
import type { Scenario } from '../experiment.ts'
import type { World } from '../world.ts'
import { settled } from './crash.ts'

const patienceMs = 60_000

export const partition: Scenario = {
  name: 'partition',
  summary: 'a random two-way split of `--seconds`; how long after it heals all views are the same again',
  defaults: { peers: 128, seconds: 60 },
  run(conditions) {
    const experiment = settled(conditions)
    const { world, figures } = experiment
    experiment.tolerate()
    const smaller = splitInTwo(world)
    world.runFor(conditions.seconds * 1000)
    const apart = figures.cutOff
    const falseBefore = figures.falseDeaths.length
    world.heal()
    const healedAt = world.now
    let healed = false
    // Comparing all views is dear, so it is done every 50 ms.
    while (!healed && world.now < healedAt + patienceMs) {
      world.runFor(50)
      healed = experiment.disagreeing() === 0
    }
    const healMs = healed ? world.now - healedAt : patienceMs
    world.runFor(10_000)
    return experiment.finish({
      more: {
        healMs,
        smallerSide: smaller,
        verdictsWhileApart: apart,
        verdictsAfter: figures.falseDeaths.length - falseBefore,
      },
    })
  },
}

/** Splits those who run in two at random. Answers how many are on the smaller side. */
export function splitInTwo(world: World): number {
  const shuffled = world.prng.shuffled(world.running)
  const smaller = 1 + world.prng.int(Math.max(1, Math.floor(shuffled.length / 2)))
  world.partition(shuffled.slice(smaller), shuffled.slice(0, smaller))
  return smaller
}
