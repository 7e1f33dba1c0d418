/** Attacks by how much there is of it: each thing by itself is in order, or no fault of whoever sends it. */
import { type Item, read } from './bytes.ts'
import { aliveFields, claim, keyOf, readAlive } from './claims.ts'
import { frame, kinds } from './frames.ts'
import { same } from './lies.ts'
import { Member } from './member.ts'
import { type Attack, entryFields, newsFields, room, Siege } from './siege.ts'

export const floodAttacks: readonly Attack[] = [
  {
    name: 'ask-members: who is there, three hundred times a second',
    run(seed) {
      const siege = new Siege(seed, 3)
      let answers = 0
      class Asker extends Member {
        override onFrame(link: number, bytes: Uint8Array): void {
          const [kind, claims] = read(bytes) as readonly Item[]
          if (kind === kinds.gossip && (claims as Uint8Array[]).length > 1) answers++
          super.onFrame(link, bytes)
        }
      }
      const asker = siege.attacker((host) => new Asker(host, room))
      answers = 0
      const [link] = asker.links.keys()
      const all = frame(
        'sync-rows',
        Array.from({ length: 64 }, (_, bucket) => bucket),
        Buffer.alloc(0),
      )
      for (let i = 0; i < 900; i++) {
        asker.host.send(link!, all)
        siege.seconds(1 / 300)
      }
      siege.mustBe(`${answers} of 900 questions were answered with the whole list`, answers > 0 && answers < 150)
      return siege.harm
    },
  },
  {
    name: 'call: a neighbour hands on the offers of forty who are nobody, so that there is no room for others',
    run(seed) {
      const siege = new Siege(seed, 2, { crypto: 'real' })
      const member = siege.attacker((host) => new Member(host, room))
      const before = siege.honest.map((peer) => peer.linking.pending)
      for (let i = 1; i <= 40; i++) {
        const caller = keyOf(Buffer.alloc(32, i))
        for (const [link, to] of member.links) {
          const id = Buffer.alloc(16, i)
          // An offer, as the transport of a simulation has it.
          const fields = [caller.publicKey, member.host.wall(), 20_000, to, id, 1, false, Buffer.of(1, 0, 0, 0, i)]
          const offer = claim('routed', fields, caller, member.meshId)
          member.host.send(link, frame('forward', [member.host.publicKey, to], 1, offer))
        }
      }
      siege.seconds(1)
      for (const [at, peer] of siege.honest.entries()) {
        const answered = peer.linking.pending - before[at]!
        siege.mustBe(`${answered} are answered`, answered > 8 && answered <= 13)
      }
      return siege.harm
    },
  },
  {
    name: 'introduce: a neighbour brings in a thousand members at once, each with a key of its own',
    run(seed) {
      const siege = new Siege(seed, 2, { crypto: 'real' })
      // Those who have only just come take in whoever they are told of.
      siege.seconds(60)
      const member = siege.attacker((host) => new Member(host, room))
      for (let at = 0; at < 1000; at += 50) {
        const claims = Array.from({ length: 50 }, (_, i) => {
          const key = keyOf(Buffer.from(new Uint32Array(8).fill(1 + at + i).buffer))
          const own = { ...readAlive(member.alive()), author: key.publicKey, instance: key.publicKey.subarray(0, 16) }
          return claim('alive', aliveFields(own), key, member.meshId)
        })
        member.say(frame('gossip', claims))
      }
      siege.seconds(2)
      for (const peer of siege.honest) {
        const brought = [...peer.machine.present()].length - siege.honest.length
        siege.mustBe(`${brought} members were taken in`, brought > 100 && brought <= 512 + 50 * 4)
      }
      return siege.harm
    },
  },
  {
    name: 'flood: twenty thousand frames at once',
    run(seed) {
      const siege = new Siege(seed, 2)
      const member = siege.attacker((host) => new Member(host, room))
      const nack = frame('nack', Buffer.alloc(16))
      for (let i = 0; i < 20_000; i++) member.say(nack)
      siege.seconds(1)
      siege.mustBeThrownOut()
      return siege.harm
    },
  },
  {
    name: 'stale: five thousand expired claims a second, none of them a fault',
    run(seed) {
      const siege = new Siege(seed, 2)
      const member = siege.attacker((host) => new Member(host, room))
      const fields = newsFields(member, 1).with(1, member.host.wall() - 600_000)
      const expired = frame('spread', [claim('news', fields, member.host, member.meshId)])
      for (let i = 0; i < 300; i++) {
        for (let j = 0; j < 50; j++) member.say(expired)
        siege.seconds(0.01)
      }
      siege.seconds(1)
      siege.mustBeThrownOut()
      return siege.harm
    },
  },
  {
    name: 'repeat: one claim that everybody knows, two hundred to a frame, forty thousand times a second',
    run(seed) {
      const siege = new Siege(seed, 2)
      const member = siege.attacker((host) => new Member(host, room))
      const alive = member.alive()
      for (let i = 0; i < 300; i++) {
        // Each in an array of its own: as on a network, nobody has read it before.
        for (const link of member.links.keys())
          member.host.send(link, frame('gossip', Array(200).fill(alive) as Uint8Array[]))
        siege.seconds(0.005)
      }
      siege.seconds(1)
      siege.mustBeThrownOut()
      return siege.harm
    },
  },
  {
    name: 'junk: six thousand new claims at once, each to be verified',
    run(seed) {
      const siege = new Siege(seed, 1)
      const member = siege.attacker((host) => new Member(host, room))
      // Entries, since nothing but their signatures bounds how many of one writer are looked at.
      const taken = new Set<string>()
      siege.world.observe({
        onNotify: (_peer, event) =>
          void (event.type === 'entries-changed' && event.keys.forEach((key) => taken.add(key))),
      })
      for (let i = 1; i <= 6000; i++) {
        const [author, wall, ttlMs, instance, , ...rest] = entryFields(member, `${i}`)
        const fields = [author!, Number(wall) + i, ttlMs!, instance!, i, ...rest]
        member.say(frame('fresh', [claim('entry', fields, member.host, member.meshId)]))
      }
      siege.seconds(0.5)
      siege.mustBe(`${taken.size} signatures were checked at once`, taken.size > 3000 && taken.size < 5000)
      return siege.harm
    },
  },
  {
    name: 'pour: a member broadcasts five hundred times a second, for which no link is closed, and all pass it on',
    run(seed) {
      const siege = new Siege(seed, 3)
      const member = siege.attacker((host) => new Member(host, room))
      let heard = 0
      siege.world.observe({ onNotify: (_peer, event) => void (heard += Number(event.type === 'broadcast')) })
      const [to] = member.links.values()
      for (let i = 1; i <= 5000; i++) {
        const news = claim('news', newsFields(member, i), member.host, member.meshId)
        // Its link may be another by now.
        const [link] = [...member.links].find(([, peer]) => same(peer, to!))!
        member.host.send(link, frame('spread', [news]))
        siege.seconds(0.002)
      }
      siege.seconds(1)
      const each = Math.round(heard / siege.honest.length)
      siege.mustBe(`${each} of them reached each peer`, each > 0 && each <= 3250)
      return siege.harm
    },
  },
  {
    name: 'pour: a member broadcasts five thousand times a second',
    run(seed) {
      const siege = new Siege(seed, 3)
      const member = siege.attacker((host) => new Member(host, room))
      const [first] = member.links.keys()
      for (let i = 1; i <= 5000; i++) {
        const news = claim('news', newsFields(member, i), member.host, member.meshId)
        member.host.send(first!, frame('spread', [news]))
        if (i % 5 === 0) siege.seconds(0.001)
      }
      siege.seconds(1)
      siege.mustBe('its link is still open', siege.attackers[0]!.ends.size === siege.honest.length - 1)
      return siege.harm
    },
  },
]
