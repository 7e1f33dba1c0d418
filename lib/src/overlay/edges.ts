/**
 * Which edges of the graph become links, and which links stay. The rings say whom to be linked to;
 * this machine dials them, accepts whom it did not dial, lets go of what nobody needs, and never
 * hurries: views differ for a moment after every join, so nothing is closed at once, and a link is
 * closed only when both of its ends can do without it.
 *
 * It never carries a message and has no opinion on who is alive: its parent tells it who is a member
 * and what became of its dials. How it goes with each neighbour is in `pairs.ts`, links beside the rings
 * are in `extra-links.ts`, and what the signaling server is for is in `door.ts`.
 */
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { later, type Random } from './chance.ts'
import { Calls } from './calls.ts'
import { Dials } from './dials.ts'
import { Door } from './door.ts'
import { edgesDefaults, type EdgesOptions } from './edge-options.ts'
import type { EdgesEffect } from './effect.ts'
import { ExtraLinks, type Side } from './extra-links.ts'
import type { EdgeWord } from './messages.ts'
import { Pairs } from './pairs.ts'
import type { Rings } from './rings.ts'
import { Recent } from './recent.ts'
import type { OpenLinks } from './routes.ts'

/** A newcomer may push out a link that we do not need once it is this old; younger ones that end count as failures. */
const briefMs = 1500
/** How long a link must be unneeded before its peer is told. */
const sayMs = 1000
/** With so many open ring links the mesh carries what is still to be signaled, and the first contact may go. */
const settledLinks = 4
const smallMesh = 64
const batchMs = 50
/** An offer comes in several payloads: one word for all of them, and another for the next offer. */
const turnedAwayMs = 500
const turnedAwayMax = 256
const comingMax = 64

interface Link {
  readonly openedAt: Millis
  heardAt: Millis
  /** We dialled it as a stranger, to get in or to join two islands. */
  readonly contact: boolean
  /** Who asked for a link that no ring says; undefined for all others. */
  extra: Side | undefined
  /** Assumed until it says `spare`. */
  theyWant: boolean
  /** Since when we can do without it. */
  spareSince: Millis | undefined
  saidSpare: boolean
}

export interface EdgesContext {
  readonly self: PeerId
  readonly rings: Rings
  readonly random: Random
  readonly wellConnected: () => boolean
  readonly healthy: () => boolean
  readonly dialsFirst: (peer: PeerId) => boolean
  readonly outbox: (effect: EdgesEffect) => void
  /** Says a word to a peer, over its link when there is one, else over the mesh. */
  readonly say: (peer: PeerId, word: EdgeWord, now: Millis) => void
}

export class Edges implements OpenLinks {
  readonly #self: PeerId
  readonly #rings: Rings
  readonly #emit: (effect: EdgesEffect) => void
  readonly #say: (peer: PeerId, word: EdgeWord, now: Millis) => void
  readonly #options: Required<EdgesOptions>

  readonly #links = new Map<PeerId, Link>()
  /** Whose offers were listened to a moment ago, and by what way they came: their links may open all at once. */
  readonly #coming: Recent<PeerId, 'door' | 'mesh'>
  /** Who was told a moment ago that there is no room here. */
  readonly #turnedAway = new Recent<PeerId, true>(turnedAwayMax, turnedAwayMs)
  #version = 0
  readonly #calls: Calls
  readonly #dials: Dials
  readonly #pairs: Pairs
  readonly #extras: ExtraLinks
  readonly #door: Door
  /** Ring neighbours, with those in the place of whom we cannot be linked to. */
  #wanted: ReadonlySet<PeerId> = new Set()
  /** The versions of the rings and of the pairs for which that holds. */
  #wantedFor = ''
  #deadline: Millis | undefined

