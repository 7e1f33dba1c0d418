/**
 * What we say of ourselves: the alive claim with its lease, refutations, and the leave that is signed
 * early because a closing page has no time left to sign anything.
 */
import type { Digest, Verified } from '../identity/claim.ts'
import type { Millis, WallMillis } from '../identity/millis.ts'
import type { InstanceId, PeerId } from '../identity/peer-id.ts'
import type { SwimConfig } from './config.ts'
import { earliest, type SwimContext } from './context.ts'
import { accusersNeeded, type MemberRecord } from './member.ts'
import type { Accuse, AckClaim, Alive, Incarnation, Leave } from './messages.ts'
import type { MemberTable } from './table.ts'

export interface SelfOptions {
  readonly instance: InstanceId
  readonly startedAt: WallMillis
  readonly metadata: Uint8Array
  readonly zone: string
  readonly admission: Uint8Array
  readonly sealingKey: Uint8Array
  /** When what admits us runs out: no lease of ours is longer. */
  readonly admittedUntil?: WallMillis | undefined
}

export class Self {
  readonly #context: SwimContext
  readonly #options: SelfOptions
  #metadata: Uint8Array
  #admission: Uint8Array
  #admittedUntil: WallMillis | undefined
  #incarnation = 0
  #alive: Verified<Alive> | undefined
  #leave: Verified<Leave> | undefined
  #leaving = false
  #accusers = new Set<PeerId>()
  /** Until when an accuser that stands alone moves us no more. */
  readonly #aloneUntil = new Map<PeerId, Millis>()
  #refuteAt: Millis | undefined
  #refutedAt: Millis | undefined
  #renewAt: Millis | undefined
  #metadataAt: Millis | undefined
  #announcedAt: Millis | undefined

  constructor(context: SwimContext, options: SelfOptions) {
    this.#context = context
    this.#options = options
    this.#metadata = options.metadata
    this.#admission = options.admission
    this.#admittedUntil = options.admittedUntil
  }

  get instance(): InstanceId {
    return this.#options.instance
  }

  get startedAt(): WallMillis {
    return this.#options.startedAt
  }

  get alive(): Verified<Alive> | undefined {
    return this.#alive
  }

  get leaving(): boolean {
    return this.#leaving
  }

