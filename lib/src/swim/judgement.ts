/**
 * Suspicion and verdict. There is no `dead` message that could be forged: a member is dead to us when
 * enough of its monitors accused the incarnation we know, the suspicion time has passed since without
 * a refutation, and we have heard nothing from it ourselves.
 */
import type { Verified } from '../identity/claim.ts'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { earliest, type SwimContext } from './context.ts'
import { accusersNeeded, present, suspicionMs, transitions, type MemberRecord, type Suspicion } from './member.ts'
import type { Accuse } from './messages.ts'

export interface Verdicts {
  suspected(record: MemberRecord): void
  cleared(record: MemberRecord): void
  condemned(record: MemberRecord, now: Millis): void
}

export class Judgement {
  readonly #context: SwimContext
  readonly #verdicts: Verdicts
  readonly #suspects = new Set<MemberRecord>()
  readonly #cooldownUntil = new Map<PeerId, Millis>()
  /** No verdict and no lapse is due before this. */
  #nextAt: Millis | undefined

  constructor(context: SwimContext, verdicts: Verdicts) {
    this.#context = context
    this.#verdicts = verdicts
  }

  deadline(): Millis | undefined {
    return this.#nextAt
  }

  /** Our own probes failed: may we say so, and have we not said it yet? */
  mayAccuse(record: MemberRecord, now: Millis): boolean {
    const { port } = this.#context
    if (!present(record.status) || record.suspicion?.accusations.has(port.self)) return false
    if (!port.entitled(port.self, record.id)) return false
    if (!this.#couldAnswer(record, now)) return false
    const until = this.#cooldownUntil.get(record.id)
    if (until === undefined) return true
    const { heardAt, config, reliability } = this.#context
    const silentMs = now - (heardAt.get(record.id) ?? now)
    const mistaken = silentMs < config.cooldownSilenceMs && reliability.failures(record.id) <= config.unreliableFailures
    if (now < until && mistaken) return false
    this.#cooldownUntil.delete(record.id)
    return true
  }

  /** It had a way to answer us in this run, or the time to get one: a link of its last run proves nothing. */
  #couldAnswer(record: MemberRecord, now: Millis): boolean {
    const { heardAt, config } = this.#context
    return (heardAt.get(record.id) ?? -Infinity) >= record.runAt || now >= record.runAt + config.linkGraceMs
  }

