/**
 * The signaling server, as the overlay uses it: when to be registered there, whom of its samples to dial, and whom of
 * those that failed to look for. A mesh needs it for newcomers, for islands that do not know of each other, and for
 * whoever has lost every link.
 */
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { jitter, later, type Random, trim, untilMyTurn } from './chance.ts'
import type { Dials } from './dials.ts'
import type { EdgesOptions } from './edge-options.ts'
import type { EdgesEffect } from './effect.ts'
import type { Rings } from './rings.ts'
import type { OpenLinks } from './routes.ts'

/** Strangers dialled at once by a peer that has no link: more than one, since the first may be the server's liar. */
const contactsMax = 2
/** The same for one that has links: enough to find another island, too few to be an attack's tool. */
const islandDialsMax = 2
/** Whoever had no room for us is asked again after about this time, if we have no link yet; who did not answer, more and more rarely. */
const lonelyRetryMs = 1500
const lonelyRetryMaxMs = 30_000
/** Whom we name at most to somebody for whom we have no room. A guess: two dials at once, four times. */
export const othersMax = 8
/** Of the newest members it is likely that they are at the door still. */
const newestMax = 64
/** How long a stranger from a sample has to become a member by gossip before it is held for an island. */
const islandMs = 2000
const strangersMax = 64
/** How long whoever lost most of its links leaves it to its neighbours to come back. A guess: a dial takes half of it. */
const wayInMs = 1000
/** The whole mesh tries about one failed member in this time, so that a healed partition is found. */
const failedEveryMs = 500
const failedRetryMs = 2000
const failedRetryMaxMs = 60_000
/** No more attempts at failed members than this at once: those that are wanted come first. */
const failedDialsMax = 4
const failedForMs = 600_000
const failedMax = 128
/** How long the door has to be needless before it is let go. */
const doorHoldMs = 10_000
/** One member of the mesh looks through the door in about this time, in case the keepers do not. */
const doorVisitMs = 30_000

interface Failed {
  readonly since: Millis
  nextAt: Millis
  backoffMs: number
}

export interface DoorContext {
  readonly self: PeerId
  readonly rings: Rings
  readonly random: Random
  readonly wellConnected: () => boolean
  /** Whether the mesh carries what is still to be signaled. */
  readonly settled: () => boolean
  readonly outbox: (effect: EdgesEffect) => void
  readonly links: OpenLinks & { readonly size: number }
  readonly dials: Dials
}

export class Door {
  readonly #context: DoorContext
  readonly #options: Required<EdgesOptions>
  /** Who was in a sample and is no member, and when to dial it. */
  readonly #strangers = new Map<PeerId, Millis>()
  /** The last sample. */
  #atDoor: readonly PeerId[] = []
  readonly #newest = new Set<PeerId>()
  #lonelyWaitMs = lonelyRetryMs
  readonly #failed = new Map<PeerId, Failed>()
  #failedAt: Millis | undefined
  #open = false
  #wanted = true
  #needlessSince: Millis | undefined
  #visitAt: Millis | undefined

  constructor(context: DoorContext, options: Required<EdgesOptions>) {
    this.#context = context
    this.#options = options
  }

