/**
 * With whom we have nothing to do, and why: those whom the room's rule does not admit, whose capability its owner took
 * back, who were shown to have said two things under one number, and who did what only they can be blamed for.
 */
import type { Verified } from '../identity/claim.ts'
import type { Exposure, Fault, Numbered } from '../identity/fault.ts'
import type { Millis, WallMillis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { mayRelay, type PassedList, type RevocationBook, type Revoke } from '../identity/proofs.ts'
import type { Entry } from '../state/messages.ts'
import { type MemberRecord, present } from '../swim/member.ts'
import type { Alive } from '../swim/messages.ts'
import type { CoreEvent } from './effect.ts'
import { Faults } from './faults.ts'
import type { LinkId } from './input.ts'
import { Outlaws, overBudgetMs, Strikes } from './strikes.ts'

export interface ExclusionPort {
  readonly self: PeerId
  /** The room's rule, where it is one of ids. */
  admits(peer: PeerId): boolean
  /** What the owner of a room of capabilities has taken back; undefined in other rooms. */
  readonly revocations: RevocationBook | undefined
  /** What admits us; empty in rooms that ask for no proof. */
  proof(): Uint8Array
  wallAt(now: Millis): WallMillis
  record(peer: PeerId): MemberRecord | undefined
  records(): Iterable<MemberRecord>
  linkedPeers(): readonly PeerId[]
  tell(peer: PeerId, message: PassedList | Exposure): void
  hangUp(peer: PeerId, code: string): void
  seal(draft: Fault): void
  notify(event: CoreEvent): void
  /** The owner took back what let this member in. */
  revoked(id: PeerId, now: Millis): void
  /** This member is shown to have said two things under one number. */
  convicted(id: PeerId, now: Millis): void
  /** Other entries are refused than before. */
  refusalsChanged(): void
}

export class Exclusion {
  readonly #port: ExclusionPort
  readonly #strikes = new Strikes()
  readonly #outlaws = new Outlaws()
  readonly #faults: Faults

  constructor(port: ExclusionPort, now: () => Millis) {
    this.#port = port
    this.#faults = new Faults(() => port.wallAt(now()))
  }

  // ── Who is out. ──

  /**
   * Why nobody here takes this from its author. Entries of the convicted stand: else replicas would differ by when they
   * heard of it.
   */
  refuses(claim: Alive | Entry): string | undefined {
    const { admits, revocations } = this.#port
    if (!admits(claim.author)) return 'ERR_NOT_ADMITTED'
    // Not the code of the fault itself: it is told of the neighbour, who may not have heard of that yet.
    if (claim.type === 'alive' && this.#faults.convicted(claim.author)) return 'ERR_OUTLAW'
    return revocations?.refuses(claim)
  }

  /** Whether what a peer says in its own name is listened to, though it shows no proof: as a member it must have shown one. */
  hears(author: PeerId): boolean {
    return this.#port.admits(author) && !this.#faults.convicted(author) && this.mayBeHere(author)
  }

  /** Neither dialled nor listened to. */
  shuns(peer: PeerId, now: Millis): boolean {
    return this.#isOut(peer, now) || this.#port.revocations?.bans(peer) === true
  }

  /** Why a link that has just opened has to go again. */
  outcast(peer: PeerId, now: Millis): string | undefined {
    // It dialled us before it was thrown out, or would not take no for an answer.
    if (this.#isOut(peer, now)) return 'ERR_OUTLAW'
    // The list came while it was shaking hands.
    return this.#port.revocations?.outcast(peer, undefined) === true ? 'ERR_CAPABILITY_REVOKED' : undefined
  }

  /** In a room of capabilities that is a right. */
  mayRelay(peer: PeerId): boolean {
    if (peer === this.#port.self) return mayRelay(this.#port.proof())
    const record = this.#port.record(peer)
    return record !== undefined && mayRelay(record.alive.admission)
  }

  /** News and routed messages carry no proof: in a room that asks for one their author must have shown it as a member. */
  mayBeHere(peer: PeerId): boolean {
    if (this.#port.proof().length === 0) return true
    const record = this.#port.record(peer)
    return record !== undefined && present(record.status)
  }

  #isOut(peer: PeerId, now: Millis): boolean {
    return this.#outlaws.has(peer, now) || this.#faults.convicted(peer)
  }

  // ── Who is thrown out. ──

  /** Something of a link was refused. Answers whether the link is to be closed. `final`: it is over a budget. */
  refused(link: LinkId, peer: PeerId | undefined, blame: boolean, final: boolean, now: Millis): boolean {
    const outlawed = blame && this.#strikes.strike(link, now)
    // A rate that was too high for us may be our own slowness; three faults that nobody can mistake are not.
    if (outlawed && !final && peer !== undefined) this.#outlaws.add(peer, now)
    else if (final && peer !== undefined) this.#outlaws.add(peer, now, overBudgetMs)
    return final || outlawed
  }

  linkClosed(link: LinkId): void {
    this.#strikes.forget(link)
  }

  /** To be shown first to whoever gets a link to us: a newcomer is to believe nobody whom it names. */
  get list(): Verified<Revoke> | undefined {
    return this.#port.revocations?.newest
  }

  /** To be shown to whoever gets a link to us. */
  get faults(): Iterable<Verified<Fault>> {
    return this.#faults.held
  }

  /**
   * A list is passed on once by whoever had an older one, and then takes effect: first to the neighbours, those whom it
   * names included, who so learn why their links close. Answers whether it was newer; undefined in a room that knows no
   * lists.
   */
  onRevocations(list: Verified<Revoke>, from: PeerId | undefined, now: Millis): boolean | undefined {
    const { revocations, proof, self } = this.#port
    if (!revocations?.take(list)) return revocations && false
    this.#pass({ type: 'revocations', claim: list }, from)
    this.#port.notify({ type: 'revocations-changed', ...termOf(list) })
    if (revocations.voids(proof())) {
      this.#port.notify({ type: 'admission-revoked' })
      return true
    }
    // The links first, so that it is this that they are said to have closed for.
    for (const peer of this.#port.linkedPeers())
      if (revocations.outcast(peer, this.#port.record(peer)?.alive.admission))
        this.#port.hangUp(peer, 'ERR_CAPABILITY_REVOKED')
    for (const { id, alive } of [...this.#port.records()])
      if (id !== self && revocations.voids(alive.admission)) this.#port.revoked(id, now)
    this.#port.refusalsChanged()
    return true
  }

  /** When the newest list of revocations is out of date, if that was not said yet. */
  staleAt(now: Millis): Millis | undefined {
    const staleAt = this.#port.revocations?.staleAt
    return staleAt === undefined ? undefined : ((now + (staleAt - this.#port.wallAt(now))) as Millis)
  }

  tick(now: Millis): void {
    const stale = this.#port.revocations?.staleBy(this.#port.wallAt(now))
    if (stale !== undefined) this.#port.notify({ type: 'revocations-stale', ...termOf(stale) })
  }

  /** Somebody's own words speak against it. */
  onEquivocation(one: Numbered, other: Numbered): void {
    const draft = this.#faults.draft(this.#port.self, one, other)
    if (draft !== undefined) this.#port.seal(draft)
  }

  /** Passed on once, by whoever did not know of it, and only of members: anybody can convict keys that are nobody's. */
  onFault(claim: Verified<Fault>, from: PeerId | undefined, now: Millis): void {
    const { culprit } = claim
    const isMember = this.#port.record(culprit) !== undefined
    if (!this.#faults.take(claim, isMember)) return
    if (isMember) this.#pass({ type: 'fault', claim }, from)
    this.#port.notify({ type: 'claim-rejected', from: culprit, code: 'ERR_EQUIVOCATION' })
    if (culprit === this.#port.self) return
    // The link first, so that it is this that it is said to have closed for.
    this.#port.hangUp(culprit, 'ERR_EQUIVOCATION')
    this.#port.convicted(culprit, now)
  }

  #pass(message: PassedList | Exposure, from: PeerId | undefined): void {
    for (const peer of this.#port.linkedPeers()) if (peer !== from) this.#port.tell(peer, message)
  }
}

const termOf = ({ seq, issuedAt, ttlMs }: Revoke) => ({ seq, expiresAt: issuedAt + ttlMs })
