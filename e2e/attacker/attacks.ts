/**
 * The attacks of the threat model, each a small world: honest peers, and attackers who speak bytes. An
 * attack answers in sentences what harm it did; where the product holds, there is none. Which check each
 * one stands against is in mutations.ts.
 */
import { barrage } from './barrage.ts'
import { type Item, read, write } from './bytes.ts'
import {
  aliveFields,
  authorOf,
  bodyOf,
  claim,
  type ClaimType,
  claimTypes,
  envelope,
  keyOf,
  readAlive,
  signed,
} from './claims.ts'
import { carry, frame, kinds } from './frames.ts'
import { same } from './lies.ts'
import { Member } from './member.ts'
import { ownedAttacks } from './owned.ts'
import { type Attack, entryFields, faulty, newsFields, room, Siege } from './siege.ts'
import { admissionAttacks } from './admission-attacks.ts'
import { channelAttacks } from './channel-attacks.ts'
import { eclipseAttacks } from './eclipse-attacks.ts'
import { keepingAttacks } from './keeping-attacks.ts'
import { handshakeAttacks } from './handshake-attacks.ts'
import { signalingAttacks } from './signaling-attacks.ts'
import { stateAttacks } from './state-attacks.ts'

export type { Attack } from './siege.ts'

const routed = (by: Member, to: Uint8Array, ttlMs = 20_000) => {
  const id = Buffer.from(Array.from({ length: 16 }, () => Math.floor(by.host.random() * 256)))
  const payload = frame('direct', 1, '', Buffer.of(1))
  return claim('routed', [by.host.publicKey, by.host.wall(), ttlMs, to, id, 0, false, payload], by.host, by.meshId)
}

/** Evidence against whoever signed these, in the name of `by`. */
function evidence(by: Member, one: Uint8Array, other: Uint8Array): Buffer {
  return carry('fault', [claim('fault', [by.host.publicKey, by.host.wall(), 60_000, one, other], by.host, by.meshId)])
}

export const attacks: readonly Attack[] = [
  ...stateAttacks,
  ...handshakeAttacks,
  ...admissionAttacks,
  ...keepingAttacks,
  ...signalingAttacks,
  ...eclipseAttacks,
  ...channelAttacks,
  {
    name: 'forge: claims of every type, forged, altered, renamed, misplaced and replayed',
    run(seed) {
      return [false, true].flatMap((owned) => {
        const { accepted, consequences, honestBlamed, tolerated, misplaced } = barrage(2500, seed, owned)
        const harm = consequences.slice(0, 3)
        if (accepted > 0) harm.push(`${accepted} claims were believed that their author never signed`)
        if (misplaced > 0) harm.push(`${misplaced} claims were taken where they have no place`)
        if (honestBlamed > 0) harm.push(`honest peers were blamed ${honestBlamed} times`)
        if (tolerated > 0) harm.push(`${tolerated} attackers were still linked after three faults`)
        return harm
      })
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
    name: 'no-room: a member under its own name, signed for no room, or as no type of claim',
    run(seed) {
      const siege = new Siege(seed, 3)
      class Nameless extends Member {
        override greet(): void {}
      }
      const none = Buffer.alloc(0)
      for (const [type, inRoom] of [
        ['alive', false],
        ['', true],
        ['', false],
      ] as const) {
        const member = siege.attacker((host) => new Nameless(host, room))
        const alive = member.alive()
        const body = bodyOf(alive)
        const signature = member.host.sign(signed(type, inRoom ? member.meshId : none, body))
        member.say(frame('gossip', [envelope(claimTypes.alive, body, signature)]))
        siege.seconds(1)
        const believed = siege.beliefs(siege.attackers.at(-1)!).filter((status) => status !== undefined)
        siege.mustBe(`${believed.length} believe in a member that signed '${type}'`, believed.length === 0)
      }
      return siege.harm
    },
  },
  {
    name: 'no-key: a member whose key is of small order, so that anybody’s signature is its own',
    run(seed) {
      const siege = new Siege(seed, 2, { crypto: 'real' })
      const member = siege.attacker((host) => new Member(host, room))
      // The curve's neutral point for a key, its base point for R, and S = 1: good for every message, where not refused.
      const nobody = Buffer.alloc(32)
      nobody[0] = 1
      const signature = Buffer.alloc(64, 0x66)
      signature.fill(0, 32)
      signature[0] = 0x58
      signature[32] = 1
      const body = bodyOf(member.alive({ author: nobody }))
      member.say(frame('gossip', [envelope(claimTypes.alive, body, signature)]))
      siege.seconds(1)
      const name = nobody.toString('base64url')
      const believers = siege.honest.filter((peer) => [...peer.machine.present()].some((id) => id === name))
      siege.mustBe(`${believers.length} believe in a member that is nobody`, believers.length === 0)
      return siege.harm
    },
  },
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
