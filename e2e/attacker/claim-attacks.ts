/** Attacks by what is signed: claims that nobody said, or not here, not now or not so, and frames that no reader should take. */
import { barrage } from './barrage.ts'
import { write } from './bytes.ts'
import { aliveFields, bodyOf, claim, type ClaimType, claimTypes, envelope, readAlive, signed } from './claims.ts'
import { carry, frame } from './frames.ts'
import { Member } from './member.ts'
import { type Attack, entryFields, faulty, newsFields, room, routed, Siege } from './siege.ts'

/** Evidence against whoever signed these, in the name of `by`. */
function evidence(by: Member, one: Uint8Array, other: Uint8Array): Buffer {
  return carry('fault', [claim('fault', [by.host.publicKey, by.host.wall(), 60_000, one, other], by.host, by.meshId)])
}

export const claimAttacks: readonly Attack[] = [
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
]
