/**
 * Rapid's experiment (ATC 2018, §7, figure 8): one member in a hundred loses 80 % of what it is sent
 * and sends. Those should go, nobody else should, and then it should be quiet.
 */
import type { Scenario } from '../experiment.ts'
import { settled } from './crash.ts'

export const loss80: Scenario = {
  name: 'loss80',
  summary: '1 % of the members lose 80 % of their packets; exactly those should go, and stay gone',
  defaults: { peers: 1000, seconds: 90, count: 0 },
  run(conditions) {
    const experiment = settled(conditions)
    const { world, figures } = experiment
    const lossy = world.prng.sample(world.running, conditions.count || Math.ceil(conditions.peers / 100))
    for (const peer of lossy) {
      experiment.impair(peer, { inboundLoss: 0.8, outboundLoss: 0.8 })
      experiment.giveUp(peer)
    }
    const bad = new Set(lossy)
    const healthy = world.running.filter((peer) => !bad.has(peer))
    const faultAt = world.now
    world.runFor(conditions.seconds * 1000)
    const verdicts = figures.falseDeaths.filter(({ observer }) => !bad.has(observer))
    const rightly = verdicts.filter(({ subject }) => bad.has(subject)).length
    const views = healthy.filter((peer) => {
      const members = peer.machine.members()
      const holds = (other: (typeof healthy)[number]): boolean => {
        const status = members.get(other.id)?.status
        return other === peer || status === 'alive' || status === 'suspect'
      }
      return healthy.every(holds) && lossy.every((other) => !holds(other))
    }).length
    return experiment.finish({
      falseDeaths: verdicts.length - rightly,
      lastVerdictMs: [],
      more: {
        lossy: lossy.length,
        rightVerdicts: rightly,
        rightVerdictsWanted: healthy.length * lossy.length,
        wrongVerdicts: verdicts.length - rightly,
        exactViews: views,
        healthy: healthy.length,
        virtualSecondsOfFault: (world.now - faultAt) / 1000,
      },
    })
  },
}
