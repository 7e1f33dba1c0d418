/**
 * The overlay's own figures: how many links a peer holds at rest, what one newcomer costs the mesh in links, and
 * how long the rings take to be whole again after `--count` members (default three in ten) died at once.
 */
import type { Experiment, Scenario } from '../experiment.ts'
import type { SimPeer } from '../peer.ts'
import { settled } from './crash.ts'

/** Long enough for every link that nobody needs to be let go. */
const restMs = 30_000
const patienceMs = 60_000
const lookMs = 250

export const rings: Scenario = {
  name: 'rings',
  summary: 'links at rest, what a newcomer costs, and how soon the rings are whole after `--count` died at once',
  defaults: { peers: 200, count: 0 },
  run(conditions) {
    const experiment = settled(conditions)
    const { world, figures } = experiment
    world.runFor(restMs)
    const atRest = world.running.map(({ ends }) => ends.size)

    // Links beside the rings still come about in a mesh this young: the same time without a newcomer tells how many.
    const without = countLinks(experiment)
    world.runFor(restMs)
    const quiet = without.stop()
    const links = countLinks(experiment)
    const newcomer = world.spawn()
    world.runFor(restMs)
    const { opened, closed } = links.stop()
    const newcomerLinks = newcomer.ends.size

    figures.openWindow()
    const count = conditions.count || Math.floor(conditions.peers * 0.3)
    for (const victim of world.prng.sample(world.running, count)) world.crash(victim)
    const parts = islands(world.running)
    const crashedAt = world.now
    const wholeMs = until(experiment, () => whole(experiment))
    world.runFor(Math.max(0, crashedAt + restMs - world.now))
    return experiment.finish({
      more: {
        linksAtRestMean: atRest.reduce((sum, size) => sum + size, 0) / atRest.length,
        linksAtRestMax: Math.max(...atRest),
        openedWithNewcomer: opened,
        closedWithNewcomer: closed,
        openedWithout: quiet.opened,
        closedWithout: quiet.closed,
        newcomerLinks,
        died: count,
        islandsAfterCrash: parts,
        wholeMs,
      },
    })
  },
}

/** Links of the whole world that open and close from now on, each once. */
function countLinks({ world }: Experiment): { stop(): { opened: number; closed: number } } {
  const before = linkCount(world.running)
  let opened = 0
  let counting = true
  world.observe({
    onLink() {
      if (counting) opened += 0.5
    },
  })
  return {
    stop() {
      counting = false
      return { opened, closed: before + opened - linkCount(world.running) }
    },
  }
}

const linkCount = (peers: readonly SimPeer[]): number => peers.reduce((sum, { ends }) => sum + ends.size, 0) / 2

/** Virtual milliseconds until it holds; the whole patience when it never does. */
function until({ world }: Experiment, holds: () => boolean): number {
  const from = world.now
  while (world.now < from + patienceMs) {
    world.runFor(lookMs)
    if (holds()) return world.now - from
  }
  return patienceMs
}

/** All views are right, and all who are next to each other on a ring are linked. */
function whole(experiment: Experiment): boolean {
  if (experiment.disagreeing() > 0) return false
  const { world } = experiment
  const [witness] = world.running
  return (witness?.machine.edges() ?? []).every(([a, b]) => {
    const [one, other] = [world.find(a), world.find(b)]
    return one !== undefined && other !== undefined && one.linkedTo(other)
  })
}

/** Into how many parts those who run fall, by their open links alone. */
function islands(peers: readonly SimPeer[]): number {
  const unseen = new Set(peers)
  let parts = 0
  for (const start of peers) {
    if (!unseen.delete(start)) continue
    parts++
    const reached = [start]
    for (const peer of reached) {
      for (const { other } of peer.ends.values()) if (unseen.delete(other.peer)) reached.push(other.peer)
    }
  }
  return parts
}
