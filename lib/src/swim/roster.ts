/**
 * Who is here: alive and leave claims in, members up and down. It decides which claim of a member is
 * the one that counts, ends leases, and remembers the departed for as long as a claim of theirs could
 * still turn up.
 */
import type { Verified } from '../identity/claim.ts'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { earliest, type SwimContext } from './context.ts'
import { Introductions } from './introductions.ts'
import type { Judgement } from './judgement.ts'
import { compareAlive, compareIncarnations, compareRuns, present, transitions, type MemberRecord } from './member.ts'
import type { Accuse, Alive, Leave, SwimClaim } from './messages.ts'
import { longestLeaseMs } from './self.ts'
import { evidence, type Sync } from './sync.ts'
import { equalBytes } from './table.ts'
import type { Zones } from './zones.ts'

export class Roster {
  readonly #context: SwimContext
  readonly #judgement: Judgement
  readonly #sync: Sync
  readonly #zones: Zones
  /** The newest run that each member left without our having met it: its alive claim may still be on its way. */
  readonly #departed = new Map<PeerId, { readonly run: Verified<Leave>; readonly until: Millis }>()
  readonly #toldAt = new Map<PeerId, Millis>()
  readonly #introductions: Introductions
  /** Leases and tombstones are looked at when the first of them may end. */
  #sweepAt: Millis | undefined
  #changedAt: Millis

  constructor(
    context: SwimContext,
    parts: { readonly judgement: Judgement; readonly sync: Sync; readonly zones: Zones },
    now: Millis,
  ) {
    this.#context = context
    this.#judgement = parts.judgement
    this.#sync = parts.sync
    this.#zones = parts.zones
    this.#introductions = new Introductions(context.config, now)
    this.#changedAt = now
  }

  /** When the set of members, or an incarnation, last changed. */
  get changedAt(): Millis {
    return this.#changedAt
  }

  deadline(): Millis | undefined {
    return this.#sweepAt
  }

