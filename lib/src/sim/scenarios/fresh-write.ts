/** One peer writes to a map. How long until every replica has it, and how often does anyone send it? */
import type { Digest } from '../../identity/claim.ts'
import type { Scenario } from '../experiment.ts'
import { settled } from './crash.ts'
import { writeOf } from './state.ts'

const patienceMs = 60_000

export const freshWrite: Scenario = {
  name: 'fresh-write',
  summary: 'a peer writes to a replicated map; when the last replica has it, and how often anyone sends it on',
  defaults: { peers: 64, seconds: 5 },
  run(conditions) {
    const experiment = settled(conditions)
    const { world } = experiment
    const author = world.prng.pick(world.running)
    const madeAt = world.now
    let claim: Digest | undefined
    const reachedAt = new Map<number, number>()
    const sends = new Map<number, number>()
    world.observe({
      onInput(peer, input) {
        if (peer === author && input.type === 'sealed' && input.claim.type === 'entry') claim = input.claim.digest
      },
      onNotify(peer, event) {
        if (event.type === 'entries-changed' && peer !== author) reachedAt.set(peer.index, world.now)
      },
      onSend(end, message) {
        if (message.type !== 'fresh' || !message.claims.some(({ digest }) => digest === claim)) return
        sends.set(end.peer.index, (sends.get(end.peer.index) ?? 0) + 1)
      },
    })
    author.arrive({ type: 'write', writes: [writeOf('board', 'title', 1)], ref: 1 })
    const others = world.running.length - 1
    world.runUntil(madeAt + patienceMs, () => reachedAt.size >= others)
    const times = [...reachedAt.values()].map((at) => at - madeAt).sort((a, b) => a - b)
    world.runFor(conditions.seconds * 1000)
    const total = [...sends.values()].reduce((sum, count) => sum + count, 0)
    return experiment.finish({
      everywhereMs: [reachedAt.size < others ? patienceMs : Math.max(0, ...times)],
      sendsPerPeerMax: Math.max(0, ...sends.values()),
      more: { unreached: others - reachedAt.size, sendsPerPeerMean: total / (others + 1) },
      curves: { infection: times.map((ms, at) => [ms, (at + 1) / others] as const) },
    })
  },
}
