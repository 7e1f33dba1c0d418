/** Everyone starts at once, and knows the same one peer: whoever has that one's address has all that there is. */
import { Experiment } from '../experiment.ts'
import type { Scenario } from '../experiment.ts'

const patienceMs = 120_000
/** Links that nobody needs go after five seconds, and extra ones come after. */
const restMs = 30_000

export const oneContact: Scenario = {
  name: 'one-contact',
  summary: 'all start at once, and the server names to everybody the same one peer; until every view is full',
  defaults: { peers: 64 },
  run(conditions) {
    const experiment = new Experiment({ ...conditions, door: { ...conditions.door, firstOnly: true } })
    const { world, figures } = experiment
    world.spawn()
    world.runFor(1000)
    const from = world.now
    figures.openWindow()
    figures.expectViews(conditions.peers - 1)
    for (let i = 1; i < conditions.peers; i++) world.spawn()
    const full = experiment.untilFull(patienceMs)
    const viewsFullMs = (figures.viewsFullAt ?? from + patienceMs) - from
    world.runFor(restMs)
    const { bytesPerSecond } = experiment.perPeer(figures.traffic)
    const links = world.running.map(({ ends }) => ends.size)
    return experiment.finish({
      viewsFullMs: [viewsFullMs],
      bytesPerPeerPerSecond: bytesPerSecond,
      more: {
        incomplete: full ? 0 : 1,
        disagreeing: experiment.disagreeing(),
        linksAtRestMean: links.reduce((sum, size) => sum + size, 0) / links.length,
        linksAtRestMax: Math.max(...links),
        relayedByServer: world.door.relayed,
      },
    })
  },
}
