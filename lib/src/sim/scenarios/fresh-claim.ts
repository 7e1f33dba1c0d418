/** One peer says something new of itself. How long until everyone knows, and how often is it said? */
import type { Digest } from '../../identity/claim.ts'
import type { Scenario } from '../experiment.ts'
import { settled } from './crash.ts'

const patienceMs = 60_000

export const freshClaim: Scenario = {
  name: 'fresh-claim',
  summary: "one peer's metadata changes; when the last one knows, and how often anyone sends it on",
  defaults: { peers: 1000, seconds: 5 },
  run(conditions) {
    const experiment = settled(conditions)
    const { world, figures } = experiment
    const author = world.prng.pick(world.running)
    const metadata = new Uint8Array([0xa1, 0x61, 0x6e, 0x19, 0x03, 0xe8]) // { n: 1000 }
    let claim: Digest | undefined
    let madeAt = world.now
    world.observe({
      onInput(peer, input) {
        if (peer !== author || input.type !== 'sealed' || input.claim.type !== 'alive' || claim !== undefined) return
        claim = input.claim.digest
        madeAt = world.now
        figures.track(claim)
      },
    })
    figures.await(author, metadata)
    author.arrive({ type: 'set-metadata', metadata })
    const others = world.running.length - 1
    const reached = (): number => figures.reachedAt.size - (figures.reachedAt.has(author) ? 1 : 0)
    world.runUntil(world.now + patienceMs, () => reached() >= others)
    const times = [...figures.reachedAt].filter(([peer]) => peer !== author).map(([, at]) => at - madeAt)
    times.sort((a, b) => a - b)
    world.runFor(conditions.seconds * 1000)
    return experiment.finish({
      everywhereMs: [reached() < others ? patienceMs : Math.max(0, ...times)],
      sendsPerPeerMax: figures.sendsPerPeerMax,
      more: { unreached: others - reached(), sendsPerPeerMean: figures.sendsPerPeerMean },
      curves: { infection: times.map((ms, at) => [ms, (at + 1) / others] as const) },
    })
  },
}
