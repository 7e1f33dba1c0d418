/**
 * Which edges of the graph become links, and which links stay. The rings say whom to be linked to;
 * this machine dials them, accepts whom it did not dial, lets go of what nobody needs, and never
 * hurries: views differ for a moment after every join, so nothing is closed at once, and a link is
 * closed only when both of its ends can do without it.
 *
 * It never carries a message and has no opinion on who is alive: its parent tells it who is a member
 * and what became of its dials.
 */
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { EdgesEffect } from './effect.ts'
import type { EdgeWord } from './messages.ts'
import type { Rings } from './rings.ts'
import type { OpenLinks } from './routes.ts'

export interface EdgesOptions {
  /** Links beside the rings, to members chosen at random; 0 for none. Only where not everybody is a neighbour. */
  readonly extraLinks?: number
  /** No more links than this, whoever dials. */
  readonly linksMax?: number
  /** Own dials under way. */
  readonly dialsMax?: number
  /** A dial of which nothing was heard for so long has failed. Longer than the transport's own deadline. */
  readonly dialMs?: number
  /** How long the peer with the higher id leaves a dial to the other. */
  readonly yieldMs?: number
  /** How long a new neighbour must stay one before it is dialled, in a large mesh. */
  readonly settleMs?: number
  /** How long a link that neither end needs is kept. */
  readonly graceMs?: number
  /** A ring neighbour's link on which nothing was heard for so long is closed. */
  readonly muteMs?: number
  /** Failed dials after which a pair counts as unable to link. */
  readonly unlinkableDials?: number
  /** How long after that it is tried again; doubles with each time. */
  readonly unlinkableMs?: number
  /** How many members stay registered at the signaling server, so that newcomers find a door. */
  readonly doorKeepers?: number
  /** In a mesh of at most so many, everybody does. */
  readonly doorAllUpTo?: number
}

export const edgesDefaults = {
  // SECURITY A.4: two slots that nobody else chooses against eclipses (gossipsub's D_out); one may be a grant of ours.
  extraLinks: 2,
  // 8 + 2 at rest; the rest is room for newcomers and for edges that fell to us from unlinkable pairs. A guess.
  linksMax: 16,
  // SECURITY A.4: at most 8 unauthenticated dials at once.
  dialsMax: 8,
  // SECURITY A.4: the transport gives up at 8 s.
  dialMs: 12_000,
  // A guess: gossip of a join reaches the neighbour and its offer comes back within this on most links.
  yieldMs: 400,
  // A guess: what is learnt from one push-pull and the gossip beside it is one change.
  settleMs: 100,
  // A guess: some five times what a join needs to be known by all.
  graceMs: 5000,
  // A guess: at eight neighbours SWIM sends something over each link every 4 s on average.
  muteMs: 30_000,
  // A guess: one for each side's offer.
  unlinkableDials: 2,
  unlinkableMs: 300_000,
  // A guess: all five fail together once in 100,000 times at a 10 % failure rate.
  doorKeepers: 5,
  doorAllUpTo: 16,
} satisfies Required<EdgesOptions>

/** Failures that say nothing about whether two peers can be linked. */
const innocent: ReadonlySet<string> = new Set([
  'ERR_ABSENT',
  'ERR_UNREACHABLE',
  'ERR_SIGNALING_CLOSED',
  'ERR_LINKS_FULL',
  'ERR_CLOSED',
])
/** Strangers dialled at once by a peer that has no link: more than one, since the first may be the server's liar. */
const contactsMax = 2
/** The same for one that has links: enough to find another island, too few to be an attack's tool. */
const islandDialsMax = 2
/** How long a stranger from a sample has to become a member by gossip before it is held for an island. */
const islandMs = 2000
const strangersMax = 64
/** A newcomer may push out a link that we do not need once it is this old; younger ones that end count as failures. */
const briefMs = 1500
/** How long a link must be unneeded before its peer is told. */
const sayMs = 1000
/** With so many open ring links the mesh carries what is still to be signaled, and the first contact may go. */
const settledLinks = 4
const settlePerMemberMs = 5
const smallMesh = 64
const batchMs = 50
const retryMs = 500
const retryMaxMs = 30_000
/** The whole mesh tries about one failed member in this time, so that a healed partition is found. */
const failedEveryMs = 500
const failedRetryMs = 2000
const failedRetryMaxMs = 60_000
/** No more attempts at failed members than this at once: those that are wanted come first. */
const failedDialsMax = 4
const failedForMs = 600_000
const failedMax = 128
const barredMax = 256
const barredForMaxMs = 3_600_000
const askMs = 3000
const askAgainMs = 10_000
/** Where everybody has enough, asking is in vain and costs a route and back. measured: npm run sim -- steady */
const askMaxMs = 600_000
const answerMs = 5000
/** A grant is good for a dial, not longer. */
const grantMs = 15_000
/** How long the door has to be needless before it is let go. */
const doorHoldMs = 10_000
/** One member of the mesh looks through the door in about this time, in case the keepers do not. */
const doorVisitMs = 30_000

