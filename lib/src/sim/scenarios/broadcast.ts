/**
 * Everybody broadcasts now and then, some in bursts. How long until each broadcast was handed out everywhere, how many
 * copies of it were sent, and what was not delivered at all?
 */
import type { Scenario } from '../experiment.ts'
import { settled } from './crash.ts'

/** Within the bound that all simulations keep for one link. */
const burstMax = 8
const patienceMs = 60_000

export const broadcast: Scenario = {
  name: 'broadcast',
  summary:
    'everybody broadcasts, some in bursts; when each was handed out everywhere, in order and once, and what it cost',
  defaults: { peers: 64, seconds: 20 },
  run(conditions) {
    const experiment = settled(conditions)
    const { world } = experiment
    const { peers } = conditions
    let said = 0
    let saying = true
    const madeAt = new Map<string, number>()
    const reached = new Map<string, number>()
    const everywhereMs: number[] = []
    let copies = 0
    let repairs = 0
    let gaps = 0
    world.observe({
      onNotify(_peer, event) {
        if (event.type === 'broadcast-gap') gaps += event.missed
        if (event.type !== 'broadcast') return
        const key = event.payload.join('.')
        const count = (reached.get(key) ?? 0) + 1
        reached.set(key, count)
        if (count === peers - 1) everywhereMs.push(world.now - (madeAt.get(key) ?? 0))
      },
      onSend(_end, message) {
        if (message.type === 'spread') copies += 1
        if (message.type === 'had' || message.type === 'want-news') repairs += 1
      },
    })
    const say = (): void => {
      if (!saying) return
      const peer = world.prng.pick(world.running)
      const many = world.prng.chance(0.1) ? burstMax : 1
      for (let i = 0; i < many; i++) {
        said += 1
        const payload = Uint8Array.of(0x1a, (said >>> 24) & 255, (said >>> 16) | 1, (said >>> 8) & 255, said & 255)
        madeAt.set(payload.join('.'), world.now)
        peer.arrive({ type: 'broadcast', topic: '', payload, ref: said })
      }
      world.after(world.prng.between(20, 200), say)
    }
    say()
    world.runFor(conditions.seconds * 1000)
    saying = false
    world.runUntil(world.now + patienceMs, () => everywhereMs.length === said)
    const incomplete = said - everywhereMs.length
    // Long enough for the checkers to expect everything.
    world.runFor(21_000)
    for (let i = 0; i < incomplete; i++) everywhereMs.push(patienceMs)
    return experiment.finish({
      everywhereMs,
      more: {
        said,
        incomplete,
        missed: gaps,
        copiesPerPeer: copies / said / peers,
        repairFramesPerPeer: repairs / said / peers,
      },
    })
  },
}