  /** `sample`: some of those who are registered at the server. */
  opened(sample: readonly PeerId[], now: Millis): void {
    const { self, links, rings, random } = this.#context
    this.#open = true
    this.#atDoor = sample.slice(0, strangersMax)
    this.lookForWaysIn(now)
    const lonely = links.size === 0
    for (const peer of sample) {
      if (peer === self || links.has(peer) || rings.has(peer)) continue
      const failed = this.#failed.get(peer)
      // It is back at the door, whatever became of it.
      if (failed !== undefined) failed.nextAt = now
      if (this.#strangers.size < strangersMax && !this.#strangers.has(peer))
        this.#strangers.set(peer, lonely ? now : later(now, jitter(random, islandMs)))
    }
  }

  closed(): void {
    this.#open = false
  }

  memberUp(peer: PeerId): void {
    this.#strangers.delete(peer)
    this.#failed.delete(peer)
    this.#newest.add(peer)
    for (const oldest of this.#newest) {
      if (this.#newest.size <= newestMax) break
      this.#newest.delete(oldest)
    }
  }

  memberDown(peer: PeerId): void {
    this.#newest.delete(peer)
  }

  /**
   * A few whom a stranger may find at the door and linked to few: the newest members, the keepers, and those who
   * came before it, of whom a mesh that begins has not heard yet. `near`: our links, and those that are on their way.
   */
  others(stranger: PeerId, near: readonly PeerId[]): readonly PeerId[] {
    const { self, rings, random } = this.#context
    const candidates = new Set([...this.#newest, ...near])
    for (const peer of rings.first(this.#options.doorKeepers)) candidates.add(peer)
    candidates.delete(self)
    candidates.delete(stranger)
    const left = [...candidates]
    const chosen: PeerId[] = []
    while (chosen.length < othersMax && left.length > 0)
      chosen.push(...left.splice(Math.floor(random() * left.length), 1))
    return chosen
  }

  /** Named by somebody who had no room for us. */
  referred(others: readonly PeerId[], now: Millis): void {
    for (const peer of others.slice(0, othersMax)) {
      if (peer === this.#context.self || this.#strangers.size >= strangersMax) continue
      if (!this.#strangers.has(peer)) this.#strangers.set(peer, now)
    }
  }

  /** A dial of it has failed, and it may be there all the same. */
  failed(peer: PeerId, code: string, now: Millis): void {
    const { links, settled, random } = this.#context
    if (settled() || (links.size > 0 && !this.#atDoor.includes(peer))) return
    if (this.#strangers.has(peer) || this.#strangers.size >= strangersMax) return
    const waitMs = code === 'ERR_LINKS_FULL' ? lonelyRetryMs : this.#lonelyWaitMs
    if (code !== 'ERR_LINKS_FULL') this.#lonelyWaitMs = Math.min(lonelyRetryMaxMs, 2 * waitMs)
    this.#strangers.set(peer, later(now, jitter(random, waitMs)))
  }

  /** It may come back: it is dialled now and then. */
  memberFailed(peer: PeerId, now: Millis): void {
    const nextAt = later(now, jitter(this.#context.random, failedRetryMs))
    this.#failed.set(peer, { since: now, nextAt, backoffMs: failedRetryMs })
    trim(this.#failed, failedMax)
    this.#failedAt = undefined
  }

  linkOpened(peer: PeerId): void {
    this.#strangers.delete(peer)
    this.#failed.delete(peer)
  }

  /** We are in: the rest of the sample will be members in a moment, or else another island. */
  firstLinkOpened(now: Millis): void {
    this.#lonelyWaitMs = lonelyRetryMs
    const { rings, random } = this.#context
    for (const stranger of this.#strangers.keys())
      this.#strangers.set(stranger, later(now, jitter(random, rings.has(stranger) ? wayInMs : islandMs)))
  }

  /**
   * A link was lost, or the door has opened. Without links even a member is a way in, and a surer one than a neighbour that
   * is not at the door; with a few it is one as well, if they do not become more: those at their other ends may be as lost
   * as we are. Not for whoever was given up for its bad connection: it would come back only to be given up again.
   */
  lookForWaysIn(now: Millis): void {
    const { self, links, random, settled, wellConnected } = this.#context
    if (settled() || !wellConnected()) return
    for (const peer of this.#atDoor) {
      if (peer === self || links.has(peer) || this.#strangers.size >= strangersMax) continue
      if (links.size === 0) this.#strangers.set(peer, now)
      else if (!this.#strangers.has(peer)) this.#strangers.set(peer, later(now, jitter(random, wayInMs)))
    }
  }

  /** It is not at the door: whoever comes back by it will be in a sample. */
  absent(peer: PeerId): void {
    this.#strangers.delete(peer)
    this.#failed.delete(peer)
  }

  dial(now: Millis): void {
    this.#dialStrangers(now)
    this.#dialTheFailed(now)
  }

  /** `settled`: the mesh carries whatever is still to be signaled. */
  mind(settled: boolean, now: Millis): void {
    const { rings, self, random } = this.#context
    const keeper = rings.size <= this.#options.doorAllUpTo || rings.rank(self) < this.#options.doorKeepers
    if (keeper || !settled) {
      this.#needlessSince = undefined
      this.#visitAt = undefined
      return this.#want(true)
    }
    this.#visitAt ??= later(now, untilMyTurn(random, doorVisitMs, rings.size))
    if (this.#visitAt <= now) {
      this.#visitAt = later(now, untilMyTurn(random, doorVisitMs, rings.size))
      this.#needlessSince = now
      return this.#want(true)
    }
    this.#needlessSince ??= now
    if (this.#needlessSince + doorHoldMs <= now) this.#want(false)
  }

  /** Infinity when nothing is due. */
  deadline(): number {
    const { dials } = this.#context
    let first = Math.min(this.#failedAt ?? Number.POSITIVE_INFINITY, this.#visitAt ?? Number.POSITIVE_INFINITY)
    // At its own limit a stranger waits for the end of a dial, which is an input.
    if (this.#open && !dials.full && dials.contacts < islandDialsMax)
      for (const dueAt of this.#strangers.values()) first = Math.min(first, dueAt)
    if (this.#wanted && this.#needlessSince !== undefined) first = Math.min(first, this.#needlessSince + doorHoldMs)
    return first
  }

  #dialStrangers(now: Millis): void {
    if (!this.#open) return
    const { links, dials, rings, settled } = this.#context
    const lonely = links.size === 0
    let contacts = dials.contacts
    for (const [peer, dueAt] of this.#strangers) {
      if (contacts >= (lonely ? contactsMax : islandDialsMax) || dials.full) return
      if (dueAt > now) continue
      this.#strangers.delete(peer)
      if (dials.has(peer) || links.has(peer) || (settled() && rings.has(peer))) continue
      dials.start(peer, true, now)
      contacts++
    }
  }

  #dialTheFailed(now: Millis): void {
    const { dials, random } = this.#context
    for (const [peer, { since }] of this.#failed) if (since + failedForMs <= now) this.#failed.delete(peer)
    if (this.#failed.size === 0 || !this.#open) {
      this.#failedAt = undefined
      return
    }
    const keepers = this.#keepers()
    if (this.#failedAt === undefined) this.#failedAt = later(now, untilMyTurn(random, failedEveryMs, keepers))
    if (this.#failedAt > now) return
    this.#failedAt = later(now, untilMyTurn(random, failedEveryMs, keepers))
    if (dials.contacts >= failedDialsMax || dials.full) return
    const due = [...this.#failed].filter(([peer, { nextAt }]) => nextAt <= now && !dials.has(peer))
    const chosen = due[Math.floor(random() * due.length)]
    if (chosen === undefined) return
    const [peer, failed] = chosen
    failed.nextAt = later(now, jitter(random, failed.backoffMs))
    // Never so rare that the mesh as a whole makes less than about one attempt per second.
    const oncePerSecond = Math.max(failedRetryMs, this.#failed.size * keepers * 1000)
    failed.backoffMs = Math.min(failedRetryMaxMs, oncePerSecond, failed.backoffMs * 2)
    dials.start(peer, true, now)
  }

  #want(wanted: boolean): void {
    if (wanted === this.#wanted) return
    this.#wanted = wanted
    if (!wanted) this.#open = false
    this.#context.outbox({ type: 'door', wanted })
  }

  /** How many members share the watch at the door. */
  #keepers(): number {
    const { size } = this.#context.rings
    return size <= this.#options.doorAllUpTo ? size : Math.min(size, this.#options.doorKeepers)
  }
}
