/** A small world under attack: honest peers who have met, and what harm is done to them, in sentences. */
import { networkDefaults, population, type SimPeer, World } from 'shoal/sim'
import { claim, type Key } from './claims.ts'
import { frame } from './frames.ts'
import { Member } from './member.ts'
import type { Actor, Host } from './port.ts'

export interface Attack {
  readonly name: string
  run(seed: string): readonly string[] | Promise<readonly string[]>
}

export const room = 'simulation'

type Owner = NonNullable<ReturnType<typeof population>['owner']>

export function ownerKey(signer: Owner): Key {
  return {
    publicKey: Buffer.from(signer.peerId, 'base64url'),
    sign(message) {
      let signature: Uint8Array | Error | undefined
      signer.sign(message, (answer) => (signature = answer))
      if (!(signature instanceof Uint8Array)) throw new Error('signers of a simulation answer at once')
      return signature
    },
  }
}

export class Siege {
  readonly world: World
  readonly honest: SimPeer[]
  readonly harm: string[] = []
  readonly codes = new Set<string>()
  readonly attackers: SimPeer[] = []
  readonly #owner: Owner | undefined

  /** So many honest peers who have all met. */
  constructor(
    seed: string,
    peers: number,
    {
      owned = false,
      crypto = 'fast',
      latencyMs = networkDefaults.latencyMs,
    }: { owned?: boolean; crypto?: 'fast' | 'real'; latencyMs?: readonly [number, number] } = {},
  ) {
    const inhabitants = population({ crypto, swim: {}, oldLeases: undefined, owned })
    this.#owner = inhabitants.owner
    const world = new World({
      seed,
      population: inhabitants,
      network: { ...networkDefaults, reliable: true, latencyMs },
      clockSkewMs: 500,
    })
    this.world = world
    this.honest = Array.from({ length: peers }, () => world.spawn())
    world.runFor(6000)
    world.observe({
      onInput: (peer, input) => {
        if (input.type !== 'refused' || peer.liar !== undefined) return
        if (input.blame && peer.ends.get(input.link)?.other.peer.liar === undefined)
          this.harm.push(`an honest peer was blamed for ${input.code}`)
      },
      onNotify: (_peer, event) => {
        if (event.type === 'claim-rejected') this.codes.add(event.code)
      },
    })
  }

  /** One more at the door, linked to all. */
  attacker<A extends Actor>(make: (host: Host) => A): A {
    let actor: A | undefined
    const peer = this.world.spawn({ actor: (host) => (actor = make(host)) })
    this.attackers.push(peer)
    for (const other of this.honest) if (other.running) this.world.link(peer, other)
    this.world.runFor(1500)
    return actor!
  }

  /** The key of the room's owner: an attacker has what this signed for it, and nothing more. */
  get owner(): Key {
    if (this.#owner === undefined) throw new Error('a room without an owner')
    return ownerKey(this.#owner)
  }

  /** What names the capabilities of the honest: their numbers. */
  serials(): Buffer[] {
    return this.honest.map(({ index }) => {
      const serial = Buffer.alloc(16)
      serial.writeUInt32BE(index, 12)
      return serial
    })
  }

  /** Links of the last attacker to everybody, in the place of those that were closed: here there is no handshake. */
  relink(): void {
    const attacker = this.attackers.at(-1)!
    for (const other of this.honest) if (!attacker.linkedTo(other)) this.world.link(attacker, other)
    this.world.runFor(500)
  }

  seconds(seconds: number): void {
    this.world.runFor(seconds * 1000)
  }

  /** What any honest peer believes of somebody. */
  beliefs(of: SimPeer): (string | undefined)[] {
    return this.honest
      .filter((peer) => peer.running && peer !== of)
      .map((peer) => peer.machine.members().get(of.id)?.status)
  }

  /** Every change of these kinds in the view of somebody honest, of somebody honest, is harm. */
  forbid(...types: readonly string[]): void {
    this.world.observe({
      onNotify: (peer, event) => {
        if (peer.liar !== undefined || !types.includes(event.type)) return
        const subject = 'member' in event ? this.world.find(event.member.id) : undefined
        if (subject?.liar === undefined) this.harm.push(`${event.type} at #${peer.index}, brought about by a lie`)
      },
    })
  }

  mustBe(what: string, holds: boolean): void {
    if (!holds) this.harm.push(what)
  }

  /** Nobody keeps the last attacker's link. */
  mustBeThrownOut(): void {
    const { size } = this.attackers.at(-1)!.ends
    this.mustBe(`the attacker is still linked to ${size}`, size === 0)
  }
}

/** How the honest take three of these frames, each with a fault that nobody can mistake. */
export function faulty(name: string, code: string, bytes: (member: Member, to: Uint8Array) => Uint8Array): Attack {
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

export const newsFields = (by: Member, seq: number) => [
  by.host.publicKey,
  by.host.wall(),
  60_000,
  by.instance,
  seq,
  '',
  Buffer.of(seq & 255),
]

/** A message to somebody who is no neighbour of ours, for others to carry. */
export const routed = (by: Member, to: Uint8Array, ttlMs = 20_000): Buffer => {
  const id = Buffer.from(Array.from({ length: 16 }, () => Math.floor(by.host.random() * 256)))
  const payload = frame('direct', 1, '', Buffer.of(1))
  return claim('routed', [by.host.publicKey, by.host.wall(), ttlMs, to, id, 0, false, payload], by.host, by.meshId)
}

export const entryFields = (by: Member, key: string) => [
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
