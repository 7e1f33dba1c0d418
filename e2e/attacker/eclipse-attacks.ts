/** Attacks on a newcomer's view of the room: by those who stand at its door, and by a server that names whom it likes. */
import type { SimPeer } from 'shoal/sim'
import { type Item, read } from './bytes.ts'
import { frame, kinds } from './frames.ts'
import { Member } from './member.ts'
import type { Host } from './port.ts'
import { same } from './lies.ts'
import { type Attack, room, Siege } from './siege.ts'

/** docs/protocol/frames.md §2, `edge`. */
const words = { spare: 1, ask: 2, grant: 3, decline: 4 } as const

/** How many of the honest a newcomer holds to be here. */
const known = (siege: Siege, newcomer: SimPeer): number =>
  siege.honest.filter(({ id }) => newcomer.machine.members().get(id)?.status === 'alive').length

/** A liar that is at the door, and linked to nobody yet. */
function atDoor<A extends Member>(siege: Siege, make: (host: Host) => A): { peer: SimPeer; actor: A } {
  let actor: A | undefined
  const peer = siege.world.spawn({ actor: (host) => (actor = make(host)) })
  return { peer, actor: actor! }
}

/** Asks one peer for a link beside the rings, again and again, and never says that it can do without. */
class Surrounder extends Member {
  granted = false
  #victim: Uint8Array = new Uint8Array(0)

  insist(victim: Uint8Array): void {
    this.#victim = victim
    for (const [link, peer] of this.links) if (same(peer, victim)) this.host.send(link, frame('edge', words.ask))
  }

  override onFrame(link: number, bytes: Uint8Array): void {
    const [kind, word] = read(bytes) as readonly Item[]
    if (kind !== kinds.edge) return super.onFrame(link, bytes)
    if (!same(this.links.get(link)!, this.#victim)) return
    if (word === words.grant) this.granted = true
    else if (word === words.decline || word === words.spare) this.granted = false
  }
}

export const eclipseAttacks: readonly Attack[] = [
  {
    name: 'hide: a server names nobody but liars to a newcomer, and these tell it of nobody else',
    run(seed) {
      const siege = new Siege(seed, 6)
      const { world } = siege
      for (const peer of siege.honest) world.door.bar(peer)
      for (let i = 0; i < 2; i++) atDoor(siege, (host) => new Member(host, room))
      siege.seconds(1)
      const newcomer = world.spawn()
      siege.seconds(5)
      siege.mustBe('the newcomer is linked to nobody', newcomer.ends.size > 0)
      siege.mustBe('nothing was hidden', known(siege, newcomer) === 0)
      // Another server, or the same in a better mood, names an honest one some time later.
      for (const peer of siege.honest) world.door.unbar(peer)
      siege.seconds(100)
      siege.mustBe(`a newcomer knows ${known(siege, newcomer)} of 6`, known(siege, newcomer) === 6)
      return siege.harm
    },
  },
  {
    name: 'stall: one of the two whom a server names never answers',
    run(seed) {
      return [1, 2, 3, 4].flatMap((run) => {
        const siege = new Siege(`${seed} ${run}`, 4)
        const { world } = siege
        for (const peer of siege.honest.slice(1)) world.door.bar(peer)
        const { peer } = atDoor(siege, (host) => new Member(host, room))
        siege.seconds(1)
        // The server goes on naming it for a minute.
        world.crash(peer)
        const newcomer = world.spawn()
        siege.seconds(4)
        siege.mustBe(`a newcomer knows ${known(siege, newcomer)} of 4 after four seconds`, known(siege, newcomer) === 4)
        return siege.harm
      })
    },
  },
  {
    name: 'noise: liars raise their incarnations without end, so that no view is ever quiet enough to be compared',
    run(seed) {
      const siege = new Siege(seed, 16)
      const { world } = siege
      for (const peer of siege.honest) world.door.bar(peer)
      const newcomer = world.spawn()
      const liars = Array.from({ length: 4 }, () => atDoor(siege, (host) => new Member(host, room)))
      for (const { peer } of liars) world.link(peer, newcomer)
      for (let i = 0; i < 40; i++) {
        if (i === 4) world.link(newcomer, siege.honest[0]!)
        for (const { actor } of liars) {
          actor.incarnation++
          actor.say(frame('gossip', [actor.alive()]))
        }
        siege.seconds(0.4)
      }
      siege.mustBe(`a newcomer knows ${known(siege, newcomer)} of 16`, known(siege, newcomer) === 16)
      return siege.harm
    },
  },
  {
    name: 'surround: liars are a newcomer’s first company, and ask for every link that it may choose',
    run(seed) {
      const siege = new Siege(seed, 16)
      const { world } = siege
      const newcomer = world.spawn()
      const name = Buffer.from(newcomer.id, 'base64url')
      const liars = Array.from({ length: 8 }, () => atDoor(siege, (host) => new Surrounder(host, room)))
      for (const { peer } of liars) world.link(peer, newcomer)
      for (let i = 0; i < 600; i++) {
        if (i % 10 === 0) for (const { actor } of liars) actor.insist(name)
        siege.seconds(0.1)
      }
      siege.mustBe(`a newcomer knows ${known(siege, newcomer)} of 16`, known(siege, newcomer) === 16)
      const named = newcomer.machine.edges().filter((pair) => pair.includes(newcomer.id))
      const kept = liars.filter(({ peer, actor }) => actor.granted && !named.flat().includes(peer.id))
      siege.mustBe(`${kept.length} of two links beside the rings were chosen by liars`, kept.length <= 1)
      return siege.harm
    },
  },
]
