/** The weather in which more than membership has to hold: peers come and go, and for a third of it the network is split. */
import { Churn } from '../churn.ts'
import type { Experiment } from '../experiment.ts'
import { splitInTwo } from './partition.ts'

/** `--seconds` of it. Answers who came and went. */
export function storm(experiment: Experiment): Churn['counts'] {
  const { world, conditions } = experiment
  const third = (conditions.seconds * 1000) / 3
  const churning = new Churn(experiment, { everyMs: 4000, least: Math.ceil(conditions.peers / 2) })
  churning.start()
  world.runFor(third)
  splitInTwo(world)
  world.runFor(third)
  world.heal()
  world.runFor(third)
  churning.stop()
  return churning.counts
}
