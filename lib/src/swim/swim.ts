/**
 * The failure detector: SWIM with Lifeguard's local health, on signed claims. It knows who is alive, in
 * doubt or gone. It never reads a clock, sets a timer or sends a byte: inputs and the time come in by
 * the methods below, and what is to be done goes out through `SwimPort`.
 *
 * SWIM: Das, Gupta, Motivala, DSN 2002. Lifeguard: Dadgar, Phillips, Currey, arXiv 1707.00788.
 */
import type { Verified } from '../identity/claim.ts'
import type { Millis, WallMillis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { Accusers } from './accusers.ts'
import { Awareness } from './awareness.ts'
import type { SwimConfig } from './config.ts'
import { earliest, type SwimContext } from './context.ts'
import { Dissemination } from './dissemination.ts'
import { Helper } from './helper.ts'
import { Judgement } from './judgement.ts'
import { compareIncarnations, present, type MemberRecord } from './member.ts'
import type { Accuse, Ack, Alive, Leave, Ping, SwimClaim, SwimMessage } from './messages.ts'
import type { SwimPort } from './port.ts'
import { Prober } from './prober.ts'
import { Reliability } from './reliability.ts'
import { Roster } from './roster.ts'
import { RoundTrips } from './rtt.ts'
import { longestLeaseMs, Self, type SelfOptions } from './self.ts'
import { evidence, Sync } from './sync.ts'
import { equalBytes, MemberTable } from './table.ts'
import { WallClock } from './wall-clock.ts'
import { Zones } from './zones.ts'

export class Swim {
  readonly #context: SwimContext
  readonly #self: Self
  readonly #prober: Prober
  readonly #helper: Helper
  readonly #judgement: Judgement
  readonly #sync: Sync
  readonly #zones: Zones
  readonly #roster: Roster
  #heardAnyAt: Millis
  /** When a digest last came over a link, or we sent ours instead. */
  #comparedAt: Millis
  #isolated = false
  /** Since when every neighbour has been asked, and none has answered. */
  #askedAllAt: Millis | undefined
  #stopped = false

  constructor(config: SwimConfig, port: SwimPort, options: SelfOptions, wallOffsetMs: number, now: Millis) {
    const table = new MemberTable()
    this.#context = {
      config,
      port,
      table,
      accusers: new Accusers(config, table),
      awareness: new Awareness(config.awarenessMax),
      roundTrips: new RoundTrips(),
      reliability: new Reliability(),
      wall: new WallClock(wallOffsetMs, config.clockSkewMs),
      dissemination: new Dissemination(config, () => port.random()),
      granularityMs: 0,
      heardAt: new Map(),
    }
    this.#heardAnyAt = now
    this.#comparedAt = now
    this.#self = new Self(this.#context, options)
    this.#helper = new Helper(this.#context)
    this.#sync = new Sync(this.#context, (record, at) => this.#onStillCounted(record, at))
    this.#zones = new Zones(this.#context)
    this.#prober = new Prober(this.#context, {
      ping: (target, seq) => port.send(target, { type: 'ping', ...this.#cargo(target, seq) }, 'probe'),
      answered: (target) => this.#context.reliability.probed(target, true),
      silent: (target, asked, startedAt, at) => this.#onSilent(target, asked, startedAt, at),
    })
    this.#judgement = new Judgement(this.#context, {
      suspected: (record) => port.notify({ type: 'member-suspected', record }),
      cleared: (record) => port.notify({ type: 'member-recovered', record }),
      condemned: (record, at) => this.#onCondemned(record, at),
    })
    this.#roster = new Roster(this.#context, { judgement: this.#judgement, sync: this.#sync, zones: this.#zones }, now)
  }

  start(now: Millis): void {
    this.#self.announce(now)
    this.#prober.start(now)
  }

  /** Our own connection is good, as far as our probes tell. */
  get wellConnected(): boolean {
    const { reliability, config } = this.#context
    return reliability.failuresInAll <= config.unreliableFailures
  }

  /** Little speaks for it that we ourselves are slow. */
  get healthy(): boolean {
    return this.#context.awareness.score <= this.#context.config.awarenessMax / 2
  }

  get localHealth(): number {
    return this.#context.awareness.score
  }

  get isolated(): boolean {
    return this.#isolated
  }

  get records(): IterableIterator<MemberRecord> {
    return this.#context.table.values()
  }

  get presentCount(): number {
    return this.#context.table.presentCount
  }

  /** What it finds out about others by its probes begins no doubt here. */
  probesInVain(id: PeerId, now: Millis): boolean {
    return this.#context.accusers.discounted(id, now)
  }

  record(id: PeerId): MemberRecord | undefined {
    return this.#context.table.get(id)
  }

  rttMs(peer: PeerId): number | undefined {
    return this.#context.roundTrips.srttMs(peer)
  }

  /** Calendar time as this peer sees it. */
  wallAt(now: Millis): WallMillis {
    return this.#context.wall.at(now)
  }

  deadline(): Millis | undefined {
    if (this.#stopped) return this.#context.dissemination.flushAt
    return earliest(
      this.#prober.deadline(),
      this.#helper.deadline(),
      this.#judgement.deadline(),
      this.#self.deadline(),
      this.#zones.deadline(),
      this.#context.dissemination.flushAt,
      this.#roster.deadline(),
    )
  }

  /** `lateMs`: how long after the deadline this tick comes. */
  tick(now: Millis, lateMs: number): void {
    const { config, dissemination, granularityMs } = this.#context
    if (lateMs > config.stallMs + granularityMs) this.#stalled(now)
    if (!this.#stopped) {
      this.#prober.tick(now)
      for (const target of this.#helper.tick(now)) this.#doubt(target, now)
      this.#judgement.tick(now, this.#isolated || this.#deafFor(1, now))
      this.#self.tick(now)
      this.#zones.tick(now)
      this.#roster.tick(now)
      this.#compare(now)
    }
    if (dissemination.flushAt !== undefined && now >= dissemination.flushAt) this.#flush()
  }

  /**
   * Digests ride on the probes of ring neighbours. Whoever has no link to any of those yet, as a newcomer may whose
   * first contacts know no more than it does, compares views with somebody to whom it has one.
   */
  #compare(now: Millis): void {
    const { config, port } = this.#context
    if (now < this.#comparedAt + 2 * config.protocolPeriodMs) return
    this.#comparedAt = now
    const linked = port.linkedPeers()
    const peer = linked[Math.floor(port.random() * linked.length)]
    if (peer !== undefined) this.#sync.start(peer, now)
  }

  setClock(wallOffsetMs: number, granularityMs: number): void {
    this.#context.wall.set(wallOffsetMs)
    this.#context.granularityMs = granularityMs
  }

  /** The process slept. Others may hold us dead, and we may hold to be silent who was not heard. */
  resumed(now: Millis): void {
    this.#stalled(now)
    this.#self.refute(now)
    for (const peer of this.#context.port.linkedPeers()) this.#sync.start(peer, now)
  }

  setMetadata(metadata: Uint8Array, now: Millis): void {
    this.#self.setMetadata(metadata, now)
  }

  renewAdmission(admission: Uint8Array, admittedUntil: WallMillis, now: Millis): void {
    if (!this.#stopped) this.#self.renewAdmission(admission, admittedUntil, now)
  }

  /** The room's owner has taken back what let a member in. Only what it does not name can bring the member back. */
  revoked(id: PeerId, now: Millis): void {
    const record = this.#context.table.get(id)
    if (record === undefined || !present(record.status)) return
    this.#prober.forget(id)
    this.#roster.onRevoked(record, now)
  }

  /** A member is shown to have said two things under one number. */
  convicted(id: PeerId, now: Millis): void {
    const record = this.#context.table.get(id)
    if (record !== undefined && present(record.status)) this.#judgement.condemn(record, now)
  }

  /** Tells everybody that we go, and answers the claim; after this only what is queued still leaves. */
  leave(now: Millis): Verified<Leave> | undefined {
    if (this.#stopped) return undefined
    const claim = this.#self.leave()
    this.#stopped = true
    this.#prober.stop()
    if (claim !== undefined) {
      this.#context.dissemination.spread(claim, undefined, now)
      this.#flush()
    }
    this.#context.port.notify({ type: 'leaving' })
    return claim
  }

  linkOpened(peer: PeerId, initiator: boolean, now: Millis): void {
    const { dissemination, port, table } = this.#context
    dissemination.linkOpened(peer)
    this.#prober.linkOpened(peer, now)
    // Whom we doubted without a link to anybody may have answered since, and whoever is here now can tell us.
    if (port.linkedPeers().length === 1) this.#judgement.stalled(now)
    const own = this.#self.alive
    if (own !== undefined) port.send(peer, { type: 'gossip', claims: [own] }, 'gossip')
    if (initiator) this.#sync.start(peer, now)
    const record = table.get(peer)
    // It may not know what is held against it: at first contact it is told.
    if (record?.suspicion !== undefined) this.#sync.tell(peer, record)
  }

  /** A closed channel is a hint: ask through others at once. */
  linkClosed(peer: PeerId, now: Millis): void {
    const { dissemination, roundTrips, wall, heardAt, table, port } = this.#context
    dissemination.linkClosed(peer)
    this.#sync.linkClosed(peer)
    roundTrips.forget(peer)
    wall.forget(peer)
    this.#prober.forget(peer)
    const record = table.get(peer)
    if (record === undefined) heardAt.delete(peer)
    if (!this.#stopped && record !== undefined && present(record.status) && port.neighbours().includes(peer))
      this.#prober.probe(peer, true, now)
  }

  /** `overLink`: it came over the sender's own link, and so is a sign of its life. */
  receive(from: PeerId, message: SwimMessage, overLink: boolean, now: Millis): void {
    if (overLink) this.#heard(from, now)
    if (this.#stopped) return
    if (overLink && (message.type === 'ping' || message.type === 'ack')) this.#comparedAt = now
    switch (message.type) {
      case 'ping':
        this.#onPing(from, message, now)
        break
      case 'ack':
        this.#onAck(from, message, now)
        break
      case 'ping-req':
        this.#helper.onPingReq(from, message, now)
        break
      case 'indirect-ping':
        this.#helper.onIndirectPing(from, message.nonce, () => this.#self.ack(message.origin, message.nonce, now))
        break
      case 'indirect-ack':
        if (this.#prober.onIndirectAck(message.claim, now)) this.#context.heardAt.set(message.claim.author, now)
        else this.#helper.onIndirectAck(message.claim)
        break
      case 'nack':
        this.#prober.onNack(from, message.nonce, now)
        break
      case 'gossip':
        this.#onClaims(message.claims, from, now)
        break
      case 'sync-buckets':
        this.#sync.onBuckets(from, message, now)
        break
      case 'sync-rows':
        this.#sync.onRows(from, message, now)
        break
      case 'sync-want':
        this.#sync.onWant(from, message, now)
        break
    }
  }

  sealed(claim: Verified<SwimClaim>, now: Millis): void {
    switch (claim.type) {
      case 'alive':
        this.#self.onSealedAlive(claim)
        this.#roster.onOwn(claim, now)
        break
      case 'leave':
        this.#self.onSealedLeave(claim)
        break
      case 'accuse':
        this.#onAccuse(claim, undefined, now)
        break
      case 'ack':
        this.#helper.onSealed(claim)
        break
    }
  }

  #cargo(peer: PeerId, seq: number): Omit<Ping, 'type'> {
    const { table, dissemination, config, port } = this.#context
    const record = table.get(peer)
    // Lifeguard §IV.C, buddy: whoever is suspected hears it from the next one that it talks to.
    const held = record?.suspicion === undefined ? [] : evidence(record).slice(0, config.accusersNeededMax)
    return {
      seq,
      table: table.digest(),
      extra: port.extra(),
      claims: [...held, ...dissemination.cargo(peer, config.claimsPerProbe)],
    }
  }

  #onPing(from: PeerId, ping: Ping, now: Millis): void {
    this.#onClaims(ping.claims, from, now)
    const ack: Ack = { type: 'ack', wall: this.#context.wall.at(now), ...this.#cargo(from, ping.seq) }
    this.#context.port.send(from, ack, 'probe')
  }

  #onAck(from: PeerId, ack: Ack, now: Millis): void {
    const rttMs = this.#prober.onAck(from, ack.seq, now)
    if (rttMs !== undefined) this.#context.wall.sampled(from, ack.wall, now, rttMs)
    this.#onClaims(ack.claims, from, now)
    this.#sync.compared(from, equalBytes(ack.table, this.#context.table.digest()), this.#roster.changedAt, now)
  }

  #onClaims(claims: readonly Verified<SwimClaim>[], from: PeerId, now: Millis): void {
    for (const claim of claims) {
      switch (claim.type) {
        case 'alive':
          this.#onAlive(claim, from, now)
          break
        case 'accuse':
          this.#onAccuse(claim, from, now)
          break
        case 'leave':
          if (claim.author !== this.#context.port.self) this.#roster.onLeave(claim, from, now)
          break
        case 'ack':
          // Acks are for one asker and travel alone.
          break
      }
    }
  }

  #onAlive(claim: Verified<Alive>, from: PeerId, now: Millis): void {
    const { port, config, wall } = this.#context
    const refusal = port.refuses(claim)
    if (refusal !== undefined) {
      port.notify({ type: 'rejected', from, code: refusal })
      return
    }
    const wallNow = wall.at(now)
    if (claim.issuedAt > wallNow + config.clockSkewMs || claim.issuedAt + claim.ttlMs <= wallNow) return
    if (claim.author === port.self) this.#onOwnAlive(claim, now)
    else this.#roster.onAlive(claim, from, now)
  }

  /** Our own key speaks, and it was not us just now. */
  #onOwnAlive(claim: Verified<Alive>, now: Millis): void {
    const own = this.#self.alive
    if (own === undefined) return
    if (claim.instance === own.instance) {
      if (compareIncarnations(claim, own) > 0) this.#self.overtaken(claim.incarnation, now)
      return
    }
    if (compareIncarnations(claim, own) > 0) {
      this.#stopped = true
      this.#prober.stop()
      this.#context.port.notify({ type: 'duplicate-identity', instance: claim.instance })
    }
  }

  #onAccuse(claim: Verified<Accuse>, from: PeerId | undefined, now: Millis): void {
    const { table, dissemination, port, accusers } = this.#context
    if (claim.subject === port.self) {
      this.#self.accused(claim, from, now)
      return
    }
    const record = table.get(claim.subject)
    if (record === undefined) return
    if (this.#judgement.corroborate(record, claim)) {
      dissemination.spread(claim, from, now)
      return
    }
    const result = this.#judgement.accuse(record, claim, now)
    if (result === 'known' && from !== undefined) dissemination.heard(claim, from)
    if (result === 'void' && present(record.status)) this.#roster.tellSubject(record, claim, now)
    const witnessed = from !== undefined && from !== claim.author && !accusers.discounted(from, now)
    if (result === 'idle' && witnessed && accusers.mayTell(claim.author, record.id, now))
      port.send(record.id, { type: 'gossip', claims: [claim] }, 'gossip')
    if (result !== 'counted') return
    dissemination.spread(claim, from, now)
    if (claim.author !== port.self) this.#doubt(claim.subject, now)
  }

  #heard(from: PeerId, now: Millis): void {
    this.#context.heardAt.set(from, now)
    this.#heardAnyAt = now
    this.#askedAllAt = undefined
    if (!this.#isolated) return
    this.#isolated = false
    this.#context.port.notify({ type: 'reconnected' })
    for (const peer of this.#context.port.linkedPeers()) this.#sync.start(peer, now)
  }

  /** Nobody was heard for so many periods, each of which brings some frames in a live mesh: no refutation would be. */
  #deafFor(periods: number, now: Millis): boolean {
    const { port, config } = this.#context
    return port.neighbours().length > 1 && now >= this.#heardAnyAt + periods * config.protocolPeriodMs
  }

  /** Somebody doubts a neighbour of ours: see for ourselves. */
  #doubt(subject: PeerId, now: Millis): void {
    const { port, table } = this.#context
    const record = table.get(subject)
    if (record === undefined || !present(record.status) || record.suspicion?.accusations.has(port.self)) return
    if (port.neighbours().includes(subject)) this.#prober.probe(subject, true, now)
  }

  #onSilent(target: PeerId, asked: boolean, startedAt: Millis, now: Millis): void {
    const { table, port } = this.#context
    const record = table.get(target)
    if (record === undefined || !present(record.status)) return
    // A probe that waited long may have begun before the silence did.
    if ((this.#heardAnyAt < startedAt && port.neighbours().length > 1) || this.#deafFor(2, now)) {
      this.#doubtSelf(target, startedAt, now)
      return
    }
    if (!asked) return
    this.#context.reliability.probed(target, false)
    if (record.suspicion !== undefined) this.#prober.probe(target, true, now)
    if (this.#judgement.mayAccuse(record, now)) this.#accuse(record, now)
  }

  /** Somebody counts a member that is dead to us: perhaps its view is larger, and lacks an accuser. */
  #onStillCounted(record: MemberRecord, now: Millis): void {
    if (this.#judgement.mayCorroborate(record)) this.#accuse(record, now)
  }

  #accuse(record: MemberRecord, now: Millis): void {
    const { port, config, wall, table } = this.#context
    // As long as the death that may come of it is remembered: whoever is held dead has to be shown why.
    const ttlMs = longestLeaseMs(config, table, record)
    port.seal({
      type: 'accuse',
      author: port.self,
      issuedAt: wall.at(now),
      ttlMs,
      subject: record.id,
      incarnationDigest: record.alive.incarnationDigest,
    })
  }

  /**
   * Not a word from anybody, helpers included. A short silence proves little, so all neighbours are
   * asked at once; if that too stays without any answer, it is we who are cut off, and we accuse nobody.
   */
  #doubtSelf(target: PeerId, startedAt: Millis, now: Millis): void {
    const { port } = this.#context
    if (this.#askedAllAt === undefined || startedAt < this.#askedAllAt) {
      this.#askedAllAt ??= now
      this.#prober.probe(target, true, now)
      for (const peer of port.linkedPeers()) this.#prober.probe(peer, false, now)
      return
    }
    if (this.#isolated) return
    this.#isolated = true
    port.notify({ type: 'isolated' })
  }

  #onCondemned(record: MemberRecord, now: Millis): void {
    this.#prober.forget(record.id)
    this.#roster.bury(record, now)
    this.#zones.failed(record, now)
  }

  #stalled(now: Millis): void {
    this.#context.awareness.add(1)
    this.#prober.stalled(now)
    this.#judgement.stalled(now)
  }

  #flush(): void {
    const { dissemination, port, config } = this.#context
    const linked = port.linkedPeers()
    let peers = linked
    if (linked.length > config.gossipFanout) {
      const neighbours = new Set(port.neighbours())
      peers = [...linked]
        .sort((a, b) => Number(neighbours.has(b)) - Number(neighbours.has(a)))
        .slice(0, config.gossipFanout)
    }
    dissemination.flush(peers, (to, message) => port.send(to, message, 'gossip'))
  }
}
