/** Nothing happens. What does that cost? */
import type { Scenario } from '../experiment.ts'
import { Experiment } from '../experiment.ts'

/** For what the start left under way: late dials, surplus links, the first digests, asking for random links. */
const quietenMs = 120_000
/** From here on a world is warmed rather than bootstrapped: its meeting costs more than its minute. */
export const warmFrom = 48

export const steady: Scenario = {
  name: 'steady',
  summary: 'nothing happens; what each peer sends all the same',
  defaults: { peers: 64, seconds: 60 },
  run(conditions) {
    const experiment = new Experiment(conditions, 'old')
    const { world, figures } = experiment
    if (conditions.peers >= warmFrom) experiment.warm()
    else experiment.settle()
    world.runFor(quietenMs)
    figures.openWindow()
    world.runFor(conditions.seconds * 1000)
    const { traffic } = figures
    const { probesPerPeriod, bytesPerSecond, framesPerSecond } = experiment.perPeer(traffic)
    const more: Record<string, number> = { framesPerPeerPerSecond: framesPerSecond }
    for (const [type, counted] of traffic.byType) {
      more[`${type}BytesPerPeerPerSecond`] = (counted.bytes / conditions.peers / traffic.ms) * 1000
    }
    return experiment.finish({
      probeMessagesPerPeriod: probesPerPeriod,
      bytesPerPeerPerSecond: bytesPerSecond,
      more: { ...more, suspicions: figures.suspicions.length },
    })
  },
}
