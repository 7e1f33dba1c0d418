/** All of one zone falls silent at once, as when a data centre loses its uplink, and comes back. */
import type { PeerId } from '../../identity/peer-id.ts'
import type { Scenario } from '../experiment.ts'
import { Experiment } from '../experiment.ts'

export const zone: Scenario = {
  name: 'zone',
  summary:
    'a zone of `--count` members (default a quarter) is cut off for `--seconds` and returns; it is one event, not many',
  defaults: { peers: 32, seconds: 30, count: 0 },
  run(conditions) {
    const experiment = new Experiment(conditions)
    const { world } = experiment
    const inside = conditions.count || Math.ceil(conditions.peers / 4)
    for (let i = 0; i < conditions.peers; i++) world.spawn({ zone: i < inside ? 'island' : 'mainland' })
    let settledBy = 0
    while (experiment.disagreeing() > 0 && settledBy++ < 600) world.runFor(100)
    world.runFor(8000)
    experiment.tolerate()
    const island = world.peers.slice(0, inside)
    const mainland = world.peers.slice(inside)
    let unreachable = 0
    let recovered = 0
    let failures = 0
    const islanders = new Set<PeerId>(island.map(({ id }) => id))
    world.observe({
      onNotify(peer, event) {
        if (islanders.has(peer.id)) return
        if (event.type === 'zone-unreachable' && event.zone === 'island') unreachable++
        if (event.type === 'zone-recovered' && event.zone === 'island') recovered++
        if (event.type === 'member-failed') failures++
      },
    })
    world.partition(mainland, island)
    world.runFor(conditions.seconds * 1000)
    world.heal()
    world.runFor(30_000)
    return experiment.finish({
      more: {
        zoneUnreachableEvents: unreachable,
        zoneRecoveredEvents: recovered,
        memberFailedEvents: failures,
        observers: mainland.length,
      },
    })
  },
}
