/** A join storm: everyone starts at once, knows nobody, and meets the others through the server. */
import type { Scenario } from '../experiment.ts'
import { Experiment } from '../experiment.ts'

const patienceMs = 120_000

export const bootstrap: Scenario = {
  name: 'bootstrap',
  summary: 'everyone starts at once; how long until every view is full',
  defaults: { peers: 64, seconds: 10 },
  run(conditions) {
    const experiment = new Experiment(conditions)
    const { world, figures } = experiment
    figures.openWindow()
    experiment.start(0)
    const full = experiment.untilFull(patienceMs)
    const viewsFullAt = figures.viewsFullAt ?? patienceMs
    // Views that are full are not yet the end: nothing may fall apart after.
    world.runFor(conditions.seconds * 1000)
    const { bytesPerSecond } = experiment.perPeer(figures.traffic)
    const own = [...figures.fullAt].map(([peer, at]) => at - peer.startedAt)
    return experiment.finish({
      viewsFullMs: [viewsFullAt],
      bytesPerPeerPerSecond: bytesPerSecond,
      more: {
        incomplete: full ? 0 : 1,
        ownViewFullMs: own.reduce((sum, ms) => sum + ms, 0) / Math.max(1, own.length),
        disagreeing: experiment.disagreeing(),
        relayedByServer: world.door.relayed,
      },
    })
  },
}
