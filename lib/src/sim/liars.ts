/**
 * Members that run the product and lie. Each is admitted, has its own key and the product's core, and
 * may say to its neighbours whatever it likes; it signs with its own signer and with nobody else's.
 * The ways to lie are those of the attacker library in the threat model.
 */
import type { Message } from '../core/message.ts'
import type { Verified } from '../identity/claim.ts'
import type { WallMillis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { Alive, Incarnation, SwimClaim } from '../swim/messages.ts'
import type { End, SimPeer } from './peer.ts'
import type { Prng } from './prng.ts'
import type { World } from './world.ts'

export interface Liar {
  readonly name: string
  /** Once, after its core has started. */
  begin?(self: SimPeer, world: World): void
  /** What it says instead of what its core would say. */
  onSend?(message: Message, end: End): readonly Message[]
  /** Whether it listens to what comes in. */
  hears?(end: End): boolean
}

export const liarNames = ['forge', 'replay', 'accuse-all', 'inflate', 'deaf', 'selective', 'drop-relay'] as const
/** Those that lie each for itself, and those that lie together. */
export type LiarName = (typeof liarNames)[number] | 'collude'

export function liar(name: LiarName): Liar {
  switch (name) {
    case 'forge':
      return { name, begin: (self, world) => everySecond(self, world, forge) }
    case 'replay':
      return { name, begin: (self, world) => everySecond(self, world, replay) }
    case 'accuse-all':
      return { name, begin: (self, world) => everySecond(self, world, accuseAll) }
    case 'inflate':
      return { name, begin: (self, world) => everySecond(self, world, inflate) }
    case 'deaf':
      // It talks, and hears nothing: neither probes nor what is held against it.
      return { name, hears: () => false }
    case 'selective':
      // Alive for some and dead for others.
      return { name, onSend: (message, end) => (evenly(end.other.peer.id) ? [message] : []) }
    case 'drop-relay':
      return { name, onSend: (message) => (servesOthers(message) ? [] : [message]) }
    case 'collude':
      // What does the most harm together, and is no fault that a link would be closed for: all accuse all
      // who are honest, at the same moments, none of each other, and none passes on what others say.
      return {
        name,
        begin: (self, world) => everySecond(self, world, accuseHonest, 1000 - (world.now % 1000)),
        onSend: (message, end) => withheld(message, end.peer.id),
      }
  }
}

/** What a liar has seen of others, to lie with. */
interface Seen {
  readonly claims: Verified<SwimClaim>[]
  readonly alive: Map<PeerId, Verified<Alive>>
}

type Lie = (self: SimPeer, world: World, seen: Seen, prng: Prng) => void

/** Enough to have stale ones among them. */
const seenMax = 512

/** `first`: when it lies for the first time, for those that lie at the same moment. */
function everySecond(self: SimPeer, world: World, lie: Lie, first?: number): void {
  const seen: Seen = { claims: [], alive: new Map() }
  const prng = world.prng.split(`liar ${self.index}`)
  world.observe({
    onInput(peer, input) {
      if (peer !== self || input.type !== 'received' || !('claims' in input.message)) return
      for (const claim of input.message.claims) {
        if (claim.type !== 'alive' && claim.type !== 'accuse' && claim.type !== 'leave') continue
        if (seen.claims.length < seenMax) seen.claims.push(claim)
        else seen.claims[prng.int(seenMax)] = claim
        if (claim.type === 'alive') seen.alive.set(claim.author, claim)
      }
    },
  })
  const act = (): void => {
    if (!self.running) return
    lie(self, world, seen, prng)
    world.after(1000, act)
  }
  world.after(first ?? prng.between(0, 1000), act)
}

/** Others' claims with a bit turned, each to one neighbour. */
const forge: Lie = (self, world, { claims }, prng) => {
  if (claims.length === 0) return
  for (const end of self.ends.values()) {
    const claim = prng.pick(claims)
    const bytes = claim.bytes.slice()
    // Anywhere but in the type: body or signature.
    const at = 1 + prng.int(bytes.length - 1)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << prng.int(8))
    tell(world, end, [{ ...claim, bytes }])
  }
}

/** Genuine claims out of their time: what the departed and the refuted once said. */
const replay: Lie = (self, world, { claims }, prng) => {
  for (const end of self.ends.values()) tell(world, end, prng.sample(claims, 8))
}

/** Everyone is accused, each of the incarnation that it has. */
const accuseAll: Lie = (self, world, { alive }) => accuse(self, world, alive.values())

const accuseHonest: Lie = (self, world, { alive }) =>
  accuse(
    self,
    world,
    [...alive.values()].filter(({ author }) => world.find(author)?.liar === undefined),
  )

function accuse(self: SimPeer, world: World, subjects: Iterable<Verified<Alive>>): void {
  for (const claim of subjects) {
    if (claim.author === self.id || world.find(claim.author)?.running === false) continue
    const base = { author: self.id, issuedAt: Math.round(self.wallNow) as WallMillis, ttlMs: 60_000 }
    const { incarnationDigest } = claim
    self.pipe.sign({ type: 'accuse', ...base, subject: claim.author, incarnationDigest }, (accusation) => {
      for (const end of self.ends.values()) tell(world, end, [accusation as Verified<SwimClaim>])
    })
  }
}

/** Its own incarnation goes up by a thousand each second. */
const inflate: Lie = (self, world) => {
  const [own] = self.pipe.ownClaims()
  if (own === undefined || own.type !== 'alive') return
  const { author, ttlMs, instance, startedAt, metadata, zone, admission, sealingKey } = own
  const incarnation = Math.min(0xffff_ffff, Math.round((world.now - self.startedAt) / 1000) * 1000) as Incarnation
  const issuedAt = Math.round(self.wallNow) as WallMillis
  const { incarnationDigest } = own // computed again by whoever reads it
  self.pipe.sign(
    {
      type: 'alive',
      author,
      issuedAt,
      ttlMs,
      instance,
      startedAt,
      incarnation,
      metadata,
      zone,
      admission,
      sealingKey,
      incarnationDigest,
    },
    (claim) => {
      for (const end of self.ends.values()) tell(world, end, [claim as Verified<SwimClaim>])
    },
  )
}

function tell(world: World, end: End, claims: readonly Verified<SwimClaim>[]): void {
  if (claims.length === 0) return
  const message: Message = { type: 'gossip', claims }
  world.send(end, message, end.peer.pipe.encode(message))
}

/**
 * Only what it says of itself and of those whom it accuses; nothing for others. It does answer offers, and those who
 * look for it over routes: the more neighbours it has, the more hear what it says.
 */
function withheld(message: Message, self: PeerId): readonly Message[] {
  if (message.type === 'forward' && message.claim.author === self) return [message]
  if (servesOthers(message)) return []
  if (message.type !== 'gossip' && message.type !== 'ping' && message.type !== 'ack') return [message]
  return [{ ...message, claims: message.claims.filter(({ author }) => author === self) }]
}

function evenly(id: PeerId): boolean {
  return id.charCodeAt(0) % 2 === 0
}

/** What is done for somebody else. */
function servesOthers(message: Message): boolean {
  return message.type === 'forward' || message.type === 'indirect-ping' || message.type === 'nack'
}