  /**
   * Answers `known` for a repetition, `void` for one that counts for nothing in our view, `idle` for one that would
   * begin a doubt by the word of somebody who accuses in vain, else `counted`.
   */
  accuse(record: MemberRecord, claim: Verified<Accuse>, now: Millis): 'known' | 'void' | 'idle' | 'counted' {
    const { port, table } = this.#context
    if (!present(record.status) || claim.incarnationDigest !== record.alive.incarnationDigest) return 'void'
    if (record.suspicion?.accusations.has(claim.author)) return 'known'
    const accuser = table.get(claim.author)
    if (accuser === undefined || !present(accuser.status) || !port.entitled(claim.author, record.id)) return 'void'
    if (record.suspicion === undefined && this.#discounted(claim.author, now)) return 'idle'
    const suspicion: Suspicion = (record.suspicion ??= {
      accusations: new Map(),
      firstAt: now,
      newestAt: now,
      enoughAt: undefined,
      dueAt: undefined,
      notBefore: this.#mayAnswerAt(record, now),
    })
    suspicion.accusations.set(claim.author, claim)
    suspicion.newestAt = now
    this.#suspects.add(record)
    this.#schedule(record, suspicion, now)
    if (record.status === 'alive' && (suspicion.enoughAt !== undefined || !this.#lapsed(claim, now))) {
      table.change(record, () => {
        record.status = transitions[record.status].accused
        record.statusAt = now
      })
      this.#verdicts.suspected(record)
    }
    return 'counted'
  }

  /**
   * Old enough to have been forgotten by whoever heard it when it was made. It may yet be what a verdict elsewhere rests
   * on, so it counts; but until enough others come with it, it is as likely an old one that somebody repeats.
   */
  #lapsed(claim: Verified<Accuse>, now: Millis): boolean {
    const { wall, config } = this.#context
    return wall.at(now) >= claim.issuedAt + config.accusationWindowMs
  }

  /** It refutes once in `refuteIntervalMs`, so one that has just done so gets the time to do it again. */
  #mayAnswerAt(record: MemberRecord, now: Millis): Millis {
    if (record.raisedAt === undefined) return now
    return Math.max(now, record.raisedAt + this.#context.config.refuteIntervalMs + this.#leastMs()) as Millis
  }

  /**
   * A further accusation of somebody who is dead to us: no verdict needs it here, but where more members are known
   * more accusers are needed, and there it is what is missing. Answers whether it is worth passing on.
   */
  corroborate(record: MemberRecord, claim: Verified<Accuse>): boolean {
    const { suspicion, status, alive } = record
    if (status !== 'dead' || suspicion === undefined || claim.incarnationDigest !== alive.incarnationDigest)
      return false
    if (suspicion.accusations.has(claim.author) || !this.#lacksAccusers(record, suspicion)) return false
    if (!this.#context.port.entitled(claim.author, record.id)) return false
    suspicion.accusations.set(claim.author, claim)
    return true
  }

  /** Of those who accused it too few are its monitors any more: rings move when members come and go. */
  #lacksAccusers({ id }: MemberRecord, { accusations }: Suspicion): boolean {
    const { port, config } = this.#context
    if (accusations.size >= accusersKeptMax) return false
    const entitled = [...accusations.keys()].filter((accuser) => port.entitled(accuser, id))
    return entitled.length < config.accusersNeededMax
  }

  /** Somebody still counts a member that is dead to us, and we have not said so ourselves: may we? */
  mayCorroborate(record: MemberRecord): boolean {
    const { port, heardAt } = this.#context
    const { suspicion, status, statusAt } = record
    if (status !== 'dead' || suspicion === undefined || suspicion.accusations.has(port.self)) return false
    if (!this.#lacksAccusers(record, suspicion)) return false
    // Not a word from it since: we could not reach it either.
    const silent = !port.linked(record.id) && (heardAt.get(record.id) ?? -Infinity) < statusAt
    return silent && port.entitled(port.self, record.id)
  }

  /** A newer incarnation voids what was held against the last one, and silences us if we were among the accusers. */
  refuted(record: MemberRecord, now: Millis): void {
    const { port, config } = this.#context
    if (record.suspicion?.accusations.has(port.self))
      this.#cooldownUntil.set(record.id, (now + config.cooldownMs) as Millis)
    const { suspicion } = record
    record.suspicion = undefined
    this.#suspects.delete(record)
    // Who returns from the dead was behind a cut, as far as anybody knows: then nobody was mistaken.
    if (suspicion !== undefined && present(record.status)) this.#inVain(record, suspicion, now)
  }

  /** Our own word is what we saw. */
  #discounted(accuser: PeerId, now: Millis): boolean {
    return accuser !== this.#context.port.self && this.#context.accusers.discounted(accuser, now)
  }

  /** What stands against others by none but those whose word has just lost its weight goes with it. */
  #inVain(subject: MemberRecord, { accusations }: Suspicion, now: Millis): void {
    for (const accuser of accusations.keys()) this.#context.accusers.inVain(accuser, subject.id, now)
    for (const record of [...this.#suspects]) {
      const held = record.suspicion?.accusations.keys() ?? []
      if ([...held].every((accuser) => this.#discounted(accuser, now))) this.#clear(record, now)
    }
  }

  /** It left, or its lease ran out: nothing remains to be decided. */
  settled(record: MemberRecord): void {
    this.#suspects.delete(record)
  }

  /** We stood still: a refutation may wait unread. */
  stalled(now: Millis): void {
    const graceMs = this.#leastMs()
    for (const { suspicion } of this.#suspects) {
      if (suspicion !== undefined) reprieve(suspicion, (now + graceMs) as Millis)
    }
  }

  /** `deaf`: we hear nobody, be it for a moment, and so no refutation. */
  tick(now: Millis, deaf: boolean): void {
    if (this.#nextAt === undefined || now < this.#nextAt) return
    this.#nextAt = undefined
    for (const record of [...this.#suspects]) {
      const { suspicion } = record
      // Cleared a moment ago, with another one.
      if (!this.#suspects.has(record)) continue
      if (suspicion === undefined) throw new Error(`${record.id} is a suspect without a suspicion`)
      this.#schedule(record, suspicion, now)
      if (suspicion.dueAt === undefined) {
        if (now >= suspicion.newestAt + this.#context.config.accusationWindowMs) {
          this.#clear(record, now)
          this.#inVain(record, suspicion, now)
        }
      } else if (now >= suspicion.dueAt) {
        const { config, heardAt: heard, reliability } = this.#context
        // Of one that answers few of our probes, a frame now and then says little.
        const heardAt = reliability.failures(record.id) > config.unreliableFailures ? undefined : heard.get(record.id)
        if (deaf) {
          reprieve(suspicion, (now + this.#leastMs()) as Millis)
        } else if (
          heardAt !== undefined &&
          heardAt > (suspicion.enoughAt ?? suspicion.firstAt) &&
          now < heardAt + config.freshEvidenceMs
        ) {
          reprieve(suspicion, (heardAt + config.freshEvidenceMs) as Millis)
        } else {
          this.condemn(record, now)
          continue
        }
      }
      if (this.#suspects.has(record)) this.#nextAt = earliest(this.#nextAt, this.#reviewAt(suspicion))
    }
    for (const [peer, until] of this.#cooldownUntil) if (now >= until) this.#cooldownUntil.delete(peer)
  }

  /** What a refutation needs to come about: our accusation to the subject, and its answer to us. */
  #leastMs(): number {
    const { config, table, roundTrips, granularityMs } = this.#context
    const { srttMs, timeoutMs } = roundTrips.typical(config.probeTimeoutInitialMs / 2)
    // Eight links each: the mean distance is about log₇ n, and one more for the diameter.
    const hops = 1 + Math.log(Math.max(2, table.presentCount)) / Math.log(7)
    // One way over that many: delays add up, their deviations only by the root of how many there are.
    const crossingMs = hops * (srttMs / 2 + config.gossipDelayMs) + Math.sqrt(hops) * ((timeoutMs - srttMs) / 2)
    // Not stretched by local health: the silence was others' to hear, and a late tick gets its reprieve of its own.
    return Math.max(config.suspicionMinMs, 2 * crossingMs) + granularityMs
  }

  #schedule(record: MemberRecord, suspicion: Suspicion, now: Millis): void {
    const { config, port, table } = this.#context
    const monitors = port.monitorsOf(record.id)
    const needed = accusersNeeded(monitors.length, config.accusersNeededMax)
    const accusers = suspicion.accusations.size
    if (accusers >= needed) {
      const least = this.#leastMs()
      suspicion.enoughAt ??= (now - this.#countedAgeMs(suspicion, now)) as Millis
      // Monitors that are in doubt themselves will not join in, and nobody waits for them.
      const able = monitors.filter(
        (peer) => suspicion.accusations.has(peer) || table.get(peer)?.status === 'alive',
      ).length
      const most = least * config.suspicionMaxFactor
      // Of two members nobody else can confirm what one says of the other: it takes its time.
      const waitMs = monitors.length === 1 ? most : suspicionMs(accusers, needed, able, least, most)
      suspicion.dueAt = Math.max(suspicion.enoughAt + waitMs, suspicion.notBefore) as Millis
    }
    this.#nextAt = earliest(this.#nextAt, this.#reviewAt(suspicion))
  }

  #countedAgeMs({ accusations }: Suspicion, now: Millis): number {
    const { config, wall } = this.#context
    const wallNow = wall.at(now)
    const newest = Math.max(...[...accusations.values()].map(({ issuedAt }) => issuedAt))
    return config.accusationAgeCounted * Math.max(0, wallNow - newest)
  }

  #reviewAt(suspicion: Suspicion): Millis {
    return suspicion.dueAt ?? ((suspicion.newestAt + this.#context.config.accusationWindowMs) as Millis)
  }

  #clear(record: MemberRecord, now: Millis): void {
    record.suspicion = undefined
    this.#suspects.delete(record)
    if (record.status !== 'suspect') return
    this.#context.table.change(record, () => {
      record.status = transitions[record.status].cleared
      record.statusAt = now
    })
    this.#verdicts.cleared(record)
  }

  /** Enough have accused it; or its own words have, and nobody has to be convinced. */
  condemn(record: MemberRecord, now: Millis): void {
    this.#suspects.delete(record)
    this.#context.table.change(record, () => {
      record.status = transitions[record.status].condemned
      record.statusAt = now
    })
    this.#verdicts.condemned(record, now)
  }
}

/** Accusations that are kept of somebody who is dead: as many as it has monitors, twice over. SECURITY A.8 */
const accusersKeptMax = 16

function reprieve(suspicion: Suspicion, until: Millis): void {
  suspicion.notBefore = Math.max(suspicion.notBefore, until) as Millis
  if (suspicion.dueAt !== undefined) suspicion.dueAt = Math.max(suspicion.dueAt, suspicion.notBefore) as Millis
}