  /** Our own claim, signed: the first one makes us a member. */
  onOwn(claim: Verified<Alive>, now: Millis): void {
    const { table, dissemination, port } = this.#context
    const record = table.get(port.self)
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

  /** A valid claim of somebody other than us, dated as it should be. */
  onAlive(claim: Verified<Alive>, from: PeerId, now: Millis): void {
    const { table, dissemination, port, config } = this.#context
    const record = table.get(claim.author)
    const departed = this.#departed.get(claim.author)
    if (departed !== undefined && compareRuns(claim, departed.run) <= 0) {
      this.#tell(from, [departed.run], now)
      return
    }
    if (record === undefined) {
      if (table.presentCount >= config.membersMax) {
        port.notify({ type: 'rejected', from, code: 'ERR_MEMBERS_MAX' })
        return
      }
      if (!this.#introductions.take(port.linked(from) ? from : undefined, now)) {
        port.notify({ type: 'rejected', from, code: 'ERR_MEMBER_RATE' })
        return
      }
      this.#insert(claim, now)
      dissemination.spread(claim, from, now)
      return
    }
    const { instance, incarnation, incarnationDigest } = record.alive
    if (
      claim.instance === instance &&
      claim.incarnation === incarnation &&
      claim.incarnationDigest !== incarnationDigest
    )
      port.equivocated(record.alive, claim)
    if (compareAlive(claim, record.alive) <= 0) {
      if (claim.digest === record.alive.digest) dissemination.heard(claim, from)
      if (from === claim.author && compareRuns(claim, record.alive) < 0) this.#tellOfNewerRun(from, record, now)
      else if (!present(record.status)) this.#tellOfDeparted(from, record, claim, now)
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
    if (!present(after)) return this.#tellOfDeparted(from, record, claim, now)
    this.#judgement.refuted(record, now)
    const changed = !equalBytes(record.alive.metadata, claim.metadata) || otherRun
    const otherProof = !equalBytes(record.alive.admission, claim.admission)
    table.change(record, () => {
      record.alive = claim
      record.status = after
      if (before !== after) record.statusAt = now
      if (otherRun) record.runAt = now
      record.raisedAt = otherRun ? undefined : now
      record.leaseEnded = false
      record.leave = undefined
      record.forgetAt = undefined
    })
    this.#changedAt = now
    this.#sweepBy(this.#askAt(record, now))
    if (this.#tooOften(record, now)) dissemination.trickle(claim, from)
    else dissemination.spread(claim, from, now)
    const reported = before === 'dead' ? this.#zones.returned(record, now) : true
    // Another proof may put it elsewhere on the rings.
    if (!present(before) || otherProof) port.memberUp(record)
    if (!present(before) && otherRun) port.notify({ type: 'member-joined', record })
    else if (before !== 'alive' && reported) port.notify({ type: 'member-recovered', record })
    else if (changed || before === 'alive') port.notify({ type: 'member-updated', record })
  }

  /**
   * Each raise that is passed on at once makes every peer send it to eight others, so one that talks faster than
   * anybody honest (`metadataIntervalMs`, and a refutation in between) is left to pings and acks, newest first.
   */
  #tooOften(record: MemberRecord, now: Millis): boolean {
    const { metadataIntervalMs, raisesAtOnce } = this.#context.config
    if (record.pacedAt > now + raisesAtOnce * metadataIntervalMs) return true
    // A fifth faster than the pace of metadata: refutations come on top of it.
    record.pacedAt = (Math.max(record.pacedAt, now) + 0.8 * metadataIntervalMs) as Millis
    return false
  }

  onLeave(claim: Verified<Leave>, from: PeerId, now: Millis): void {
    const { table, dissemination, port } = this.#context
    const record = table.get(claim.author)
    if (record === undefined) {
      if (this.#rememberDeparted(claim, now)) dissemination.spread(claim, from, now)
      return
    }
    const newer = compareRuns(claim, record.alive)
    if (newer < 0) return
    // It left in a run that we had not heard of, and with it ended the one that we know.
    if (newer > 0 && !this.#rememberDeparted(claim, now)) return
    if (newer === 0 && record.status === 'left') {
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
    this.bury(record, now)
    dissemination.spread(claim, from, now)
    if (present(before)) port.notify({ type: 'member-left', record })
  }

  /** Condemned without accusers: nobody else has to be convinced, since the owner's word is shown to everybody. */
  onRevoked(record: MemberRecord, now: Millis): void {
    const { table, port } = this.#context
    this.#judgement.settled(record)
    table.change(record, () => {
      record.status = transitions[record.status].condemned
      record.statusAt = now
      record.suspicion = undefined
    })
    this.bury(record, now)
    port.notify({ type: 'member-revoked', record })
  }

  /** So that an alive claim of that run or of an earlier one, still under way, finds the door closed. */
  #rememberDeparted(claim: Verified<Leave>, now: Millis): boolean {
    const known = this.#departed.get(claim.author)
    if (
      known === undefined
        ? this.#departed.size >= this.#context.config.tombstonesMax
        : compareRuns(claim, known.run) <= 0
    )
      return false
    const until = (now + claim.ttlMs) as Millis
    this.#departed.set(claim.author, { run: claim, until })
    this.#sweepBy(until)
    return true
  }

  #insert(claim: Verified<Alive>, now: Millis): void {
    const { table, port } = this.#context
    const record: MemberRecord = {
      id: claim.author,
      alive: claim,
      status: 'alive',
      statusAt: now,
      runAt: now,
      raisedAt: undefined,
      pacedAt: now,
      suspicion: undefined,
      leaseEnded: false,
      leave: undefined,
      forgetAt: undefined,
    }
    table.insert(record)
    this.#changedAt = now
    this.#sweepBy(this.#askAt(record, now))
    port.memberUp(record)
    if (claim.author !== port.self) port.notify({ type: 'member-joined', record })
  }

  /**
   * Somebody sends us, as alive, a member that we know to be gone. Once a second we say why: it may hold an incarnation
   * that nobody else does, and would count the member for as long as that one's lease.
   */
  #tellOfDeparted(to: PeerId, record: MemberRecord, claim: Verified<Alive>, now: Millis): void {
    const why = evidence(record)
    if (why.length === 0) return
    this.#tell(to, compareIncarnations(claim, record.alive) < 0 ? [record.alive, ...why] : why, now)
  }

  #tell(to: PeerId, claims: readonly Verified<SwimClaim>[], now: Millis): void {
    if (this.#mayTell(to, now)) this.#context.port.send(to, { type: 'gossip', claims }, 'gossip')
  }

  /** It runs under a key that spoke later, by the calendar, in another run: nobody will heed it, so it should know. */
  #tellOfNewerRun(to: PeerId, record: MemberRecord, now: Millis): void {
    if (this.#mayTell(to, now)) this.#context.port.send(to, { type: 'gossip', claims: [record.alive] }, 'gossip')
  }

  /**
   * An old accusation of its present incarnation, by nobody whom we count: where less was known, as on the small side of a
   * split, somebody may hold it dead for that, and nobody but its subject can undo it.
   */
  tellSubject(record: MemberRecord, claim: Verified<Accuse>, now: Millis): void {
    const { port, wall, config } = this.#context
    if (claim.incarnationDigest !== record.alive.incarnationDigest) return
    if (wall.at(now) < claim.issuedAt + config.accusationWindowMs || !this.#mayTell(record.id, now)) return
    port.send(record.id, { type: 'gossip', claims: [claim] }, 'gossip')
  }

  #mayTell(to: PeerId, now: Millis): boolean {
    if (now < (this.#toldAt.get(to) ?? -Infinity) + this.#context.config.syncIntervalMs) return false
    this.#toldAt.set(to, now)
    return true
  }

  /** Somebody is gone: remembered for longer than any claim of its that may still be in flight. */
  bury(record: MemberRecord, now: Millis): void {
    const { config, table, port } = this.#context
    this.#changedAt = now
    // Longer than any claim of its that may still be in flight.
    record.forgetAt = (now + longestLeaseMs(config, table, record) + config.clockSkewMs) as Millis
    this.#sweepBy(record.forgetAt)
    port.memberDown(record)
    if (table.departedCount <= config.tombstonesMax) return
    let oldest: MemberRecord | undefined
    for (const each of table.values())
      if (!present(each.status) && (oldest === undefined || each.statusAt < oldest.statusAt)) oldest = each
    if (oldest !== undefined) this.#forget(oldest)
  }

  /** When somebody of whom we heard no renewal is asked about. */
  #askAt(record: MemberRecord, now: Millis): Millis {
    const { wall, config } = this.#context
    const { issuedAt, ttlMs } = record.alive
    return (now + (issuedAt + ttlMs * config.renewalAskFraction - wall.at(now))) as Millis
  }

  /** Often enough to reach several neighbours before the lease ends. */
  #askEveryMs(record: MemberRecord): number {
    return (record.alive.ttlMs * (1 - this.#context.config.renewalAskFraction)) / 5
  }

  /** Another neighbour each time: who was missed together with us knows no more than we do. */
  #askForRenewals(missed: readonly PeerId[]): void {
    const { port } = this.#context
    const linked = port.linkedPeers()
    const peer = linked[Math.floor(port.random() * linked.length)]
    if (peer !== undefined) this.#sync.want(peer, missed)
  }

  #leaseEndsAt(record: MemberRecord, now: Millis): Millis {
    const { wall, config } = this.#context
    return (now + (record.alive.issuedAt + record.alive.ttlMs + config.clockSkewMs - wall.at(now))) as Millis
  }

  #forget(record: MemberRecord): void {
    this.#context.table.delete(record)
    this.#context.heardAt.delete(record.id)
    this.#toldAt.delete(record.id)
  }

  #sweepBy(at: Millis): void {
    this.#sweepAt = earliest(this.#sweepAt, at)
  }

