/** Peers come and go all the time, as in a popular room: some leave in order, some crash, some come back. */
import type { Scenario } from '../experiment.ts'
import { Churn } from '../churn.ts'
import { settled } from './crash.ts'

export const churn: Scenario = {
  name: 'churn',
  summary: 'peers join, leave, crash and return at random for `--seconds`; then all views must be right again',
  defaults: { peers: 32, seconds: 60 },
  run(conditions) {
    const experiment = settled(conditions)
    const { world, figures } = experiment
    const churning = new Churn(experiment, { everyMs: 2000, least: Math.ceil(conditions.peers / 2) })
    figures.openWindow()
    churning.start()
    world.runFor(conditions.seconds * 1000)
    churning.stop()
    const { bytesPerSecond } = experiment.perPeer(figures.traffic)
    const stoppedAt = world.now
    let agreed = false
    while (!agreed && world.now < stoppedAt + 60_000) {
      world.runFor(100)
      agreed = experiment.disagreeing() === 0
    }
    const calmMs = world.now - stoppedAt
    world.runFor(5000)
    return experiment.finish({
      bytesPerPeerPerSecond: bytesPerSecond,
      more: { ...churning.counts, calmMs, takenForFailures: figures.leavesTakenForDeaths.length },
    })
  },
}
