/** Some peers die, silently unless `closeHint`. When does the first survivor know, and when the last? */
import type { Conditions, Scenario } from '../experiment.ts'
import { Experiment } from '../experiment.ts'
import { warmFrom } from './steady.ts'

const patienceMs = 60_000

/** A settled mesh at a random moment of its period. */
export function settled(conditions: Conditions): Experiment {
  const experiment = new Experiment(conditions)
  if (conditions.peers >= warmFrom) {
    experiment.warm()
    experiment.world.runFor(10_000)
  } else experiment.settle()
  experiment.world.runFor(experiment.world.prng.between(0, 2000))
  return experiment
}

export const crash: Scenario = {
  name: 'crash',
  summary: '`--count` peers die; when the first and the last survivor know',
  defaults: { peers: 64, seconds: 10 },
  run(conditions) {
    const experiment = settled(conditions)
    const { world, figures } = experiment
    figures.openWindow()
    const victims = world.prng.sample(world.running, conditions.count)
    const { first, last, unseen } = experiment.crash(victims, patienceMs)
    const { bytesPerSecond } = experiment.perPeer(figures.traffic)
    const detections = figures.verdicts.map(({ afterMs }) => afterMs)
    world.runFor(conditions.seconds * 1000)
    return experiment.finish({
      firstVerdictMs: first,
      lastVerdictMs: last,
      bytesPerPeerPerSecond: bytesPerSecond,
      more: { unseen, suspicions: figures.suspicions.length },
      curves: { detections },
    })
  },
}