  /** Ends leases and forgets the departed, and finds out when the next of either is due. */
  tick(now: Millis): void {
    if (this.#sweepAt === undefined || now < this.#sweepAt) return
    const { table, port } = this.#context
    this.#sweepAt = undefined
    const missed: PeerId[] = []
    for (const record of [...table.values()]) {
      if (record.id === port.self) continue
      if (present(record.status)) {
        const endsAt = this.#leaseEndsAt(record, now)
        if (now < endsAt) {
          const askAt = this.#askAt(record, now)
          if (now >= askAt) missed.push(record.id)
          this.#sweepBy(Math.min(endsAt, now >= askAt ? now + this.#askEveryMs(record) : askAt) as Millis)
          continue
        }
        this.#judgement.settled(record)
        table.change(record, () => {
          record.status = transitions[record.status]['lease-ended']
          record.statusAt = now
          record.leaseEnded = true
          record.suspicion = undefined
        })
        this.bury(record, now)
        this.#zones.failed(record, now)
      }
      if (record.forgetAt !== undefined && now >= record.forgetAt) this.#forget(record)
      else if (record.forgetAt !== undefined) this.#sweepBy(record.forgetAt)
    }
    if (missed.length > 0) this.#askForRenewals(missed)
    for (const [author, { until }] of this.#departed) {
      if (now >= until) this.#departed.delete(author)
      else this.#sweepBy(until)
    }
  }
}
