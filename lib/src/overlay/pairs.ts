/**
 * How it goes between us and each of those whom the rings want us to be linked to: when to dial next, and with whom
 * no link comes about at all. The edge to such a one falls to the next on its ring, here and, once told, at its end.
 */
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { jitter, later, type Random, trim } from './chance.ts'
import type { EdgesOptions } from './edge-options.ts'
import type { EdgeWord } from './messages.ts'
import type { Rings } from './rings.ts'

/** Failures that say nothing about whether two peers can be linked. */
const innocent: ReadonlySet<string> = new Set([
  'ERR_ABSENT',
  'ERR_UNREACHABLE',
  'ERR_SIGNALING_CLOSED',
  'ERR_LINKS_FULL',
  'ERR_CLOSED',
])
const settlePerMemberMs = 5
const retryMs = 500
const retryMaxMs = 30_000
const barredMax = 256
const barredForMaxMs = 3_600_000

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

export interface PairsContext {
  readonly self: PeerId
  readonly rings: Rings
  readonly random: Random
  /** False when it is we who are slow. */
  readonly healthy: () => boolean
  readonly dialsFirst: (peer: PeerId) => boolean
  readonly say: (peer: PeerId, word: EdgeWord, now: Millis) => void
}

export class Pairs {
  readonly #context: PairsContext
  readonly #options: Required<EdgesOptions>
  readonly #attempts = new Map<PeerId, Attempt>()
  readonly #barred = new Map<PeerId, Bar>()
  #version = 0

  constructor(context: PairsContext, options: Required<EdgesOptions>) {
    this.#context = context
    this.#options = options
  }

  /** Changes whenever somebody is barred, or no more. */
  get version(): number {
    return this.#version
  }

  isBarred(peer: PeerId): boolean {
    return this.#barred.has(peer)
  }

  /** Both ends have found that no link comes about. */
  cannot(peer: PeerId): boolean {
    return this.#barred.get(peer)?.cannot === true
  }

  /** These are wanted now. Of others only what failed a moment ago is remembered. */
  want(wanted: ReadonlySet<PeerId>, now: Millis): void {
    for (const peer of wanted) if (!this.#attempts.has(peer)) this.begin(peer, now)
    for (const [peer, attempt] of this.#attempts) {
      if (!wanted.has(peer) && (attempt.failures === 0 || attempt.dueAt + retryMaxMs < now)) this.#attempts.delete(peer)
    }
  }

  /** A first attempt, or a new one after a link that had a life of its own. */
  begin(peer: PeerId, now: Millis): void {
    this.#attempts.set(peer, { failures: 0, refusals: 0, dueAt: this.#firstDue(peer, now) })
  }

  /** When a wanted peer is to be dialled. */
  dueAt(peer: PeerId): Millis | undefined {
    return this.#attempts.get(peer)?.dueAt
  }

  /** A dial of somebody wanted, or its link within a moment, came to nothing. */
  failed(peer: PeerId, code: string, now: Millis): void {
    const attempt = this.#attempts.get(peer)
    if (attempt === undefined) return
    attempt.failures++
    const waitMs = Math.min(retryMaxMs, retryMs * 2 ** Math.min(attempt.failures - 1, 10))
    attempt.dueAt = later(now, jitter(this.#context.random, waitMs))
    // Whoever is slow itself misses the answers of all: it would take every neighbour that it has for unlinkable.
    if (innocent.has(code) || !this.#context.healthy()) {
      // Full at the other end, again and again: somebody else has to take this edge for now.
      if (code === 'ERR_LINKS_FULL' && attempt.failures > this.#options.unlinkableDials) this.bar(peer, false, now)
      return
    }
    attempt.refusals++
    if (attempt.refusals < this.#options.unlinkableDials) return
    this.bar(peer, true, now)
    this.#context.say(peer, 'cannot', now)
  }

  /** There is a way to signal where there was none: what failed for the lack of it says nothing any more. */
  tryAllAnew(now: Millis): void {
    for (const [peer, attempt] of this.#attempts) {
      if (attempt.failures === attempt.refusals) continue
      attempt.failures = attempt.refusals
      attempt.dueAt = this.#firstDue(peer, now)
    }
  }

  /** It is a member no more. */
  forget(peer: PeerId): void {
    this.#barred.delete(peer)
    this.#attempts.delete(peer)
  }

  bar(peer: PeerId, cannot: boolean, now: Millis): void {
    const forMs = cannot ? this.#options.unlinkableMs : retryMaxMs
    this.#barred.delete(peer)
    this.#barred.set(peer, { cannot, forMs, retryAt: later(now, jitter(this.#context.random, forMs)) })
    trim(this.#barred, barredMax)
    this.#attempts.delete(peer)
    this.#version++
  }

  unbar(peer: PeerId): void {
    if (!this.#barred.delete(peer)) return
    this.#attempts.delete(peer)
    this.#version++
  }

  /** Those with whom it may be tried once more, but for whoever `waits`; each then has to wait twice as long. */
  *takeRetries(now: Millis, waits: (peer: PeerId) => boolean): Iterable<PeerId> {
    for (const [peer, bar] of this.#barred) {
      if (bar.retryAt > now || waits(peer)) continue
      bar.forMs = Math.min(barredForMaxMs, bar.forMs * 2)
      bar.retryAt = later(now, jitter(this.#context.random, bar.forMs))
      yield peer
    }
  }

  /** The first such retry; Infinity when there is none. */
  retryAt(waits: (peer: PeerId) => boolean): number {
    let first = Number.POSITIVE_INFINITY
    for (const [peer, { retryAt }] of this.#barred) if (!waits(peer)) first = Math.min(first, retryAt)
    return first
  }

  /** One of the two dials at once, so that both do not; the other waits for it, and dials when nothing came. */
  #firstDue(peer: PeerId, now: Millis): Millis {
    const { rings, dialsFirst } = this.#context
    // A newcomer to a small room is dialled at once: there are few views to differ.
    const crowd = Math.max(0, rings.size - 2 * rings.rings - 1)
    const settleMs = Math.min(this.#options.settleMs, crowd * settlePerMemberMs)
    return later(now, settleMs + (dialsFirst(peer) ? 0 : this.#options.yieldMs))
  }
}