  constructor(context: EdgesContext, options: EdgesOptions = {}) {
    const { self, rings, random, say, wellConnected, healthy, dialsFirst, outbox } = context
    this.#self = self
    this.#rings = rings
    this.#emit = outbox
    this.#say = say
    this.#options = { ...edgesDefaults, ...options }
    this.#coming = new Recent(comingMax, this.#options.dialMs)
    this.#calls = new Calls(this.#options)
    const dials = (this.#dials = new Dials(outbox, this.#options))
    const pairs = (this.#pairs = new Pairs({ self, rings, random, healthy, dialsFirst, say }, this.#options))
    const wanted = () => this.#wanted
    this.#extras = new ExtraLinks({ self, rings, random, say, links: this.#links, wanted, pairs, dials }, this.#options)
    const settled = () => this.#settled()
    this.#door = new Door({ self, rings, random, wellConnected, settled, outbox, links: this, dials }, this.#options)
  }

  get version(): number {
    return this.#version
  }

  get size(): number {
    return this.#links.size
  }

  has(peer: PeerId): boolean {
    return this.#links.has(peer)
  }

  peers(): Iterable<PeerId> {
    return this.#links.keys()
  }

  /** Whom the rings want us to be linked to, those that stand in for unlinkable ones included. */
  get wanted(): ReadonlySet<PeerId> {
    return this.#wanted
  }

  /** We and that peer have found that no link comes about between us; it is probed over routes. */
  isUnlinkable(peer: PeerId): boolean {
    return this.#pairs.cannot(peer)
  }

  /**
   * Signals to that peer go by the door as well as over the mesh: it was found there, or called from there. The paths that
   * the rings tell may be gone, for us or for it.
   */
  meetsAtDoor(peer: PeerId, now: Millis): boolean {
    return this.#dials.has(peer) ? this.#dials.isContact(peer) : this.#coming.get(peer, now) === 'door'
  }

  /**
   * Whether to listen to that peer's signals. A link that is refused here costs nothing. `via`: the neighbour that handed
   * them to us, when it was not the door.
   */
  admits(peer: PeerId, by: 'door' | 'mesh', now: Millis, via?: PeerId): boolean {
    if (this.#links.has(peer) || this.#dials.has(peer) || this.#coming.get(peer, now)) return true
    // Those on their way take no room from whoever has a claim on us: offers that never become links would keep it away.
    const coming = this.#hasClaim(peer) ? 0 : this.#coming.keys(now).length
    const admitted = this.#links.size + coming < this.#options.linksMax || this.#victim(peer, now) !== undefined
    if (!admitted) return false
    if (via !== undefined && !this.#calls.take(via, now)) {
      this.#emit({ type: 'rejected', peer: via, code: 'ERR_CALL_RATE' })
      return false
    }
    this.#coming.set(peer, by, now)
    return true
  }

  /** Its offer is not listened to. Answers whom else it may ask, when it is for the door to say so. */
  turnAway(peer: PeerId, by: 'door' | 'mesh', now: Millis): readonly PeerId[] | undefined {
    if (this.#turnedAway.get(peer, now)) return undefined
    this.#turnedAway.set(peer, true, now)
    if (by === 'door') return this.#door.others(peer, [...this.#links.keys(), ...this.#coming.keys(now)])
    this.#say(peer, 'full', now)
    return undefined
  }

  /** `peer`, whom we dial, has no room; `others` may have. From anybody else it means nothing. */
  full(peer: PeerId, others: readonly PeerId[], now: Millis): void {
    if (!this.#dials.has(peer)) return
    this.#emit({ type: 'abandon', peer })
    if (this.#links.size === 0) this.#door.referred(others, now)
    this.dialFailed(peer, 'ERR_LINKS_FULL', now)
  }

  /** The rings have changed: `peer` is in them. */
  memberUp(peer: PeerId, now: Millis): void {
    this.#door.memberUp(peer)
    this.#settleSoon(now)
  }

  /** The rings have changed: `peer` is out of them. */
  memberDown(peer: PeerId, reason: 'failed' | 'left', now: Millis): void {
    this.#door.memberDown(peer)
    this.#pairs.forget(peer)
    // Its channel may look open for minutes (Chromium, after a crash); if it lives, it dials.
    this.#hangUp(peer, 'ERR_DOWN', now)
    if (reason === 'failed') this.#door.memberFailed(peer, now)
    if (this.#wanted.has(peer)) this.#settle(now)
    else this.#settleSoon(now)
  }

  linkOpened(peer: PeerId, now: Millis): void {
    const contact = this.#dials.end(peer)
    this.#coming.delete(peer)
    this.#door.linkOpened(peer)
    this.#links.set(peer, {
      openedAt: now,
      heardAt: now,
      contact,
      extra: this.#extras.take(peer),
      theyWant: true,
      spareSince: undefined,
      saidSpare: false,
    })
    this.#version++
    if (this.#links.size === 1) {
      this.#pairs.tryAllAnew(now)
      this.#door.firstLinkOpened(now)
    }
    const toTell = this.#pairs.cannot(peer)
    this.#pairs.unbar(peer)
    if (toTell) this.#say(peer, 'can', now)
    if (this.#links.size > this.#options.linksMax) {
      this.#hangUp(this.#victim(peer, now) ?? peer, 'ERR_LINKS_FULL', now)
    }
    this.#settle(now)
  }

  /** Ignored for a link that we hung up ourselves. */
  linkClosed(peer: PeerId, now: Millis): void {
    const link = this.#links.get(peer)
    if (link === undefined) return
    this.#links.delete(peer)
    this.#version++
    this.#door.lookForWaysIn(now)
    if (link.openedAt + briefMs > now) this.#fail(peer, 'ERR_LINKS_FULL', now)
    else if (this.#wanted.has(peer)) this.#pairs.begin(peer, now)
    this.#settle(now)
  }

  /** A dial of ours has failed, or one of theirs that our transport had answered. */
  dialFailed(peer: PeerId, code: string, now: Millis): void {
    this.#dials.end(peer)
    this.#coming.delete(peer)
    this.#extras.take(peer)
    this.#fail(peer, code, now)
    this.#settle(now)
  }

  /** Something came in over the link to `peer`. */
  heard(peer: PeerId, now: Millis): void {
    const link = this.#links.get(peer)
    if (link !== undefined) link.heardAt = now
  }

  /** We were stopped: nobody is mute because we did not listen. */
  resumed(now: Millis): void {
    for (const link of this.#links.values()) link.heardAt = now
    this.#settle(now)
  }

  /** `sample`: some of those who are registered at the server. */
  doorSample(sample: readonly PeerId[], now: Millis): void {
    this.#door.opened(sample, now)
    this.#settle(now)
  }

  doorClosed(now: Millis): void {
    this.#door.closed()
    this.#settle(now)
  }

  /** `from` is the peer at the other end of the link, or the author of the route that it came on. */
  onEdge(from: PeerId, word: EdgeWord, now: Millis): void {
    const link = this.#links.get(from)
    switch (word) {
      case 'want':
      case 'spare':
        if (link === undefined) break
        link.theyWant = word === 'want'
        if (word === 'spare') link.extra = undefined
        break
      case 'ask':
        this.#extras.onAsk(from, now)
        break
      case 'grant':
        this.#extras.onGrant(from, now)
        break
      case 'decline':
        this.#extras.onDecline(from, now)
        break
      case 'cannot':
        // A word about the pair of us, from the other half of it: all it can lose us is this one link.
        if (link !== undefined) this.#say(from, 'can', now)
        else if (this.#rings.has(from) && !this.#pairs.isBarred(from)) this.#pairs.bar(from, true, now)
        break
      case 'can':
        this.#pairs.unbar(from)
        break
      case 'full':
        return this.full(from, [], now)
    }
    this.#settle(now)
  }

  deadline(): Millis | undefined {
    return this.#deadline
  }

  tick(now: Millis, lateMs = 0): void {
    this.#dials.timerLate(lateMs, now)
    for (const peer of this.#dials.takeExpired(now)) {
      this.#extras.take(peer)
      this.#fail(peer, 'ERR_DIAL_TIMEOUT', now)
    }
    this.#extras.expireReserved(now)
    for (const [peer, link] of this.#links) {
      if (link.heardAt + this.#options.muteMs > now) continue
      if (this.#wanted.has(peer)) this.#hangUp(peer, 'ERR_MUTE', now)
      // Only ring neighbours are probed: over a link to anybody else a quiet mesh sends nothing, and that
      // it was silent shows nothing. Its time starts anew, should it become a neighbour's.
      else link.heardAt = now
    }
    this.#extras.expireAsked(now)
    this.#settle(now)
  }

  /** After every input: see what is wanted, say so, dial, let go, and know when to look again. */
  #settle(now: Millis): void {
    this.#wantNeighbours(now)
    this.#dialWanted(now)
    this.#door.dial(now)
    this.#extras.ask(this.#settled(), now)
    this.#extras.giveUpSurplus()
    this.#spareSurplus(now)
    this.#door.mind(this.#settled(), now)
    this.#deadline = this.#next(now)
  }

  /**
   * Members come by the dozen in one frame and by the hundred from one push-pull: one look at the rings does for all.
   * (Who looked after each dialled four neighbours of a mesh of ten on its way into one of two hundred.)
   */
  #settleSoon(now: Millis): void {
    const waitMs = this.#rings.size <= smallMesh ? 0 : batchMs
    this.#deadline = later(now, Math.min(waitMs, (this.#deadline ?? Number.POSITIVE_INFINITY) - now))
  }

  #wantNeighbours(now: Millis): void {
    const state = `${this.#rings.version}/${this.#pairs.version}`
    if (this.#wantedFor === state) return
    this.#wantedFor = state
    const wanted = new Set<PeerId>()
    const fits = (other: PeerId) => !this.#pairs.isBarred(other)
    if (this.#rings.size - 1 <= 2 * this.#rings.rings) {
      for (const other of this.#rings) if (other !== this.#self && fits(other)) wanted.add(other)
    } else {
      for (let r = 0; r < this.#rings.rings; r++) {
        for (const direction of [-1, 1] as const) {
          const next = this.#rings.nearest(r, this.#self, direction, fits)
          if (next !== undefined) wanted.add(next)
        }
      }
    }
    this.#pairs.want(wanted, now)
    this.#wanted = wanted
  }

  #dialWanted(now: Millis): void {
    for (const peer of this.#wanted) {
      if (this.#links.has(peer) || this.#dials.has(peer)) continue
      if (this.#dials.full) return
      if ((this.#pairs.dueAt(peer) ?? now) <= now) this.#dials.start(peer, false, now)
    }
    for (const peer of this.#pairs.takeRetries(now, (other) => this.#dials.full || this.#dials.has(other))) {
      // Only a true neighbour is worth it; meanwhile whoever stands in for it stays.
      if (this.#rings.neighboursOf(this.#self).includes(peer)) this.#dials.start(peer, false, now)
    }
  }

  #spareSurplus(now: Millis): void {
    for (const [peer, link] of this.#links) {
      if (this.#needs(peer)) {
        link.spareSince = undefined
        if (link.saidSpare) {
          link.saidSpare = false
          this.#say(peer, 'want', now)
        }
        continue
      }
      link.spareSince ??= now
      if (!link.saidSpare && link.spareSince + sayMs <= now) {
        link.saidSpare = true
        this.#say(peer, 'spare', now)
      }
      if (link.saidSpare && !link.theyWant && link.spareSince + this.#options.graceMs <= now) {
        this.#hangUp(peer, 'ERR_SURPLUS', now)
      }
    }
  }

  #next(now: Millis): Millis | undefined {
    let first = Math.min(this.#dials.deadline(), this.#extras.deadline(), this.#door.deadline())
    const at = (when: number | undefined) => {
      if (when !== undefined && when < first) first = when
    }
    if (!this.#dials.full) {
      for (const peer of this.#wanted) {
        if (!this.#links.has(peer) && !this.#dials.has(peer)) at(this.#pairs.dueAt(peer))
      }
      at(this.#pairs.retryAt((peer) => this.#dials.has(peer)))
    }
    for (const link of this.#links.values()) {
      at(link.heardAt + this.#options.muteMs)
      if (link.spareSince === undefined) continue
      if (!link.saidSpare) at(link.spareSince + sayMs)
      else if (!link.theyWant) at(link.spareSince + this.#options.graceMs)
    }
    return first === Number.POSITIVE_INFINITY ? undefined : (Math.max(first, now) as Millis)
  }

  /** Whether we need a link to that peer. */
  #needs(peer: PeerId): boolean {
    if (this.#wanted.has(peer) || this.#extras.isReserved(peer)) return true
    const link = this.#links.get(peer)
    return link !== undefined && (link.extra !== undefined || (link.contact && !this.#settled()))
  }

  /** Enough ring links are open for the mesh to carry whatever is still to be signaled. */
  #settled(): boolean {
    let open = 0
    for (const peer of this.#wanted) if (this.#links.has(peer) && ++open >= settledLinks) return true
    return open > 0 && open === this.#wanted.size
  }

  /**
   * The link that is given up for `newcomer`: needed by neither end, else not needed by us, the oldest
   * first. A newcomer that has no claim on us has to wait until the others had their time; one that is
   * our neighbour, or would be if we had heard of it already, has not.
   */
  #victim(newcomer: PeerId, now: Millis): PeerId | undefined {
    const waits = !this.#hasClaim(newcomer)
    let victim: PeerId | undefined
    for (const [peer, link] of this.#links) {
      if (peer === newcomer || this.#needs(peer) || (waits && link.openedAt + briefMs > now)) continue
      if (!link.theyWant) return peer
      victim ??= peer
    }
    return victim
  }

  /** While we know of fewer members than we have links, our rings tell nothing. */
  #hasClaim(peer: PeerId): boolean {
    if (this.#rings.size <= this.#links.size) return false
    return this.#needs(peer) || this.#rings.neighboursOf(peer).includes(this.#self)
  }

  #hangUp(peer: PeerId, code: string, now: Millis): void {
    if (!this.#links.delete(peer)) return
    this.#version++
    this.#emit({ type: 'hang-up', peer, code })
    if (code === 'ERR_MUTE') this.#fail(peer, code, now)
    this.#door.lookForWaysIn(now)
  }

  #fail(peer: PeerId, code: string, now: Millis): void {
    if (code === 'ERR_ABSENT') this.#door.absent(peer)
    else this.#door.failed(peer, code, now)
    if (this.#wanted.has(peer)) this.#pairs.failed(peer, code, now)
  }
}
