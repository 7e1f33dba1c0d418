/**
 * Probes (SWIM §3.1, §4.3): each period the next neighbour of a shuffled list is pinged; one that is
 * silent is pinged again and, through k of its other neighbours, a third time. Whoever hears that a
 * neighbour of its own is in doubt probes it at once, all three ways together.
 */
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { earliest, type SwimContext } from './context.ts'
import { present, type MemberRecord } from './member.ts'
import { shuffled } from './shuffled.ts'
import type { AckClaim } from './messages.ts'
import type { Verified } from '../identity/claim.ts'

interface Probe {
  readonly target: PeerId
  /** Somebody else doubted the target before. */
  urgent: boolean
  readonly seqs: number[]
  readonly nonce: Uint8Array
  readonly startedAt: Millis
  /** When the first ping left; a later ack is no measure of the round trip. */
  pingedAt: Millis | undefined
  directUntil: Millis
  /** Set once helpers were asked. */
  indirectUntil: Millis | undefined
  helpers: readonly PeerId[]
  readonly nacks: Set<PeerId>
}

export interface ProbeOutcomes {
  /** No answer by any way, since `startedAt`; `asked` when it is certain that somebody was asked. */
  silent(target: PeerId, asked: boolean, startedAt: Millis, now: Millis): void
  answered(target: PeerId, now: Millis): void
  ping(target: PeerId, seq: number): void
}

export class Prober {
  readonly #context: SwimContext
  readonly #outcomes: ProbeOutcomes
  readonly #probes = new Map<PeerId, Probe>()
  #order: PeerId[] = []
  #periodAt: Millis | undefined
  #seq = 0
  readonly #neighbourSince = new Map<PeerId, Millis>()

  constructor(context: SwimContext, outcomes: ProbeOutcomes) {
    this.#context = context
    this.#outcomes = outcomes
  }

  start(now: Millis): void {
    // A random phase: peers that started together must not probe together.
    this.#periodAt = (now + this.#context.port.random() * this.#context.config.protocolPeriodMs) as Millis
  }

  stop(): void {
    this.#periodAt = undefined
    this.#probes.clear()
  }

