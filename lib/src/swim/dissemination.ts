/**
 * How claims travel (SWIM §3.2, and Serf's habit of flushing): a fresh one goes to every neighbour
 * within `gossipDelayMs`, but not back to where it came from; a renewed lease is in no hurry and rides
 * on the pings and acks that are sent anyway, to a few neighbours only: whoever is missed asks in time.
 */
import type { Digest, Verified } from '../identity/claim.ts'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { SwimConfig } from './config.ts'
import type { Gossip, SwimClaim } from './messages.ts'
import { shuffled } from './shuffled.ts'

/** Keeps a frame of claims under 16 KiB. */
export const claimsPerFrame = 40

export class Dissemination {
  readonly #fresh = new Map<Digest, { readonly claim: Verified<SwimClaim>; readonly heardFrom: PeerId[] }>()
  readonly #trickling = new Map<PeerId, Map<PeerId, Verified<SwimClaim>>>()
  #flushAt: Millis | undefined
  readonly #gossipDelayMs: number
  readonly #renewalFanout: number
  readonly #random: () => number

  constructor(config: Pick<SwimConfig, 'gossipDelayMs' | 'renewalFanout'>, random: () => number) {
    this.#gossipDelayMs = config.gossipDelayMs
    this.#renewalFanout = config.renewalFanout
    this.#random = random
  }

  get flushAt(): Millis | undefined {
    return this.#flushAt
  }

  linkOpened(peer: PeerId): void {
    if (!this.#trickling.has(peer)) this.#trickling.set(peer, new Map())
  }

  linkClosed(peer: PeerId): void {
    this.#trickling.delete(peer)
  }

  /** To all neighbours, soon. */
  spread(claim: Verified<SwimClaim>, from: PeerId | undefined, now: Millis): void {
    const known = this.#fresh.get(claim.digest)
    if (known !== undefined) {
      if (from !== undefined) known.heardFrom.push(from)
      return
    }
    this.#fresh.set(claim.digest, { claim, heardFrom: from === undefined ? [] : [from] })
    this.#flushAt ??= (now + this.#gossipDelayMs) as Millis
  }

  /** To a few neighbours, whenever a ping or an ack goes there anyway. A newer one of the same author takes its place. */
  trickle(claim: Verified<SwimClaim>, from: PeerId | undefined): void {
    const others = [...this.#trickling].filter(([peer]) => peer !== from && peer !== claim.author)
    for (const [, claims] of shuffled(others, this.#random).slice(0, this.#renewalFanout))
      claims.set(claim.author, claim)
  }

  /** A neighbour sent what we already know: it need not be told. */
  heard(claim: Verified<SwimClaim>, from: PeerId): void {
    this.#fresh.get(claim.digest)?.heardFrom.push(from)
    const trickling = this.#trickling.get(from)
    if (trickling?.get(claim.author)?.digest === claim.digest) trickling.delete(claim.author)
  }

  /** Up to `count` claims to ride along to `peer`. */
  cargo(peer: PeerId, count: number): Verified<SwimClaim>[] {
    const claims = this.#trickling.get(peer)
    const cargo: Verified<SwimClaim>[] = []
    if (claims === undefined) return cargo
    for (const [author, claim] of claims) {
      if (cargo.length >= count) break
      cargo.push(claim)
      claims.delete(author)
    }
    return cargo
  }

  /** Hands over what is fresh. Neighbours that are to hear the same get the very same message objects, which are then encoded once. */
  flush(peers: readonly PeerId[], send: (to: PeerId, message: Gossip) => void): void {
    const all = [...this.#fresh.values()]
    this.#fresh.clear()
    this.#flushAt = undefined
    const whole = gossip(all.map((each) => each.claim))
    for (const peer of peers) {
      const rest = all.filter((each) => !each.heardFrom.includes(peer) && each.claim.author !== peer)
      const messages = rest.length === all.length ? whole : gossip(rest.map((each) => each.claim))
      for (const message of messages) send(peer, message)
    }
  }
}

/** As many messages as it takes to carry these claims. */
export function gossip(claims: readonly Verified<SwimClaim>[]): Gossip[] {
  const messages: Gossip[] = []
  for (let at = 0; at < claims.length; at += claimsPerFrame) {
    messages.push({ type: 'gossip', claims: claims.slice(at, at + claimsPerFrame) })
  }
  return messages
}
