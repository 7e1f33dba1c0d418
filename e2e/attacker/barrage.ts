/**
 * Lies by the million, in a simulated world: a mesh of honest peers, and a stream of strangers with keys of
 * their own, each of whom links to one of them, tells it a volley of lies of every manner and type, and is
 * thrown out by its third fault. What it takes to be believed is watched from outside: every claim that
 * passes a peer's gate is looked up among those that its author signed.
 */
import { createHash } from 'node:crypto'
import { conditionDefaults, networkDefaults, population, type SimPeer, World } from 'shoal/sim'
import { blamed, blameless, type Hoard, type Lie, Lies, type Manner } from './lies.ts'
import { capability, listFields, type Names } from './capabilities.ts'
import { type Alive, claim, claimNames, type ClaimType, type Key, meshIdOf, typeOf } from './claims.ts'
import { carry, frame } from './frames.ts'
import { Member } from './member.ts'
import type { Host } from './port.ts'
import { ownerKey, room } from './siege.ts'

export interface Tally {
  /** Lies that reached an open link, by manner and type. */
  readonly tried: Map<`${Manner} ${ClaimType}`, number>
  /** Refusals by code, as the receivers named them. */
  readonly refused: Map<string, number>
  total: number
  /** Claims that passed a gate and that their author never signed. */
  accepted: number
  /** Changes of any view, deliveries and writes that a lie brought about. */
  readonly consequences: string[]
  /** Incarnations that a member raised, since a genuine accusation of the last one was repeated: that is its right. */
  readonly raises: Set<string>
  /** Faults that an honest peer's link was charged with. */
  honestBlamed: number
  /** Claims that were taken out of a frame that must not carry them. */
  misplaced: number
  volleys: number
  /** Strangers who were still linked after three faults. */
  tolerated: number
}

const peersMax = 12
const volleyBlameless = 42
/** There and back: a link that was closed for the last lie is known to be by then. */
const noticedMs = 130

/** The types that mean something: only rooms with an owner know lists of revocations. */
export const claimsOf = (owned: boolean): readonly ClaimType[] =>
  claimNames.filter((name) => owned || name !== 'revoke')

