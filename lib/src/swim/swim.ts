/**
 * The failure detector: SWIM with Lifeguard's local health, on signed claims. It knows who is alive, in
 * doubt or gone. It never reads a clock, sets a timer or sends a byte: inputs and the time come in by
 * the methods below, and what is to be done goes out through `SwimPort`.
 *
 * SWIM: Das, Gupta, Motivala, DSN 2002. Lifeguard: Dadgar, Phillips, Currey, arXiv 1707.00788.
 */
import type { Verified } from '../identity/claim.ts'
import type { Millis } from '../identity/millis.ts'
import type { InstanceId, PeerId } from '../identity/peer-id.ts'
import { Awareness } from './awareness.ts'
import type { SwimConfig } from './config.ts'
import { earliest, type SwimContext } from './context.ts'
import { Dissemination } from './dissemination.ts'
import { Helper } from './helper.ts'
import { Judgement } from './judgement.ts'
import { compareAlive, compareIncarnations, present, transitions, type MemberRecord } from './member.ts'
import type { Accuse, Ack, Alive, Leave, Ping, SwimClaim, SwimMessage } from './messages.ts'
import type { SwimPort } from './port.ts'
import { Prober } from './prober.ts'
import { RoundTrips } from './rtt.ts'
import { Self, type SelfOptions } from './self.ts'
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
  /** Leaves of members that we had not met yet: their alive claim may still be on its way. */
  readonly #departed = new Map<InstanceId, Millis>()
  readonly #toldAt = new Map<PeerId, Millis>()
  /** Leases and tombstones are looked at when the first of them may end. */
  #sweepAt: Millis | undefined
  #changedAt: Millis
  #heardAnyAt: Millis
  #isolated = false
  #stopped = false

  constructor(config: SwimConfig, port: SwimPort, options: SelfOptions, wallOffsetMs: number, now: Millis) {
    this.#context = {
      config, port,
      table: new MemberTable(), awareness: new Awareness(config.awarenessMax), roundTrips: new RoundTrips(),
      wall: new WallClock(wallOffsetMs, config.clockSkewMs), dissemination: new Dissemination(config.gossipDelayMs),
      granularityMs: 0, heardAt: new Map(),
    }
    this.#changedAt = now
    this.#heardAnyAt = now
    this.#self = new Self(this.#context, options)
    this.#helper = new Helper(this.#context)
    this.#sync = new Sync(this.#context)
    this.#zones = new Zones(this.#context)
    this.#prober = new Prober(this.#context, {
      ping: (target, seq) => port.send(target, { type: 'ping', ...this.#cargo(target, seq) }, 'probe'),
      answered: () => undefined,
      silent: (target, startedAt, at) => this.#onSilent(target, startedAt, at),
    })
    this.#judgement = new Judgement(this.#context, {
      suspected: (record) => port.notify({ type: 'member-suspected', record }),
      cleared: (record) => port.notify({ type: 'member-recovered', record }),
      condemned: (record, at) => this.#onCondemned(record, at),
    })
  }

  start(now: Millis): void {
    this.#self.announce(now)
    this.#prober.start(now)
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

  record(id: PeerId): MemberRecord | undefined {
    return this.#context.table.get(id)
  }

  rttMs(peer: PeerId): number | undefined {
    return this.#context.roundTrips.srttMs(peer)
  }

  /** Calendar time as this peer sees it. */
  wallAt(now: Millis): number {
    return this.#context.wall.at(now)
  }

  deadline(): Millis | undefined {
    if (this.#stopped) return this.#context.dissemination.flushAt
    return earliest(
      this.#prober.deadline(), this.#helper.deadline(), this.#judgement.deadline(), this.#self.deadline(),
      this.#zones.deadline(), this.#context.dissemination.flushAt, this.#sweepAt,
    )
  }

  /** `lateMs`: how long after the deadline this tick comes. */
  tick(now: Millis, lateMs: number): void {
    const { config, dissemination, granularityMs } = this.#context
    if (lateMs > config.stallMs + granularityMs) this.#stalled(now)
    if (!this.#stopped) {
      this.#prober.tick(now)
      for (const target of this.#helper.tick(now)) this.#doubt(target, now)
      this.#judgement.tick(now, this.#isolated)
      this.#self.tick(now)
      this.#zones.tick(now)
      if (this.#sweepAt !== undefined && now >= this.#sweepAt) this.#sweep(now)
    }
    if (dissemination.flushAt !== undefined && now >= dissemination.flushAt) this.#flush()
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

  /** Tells everybody that we go; after this only what is queued still leaves. */
  leave(now: Millis): void {
    if (this.#stopped) return
    const claim = this.#self.leave()
    this.#stopped = true
    this.#prober.stop()
    if (claim !== undefined) {
      this.#context.dissemination.spread(claim, undefined, now)
      this.#flush()
    }
    this.#context.port.notify({ type: 'leaving' })
  }

  linkOpened(peer: PeerId, initiator: boolean, now: Millis): void {
    const { dissemination, port, table } = this.#context
    dissemination.linkOpened(peer)
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
    heardAt.delete(peer)
    this.#prober.forget(peer)
    const record = table.get(peer)
    if (!this.#stopped && record !== undefined && present(record.status) && port.neighbours().includes(peer)) this.#prober.probe(peer, true, now)
  }

  /** `overLink`: it came over the sender's own link, and so is a sign of its life. */
  receive(from: PeerId, message: SwimMessage, overLink: boolean, now: Millis): void {
    if (overLink) this.#heard(from, now)
    if (this.#stopped) return
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
        this.#prober.onNack(message.nonce)
        break
      case 'gossip':
        this.#onClaims(message.claims, from, now)
        break
      case 'sync-buckets':
        this.#sync.onBuckets(from, message)
        break
      case 'sync-rows':
        this.#sync.onRows(from, message)
        break
      case 'sync-want':
        this.#sync.onWant(from, message)
        break
    }
  }

  sealed(claim: Verified<SwimClaim>, now: Millis): void {
    switch (claim.type) {
      case 'alive':
        this.#onSealedAlive(claim, now)
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
    return { seq, table: table.digest(), extra: port.extra(), claims: [...held, ...dissemination.cargo(peer, config.claimsPerProbe)] }
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
    const { table, config } = this.#context
    if (now >= this.#changedAt + config.quietMs && !equalBytes(ack.table, table.digest())) this.#sync.start(from, now)
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
          this.#onLeave(claim, from, now)
          break
        case 'ack':
          // Acks are for one asker and travel alone.
          break
      }
    }
  }

  #onSealedAlive(claim: Verified<Alive>, now: Millis): void {
    const { table, dissemination, port } = this.#context
    const record = table.get(port.self)
    this.#self.onSealedAlive(claim)
    if (record === undefined) {
      this.#insert(claim, now)
      dissemination.spread(claim, undefined, now)
      return
    }
    const renewal = compareIncarnations(claim, record.alive) === 0
    table.change(record, () => {
      record.alive = claim
    })
    if (renewal) {
      dissemination.trickle(claim, undefined)
      return
    }
    this.#changedAt = now
    dissemination.spread(claim, undefined, now)
    port.notify({ type: 'member-updated', record })
  }

  #onAlive(claim: Verified<Alive>, from: PeerId, now: Millis): void {
    const { table, dissemination, port, config, wall } = this.#context
    const wallNow = wall.at(now)
    if (claim.issuedAt > wallNow + config.clockSkewMs || claim.issuedAt + claim.ttlMs <= wallNow) return
    if (claim.author === port.self) {
      this.#onOwnAlive(claim, now)
      return
    }
    const record = table.get(claim.author)
    if (record === undefined) {
      if (this.#departed.has(claim.instance)) return
      if (table.presentCount >= config.membersMax) {
        port.notify({ type: 'rejected', from, code: 'ERR_MEMBERS_MAX' })
        return
      }
      this.#insert(claim, now)
      dissemination.spread(claim, from, now)
      return
    }
    if (compareAlive(claim, record.alive) <= 0) {
      if (claim.digest === record.alive.digest) dissemination.heard(claim, from)
      if (!present(record.status)) this.#tellOfDeparted(from, record, claim, now)
      return
    }
    if (compareIncarnations(claim, record.alive) === 0) this.#onRenewal(record, claim, from, now)
    else this.#onNewerIncarnation(record, claim, from, now)
  }

  /** Same incarnation, longer lease: proof of life for a lease that had run out, but no answer to an accusation. */
  #onRenewal(record: MemberRecord, claim: Verified<Alive>, from: PeerId, now: Millis): void {
    const { table, dissemination } = this.#context
    if (!present(record.status) && !(record.status === 'dead' && record.leaseEnded)) return
    if (!present(record.status)) {
      this.#onNewerIncarnation(record, claim, from, now)
      return
    }
    table.change(record, () => {
      record.alive = claim
    })
    dissemination.trickle(claim, from)
  }

  #onNewerIncarnation(record: MemberRecord, claim: Verified<Alive>, from: PeerId, now: Millis): void {
    const { table, dissemination, port } = this.#context
    const before = record.status
    const otherRun = claim.instance !== record.alive.instance
    const after = transitions[before][otherRun ? 'newer-instance' : 'newer-incarnation']
    if (!present(after)) return
    this.#judgement.refuted(record, now)
    const changed = !equalBytes(record.alive.metadata, claim.metadata) || otherRun
    table.change(record, () => {
      record.alive = claim
      record.status = after
      if (before !== after) record.statusAt = now
      record.leaseEnded = false
      record.leave = undefined
      record.forgetAt = undefined
    })
    this.#changedAt = now
    this.#sweepBy(this.#leaseEndsAt(record, now))
    dissemination.spread(claim, from, now)
    const reported = before === 'dead' ? this.#zones.returned(record) : true
    if (!present(before)) port.memberUp(record)
    if (!present(before) && otherRun) port.notify({ type: 'member-joined', record })
    else if (before !== 'alive' && reported) port.notify({ type: 'member-recovered', record })
    else if (changed || before === 'alive') port.notify({ type: 'member-updated', record })
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
    const { table, dissemination, port } = this.#context
    if (claim.subject === port.self) {
      this.#self.accused(claim, now)
      return
    }
    const record = table.get(claim.subject)
    if (record === undefined) return
    const result = this.#judgement.accuse(record, claim, now)
    if (result === 'known' && from !== undefined) dissemination.heard(claim, from)
    if (result !== 'counted') return
    dissemination.spread(claim, from, now)
    if (claim.author !== port.self) this.#doubt(claim.subject, now)
  }

  #onLeave(claim: Verified<Leave>, from: PeerId, now: Millis): void {
    const { table, dissemination, port } = this.#context
    if (claim.author === port.self) return
    const record = table.get(claim.author)
    if (record === undefined) {
      if (this.#departed.size >= this.#context.config.tombstonesMax || this.#departed.has(claim.instance)) return
      this.#departed.set(claim.instance, (now + claim.ttlMs) as Millis)
      this.#sweepBy((now + claim.ttlMs) as Millis)
      dissemination.spread(claim, from, now)
      return
    }
    if (record.alive.instance !== claim.instance) return
    if (record.status === 'left') {
      dissemination.heard(claim, from)
      return
    }
    const before = record.status
    this.#judgement.settled(record)
    table.change(record, () => {
      record.status = transitions[before].left
      record.statusAt = now
      record.leave = claim
      record.suspicion = undefined
    })
    this.#bury(record, now)
    dissemination.spread(claim, from, now)
    if (before !== 'dead') port.notify({ type: 'member-left', record })
  }

  #insert(claim: Verified<Alive>, now: Millis): void {
    const { table, port } = this.#context
    const record: MemberRecord = {
      id: claim.author, alive: claim, status: 'alive', statusAt: now,
      suspicion: undefined, leaseEnded: false, leave: undefined, forgetAt: undefined,
    }
    table.insert(record)
    this.#changedAt = now
    this.#sweepBy(this.#leaseEndsAt(record, now))
    port.memberUp(record)
    if (claim.author !== port.self) port.notify({ type: 'member-joined', record })
  }

  /** Somebody sends us, as alive, a member that we know to be gone. Once a second we say why. */
  #tellOfDeparted(to: PeerId, record: MemberRecord, claim: Verified<Alive>, now: Millis): void {
    if (compareIncarnations(claim, record.alive) !== 0 || evidence(record).length === 0) return
    if (now < (this.#toldAt.get(to) ?? -Infinity) + this.#context.config.syncIntervalMs) return
    this.#toldAt.set(to, now)
    this.#sync.tell(to, record)
  }

  #heard(from: PeerId, now: Millis): void {
    this.#context.heardAt.set(from, now)
    this.#heardAnyAt = now
    if (!this.#isolated) return
    this.#isolated = false
    this.#context.port.notify({ type: 'reconnected' })
    for (const peer of this.#context.port.linkedPeers()) this.#sync.start(peer, now)
  }

  /** Somebody doubts a neighbour of ours: see for ourselves. */
  #doubt(subject: PeerId, now: Millis): void {
    const { port, table } = this.#context
    const record = table.get(subject)
    if (record === undefined || !present(record.status) || record.suspicion?.accusations.has(port.self)) return
    if (port.neighbours().includes(subject)) this.#prober.probe(subject, true, now)
  }

  #onSilent(target: PeerId, startedAt: Millis, now: Millis): void {
    const { table, port, config, wall } = this.#context
    const record = table.get(target)
    if (record === undefined || !present(record.status)) return
    // Not a word from anybody, helpers included: then it is we who are cut off.
    if (this.#heardAnyAt < startedAt && port.neighbours().length > 1) {
      if (!this.#isolated) {
        this.#isolated = true
        port.notify({ type: 'isolated' })
      }
      return
    }
    if (record.suspicion !== undefined) this.#prober.probe(target, true, now)
    if (!this.#judgement.mayAccuse(record, now)) return
    const ttlMs = Math.max(config.accusationWindowMs, record.alive.ttlMs)
    port.seal({
      type: 'accuse', author: port.self, issuedAt: wall.at(now), ttlMs,
      subject: target, incarnationDigest: record.alive.incarnationDigest,
    })
  }

  #onCondemned(record: MemberRecord, now: Millis): void {
    this.#bury(record, now)
    this.#zones.failed(record, now)
  }

  #bury(record: MemberRecord, now: Millis): void {
    const { config, table, port } = this.#context
    this.#prober.forget(record.id)
    this.#changedAt = now
    // Longer than any claim of its that may still be in flight.
    record.forgetAt = (now + record.alive.ttlMs + config.clockSkewMs) as Millis
    this.#sweepBy(record.forgetAt)
    port.memberDown(record)
    if (table.departedCount <= config.tombstonesMax) return
    let oldest: MemberRecord | undefined
    for (const each of table.values()) if (!present(each.status) && (oldest === undefined || each.statusAt < oldest.statusAt)) oldest = each
    if (oldest !== undefined) table.delete(oldest)
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
      peers = [...linked].sort((a, b) => Number(neighbours.has(b)) - Number(neighbours.has(a))).slice(0, config.gossipFanout)
    }
    dissemination.flush(peers, (to, message) => port.send(to, message, 'gossip'))
  }

  #leaseEndsAt(record: MemberRecord, now: Millis): Millis {
    const { wall, config } = this.#context
    return (now + (record.alive.issuedAt + record.alive.ttlMs + config.clockSkewMs - wall.at(now))) as Millis
  }

  #sweepBy(at: Millis): void {
    this.#sweepAt = earliest(this.#sweepAt, at)
  }

  /** Ends leases and forgets the departed, and finds out when the next of either is due. */
  #sweep(now: Millis): void {
    const { table, port } = this.#context
    this.#sweepAt = undefined
    for (const record of [...table.values()]) {
      if (record.id === port.self) continue
      if (present(record.status)) {
        const endsAt = this.#leaseEndsAt(record, now)
        if (now < endsAt) {
          this.#sweepBy(endsAt)
          continue
        }
        this.#judgement.settled(record)
        table.change(record, () => {
          record.status = transitions[record.status]['lease-ended']
          record.statusAt = now
          record.leaseEnded = true
          record.suspicion = undefined
        })
        this.#onCondemned(record, now)
      }
      if (record.forgetAt !== undefined && now >= record.forgetAt) table.delete(record)
      else if (record.forgetAt !== undefined) this.#sweepBy(record.forgetAt)
    }
    for (const [instance, until] of this.#departed) {
      if (now >= until) this.#departed.delete(instance)
      else this.#sweepBy(until)
    }
  }
}
