/** Members that lie, in every way there is, for a minute. The honest ones must not come to harm. */
import type { Scenario } from '../experiment.ts'
import { liar, liarNames } from '../liars.ts'
import { settled } from './crash.ts'

export const liars: Scenario = {
  name: 'liars',
  summary:
    '`--count` members (default a tenth) lie in all ways; no one honest may be harmed, and a crash must still be seen',
  defaults: { peers: 32, seconds: 30, count: 0 },
  run(conditions) {
    const experiment = settled(conditions)
    const { world, figures } = experiment
    const count = conditions.count || Math.ceil(conditions.peers / 10)
    const first = world.prng.int(liarNames.length)
    for (let i = 0; i < count; i++) world.spawn({ liar: liar(liarNames[(first + i) % liarNames.length] ?? 'forge') })
    figures.openWindow()
    let refused = 0
    world.observe({
      onInput(peer, input) {
        if (input.type === 'refused' && peer.liar === undefined) refused++
      },
    })
    world.runFor(conditions.seconds * 1000)
    const { bytesPerSecond } = experiment.perPeer(figures.traffic)
    const { first: firstMs, last, unseen } = experiment.crash([world.prng.pick(world.honest)], 60_000)
    world.runFor(10_000)
    return experiment.finish({
      firstVerdictMs: firstMs,
      lastVerdictMs: last,
      bytesPerPeerPerSecond: bytesPerSecond,
      more: { liars: count, refused, unseen, disagreeing: experiment.disagreeing() },
    })
  },
}