  deadline(): Millis | undefined {
    let next = this.#periodAt
    for (const probe of this.#probes.values()) next = earliest(next, probe.indirectUntil ?? probe.directUntil)
    return next
  }

  tick(now: Millis): void {
    for (const probe of [...this.#probes.values()]) {
      if (probe.indirectUntil === undefined) {
        if (now >= probe.directUntil) this.#askHelpers(probe, now)
      } else if (now >= probe.indirectUntil) {
        this.#silent(probe, now)
      }
    }
    if (this.#periodAt !== undefined && now >= this.#periodAt) {
      // A late tick is not caught up with: the period is a rate, and the missed probes are lost.
      this.#periodAt = (now + this.#context.awareness.scale(this.#context.config.protocolPeriodMs)) as Millis
      const target = this.#next(now)
      if (target !== undefined) this.probe(target, false, now)
    }
  }

  /** `urgent`: somebody doubts it, so ask every way at once. */
  probe(target: PeerId, urgent: boolean, now: Millis): void {
    const { port } = this.#context
    const active = this.#probes.get(target)
    if (active !== undefined) {
      active.urgent ||= urgent
      if (urgent && active.indirectUntil === undefined) this.#askHelpers(active, now)
      return
    }
    const probe: Probe = {
      target,
      urgent,
      seqs: [],
      nonce: port.nonce(),
      startedAt: now,
      pingedAt: undefined,
      directUntil: now,
      indirectUntil: undefined,
      helpers: [],
      nacks: new Set(),
    }
    this.#probes.set(target, probe)
    const linked = port.linked(target)
    if (linked) {
      probe.directUntil = (now + this.#directTimeoutMs(target)) as Millis
      probe.pingedAt = now
      this.#ping(probe)
    }
    if (urgent || !linked) this.#askHelpers(probe, now)
  }

  /** A target that is being probed got a new link: it may answer on that. */
  linkOpened(target: PeerId, now: Millis): void {
    const probe = this.#probes.get(target)
    if (probe === undefined) return
    this.#ping(probe)
    this.#extend(probe, now)
  }

  onAck(from: PeerId, seq: number, now: Millis): number | undefined {
    const probe = this.#probes.get(from)
    if (probe === undefined || !probe.seqs.includes(seq)) return undefined
    const rttMs = probe.seqs.length === 1 && probe.pingedAt !== undefined ? now - probe.pingedAt : undefined
    if (rttMs !== undefined) this.#context.roundTrips.measured(from, rttMs)
    this.#answered(probe, now)
    return rttMs
  }

  onIndirectAck(claim: Verified<AckClaim>, now: Millis): boolean {
    const probe = this.#probes.get(claim.author)
    if (probe === undefined || claim.origin !== this.#context.port.self || !sameNonce(probe.nonce, claim.nonce))
      return false
    this.#answered(probe, now)
    return true
  }

  onNack(helper: PeerId, nonce: Uint8Array, now: Millis): void {
    for (const probe of this.#probes.values()) {
      if (!sameNonce(probe.nonce, nonce) || !probe.helpers.includes(helper)) continue
      probe.nacks.add(helper)
      // Everybody who was asked has answered: there is nothing left to wait for but our own ping.
      if (probe.nacks.size === probe.helpers.length && probe.indirectUntil !== undefined) {
        probe.indirectUntil = Math.min(probe.indirectUntil, Math.max(now, probe.directUntil)) as Millis
      }
    }
  }

  /** We stood still, and answers may wait unread: nobody is silent before it had its time again. */
  stalled(now: Millis): void {
    for (const probe of this.#probes.values()) this.#extend(probe, now)
  }

  forget(target: PeerId): void {
    this.#probes.delete(target)
  }

  #extend(probe: Probe, now: Millis): void {
    const more = this.#directTimeoutMs(probe.target)
    probe.directUntil = Math.max(probe.directUntil, now + more) as Millis
    if (probe.indirectUntil !== undefined) probe.indirectUntil = Math.max(probe.indirectUntil, now + more) as Millis
  }

  #next(now: Millis): PeerId | undefined {
    const { port, table } = this.#context
    const neighbours = port.neighbours()
    for (const peer of this.#neighbourSince.keys()) if (!neighbours.includes(peer)) this.#noNeighbour(peer)
    for (const peer of neighbours) if (!this.#neighbourSince.has(peer)) this.#neighbourSince.set(peer, now)
    for (let tries = 0; tries <= neighbours.length; tries += 1) {
      if (this.#order.length === 0) this.#order = shuffled(neighbours, () => port.random())
      const target = this.#order.pop()
      if (target === undefined) return undefined
      const record = table.get(target)
      if (record === undefined || !present(record.status) || !neighbours.includes(target)) continue
      if (port.linked(target) || this.#answersOverRoutes(target, record, now)) return target
    }
    return undefined
  }

  /**
   * A newcomer has no way to answer before it is linked to somebody. Whoever has been here longer has other links, but
   * routes to it are known to be good only once others have seen the same change of the rings. (When three in ten die
   * at once, most of those who watched somebody may be dead too: who steps in for them must not wait long.)
   */
  #answersOverRoutes(target: PeerId, record: MemberRecord, now: Millis): boolean {
    const linkGraceMs = this.#context.awareness.scale(this.#context.config.linkGraceMs)
    const neighbourForMs = now - (this.#neighbourSince.get(target) ?? now)
    return now - record.runAt >= linkGraceMs && neighbourForMs >= linkGraceMs / 2
  }

  #noNeighbour(peer: PeerId): void {
    this.#neighbourSince.delete(peer)
    this.#context.reliability.forget(peer)
  }

  #askHelpers(probe: Probe, now: Millis): void {
    const { port, config, awareness, roundTrips, table } = this.#context
    const candidates: { readonly peer: PeerId; readonly hops: number }[] = []
    for (const peer of shuffled(port.monitorsOf(probe.target), () => port.random())) {
      const hops = peer === port.self || table.get(peer)?.status !== 'alive' ? undefined : port.hops(peer, probe.target)
      if (hops !== undefined) candidates.push({ peer, hops })
    }
    // The nearest answer soonest; among equals chance decides.
    const helpers = candidates.sort((a, b) => a.hops - b.hops).slice(0, config.indirectProbes)
    // A peer that was slow itself has measured round trips as long as its stall. It may wait longer than the
    // others, but what it asks of a helper must stay within what a helper accepts.
    const measured = roundTrips.typical(config.probeTimeoutInitialMs)
    const typical = {
      srttMs: Math.min(measured.srttMs, config.probeTimeoutMaxMs),
      timeoutMs: Math.min(measured.timeoutMs, config.probeTimeoutMaxMs),
    }
    const hops = Math.max(1, ...helpers.map((helper) => helper.hops))
    const helpMs = Math.max(typical.timeoutMs, config.probeTimeoutMinMs / 2)
    // Delays along a route add up, their deviations only by the root of how many there are.
    const routeMs = typical.srttMs * hops + (typical.timeoutMs - typical.srttMs) * Math.sqrt(hops)
    // Out to the helper and back again, and in between what the helper itself may wait.
    const waitMs = Math.max(awareness.scale(routeMs + helpMs), this.#directTimeoutMs(probe.target))
    probe.helpers = helpers.map((helper) => helper.peer)
    probe.indirectUntil = Math.min(
      now + waitMs + this.#context.granularityMs,
      now + awareness.scale(4 * config.probeTimeoutMaxMs),
    ) as Millis
    const timeoutMs = Math.ceil(awareness.scale(helpMs)) as Millis
    for (const helper of helpers) {
      port.send(
        helper.peer,
        { type: 'ping-req', target: probe.target, nonce: probe.nonce, timeoutMs },
        'probe',
        probe.target,
      )
    }
    // A lost ping is more likely than a lost peer.
    if (port.linked(probe.target)) this.#ping(probe)
  }

  #ping(probe: Probe): void {
    this.#seq = (this.#seq + 1) >>> 0
    probe.seqs.push(this.#seq)
    this.#outcomes.ping(probe.target, this.#seq)
  }

  #directTimeoutMs(target: PeerId): number {
    const { config, roundTrips, awareness, granularityMs } = this.#context
    const measured = roundTrips.timeoutMs(target) ?? config.probeTimeoutInitialMs
    return (
      awareness.scale(Math.min(config.probeTimeoutMaxMs, Math.max(config.probeTimeoutMinMs, measured))) + granularityMs
    )
  }

  #answered(probe: Probe, now: Millis): void {
    this.#probes.delete(probe.target)
    this.#context.awareness.add(-1)
    this.#outcomes.answered(probe.target, now)
  }

  #silent(probe: Probe, now: Millis): void {
    this.#probes.delete(probe.target)
    // Lifeguard §IV.A: nacks that stay out say that the trouble may be ours. One point however many they are, as in
    // the paper and unlike memberlist: when many crash at once, so do many helpers, and each would cost a point.
    // And only while nobody else is in doubt about the target: then it is hardly us.
    if (!probe.urgent && probe.nacks.size < probe.helpers.length) this.#context.awareness.add(1)
    // No link to ping it over, and not one nack: nothing shows that anybody was asked, so nobody kept silent.
    // A tab that thaws, all of its links gone, would otherwise accuse the next one that it thinks of.
    const asked = probe.seqs.length > 0 || probe.nacks.size > 0 || !this.#othersMightKnow(probe.target)
    this.#outcomes.silent(probe.target, asked, probe.startedAt, now)
  }

  #othersMightKnow(target: PeerId): boolean {
    const { port, table } = this.#context
    return port.monitorsOf(target).some((peer) => peer !== port.self && table.get(peer)?.status === 'alive')
  }
}

const sameNonce = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at])
