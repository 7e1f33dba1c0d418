/**
 * The attacks of the threat model, each a small world: honest peers, and attackers who speak bytes. An
 * attack answers in sentences what harm it did; where the product holds, there is none. Which check each
 * one stands against is in mutations.ts.
 */
import { barrage } from './barrage.ts'
import { write } from './bytes.ts'
import { aliveFields, authorOf, claim, type ClaimType, envelope, readAlive, signed } from './claims.ts'
import { frame, carry } from './frames.ts'
import { Member } from './member.ts'
import { ownedAttacks } from './owned.ts'
import { type Attack, room, Siege } from './siege.ts'

/** How the honest take three of these frames, each with a fault that nobody can mistake. */
function faulty(name: string, code: string, bytes: (member: Member, to: Uint8Array) => Uint8Array): Attack {
  return {
    name,
    run(seed) {
      const siege = new Siege(seed, 3)
      siege.forbid('broadcast', 'message', 'member-left', 'member-failed', 'member-suspected', 'entries-changed')
      const member = siege.attacker((host) => new Member(host, room))
      for (let i = 0; i < 3; i++) {
        for (const [link, peer] of member.links) member.host.send(link, bytes(member, peer))
      }
      siege.seconds(2)
      siege.mustBe(`${code} was not the answer`, siege.codes.has(code))
      siege.mustBeThrownOut()
      return siege.harm
    },
  }
}

const newsFields = (by: Member, seq: number) => [
  by.host.publicKey,
  by.host.wall(),
  60_000,
  by.instance,
  seq,
  '',
  Buffer.of(seq & 255),
]

const entryFields = (by: Member, key: string) => [
  by.host.publicKey,
  by.host.wall(),
  3_600_000,
  by.instance,
  1 + Math.floor(by.host.random() * 1e6),
  'map',
  key,
  0,
  false,
  [],
  Buffer.of(1),
]

const routed = (by: Member, to: Uint8Array, ttlMs = 20_000) => {
  const id = Buffer.from(Array.from({ length: 16 }, () => Math.floor(by.host.random() * 256)))
  const payload = frame('direct', 1, '', Buffer.of(1))
  return claim('routed', [by.host.publicKey, by.host.wall(), ttlMs, to, id, 0, false, payload], by.host, by.meshId)
}

/** Evidence against whoever signed these, in the name of `by`. */
function evidence(by: Member, one: Uint8Array, other: Uint8Array): Buffer {
  const body = write([by.host.publicKey, by.host.wall(), 60_000, one, other])
  return frame('fault', envelope(10, body, by.host.sign(signed('fault', by.meshId, body))))
}

export const attacks: readonly Attack[] = [
  {
    name: 'forge: claims of every type, forged, altered, renamed, misplaced and replayed',
    run(seed) {
      const { accepted, consequences, honestBlamed, tolerated, misplaced } = barrage(2500, seed)
      const harm = consequences.slice(0, 3)
      if (accepted > 0) harm.push(`${accepted} claims were believed that their author never signed`)
      if (misplaced > 0) harm.push(`${misplaced} claims were taken where they have no place`)
      if (honestBlamed > 0) harm.push(`honest peers were blamed ${honestBlamed} times`)
      if (tolerated > 0) harm.push(`${tolerated} attackers were still linked after three faults`)
      return harm
    },
  },
  {
    name: 'no-name: a signature over the body alone, which would be good in every room and under every type',
    run(seed) {
      const siege = new Siege(seed, 3)
      const member = siege.attacker((host) => new Member(host, room))
      const body = write(newsFields(member, 1))
      for (let i = 0; i < 3; i++) {
        const prefixes = [signed('', Buffer.alloc(0), body), body, signed('news', Buffer.alloc(32), body)]
        member.say(frame('spread', [envelope(6, body, member.host.sign(prefixes[i]!))]))
      }
      siege.seconds(2)
      siege.mustBeThrownOut()
      return siege.harm
    },
  },
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
  {
    name: 'clock-skew: a claim from ten minutes ahead, which would outlive all others',
    run(seed) {
      const siege = new Siege(seed, 3)
      class Early extends Member {
        override greet(link: number): void {
          this.host.send(link, frame('gossip', [this.alive({ issuedAt: this.host.wall() + 600_000 })]))
        }
      }
      siege.attacker((host) => new Early(host, room))
      siege.mustBe(
        'it was taken in',
        siege.beliefs(siege.attackers[0]!).every((status) => status === undefined),
      )
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
    name: 'junk: six thousand new claims at once, each to be verified',
    run(seed) {
      const siege = new Siege(seed, 1)
      const member = siege.attacker((host) => new Member(host, room))
      let passed = 0
      siege.world.observe({ onNotify: (_peer, event) => void (passed += Number(event.type === 'broadcast')) })
      for (let i = 1; i <= 6000; i++) {
        member.say(frame('spread', [claim('news', newsFields(member, i), member.host, member.meshId)]))
      }
      siege.seconds(0.5)
      siege.mustBe(`${passed} signatures were checked at once`, passed < 5000)
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
  faulty('misroute: a path on which its receiver does not stand', 'ERR_ROUTE', (by, to) => {
    const other = [...by.links.values()].find((peer) => Buffer.compare(peer, to) !== 0)!
    return frame('forward', [other], 0, routed(by, other))
  }),
  faulty('seize: an entry under the key of somebody else', 'ERR_ENTRY_OWNER', (by, to) => {
    const owner = Buffer.from(to).toString('base64url')
    return carry('entry', [claim('entry', entryFields(by, `o/${owner}/name`), by.host, by.meshId)])
  }),
  faulty('frame-up: evidence against somebody honest, half of which it never signed', 'ERR_CLAIM_SIGNATURE', (by) => {
    const [theirs] = by.others()
    const made = aliveFields({ ...readAlive(theirs!), zone: 'elsewhere' })
    return evidence(by, theirs!, claim('alive', made, by.host, by.meshId))
  }),
  faulty('frame-up: evidence of one claim, twice', 'ERR_FAULT_EVIDENCE', (by) => {
    const [theirs] = by.others()
    return evidence(by, theirs!, theirs!)
  }),
  faulty('forever: a claim that asks to be believed for two days', 'ERR_CLAIM_TTL', (by) =>
    frame('gossip', [by.alive({ ttlMs: 2 * 86_400_000 })]),
  ),
  faulty('bomb: a tag', 'ERR_CBOR_TAG', () => Buffer.from('8207c2f6', 'hex')),
  faulty('bomb: nested deeper than allowed', 'ERR_CBOR_DEPTH', () =>
    Buffer.concat([Buffer.of(0x82, 7), Buffer.alloc(40, 0x81), Buffer.of(0x80)]),
  ),
  faulty('bomb: a number in a longer form than it needs', 'ERR_CBOR_NOT_CANONICAL', () =>
    Buffer.from('82180780', 'hex'),
  ),
  faulty('bomb: bytes after the end', 'ERR_CBOR_TRAILING', () => Buffer.from('82078000', 'hex')),
  faulty('bomb: a claim larger than its type allows', 'ERR_CLAIM_TOO_LARGE', (by) =>
    frame('gossip', [
      claim('leave' satisfies ClaimType, [by.host.publicKey, 1, 1, Buffer.alloc(400), 1], by.host, by.meshId),
    ]),
  ),
  ...ownedAttacks,
]
