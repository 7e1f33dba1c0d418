/** Attacks on who is here: by lies about oneself and about others, and by coming back. */
import { type Item, read } from './bytes.ts'
import { authorOf, bodyOf, claim } from './claims.ts'
import { frame, kinds } from './frames.ts'
import { same } from './lies.ts'
import { Member } from './member.ts'
import { type Attack, room, Siege } from './siege.ts'

export const memberAttacks: readonly Attack[] = [
  {
    name: 'vouch: helpers lie a dead peer alive, with what it signed a moment before',
    run(seed) {
      const siege = new Siege(seed, 6)
      const acks = new Map<string, Uint8Array>()
      class Voucher extends Member {
        override onFrame(link: number, bytes: Uint8Array): void {
          const [kind, ack] = read(bytes) as readonly Item[]
          if (kind !== kinds['indirect-ack']) return super.onFrame(link, bytes)
          const [, , , origin] = read(bodyOf(ack as Uint8Array)) as [Uint8Array, number, number, Uint8Array]
          acks.set(Buffer.from(origin).toString('hex'), ack as Uint8Array)
        }
      }
      const voucher = siege.attacker((host) => new Voucher(host, room))
      const victim = siege.honest[0]!
      const name = Buffer.from(victim.id, 'base64url')
      const [toVictim] = [...voucher.links].find(([, peer]) => same(peer, name))!
      for (const peer of voucher.links.values())
        voucher.host.send(toVictim, frame('indirect-ping', peer, Buffer.alloc(16, 5)))
      siege.seconds(0.5)
      siege.mustBe('the victim signed nothing', acks.size > 0)
      siege.world.crash(victim)
      for (let i = 0; i < 160; i++) {
        for (const [link, peer] of voucher.links) {
          const ack = acks.get(Buffer.from(peer).toString('hex'))
          if (ack !== undefined) voucher.host.send(link, frame('indirect-ack', ack))
        }
        siege.seconds(0.05)
      }
      const beliefs = siege.beliefs(victim)
      siege.mustBe(
        `the dead is ${beliefs.join()}`,
        beliefs.every((status) => status === 'dead'),
      )
      return siege.harm
    },
  },
  {
    name: 'return: whoever was thrown out dials again at once',
    run(seed) {
      const siege = new Siege(seed, 3)
      const member = siege.attacker((host) => new Member(host, room))
      for (let i = 0; i < 3; i++) member.say(Buffer.from('8207c2f6', 'hex'))
      siege.seconds(1)
      siege.mustBeThrownOut()
      for (const other of siege.honest) siege.world.link(siege.attackers[0]!, other)
      siege.seconds(1)
      siege.mustBeThrownOut()
      return siege.harm
    },
  },
  {
    name: 'zombie: somebody who has left comes back in the same run',
    run(seed) {
      const siege = new Siege(seed, 3)
      const member = siege.attacker((host) => new Member(host, room))
      const [self] = siege.attackers
      siege.mustBe(
        'it was never taken in',
        siege.beliefs(self!).every((status) => status === 'alive'),
      )
      member.say(frame('gossip', [member.leave()]))
      siege.seconds(1)
      member.incarnation = 7
      for (const other of siege.honest) if (!self!.linkedTo(other)) siege.world.link(self!, other)
      member.say(frame('gossip', [member.alive()]))
      siege.seconds(2)
      siege.mustBe(
        `it is ${siege.beliefs(self!).join()}`,
        siege.beliefs(self!).every((status) => status === 'left'),
      )
      return siege.harm
    },
  },
  {
    name: 'equivocate: one incarnation is told in two ways, one to each half of the room',
    run(seed) {
      const siege = new Siege(seed, 6)
      const member = siege.attacker((host) => new Member(host, room))
      const [self] = siege.attackers
      member.incarnation++
      const halves = [member.alive({ zone: 'here' }), member.alive({ zone: 'there' })]
      siege.forbid('member-failed')
      for (const [i, link] of [...member.links.keys()].entries())
        member.host.send(link, frame('gossip', [halves[i % 2]!]))
      // Less than it takes to knock again, which ends as soon as it has begun.
      siege.seconds(1)
      siege.mustBeThrownOut()
      siege.mustBe(
        `it is ${siege.beliefs(self!).join()}`,
        siege.beliefs(self!).every((status) => status === 'dead'),
      )
      const newcomer = siege.world.spawn()
      for (const other of siege.honest) siege.world.link(newcomer, other)
      siege.world.link(self!, newcomer)
      siege.seconds(2)
      siege.mustBe('it is linked to whoever came later', !self!.linkedTo(newcomer))
      return siege.harm
    },
  },
  {
    name: 'accuse-all: two who are no members accuse everybody, all the time',
    run(seed) {
      const siege = new Siege(seed, 6)
      class Accuser extends Member {
        override greet(): void {}
      }
      const accusers = [1, 2].map(() => siege.attacker((host) => new Accuser(host, room)))
      siege.forbid('member-suspected', 'member-failed')
      // Those who dial show their table to whoever they dialled; these were told of everybody by the first of them.
      for (const other of siege.honest)
        for (const accuser of accusers)
          for (const alive of other.pipe.ownClaims()) accuser.heard.set(other.id, alive.bytes)
      for (let second = 0; second < 10; second++) {
        for (const accuser of accusers)
          accuser.say(
            frame(
              'gossip',
              accuser.others().map((each) => accuser.accuse(each)),
            ),
          )
        siege.seconds(1)
      }
      return siege.harm
    },
  },
  {
    name: 'conspire: a third of the members accuse everybody, right after each refutation',
    run(seed) {
      const siege = new Siege(seed, 16)
      class Conspirator extends Member {
        override overheard(bytes: Uint8Array): void {
          if (bytes[0] === 1) this.say(frame('gossip', [this.accuse(bytes)]))
        }
      }
      const conspirators = Array.from({ length: 7 }, () => siege.attacker((host) => new Conspirator(host, room)))
      siege.forbid('member-failed')
      for (let i = 0; i < 30; i++) {
        for (const peer of siege.honest)
          for (const alive of peer.pipe.ownClaims())
            for (const each of conspirators) each.say(frame('gossip', [each.accuse(alive.bytes)]))
        siege.seconds(0.5)
      }
      return siege.harm
    },
  },
  {
    name: 'unrefutable: a third of the members accuse incarnations that nobody has, and so cannot raise',
    run(seed) {
      const siege = new Siege(seed, 16)
      class Conspirator extends Member {
        accuseNothing(alive: Uint8Array): Uint8Array {
          const fields = [this.host.publicKey, this.host.wall(), 60_000, authorOf(alive), Buffer.alloc(16, 7)]
          return claim('accuse', fields, this.host, this.meshId)
        }
      }
      const conspirators = Array.from({ length: 7 }, () => siege.attacker((host) => new Conspirator(host, room)))
      siege.forbid('member-suspected', 'member-failed')
      for (let i = 0; i < 10; i++) {
        for (const peer of siege.honest)
          for (const alive of peer.pipe.ownClaims())
            for (const each of conspirators) each.say(frame('gossip', [each.accuseNothing(alive.bytes)]))
        siege.seconds(1)
      }
      return siege.harm
    },
  },
  {
    name: 'inflate: a member raises its own incarnation a hundred times a second',
    run(seed) {
      const siege = new Siege(seed, 12)
      const member = siege.attacker((host) => new Member(host, room))
      let told = 0
      let spread = 0
      siege.world.observe({
        onSend: (end, _message, bytes) => {
          if (end.peer.liar === undefined) spread += bytes.length
          else told += bytes.length
        },
      })
      const [first] = member.links.keys()
      for (let i = 0; i < 1000; i++) {
        member.incarnation++
        member.host.send(first!, frame('gossip', [member.alive()]))
        siege.seconds(0.01)
      }
      const perPeer = spread / siege.honest.length
      siege.mustBe(`each peer sent ${(perPeer / told).toFixed(1)} times what the attacker did`, perPeer < 2 * told)
      return siege.harm
    },
  },
]
