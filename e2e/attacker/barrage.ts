/**
 * Lies by the million, in a simulated world: a mesh of honest peers, and a stream of strangers with keys of
 * their own, each of whom links to one of them, tells it a volley of lies of every manner and type, and is
 * thrown out by its third fault. What it takes to be believed is watched from outside: every claim that
 * passes a peer's gate is looked up among those that its author signed.
 */
import { conditionDefaults, networkDefaults, population, type SimPeer, World } from 'shoal/sim'
import { blamed, blameless, type Hoard, type Lie, Lies, type Manner } from './lies.ts'
import { claimNames, type ClaimType, typeOf } from './claims.ts'
import type { Host } from './port.ts'

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

/** Tells at least this many lies, and answers what came of them. */
export function barrage(claims: number, seed: string): Tally {
  const world = new World({
    seed,
    population: population({ crypto: conditionDefaults.crypto, swim: {}, oldLeases: undefined }),
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
          if (authors.has(claim.author) && !signed.has(claim.digest)) tally.accepted++
          const type = typeOf(claim.bytes)
          if (besieged || type === undefined || said.has(claim.digest)) continue
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
  prepare(world, honest, hoard)
  for (const peer of standing(honest)) {
    for (const member of peer.machine.members().values()) metadata.set(member.id, member.metadata.join())
  }
  besieged = true
  const roots = standing(honest).map(({ machine }) => machine.state.root)
  let order = 0
  while (tally.total < claims) {
    const targets = standing(honest)
    for (const target of targets) volley(world, target, hoard, order++, tally)
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

/** What costs nothing and two of the other manners; then plain forgeries, one after another, until nobody listens. */
function volley(world: World, target: SimPeer, hoard: Hoard, order: number, tally: Tally): void {
  let open = true
  const say = (host: Host, link: number, peer: Uint8Array): void => {
    const lies = new Lies(host, 'simulation', hoard)
    const tell = (manner: Manner, n: number): void => {
      if (!open) return
      const lie: Lie = lies.tell(manner, claimNames[n % claimNames.length]!, peer)
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
  readonly digest: string
  readonly bytes: Uint8Array
}