interface Link {
  readonly openedAt: Millis
  heardAt: Millis
  /** We dialled it as a stranger, to get in or to join two islands. */
  readonly contact: boolean
  /** Who asked for a link that no ring says; undefined for all others. */
  extra: 'ours' | 'theirs' | undefined
  /** Assumed until it says `spare`. */
  theyWant: boolean
  /** Since when we can do without it. */
  spareSince: Millis | undefined
  saidSpare: boolean
}

interface Attempt {
  failures: number
  /** Those that speak against the pair. */
  refusals: number
  dueAt: Millis
}

interface Bar {
  /** We or they said `cannot`; otherwise it just would not keep us. */
  readonly cannot: boolean
  retryAt: Millis
  forMs: number
}

interface Failed {
  readonly since: Millis
  nextAt: Millis
  backoffMs: number
}

interface Reservation {
  readonly side: 'ours' | 'theirs'
  readonly until: Millis
}

export interface EdgesContext {
  readonly self: PeerId
  readonly rings: Rings
  /** In [0, 1). */
  readonly random: () => number
  readonly wellConnected: () => boolean
  readonly outbox: (effect: EdgesEffect) => void
  /** Says a word to a peer, over its link when there is one, else over the mesh. */
  readonly say: (peer: PeerId, word: EdgeWord, now: Millis) => void
}

export class Edges implements OpenLinks {
  readonly #self: PeerId
  readonly #rings: Rings
  readonly #random: () => number
  readonly #wellConnected: () => boolean
  readonly #emit: (effect: EdgesEffect) => void
  readonly #say: (peer: PeerId, word: EdgeWord, now: Millis) => void
  readonly #options: Required<EdgesOptions>

  readonly #links = new Map<PeerId, Link>()
  #version = 0
  /** Ring neighbours, with those in the place of whom we cannot be linked to. */
  #wanted: ReadonlySet<PeerId> = new Set()
  #wantedFor = -1
  readonly #attempts = new Map<PeerId, Attempt>()
  /** Dials under way, and when to give them up. */
  readonly #dials = new Map<PeerId, { readonly until: Millis; readonly contact: boolean }>()
  /** Who was in a sample and is no member, and when to dial it. */
  readonly #strangers = new Map<PeerId, Millis>()
  /** The last sample. */
  #atDoor: readonly PeerId[] = []
  readonly #failed = new Map<PeerId, Failed>()
  #failedAt: Millis | undefined
  readonly #barred = new Map<PeerId, Bar>()
  #asked: { readonly peer: PeerId; readonly until: Millis } | undefined
  #askAt: Millis | undefined
  #declines = 0
  readonly #reserved = new Map<PeerId, Reservation>()
  #doorOpen = false
  #doorWanted = true
  #doorNeedlessSince: Millis | undefined
  #visitAt: Millis | undefined
  #deadline: Millis | undefined

  constructor(context: EdgesContext, options: EdgesOptions = {}) {
    this.#self = context.self
    this.#rings = context.rings
    this.#random = context.random
    this.#wellConnected = context.wellConnected
    this.#emit = context.outbox
    this.#say = context.say
    this.#options = { ...edgesDefaults, ...options }
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
    return this.#barred.get(peer)?.cannot === true
  }

