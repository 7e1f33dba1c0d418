/** One in twenty comes or goes each minute, as in a popular room, and goes without a word: how long is anybody short of links? */
import type { Scenario } from '../experiment.ts'
import type { SimPeer } from '../peer.ts'
import { settled } from './crash.ts'

const perMinute = 0.05
const lookMs = 250
/** With fewer usable links than half of its eight neighbours a peer is short of them; in a mesh of nine, than half of all. */
const enoughLinks = 4
const settleMs = 30_000

export const turnover: Scenario = {
  name: 'turnover',
  summary: '5 % of the peers crash and as many come each minute; how long anybody is short of links',
  defaults: { peers: 200, seconds: 120 },
  run(conditions) {
    const experiment = settled(conditions)
    const { world } = experiment
    const chance = (conditions.peers * perMinute * lookMs) / 60_000
    const shortSince = new Map<SimPeer, number>()
    const counts = { joins: 0, crashes: 0 }
    let shortMsMax = 0
    let linksMax = 0
    for (const until = world.now + conditions.seconds * 1000; world.now < until;) {
      if (world.prng.chance(chance)) {
        counts.joins++
        world.spawn()
      }
      if (world.prng.chance(chance)) {
        counts.crashes++
        world.crash(world.prng.pick(world.running))
      }
      world.runFor(lookMs)
      for (const peer of world.running) {
        const usable = [...peer.ends.values()].filter(({ other }) => other.peer.running).length
        linksMax = Math.max(linksMax, peer.ends.size)
        if (usable >= Math.min(enoughLinks, world.running.length - 1)) shortSince.delete(peer)
        else if (!shortSince.has(peer)) shortSince.set(peer, world.now - lookMs)
        shortMsMax = Math.max(shortMsMax, world.now - (shortSince.get(peer) ?? world.now))
      }
    }
    world.runFor(settleMs)
    return experiment.finish({ more: { ...counts, shortMsMax, linksMax } })
  },
}