/** Tells at least this many lies in an open room or in one with an owner, and answers what came of them. */
export function barrage(claims: number, seed: string, owned: boolean): Tally {
  const inhabitants = population({ crypto: conditionDefaults.crypto, swim: {}, oldLeases: undefined, owned })
  const owner = inhabitants.owner && ownerKey(inhabitants.owner)
  const world = new World({
    seed,
    population: inhabitants,
    network: { ...networkDefaults, reliable: true },
    clockSkewMs: 500,
  })
  const tally: Tally = {
    tried: new Map(),
    refused: new Map(),
    total: 0,
    accepted: 0,
    consequences: [],
    raises: new Set(),
    honestBlamed: 0,
    misplaced: 0,
    volleys: 0,
    tolerated: 0,
  }
  const hoard = Object.fromEntries(claimNames.map((name) => [name, [] as Uint8Array[]])) as Record<
    ClaimType,
    Uint8Array[]
  >
  const signed = new Set<string>()
  const said = new Set<string>()
  let besieged = false
  const authors = new Set<string>()
  /** What each member says of itself when the siege begins: none of them has a reason to change it. */
  const metadata = new Map<string, string>()
  world.observe({
    onInput(peer, input) {
      if (peer.liar !== undefined) return
      if (input.type === 'sealed') {
        // Not all that is signed is said: a peer keeps its leave ready.
        signed.add(input.claim.digest)
      } else if (input.type === 'refused') {
        tally.refused.set(input.code, (tally.refused.get(input.code) ?? 0) + 1)
        const other = peer.ends.get(input.link)?.other.peer
        if (input.blame && other !== undefined && other.liar === undefined) tally.honestBlamed++
      } else if (input.type === 'received') {
        for (const claim of claimsIn(input.message)) {
          if (input.message.type === 'spread' && typeOf(claim.bytes) !== 'news') tally.misplaced++
          const lied = authors.has(claim.author) && !signed.has(claim.digest)
          if (lied || (claim.culprit !== undefined && authors.has(claim.culprit))) tally.accepted++
          const type = typeOf(claim.bytes)
          const strange = authors.size > 0 && !authors.has(claim.author)
          if (besieged || strange || type === undefined || said.has(claim.digest)) continue
          said.add(claim.digest)
          hoard[type].push(claim.bytes)
        }
      }
    },
    onNotify(peer, event) {
      if (!besieged || peer.liar !== undefined) return
      const harmless = ['claim-rejected', 'link-opened', 'link-closed', 'sync-progress']
      if (event.type === 'member-updated' && metadata.get(event.member.id) === event.member.metadata.join()) {
        tally.raises.add(`${event.member.id} ${event.member.incarnation}`)
      } else if (!harmless.includes(event.type)) {
        const subject =
          'member' in event ? ` of #${world.find(event.member.id)?.index} ${event.member.incarnation}` : ''
        tally.consequences.push(`${(world.now / 1000).toFixed(2)} s: #${peer.index} ${event.type}${subject}`)
      }
    },
  })

  const honest = live(world)
  for (const peer of honest) authors.add(peer.id)
  const abroad: Uint8Array[] = []
  const lists: Uint8Array[] = []
  if (owner !== undefined) {
    authors.add(inhabitants.owner!.peerId)
    // The first names nobody, the second somebody who never came: either would be noticed in the place of the other.
    lists.push(listBy(owner, 1, world.wallNow, {}), listBy(owner, 2, world.wallNow, { serials: [Buffer.alloc(16, 9)] }))
    for (const list of lists) signed.add(digestOf(list))
    const members = honest.map(({ id }) => Buffer.from(id, 'base64url'))
    abroad.push(listBy(owner, 3, world.wallNow, { members }, 'another room'))
  }
  convict(world, honest, owner, lists)
  prepare(world, honest, hoard)
  for (const peer of standing(honest)) {
    for (const member of peer.machine.members().values()) metadata.set(member.id, member.metadata.join())
  }
  besieged = true
  const roots = standing(honest).map(({ machine }) => machine.state.root)
  const types = claimsOf(owned)
  let order = 0
  // A lie that is believed may end them all.
  while (tally.total < claims && standing(honest).length > 0) {
    const targets = standing(honest)
    for (const target of targets) volley({ world, target, hoard, abroad, types, tally }, order++)
    world.runFor(5 * noticedMs)
  }
  const after = standing(honest).map(({ machine }) => machine.state.root)
  if (after.join() !== roots.join()) tally.consequences.push('a replica changed')
  return tally
}

function live(world: World): SimPeer[] {
  const peers = Array.from({ length: peersMax }, () => world.spawn())
  world.runFor(10_000)
  return peers
}

/** Somebody who was let in brings the owner's lists, and then says two things under one number: evidence against it goes round. */
function convict(
  world: World,
  [one, other]: readonly SimPeer[],
  owner: Key | undefined,
  lists: readonly Uint8Array[],
): void {
  let culprit: Culprit | undefined
  const peer = world.spawn({ actor: (host) => (culprit = new Culprit(host, owner)) })
  world.link(peer, one!)
  world.link(peer, other!)
  world.runFor(2000)
  for (const list of lists) culprit!.say(carry('revoke', [list]))
  world.runFor(1000)
  culprit!.incarnation++
  for (const [i, link] of [...culprit!.links.keys()].entries())
    culprit!.host.send(link, frame('gossip', [culprit!.alive({ zone: `zone ${i}` })]))
  world.runFor(2000)
  world.crash(peer)
}

class Culprit extends Member {
  readonly #proof: Uint8Array

  constructor(host: Host, owner: Key | undefined) {
    super(host, room)
    this.#proof = owner
      ? capability(owner, host.publicKey, Buffer.alloc(16, 8), host.wall(), this.meshId)
      : new Uint8Array(0)
  }