  /** Whether to listen to that peer's signals. A link that is refused here costs nothing. */
  admits(peer: PeerId, now: Millis): boolean {
    if (this.#links.has(peer) || this.#dials.has(peer) || this.#links.size < this.#options.linksMax) return true
    return this.#victim(peer, now) !== undefined
  }

  /** The rings have changed: `peer` is in them. */
  memberUp(peer: PeerId, now: Millis): void {
    this.#strangers.delete(peer)
    this.#failed.delete(peer)
    this.#settleSoon(now)
  }

  /** The rings have changed: `peer` is out of them. One that failed may come back: it is dialled now and then. */
  memberDown(peer: PeerId, reason: 'failed' | 'left', now: Millis): void {
    this.#barred.delete(peer)
    this.#attempts.delete(peer)
    // Its channel may look open for minutes (Chromium, after a crash); if it lives, it dials.
    this.#hangUp(peer, 'ERR_DOWN', now)
    if (reason === 'failed') {
      this.#failed.set(peer, { since: now, nextAt: later(now, this.#jitter(failedRetryMs)), backoffMs: failedRetryMs })
      trim(this.#failed, failedMax)
      this.#failedAt = undefined
    }
    if (this.#wanted.has(peer)) this.#settle(now)
    else this.#settleSoon(now)
  }

  linkOpened(peer: PeerId, now: Millis): void {
    const dial = this.#dials.get(peer)
    this.#dials.delete(peer)
    this.#strangers.delete(peer)
    this.#failed.delete(peer)
    const reservation = this.#reserved.get(peer)
    this.#reserved.delete(peer)
    this.#links.set(peer, {
      openedAt: now,
      heardAt: now,
      contact: dial?.contact === true,
      extra: reservation?.side,
      theyWant: true,
      spareSince: undefined,
      saidSpare: false,
    })
    this.#version++
    // We are in: the rest of the sample will be members in a moment, or else another island.
    if (this.#links.size === 1) {
      this.#tryAllAnew(now)
      for (const stranger of this.#strangers.keys()) {
        if (this.#rings.has(stranger)) this.#strangers.delete(stranger)
        else this.#strangers.set(stranger, later(now, this.#jitter(islandMs)))
      }
    }
    const bar = this.#barred.get(peer)
    if (bar !== undefined) {
      this.#unbar(peer)
      if (bar.cannot) this.#say(peer, 'can', now)
    }
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
    this.#ended(peer, link, now)
    this.#settle(now)
  }

  /** A dial of ours has failed, or one of theirs that our transport had answered. */
  dialFailed(peer: PeerId, code: string, now: Millis): void {
    this.#dials.delete(peer)
    this.#reserved.delete(peer)
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
    this.#doorOpen = true
    this.#atDoor = sample.slice(0, strangersMax)
    if (this.#lonely()) this.#dialAllAtTheDoor(now)
    for (const peer of sample) {
      if (peer === this.#self || this.#links.has(peer) || this.#rings.has(peer)) continue
      const failed = this.#failed.get(peer)
      // It is back at the door, whatever became of it.
      if (failed !== undefined) failed.nextAt = now
      if (this.#strangers.size < strangersMax && !this.#strangers.has(peer)) {
        this.#strangers.set(peer, later(now, this.#jitter(islandMs)))
      }
    }
    this.#settle(now)
  }

  doorClosed(now: Millis): void {
    this.#doorOpen = false
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
        this.#say(from, this.#grants(from, now) ? 'grant' : 'decline', now)
        break
      case 'grant':
        if (this.#asked?.peer !== from) break
        this.#asked = undefined
        this.#declines = 0
        this.#askAt = later(now, this.#jitter(askAgainMs))
        if (link !== undefined) link.extra = 'ours'
        else if (!this.#dials.has(from) && this.#dials.size < this.#options.dialsMax) {
          this.#reserved.set(from, { side: 'ours', until: later(now, grantMs) })
          this.#dial(from, false, now)
        }
        break
      case 'decline':
        if (this.#asked?.peer === from) this.#declined(now)
        break
      case 'cannot':
        // A word about the pair of us, from the other half of it: all it can lose us is this one link.
        if (link !== undefined) this.#say(from, 'can', now)
        else if (this.#rings.has(from) && !this.#barred.has(from)) this.#bar(from, true, now)
        break
      case 'can':
        if (this.#barred.has(from)) this.#unbar(from)
        break
    }
    this.#settle(now)
  }

  deadline(): Millis | undefined {
    return this.#deadline
  }

  tick(now: Millis): void {
    for (const [peer, { until }] of this.#dials) {
      if (until > now) continue
      this.#dials.delete(peer)
      this.#reserved.delete(peer)
      this.#fail(peer, 'ERR_DIAL_TIMEOUT', now)
    }
    for (const [peer, { until }] of this.#reserved) if (until <= now) this.#reserved.delete(peer)
    for (const [peer, link] of this.#links) {
      if (link.heardAt + this.#options.muteMs > now) continue
      if (this.#wanted.has(peer)) this.#hangUp(peer, 'ERR_MUTE', now)
      // Only ring neighbours are probed: over a link to anybody else a quiet mesh sends nothing, and that
      // it was silent shows nothing. Its time starts anew, should it become a neighbour's.
      else link.heardAt = now
    }
    if (this.#asked !== undefined && this.#asked.until <= now) this.#declined(now)
    this.#settle(now)
  }

  /** After every input: see what is wanted, say so, dial, let go, and know when to look again. */
  #settle(now: Millis): void {
    this.#wantNeighbours(now)
    this.#dialWanted(now)
    this.#dialStrangers(now)
    this.#dialTheFailed(now)
    this.#askForExtra(now)
    this.#spareSurplus(now)
    this.#minTheDoor(now)
    this.#deadline = this.#next(now)
  }

  /** In a large mesh members come by the hundred from one push-pull: one look at the rings does for all. */
  #settleSoon(now: Millis): void {
    if (this.#rings.size <= smallMesh) return this.#settle(now)
    this.#deadline = later(now, Math.min(batchMs, (this.#deadline ?? Number.POSITIVE_INFINITY) - now))
  }

  #wantNeighbours(now: Millis): void {
    if (this.#wantedFor === this.#rings.version) return
    this.#wantedFor = this.#rings.version
    const wanted = new Set<PeerId>()
    const fits = (other: PeerId) => !this.#barred.has(other)
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
    for (const peer of wanted) {
      if (!this.#attempts.has(peer))
        this.#attempts.set(peer, { failures: 0, refusals: 0, dueAt: this.#firstDue(peer, now) })
    }
    for (const [peer, attempt] of this.#attempts) {
      if (!wanted.has(peer) && (attempt.failures === 0 || attempt.dueAt + retryMaxMs < now)) this.#attempts.delete(peer)
    }
    this.#wanted = wanted
  }

  /** The lower id dials at once, so that both do not; the higher one waits for it, and dials when nothing came. */
  #firstDue(peer: PeerId, now: Millis): Millis {
    // A newcomer to a small room is dialled at once: there are few views to differ.
    const crowd = Math.max(0, this.#rings.size - 2 * this.#rings.rings - 1)
    const settleMs = Math.min(this.#options.settleMs, crowd * settlePerMemberMs)
    return later(now, settleMs + (this.#self < peer ? 0 : this.#options.yieldMs))
  }

  #dialWanted(now: Millis): void {
    for (const peer of this.#wanted) {
      if (this.#links.has(peer) || this.#dials.has(peer)) continue
      if (this.#dials.size >= this.#options.dialsMax) return
      if ((this.#attempts.get(peer)?.dueAt ?? now) <= now) this.#dial(peer, false, now)
    }
    for (const [peer, bar] of this.#barred) {
      if (bar.retryAt > now || this.#dials.size >= this.#options.dialsMax || this.#dials.has(peer)) continue
      bar.forMs = Math.min(barredForMaxMs, bar.forMs * 2)
      bar.retryAt = later(now, this.#jitter(bar.forMs))
      // Only a true neighbour is worth it; meanwhile whoever stands in for it stays.
      if (this.#rings.neighboursOf(this.#self).includes(peer)) this.#dial(peer, false, now)
    }
  }

  #dialStrangers(now: Millis): void {
    if (!this.#doorOpen) return
    const lonely = this.#lonely()
    let contacts = this.#contactDials()
    for (const [peer, dueAt] of this.#strangers) {
      if (contacts >= (lonely ? contactsMax : islandDialsMax) || this.#dials.size >= this.#options.dialsMax) return
      if (dueAt > now && !lonely) continue
      this.#strangers.delete(peer)
      if (this.#dials.has(peer)) continue
      this.#dial(peer, true, now)
      contacts++
    }
  }

  #dialTheFailed(now: Millis): void {
    for (const [peer, { since }] of this.#failed) if (since + failedForMs <= now) this.#failed.delete(peer)
    if (this.#failed.size === 0 || !this.#doorOpen) {
      this.#failedAt = undefined
      return
    }
    if (this.#failedAt === undefined) this.#failedAt = later(now, this.#untilMyTurn(failedEveryMs, this.#keepers()))
    if (this.#failedAt > now) return
    this.#failedAt = later(now, this.#untilMyTurn(failedEveryMs, this.#keepers()))
    if (this.#contactDials() >= failedDialsMax || this.#dials.size >= this.#options.dialsMax) return
    const due = [...this.#failed].filter(([peer, { nextAt }]) => nextAt <= now && !this.#dials.has(peer))
    const chosen = due[Math.floor(this.#random() * due.length)]
    if (chosen === undefined) return
    const [peer, failed] = chosen
    failed.nextAt = later(now, this.#jitter(failed.backoffMs))
    // Never so rare that the mesh as a whole makes less than about one attempt per second.
    const oncePerSecond = Math.max(failedRetryMs, this.#failed.size * this.#keepers() * 1000)
    failed.backoffMs = Math.min(failedRetryMaxMs, oncePerSecond, failed.backoffMs * 2)
    this.#dial(peer, true, now)
  }

  #askForExtra(now: Millis): void {
    if (
      this.#rings.size - 1 <= 2 * this.#rings.rings ||
      !this.#settled() ||
      this.#extras() >= this.#options.extraLinks
    ) {
      this.#askAt = undefined
      return
    }
    if (this.#asked !== undefined) return
    if (this.#askAt === undefined) this.#askAt = later(now, this.#jitter(askMs))
    if (this.#askAt > now) return
    this.#askAt = later(now, this.#jitter(askAgainMs))
    for (let draws = 0; draws < 8; draws++) {
      const peer = this.#rings.at(Math.floor(this.#random() * this.#rings.size))
      if (peer === undefined || peer === this.#self || this.#links.has(peer) || this.#wanted.has(peer)) continue
      if (this.#barred.has(peer) || this.#dials.has(peer)) continue
      this.#asked = { peer, until: later(now, answerMs) }
      this.#say(peer, 'ask', now)
      return
    }
  }

  #spareSurplus(now: Millis): void {
    for (const [peer, link] of this.#links) {
      if (link.extra !== undefined && this.#wanted.has(peer)) link.extra = undefined
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

  #minTheDoor(now: Millis): void {
    const size = this.#rings.size
    const keeper = size <= this.#options.doorAllUpTo || this.#rings.rank(this.#self) < this.#options.doorKeepers
    if (keeper || !this.#settled()) {
      this.#doorNeedlessSince = undefined
      this.#visitAt = undefined
      return this.#wantDoor(true)
    }
    this.#visitAt ??= later(now, this.#untilMyTurn(doorVisitMs, size))
    if (this.#visitAt <= now) {
      this.#visitAt = later(now, this.#untilMyTurn(doorVisitMs, size))
      this.#doorNeedlessSince = now
      return this.#wantDoor(true)
    }
    this.#doorNeedlessSince ??= now
    if (this.#doorNeedlessSince + doorHoldMs <= now) this.#wantDoor(false)
  }

  #wantDoor(wanted: boolean): void {
    if (wanted === this.#doorWanted) return
    this.#doorWanted = wanted
    if (!wanted) this.#doorOpen = false
    this.#emit({ type: 'door', wanted })
  }

  #next(now: Millis): Millis | undefined {
    let first = Number.POSITIVE_INFINITY
    const at = (when: number | undefined) => {
      if (when !== undefined && when < first) first = when
    }
    for (const { until } of this.#dials.values()) at(until)
    for (const { until } of this.#reserved.values()) at(until)
    at(this.#asked?.until)
    if (this.#asked === undefined) at(this.#askAt)
    if (this.#dials.size < this.#options.dialsMax) {
      for (const peer of this.#wanted) {
        if (!this.#links.has(peer) && !this.#dials.has(peer)) at(this.#attempts.get(peer)?.dueAt)
      }
      for (const [peer, { retryAt }] of this.#barred) if (!this.#dials.has(peer)) at(retryAt)
      // At its own limit a stranger waits for the end of a dial, which is an input.
      if (this.#doorOpen && this.#contactDials() < islandDialsMax) {
        for (const dueAt of this.#strangers.values()) at(dueAt)
      }
    }
    at(this.#failedAt)
    for (const link of this.#links.values()) {
      at(link.heardAt + this.#options.muteMs)
      if (link.spareSince === undefined) continue
      if (!link.saidSpare) at(link.spareSince + sayMs)
      else if (!link.theyWant) at(link.spareSince + this.#options.graceMs)
    }
    at(this.#visitAt)
    if (this.#doorWanted && this.#doorNeedlessSince !== undefined) at(this.#doorNeedlessSince + doorHoldMs)
    return first === Number.POSITIVE_INFINITY ? undefined : (Math.max(first, now) as Millis)
  }

  /** Whether we need a link to that peer. */
  #needs(peer: PeerId): boolean {
    if (this.#wanted.has(peer) || this.#reserved.has(peer)) return true
    const link = this.#links.get(peer)
    return link !== undefined && (link.extra !== undefined || (link.contact && !this.#settled()))
  }

  #contactDials(): number {
    let count = 0
    for (const { contact } of this.#dials.values()) if (contact) count++
    return count
  }

  /** No link at all, so no mesh that could signal for us. */
  #lonely(): boolean {
    return this.#links.size === 0
  }

  /** Enough ring links are open for the mesh to carry whatever is still to be signaled. */
  #settled(): boolean {
    let open = 0
    for (const peer of this.#wanted) if (this.#links.has(peer) && ++open >= settledLinks) return true
    return open > 0 && open === this.#wanted.size
  }

  #extras(): number {
    let count = this.#reserved.size
    for (const { extra } of this.#links.values()) if (extra !== undefined) count++
    return count
  }

  #grants(from: PeerId, now: Millis): boolean {
    if (!this.#rings.has(from) || this.#barred.has(from)) return false
    const link = this.#links.get(from)
    if (this.#wanted.has(from) || link?.extra !== undefined) return true
    if (this.#extras() >= this.#options.extraLinks) return false
    // One slot at least is filled by our own choice, or strangers could choose all our company.
    let theirs = 0
    for (const { extra } of this.#links.values()) if (extra === 'theirs') theirs++
    for (const { side } of this.#reserved.values()) if (side === 'theirs') theirs++
    if (theirs >= Math.max(1, this.#options.extraLinks - 1)) return false
    if (link !== undefined) link.extra = 'theirs'
    else this.#reserved.set(from, { side: 'theirs', until: later(now, grantMs) })
    return true
  }

  #declined(now: Millis): void {
    this.#asked = undefined
    this.#declines++
    this.#askAt = later(now, this.#jitter(Math.min(askMaxMs, askMs * 4 ** Math.min(this.#declines, 5))))
  }

  /**
   * The link that is given up for `newcomer`: needed by neither end, else not needed by us, the oldest
   * first. A newcomer that has no claim on us has to wait until the others had their time; one that is
   * our neighbour, or would be if we had heard of it already, has not.
   */
  #victim(newcomer: PeerId, now: Millis): PeerId | undefined {
    const waits = !this.#needs(newcomer) && !this.#rings.neighboursOf(newcomer).includes(this.#self)
    let victim: PeerId | undefined
    for (const [peer, link] of this.#links) {
      if (peer === newcomer || this.#needs(peer) || (waits && link.openedAt + briefMs > now)) continue
      if (!link.theyWant) return peer
      victim ??= peer
    }
    return victim
  }

  #dial(peer: PeerId, contact: boolean, now: Millis): void {
    this.#dials.set(peer, { until: later(now, this.#options.dialMs), contact })
    this.#emit({ type: 'dial', peer })
  }

  #hangUp(peer: PeerId, code: string, now: Millis): void {
    const link = this.#links.get(peer)
    if (link === undefined) return
    this.#links.delete(peer)
    this.#version++
    this.#emit({ type: 'hang-up', peer, code })
    if (code === 'ERR_MUTE') this.#fail(peer, code, now)
    if (this.#lonely()) this.#dialAllAtTheDoor(now)
  }

  /**
   * Without a link even a member is a way in, and a surer one than a neighbour that is not at the door. Not for whoever was
   * given up for its bad connection: it would come back only to be given up again.
   */
  #dialAllAtTheDoor(now: Millis): void {
    if (!this.#wellConnected()) return
    for (const peer of this.#atDoor) {
      if (peer === this.#self || this.#strangers.size >= strangersMax) continue
      this.#strangers.set(peer, now)
    }
  }

  #ended(peer: PeerId, link: Link, now: Millis): void {
    if (this.#lonely()) this.#dialAllAtTheDoor(now)
    if (link.openedAt + briefMs > now) this.#fail(peer, 'ERR_LINKS_FULL', now)
    else if (this.#wanted.has(peer)) {
      this.#attempts.set(peer, { failures: 0, refusals: 0, dueAt: this.#firstDue(peer, now) })
    }
  }

  #fail(peer: PeerId, code: string, now: Millis): void {
    if (code === 'ERR_ABSENT') {
      this.#strangers.delete(peer)
      // It is not at the door: whoever comes back by it will be in a sample.
      this.#failed.delete(peer)
    }
    const attempt = this.#attempts.get(peer)
    if (attempt === undefined || !this.#wanted.has(peer)) return
    attempt.failures++
    attempt.dueAt = later(now, this.#jitter(Math.min(retryMaxMs, retryMs * 2 ** Math.min(attempt.failures - 1, 10))))
    if (innocent.has(code)) {
      // Full at the other end, again and again: somebody else has to take this edge for now.
      if (code === 'ERR_LINKS_FULL' && attempt.failures > this.#options.unlinkableDials) this.#bar(peer, false, now)
      return
    }
    attempt.refusals++
    if (attempt.refusals < this.#options.unlinkableDials) return
    this.#bar(peer, true, now)
    this.#say(peer, 'cannot', now)
  }

  /** There is a way to signal where there was none: what failed for the lack of it says nothing any more. */
  #tryAllAnew(now: Millis): void {
    for (const [peer, attempt] of this.#attempts) {
      if (attempt.failures === attempt.refusals) continue
      attempt.failures = attempt.refusals
      attempt.dueAt = this.#firstDue(peer, now)
    }
  }

  /** Its edge falls to the next on each ring, here and, once told, at the other end. */
  #bar(peer: PeerId, cannot: boolean, now: Millis): void {
    const forMs = cannot ? this.#options.unlinkableMs : retryMaxMs
    this.#barred.delete(peer)
    this.#barred.set(peer, { cannot, forMs, retryAt: later(now, this.#jitter(forMs)) })
    trim(this.#barred, barredMax)
    this.#attempts.delete(peer)
    this.#wantedFor = -1
  }

  #unbar(peer: PeerId): void {
    this.#barred.delete(peer)
    this.#attempts.delete(peer)
    this.#wantedFor = -1
  }

  /** How many members share the watch at the door. */
  #keepers(): number {
    const size = this.#rings.size
    return size <= this.#options.doorAllUpTo ? size : Math.min(size, this.#options.doorKeepers)
  }

  /** When `among` members each take turns so, one of them acts every `everyMs` on average, and no two agree to. */
  #untilMyTurn(everyMs: number, among: number): number {
    return -Math.log(1 - this.#random()) * everyMs * among
  }

  #jitter(ms: number): number {
    return ms * (0.5 + this.#random())
  }
}

function later(now: Millis, ms: number): Millis {
  return (now + ms) as Millis
}

function trim<K>(map: Map<K, unknown>, entriesMax: number): void {
  if (map.size <= entriesMax) return
  const oldest = map.keys().next()
  if (!oldest.done) map.delete(oldest.value)
}