  deadline(): Millis | undefined {
    return earliest(this.#refuteAt, this.#renewAt, this.#metadataAt)
  }

  tick(now: Millis): void {
    if (this.#refuteAt !== undefined && now >= this.#refuteAt) this.refute(now)
    const renews = this.#renewAt !== undefined && now >= this.#renewAt
    // New metadata that waits for its time goes with a renewal: one incarnation says one thing only, or it is evidence.
    if (this.#metadataAt !== undefined && (renews || now >= this.#metadataAt)) {
      this.#metadataAt = undefined
      this.#incarnation += 1
      this.announce(now)
    } else if (renews) this.announce(now)
  }

  /** Signs what we are now, under the current incarnation: the first claim, and every renewal. */
  announce(now: Millis): void {
    if (this.#leaving) return
    const { config, port, table, wall } = this.#context
    const everyMs = renewalMs(config, table.presentCount)
    const wished = Math.floor(everyMs * config.leaseRenewals)
    const issuedAt = wall.at(now)
    const leftMs = (this.#admittedUntil ?? Infinity) - issuedAt
    if (leftMs <= 0) {
      this.#renewAt = undefined
      port.notify({ type: 'admission-ended' })
      return
    }
    const ttlMs = Math.min(wished, leftMs)
    // Jittered by a fifth either way, so that those who joined together do not renew together.
    this.#renewAt = (now + Math.min(leftMs, everyMs * (0.8 + 0.4 * port.random()))) as Millis
    this.#announcedAt = now
    const base = { author: port.self, issuedAt, ttlMs }
    const { instance, startedAt, zone, sealingKey } = this.#options
    // First: whoever is known to be here can say at any moment that it goes. (A page that was closed 200 ms after it had
    // joined, on a busy machine, could not, and was taken to have failed.)
    port.seal({ type: 'leave', ...base, instance, startedAt })
    port.seal({
      type: 'alive',
      ...base,
      instance,
      startedAt,
      incarnation: this.#incarnation as Incarnation,
      metadata: this.#metadata,
      zone,
      admission: this.#admission,
      sealingKey,
      incarnationDigest: '' as Digest,
    })
  }

  setMetadata(metadata: Uint8Array, now: Millis): void {
    this.#metadata = metadata
    this.#metadataAt ??= Math.max(now, (this.#announcedAt ?? now) + this.#context.config.metadataIntervalMs) as Millis
  }

  /** What admits us is in the stable part of our claim: so it takes another incarnation, which everybody is told at once. */
  renewAdmission(admission: Uint8Array, admittedUntil: WallMillis, now: Millis): void {
    this.#admission = admission
    this.#admittedUntil = admittedUntil
    this.#incarnation += 1
    this.announce(now)
  }

  /** Somebody accuses the incarnation that we have now. `from`: who says so, not always the accuser. */
  accused(claim: Verified<Accuse>, from: PeerId | undefined, now: Millis): void {
    if (claim.incarnationDigest !== this.#alive?.incarnationDigest) return
    if (this.#accusers.size < accusersMax) this.#accusers.add(claim.author)
    const { config, port } = this.#context
    const needed = accusersNeeded(port.monitorsOf(port.self).length, config.accusersNeededMax)
    if (this.#accusers.size < Math.min(2, needed) && !this.#heldAgainstUs(claim, now)) return
    const intervalMs = this.#refuteEveryMs(from === claim.author ? undefined : from, now)
    this.#refuteAt = earliest(
      this.#refuteAt,
      Math.max(now, (this.#refutedAt ?? now - intervalMs) + intervalMs) as Millis,
    )
  }

  /**
   * Those whose word begins no doubt move us seldom. But what came to nothing here need not have done so elsewhere: a
   * `witness` who passes their word on counts it, or has it from somebody who does.
   */
  #refuteEveryMs(witness: PeerId | undefined, now: Millis): number {
    const { accusers, config } = this.#context
    const idle = (peer: PeerId): boolean => accusers.discounted(peer, now, readyMs)
    if (witness !== undefined && !idle(witness)) return config.refuteIntervalMs
    return [...this.#accusers].every(idle) ? config.discountMs : config.refuteIntervalMs
  }

  /**
   * A lone accusation is forgotten after `accusationWindowMs`; one that is told us later was enough for somebody
   * whose view was smaller: in a mesh that was split one accuser may be half of our monitors. A liar can date its
   * accusations back, so each accuser alone moves us only once in the cool-down.
   */
  #heldAgainstUs(claim: Verified<Accuse>, now: Millis): boolean {
    const { config, wall } = this.#context
    if (wall.at(now) < claim.issuedAt + config.accusationWindowMs) return false
    for (const [accuser, until] of this.#aloneUntil) if (now >= until) this.#aloneUntil.delete(accuser)
    if (this.#aloneUntil.has(claim.author) || this.#aloneUntil.size >= accusersMax) return false
    this.#aloneUntil.set(claim.author, (now + config.cooldownMs) as Millis)
    return true
  }

  /** Raises our incarnation, which voids whatever is held against the last one. */
  refute(now: Millis): void {
    this.#refuteAt = undefined
    this.#refutedAt = now
    for (const accuser of this.#accusers) this.#context.accusers.inVain(accuser, this.#context.port.self, now)
    this.#accusers.clear()
    this.#incarnation += 1
    // Lifeguard §IV.A: somebody waited for us in vain.
    this.#context.awareness.add(1)
    this.announce(now)
  }

  /** Someone holds our key too and has counted further in our name and run. */
  overtaken(incarnation: number, now: Millis): void {
    this.#incarnation = Math.max(this.#incarnation, incarnation)
    this.refute(now)
  }

  onSealedAlive(claim: Verified<Alive>): void {
    this.#alive = claim
  }

  onSealedLeave(claim: Verified<Leave>): void {
    this.#leave = claim
  }

  /** The leave that was signed in advance; undefined before the first one came back. */
  leave(): Verified<Leave> | undefined {
    this.#leaving = true
    this.#renewAt = undefined
    this.#refuteAt = undefined
    this.#metadataAt = undefined
    return this.#leave
  }

  ack(origin: PeerId, nonce: Uint8Array, now: Millis): AckClaim {
    const { port, wall } = this.#context
    return {
      type: 'ack',
      author: port.self,
      issuedAt: wall.at(now),
      ttlMs: ackTtlMs,
      origin,
      nonce,
      instance: this.#options.instance,
      incarnation: this.#incarnation as Incarnation,
    }
  }
}

/** Views of what came to nothing differ by what it takes to hear of it: we answer again so long before others listen again. A guess. */
const readyMs = 10_000
/** Accusers that are told apart. A guess: eight monitors each in the views of several sides of a split. */
const accusersMax = 64
/** How often a lease is renewed in a mesh of so many. */
export function renewalMs(config: SwimConfig, members: number): number {
  const wishedMs = Math.max(config.leaseRenewMinMs, members * config.leasePerMemberMs)
  return Math.min(wishedMs, config.leaseMaxMs / config.leaseRenewals)
}

/** The longest lease that a member may have asked for by now, one that we never saw included. */
export function longestLeaseMs(config: SwimConfig, table: MemberTable, { alive }: MemberRecord): number {
  const members = table.presentCount + table.departedCount
  return Math.floor(Math.max(alive.ttlMs, renewalMs(config, members) * config.leaseRenewals))
}

/** A signed ack answers one probe; the nonce makes it useless for another. */
const ackTtlMs = 30_000
