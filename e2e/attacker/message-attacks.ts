/** Attacks on what members say to each other, and on the way there. */
import { type Item, read } from './bytes.ts'
import { readAlive } from './claims.ts'
import { frame, kinds } from './frames.ts'
import { Member } from './member.ts'
import { type Attack, room, routed, Siege } from './siege.ts'

export const messageAttacks: readonly Attack[] = [
  {
    name: 'replay: what was broadcast once is broadcast again, by somebody else',
    run(seed) {
      const siege = new Siege(seed, 3)
      const heard: Uint8Array[] = []
      const member = siege.attacker((host) => {
        const actor = new Member(host, room)
        const listen = actor.onFrame.bind(actor)
        actor.onFrame = (link, bytes) => {
          if (bytes[1] === 0x18 && bytes[2] === 32) heard.push(bytes)
          else listen(link, bytes)
        }
        return actor
      })
      siege.honest[0]!.arrive({ type: 'broadcast', topic: '', payload: Buffer.of(1), ref: 1 })
      siege.seconds(1)
      siege.mustBe('nothing was overheard', heard.length > 0)
      siege.forbid('broadcast')
      for (let i = 0; i < 20; i++) for (const bytes of heard) member.say(bytes)
      siege.seconds(2)
      return siege.harm
    },
  },
  {
    name: 'rumour: a member is said to have broadcast a thousand times, where it did so once',
    run(seed) {
      const siege = new Siege(seed, 3)
      let asked = 0
      class Gossip extends Member {
        override onFrame(link: number, bytes: Uint8Array): void {
          if ((read(bytes) as readonly Item[])[0] === kinds['want-news']) asked++
          else super.onFrame(link, bytes)
        }
      }
      const gossip = siege.attacker((host) => new Gossip(host, room))
      const [subject] = siege.honest
      subject!.arrive({ type: 'broadcast', topic: '', payload: Buffer.of(1), ref: 1 })
      siege.seconds(1)
      siege.forbid('broadcast-gap')
      const { author, instance } = readAlive(gossip.heard.get(Buffer.from(subject!.id, 'base64url').toString('hex'))!)
      gossip.say(frame('had', false, [[author, instance, 1, 0, 1, 1000]]))
      siege.seconds(20)
      siege.mustBe(`it was asked ${asked} times for what there is not`, asked > 0 && asked <= 3 * siege.honest.length)
      return siege.harm
    },
  },
  {
    name: 'drop-relay: what is in transit is not delivered twice, whoever sends it again',
    run(seed) {
      const siege = new Siege(seed, 2)
      const member = siege.attacker((host) => new Member(host, room))
      let delivered = 0
      siege.world.observe({ onNotify: (_peer, event) => void (delivered += Number(event.type === 'message')) })
      const [[link, peer] = []] = member.links
      const bytes = frame('forward', [peer!], 0, routed(member, peer!))
      for (let i = 0; i < 10; i++) member.host.send(link!, bytes)
      siege.seconds(1)
      siege.mustBe(`one message was delivered ${delivered} times`, delivered === 1)
      return siege.harm
    },
  },
]
