/** Attacks on rooms with an owner, by somebody whom nobody let in, and by somebody who was let in and is not wanted any more. */
import { capability, revocations } from './capabilities.ts'
import { claim, type Key } from './claims.ts'
import { frame } from './frames.ts'
import { Member } from './member.ts'
import type { Host } from './port.ts'
import { type Attack, room, Siege } from './siege.ts'

/** Speaks under whatever proof it has. */
class Guest extends Member {
  proof: Uint8Array = new Uint8Array(0)

  constructor(host: Host, proof: (member: Guest) => Uint8Array) {
    super(host, room)
    this.proof = proof(this)
  }

  override alive(changes: Parameters<Member['alive']>[0] = {}): Uint8Array {
    return super.alive({ admission: this.proof, ...changes })
  }

  /** Another claim to be here: nothing that was held against the last one is held against this. */
  insist(): void {
    this.incarnation += 1
    this.say(frame('gossip', [this.alive()]))
  }
}

const serial = Buffer.alloc(16, 7)

/** A room with an owner, its guest, and how the owner takes back what let that in. */
function visited(seed: string, proof: (owner: Key, guest: Guest) => Uint8Array) {
  const siege = new Siege(seed, 3, { owned: true })
  const { owner } = siege
  const guest = siege.attacker((host) => new Guest(host, (self) => proof(owner, self)))
  const [self] = siege.attackers
  return {
    siege,
    owner,
    guest,
    list: (seq: number, by: Key = owner, serials: readonly Uint8Array[] = [serial]) =>
      revocations(by, seq, guest.host.wall(), guest.meshId, { serials }),
    isIn: () => siege.beliefs(self!).some((status) => status === 'alive'),
  }
}

const granted = (owner: Key, guest: Guest) =>
  capability(owner, guest.host.publicKey, serial, guest.host.wall(), guest.meshId)

export const ownedAttacks: readonly Attack[] = [
  {
    name: 'trespass: a member without a capability, or with one that it signed itself',
    run(seed) {
      const harm: string[] = []
      for (const [what, proof] of [
        ['without a capability', () => new Uint8Array(0)],
        ['with its own', (_owner: Key, guest: Guest) => granted(guest.host, guest)],
        ['under the owner’s name', (owner: Key, guest: Guest) => granted({ ...owner, sign: guest.host.sign }, guest)],
      ] as const) {
        const { siege, guest, isIn } = visited(seed, proof)
        guest.insist()
        siege.seconds(2)
        siege.mustBe(`somebody ${what} is held to be here`, !isIn())
        harm.push(...siege.harm)
      }
      return harm
    },
  },
  {
    name: 'outstay: a member that was revoked says that it is here, and writes',
    run(seed) {
      const { siege, guest, list, isIn } = visited(seed, granted)
      siege.mustBe('whoever has a capability was not let in', isIn())
      guest.say(list(1))
      siege.seconds(1)
      siege.mustBe('whoever was revoked is still held to be here', !isIn())
      siege.forbid('entries-changed')
      siege.relink()
      guest.insist()
      const [at, wall] = [guest.host.publicKey, guest.host.wall()]
      const fields = [at, wall, 3_600_000, guest.instance, 1, 'map', 'key', 0, false, [], Buffer.of(1), guest.proof]
      guest.say(frame('fresh', [claim('entry', fields, guest.host, guest.meshId)]))
      siege.seconds(2)
      siege.mustBe('whoever was revoked is back', !isIn())
      siege.mustBe(
        'what a revoked member wrote is shared',
        siege.honest.every(({ machine }) => machine.state.read('map', 'key').length === 0),
      )
      return siege.harm
    },
  },
  {
    name: 'rollback: an older list, on which the attacker is not named yet',
    run(seed) {
      const { siege, guest, list, isIn } = visited(seed, granted)
      const older = list(1, undefined, [])
      guest.say(older)
      guest.say(list(2))
      siege.seconds(1)
      siege.mustBe('whoever was revoked is still held to be here', !isIn())
      siege.relink()
      guest.say(older)
      guest.insist()
      siege.seconds(2)
      siege.mustBe('an older list brought a revoked member back', !isIn())
      return siege.harm
    },
  },
  {
    name: 'usurp: a list of revocations that a member signed',
    run(seed) {
      const { siege, guest, list } = visited(seed, granted)
      siege.forbid('member-revoked', 'admission-revoked')
      const victims = siege.serials()
      for (let i = 1; i <= 3; i++) guest.say(list(i, guest.host, victims))
      siege.seconds(2)
      siege.mustBe(
        'an honest member is gone',
        siege.honest.every((peer) => siege.beliefs(peer).every((status) => status === 'alive')),
      )
      siege.mustBe('ERR_REVOKE_ISSUER was not the answer', siege.codes.has('ERR_REVOKE_ISSUER'))
      siege.mustBeThrownOut()
      return siege.harm
    },
  },
]