  override alive(changes: Partial<Alive> = {}): Uint8Array {
    return super.alive({ admission: this.#proof, ...changes })
  }
}

const listBy = (owner: Key, seq: number, wall: number, names: Names, inRoom = room): Uint8Array =>
  claim('revoke', listFields(owner.publicKey, seq, wall, names), owner, meshIdOf(inRoom))

const digestOf = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes.subarray(0, -64)).digest().subarray(0, 16).toString('base64url')

const standing = (peers: readonly SimPeer[]): SimPeer[] => peers.filter(({ running }) => running)

/** Something of every type gets signed, and some of it goes out of date: what a replayer lives on. */
function prepare(world: World, peers: readonly SimPeer[], hoard: Hoard): void {
  let ref = 0
  for (const peer of peers) {
    for (let i = 0; i < 3; i++) {
      peer.arrive({ type: 'broadcast', topic: '', payload: Uint8Array.of(i), ref: ++ref })
      peer.arrive({ type: 'write', writes: [write(peer.index, i)], ref: ++ref })
      peer.arrive({ type: 'set-metadata', metadata: Uint8Array.of(0xa1, 0x61, 0x61 + i, 0x00) })
      for (const other of peers) {
        if (other !== peer && !peer.linkedTo(other)) {
          peer.arrive({ type: 'send', to: other.id, topic: '', payload: Uint8Array.of(i), ref: ++ref })
        }
      }
      world.runFor(300)
    }
  }
  // Some are slow for a while, so that others help to probe them, and accuse them; one dies; one leaves.
  const [dead, gone, ...slow] = peers as [SimPeer, SimPeer, ...SimPeer[]]
  for (let i = 0; i < slow.length && (hoard.ack.length === 0 || hoard.accuse.length === 0); i++) {
    world.network.impair(slow[i]!.index, { inboundLoss: 0.9, outboundLoss: 0.9, extraLatencyMs: 400 })
    world.runFor(4000)
    world.network.restore(slow[i]!.index)
    world.runFor(8000)
  }
  world.crash(dead)
  world.runFor(20_000)
  gone.arrive({ type: 'leave' })
  world.runFor(90_000)
}

function write(writer: number, i: number) {
  return {
    map: 'map',
    key: `key ${writer % 4}`,
    value: Uint8Array.of(i),
    conflict: 'lww',
    ttlMs: 3_600_000,
  } as const
}

interface Battle {
  readonly world: World
  readonly target: SimPeer
  readonly hoard: Hoard
  readonly abroad: readonly Uint8Array[]
  readonly types: readonly ClaimType[]
  readonly tally: Tally
}

/** What costs nothing and two of the other manners; then plain forgeries, one after another, until nobody listens. */
function volley({ world, target, hoard, abroad, types, tally }: Battle, order: number): void {
  let open = true
  const say = (host: Host, link: number, peer: Uint8Array): void => {
    const lies = new Lies(host, room, hoard, abroad)
    const tell = (manner: Manner, n: number): void => {
      if (!open) return
      const lie: Lie = lies.tell(manner, types[n % types.length]!, peer)
      const key = `${lie.manner} ${lie.type}` as const
      tally.tried.set(key, (tally.tried.get(key) ?? 0) + 1)
      tally.total++
      host.send(link, lie.frame)
    }
    for (let i = 0; i < volleyBlameless; i++) tell(blameless[i % blameless.length]!, order + i)
    tell(blamed[order % blamed.length]!, order)
    tell(blamed[(order + 1) % blamed.length]!, order + 1)
    for (const n of [1, 2, 3]) host.after(n * noticedMs, () => tell('forged', order + n))
  }
  const stranger = world.spawn({
    actor: (host) => ({
      onLink: (link, peer) => say(host, link, peer),
      onFrame() {},
      onClose: () => void (open = false),
    }),
  })
  tally.volleys++
  world.link(stranger, target)
  world.after(4.5 * noticedMs, () => {
    if (open) tally.tolerated++
    world.crash(stranger)
  })
}

/** The claims that a message carries, those inside a routed one too. */
function claimsIn(message: unknown): readonly Carried[] {
  const { claims = [], claim, inner } = message as { claims?: Carried[]; claim?: Carried; inner?: unknown }
  return [...claims, ...(claim === undefined ? [] : [claim]), ...(inner === undefined ? [] : claimsIn(inner))]
}

interface Carried {
  readonly author: string
  /** Of evidence, whom it speaks against. */
  readonly culprit?: string
  readonly digest: string
  readonly bytes: Uint8Array
}
