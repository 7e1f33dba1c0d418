/**
 * How a message gets to somebody we are not linked to. The source computes the path, relays follow it,
 * and the receiver answers with a signed receipt where one was asked for. A relay that cannot go on says
 * so, a relay that says nothing is noticed by the missing receipt; either way the source takes another
 * path that shares no relay with those before.
 *
 * Nothing here fans out: a claim is on one path at a time, a relay sends at most what it was sent, and
 * whatever a relay spends is charged to the link that it came in on, since the author can be any key.
 */
import type { Verified } from '../identity/claim.ts'
import type { Millis, WallMillis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { Bucket } from './bucket.ts'
import type { Cargo, RouteCode, RouterEffect } from './effect.ts'
import type { AnyMessage, Edge, Forward, Routed, Undeliverable } from './messages.ts'
import { Recent } from './recent.ts'
import { hopsMax } from './routes.ts'
import type { OpenLinks, Path, Routes } from './routes.ts'

export interface RouterOptions {
  /** Paths that are tried before a silent receiver is given up. */
  readonly routeTries?: number
  /** Relayed messages per second for each link that they come in on, and how many at once. */
  readonly relayPerSecond?: number
  readonly relayBurst?: number
  /** The same in bytes of claims. */
  readonly relayBytesPerSecond?: number
  /** Own routed messages under way. */
  readonly routedMax?: number
}

export const routerDefaults = {
  // measured, N = 100, 20 % of the relays drop (lib/test/overlay/delivery.test.ts): three disjoint paths deliver
  // 97.4 to 98.9 %, four 98.7 to 99.8 %. (Without a memory for doubtful relays: one 72 %, three 96 %.)
  routeTries: 4,
  // A guess: a full join of a member relays some 80 signaling payloads through a neighbour at worst.
  relayPerSecond: 200,
  relayBurst: 400,
  // A guess: a routed file transfer is not what a stranger's uplink is for.
  relayBytesPerSecond: 1_048_576,
  routedMax: 1024,
} satisfies Required<RouterOptions>

/** The longest life of a routed claim, in ms; a longer one is malformed. */
export const routedTtlMaxMs = 30_000
/** How far ahead of ours a neighbour's calendar may be. */
const skewMs = 60_000
/** Longer than any routed claim lives, so what is forgotten has expired. */
const seenMs = 60_000
/** Past this the calendar refuses a replay, whatever the skew. */
const deliveredMs = routedTtlMaxMs + 2 * skewMs
const seenMax = 4096
const waysMax = 256
/** Relays move: a way that worked is preferred to a computed one for so long. */
const wayMs = 60_000
const doubtfulMax = 64
const doubtfulMs = 60_000
/** Fast failures do not use up tries, and there is an end to them too. */
const launchesMax = 6
/** The wait for a receipt before anything was measured, per hop and way; and its limits. All guesses. */
const hopRttMs = 250
const receiptMinMs = 300
const receiptMaxMs = 4000
/** How long a message without a receipt waits for an `undeliverable`. */
const regretMs = 3000
/** The pause before a third path after two that relays found stuck, twice as long each time. A guess. */
const breatherMs = 100
/** How long a message waits when there is no path at all: links open within this time after a change. */
const noPathMs = 500
/** A duplicate tells that our receipt was lost: it is given again, this often. */
const receiptsMax = 3

/** One of ours, from draft to receipt. */
interface Outgoing {
  readonly ref: number | undefined
  readonly to: PeerId
  readonly idText: string
  readonly receipt: boolean
  /** No time or try is spent past this. */
  readonly expiresAt: Millis
  /** The way that its receiver came to us, when this is a receipt. */
  readonly back: Path | undefined
  claim: Verified<Routed> | undefined
  path: Path | undefined
  launches: number
  /** Paths that were met with silence. */
  silences: number
  launchedAt: Millis
  deadline: Millis
  /** No path of it leads over this peer. */
  readonly avoid: PeerId | undefined
  /** Relays of the paths that did not work, and `avoid`. */
  readonly spent: Set<PeerId>
  /** Those of them whose paths were met with silence. */
  readonly silent: Set<PeerId>
}

/** One that came by. */
interface Relayed {
  readonly from: PeerId
  readonly to: PeerId
}

interface Delivered {
  receipts: number
}

export interface RouterContext<Inner extends AnyMessage> {
  readonly self: PeerId
  readonly routes: Routes
  readonly links: OpenLinks
  /** In [0, 1). */
  readonly random: () => number
  /** Calendar time at `now`. */
  readonly wall: (now: Millis) => WallMillis
  readonly outbox: (effect: RouterEffect<Inner>) => void
  /** Whether we may relay. Default: yes. */
  readonly relays?: () => boolean
  /** Whether its probes are not worth carrying. Default: nobody's. */
  readonly probesInVain?: (author: PeerId, now: Millis) => boolean
  /** A word about an edge came over a route: its speaker is proven. */
  readonly onEdge: (from: PeerId, edge: Edge, now: Millis) => void
}

export class Router<Inner extends AnyMessage> {
  readonly #self: PeerId
  readonly #routes: Routes
  readonly #links: OpenLinks
  readonly #random: () => number
  readonly #wall: (now: Millis) => WallMillis
  readonly #emit: (effect: RouterEffect<Inner>) => void
  readonly #onEdge: (from: PeerId, edge: Edge, now: Millis) => void
  readonly #relays: () => boolean
  readonly #probesInVain: (author: PeerId, now: Millis) => boolean
  readonly #options: Required<RouterOptions>

  readonly #outgoing = new Map<string, Outgoing>()
  readonly #relayed = new Recent<string, Relayed>(seenMax, seenMs)
  readonly #delivered = new Recent<string, Delivered>(seenMax, deliveredMs)
  readonly #ways = new Recent<PeerId, Path>(waysMax, wayMs)
  /** Relays that were on a silent path of a message that then arrived by another: taken last, blamed for nothing. */
  readonly #doubtful = new Recent<PeerId, true>(doubtfulMax, doubtfulMs)
  readonly #budgets = new Map<PeerId, { readonly messages: Bucket; readonly bytes: Bucket }>()
  #due: Millis | undefined
  /** TCP's estimator (RFC 6298), over one hop there and back. */
  #hopRtt: { smoothed: number; deviation: number } | undefined

  constructor(context: RouterContext<Inner>, options: RouterOptions = {}) {
    this.#self = context.self
    this.#routes = context.routes
    this.#relays = context.relays ?? (() => true)
    this.#probesInVain = context.probesInVain ?? (() => false)
    this.#links = context.links
    this.#random = context.random
    this.#wall = context.wall
    this.#emit = context.outbox
    this.#onEdge = context.onEdge
    this.#options = { ...routerDefaults, ...options }
  }

  /** Own messages under way. */
  get size(): number {
    return this.#outgoing.size
  }

  /**
   * Sends `cargo` to `to` over the mesh. With `receipt` its end is known: `routed` with a `ref` says
   * that it arrived, or why not. Without, it is handed to a path and tried again only when a relay says
   * that it is stuck. No path leads over `avoid`.
   */
  route(to: PeerId, cargo: Cargo<Inner>, receipt: boolean, now: Millis, ref?: number, avoid?: PeerId): void {
    this.#originate(to, cargo, receipt, now, ref, undefined, avoid)
  }

  /** A draft of ours came back signed. */
  sealed(claim: Verified<Routed>, now: Millis): void {
    const outgoing = this.#outgoing.get(text(claim.id))
    if (outgoing === undefined || outgoing.claim !== undefined || claim.author !== this.#self) return
    outgoing.claim = claim
    this.#launch(outgoing, now)
  }

  /** `from`: the peer at the other end of the link. The claim's signature, shape and size are checked already. */
  onForward(from: PeerId, forward: Forward<Inner | Edge>, now: Millis): void {
    const { path, at, claim, probe } = forward
    if (!this.#standsHere(from, path, at, claim)) return this.#emit({ type: 'blame', peer: from, code: 'ERR_ROUTE' })
    if (claim.ttlMs > routedTtlMaxMs) return this.#emit({ type: 'blame', peer: from, code: 'ERR_ROUTE' })
    // Whose clock is wrong is not known: an expired or early claim is dropped in silence.
    const wall = this.#wall(now)
    if (wall > claim.issuedAt + claim.ttlMs + skewMs || claim.issuedAt > wall + skewMs) return
    const key = claim.author + text(claim.id)
    if (claim.to === this.#self) this.#receive(from, key, forward, now)
    // An `undeliverable` would have it tried by six paths.
    else if (probe !== true || !this.#probesInVain(claim.author, now)) this.#relay(from, key, path, at, claim, now)
  }

  /** Comes back by the link that the message went out on. */
  onUndeliverable(from: PeerId, { author, id }: Undeliverable, now: Millis): void {
    const idText = text(id)
    if (author === this.#self) {
      const outgoing = this.#outgoing.get(idText)
      // An answer from any other link is late: that path is given up already.
      if (outgoing?.path?.[0] === from) this.#retry(outgoing, now, this.#breather(outgoing))
      return
    }
    const key = author + idText
    const relayed = this.#relayed.get(key, now)
    if (relayed === undefined || relayed.to !== from) return
    // Told once: from now on its `to` is nobody.
    this.#relayed.set(key, { from: relayed.from, to: this.#self }, now)
    if (this.#links.has(relayed.from)) {
      this.#emit({ type: 'send', peer: relayed.from, message: { type: 'undeliverable', author, id } })
    }
  }

  /** Tries at once what was handed to a link that is gone. */
  onLinkClosed(peer: PeerId, now: Millis): void {
    this.#budgets.delete(peer)
    for (const outgoing of this.#outgoing.values()) {
      if (outgoing.path?.[0] === peer) this.#retry(outgoing, now)
    }
  }

  /** Whether somebody came to us lately by a way that starts on an open link. */
  knowsWayTo(peer: PeerId, now: Millis): boolean {
    const first = this.#ways.get(peer, now)?.[0]
    return first !== undefined && this.#links.has(first)
  }

  forgetWayTo(peer: PeerId): void {
    this.#ways.delete(peer)
  }

  /** Never too late; too early when what was waited for has ended since. */
  deadline(): Millis | undefined {
    return this.#outgoing.size === 0 ? undefined : this.#due
  }

  tick(now: Millis): void {
    this.#due = undefined
    for (const outgoing of this.#outgoing.values()) {
      if (outgoing.deadline > now) continue
      if (outgoing.claim === undefined) this.#end(outgoing, 'ERR_BUSY')
      else if (outgoing.path === undefined) this.#launch(outgoing, now)
      else if (!outgoing.receipt) this.#end(outgoing)
      else {
        outgoing.silences++
        for (const relay of outgoing.path.slice(0, -1)) outgoing.silent.add(relay)
        this.#widen()
        this.#retry(outgoing, now)
      }
    }
    for (const { deadline } of this.#outgoing.values()) {
      if (this.#due === undefined || deadline < this.#due) this.#due = deadline
    }
  }

  #originate(
    to: PeerId,
    cargo: Cargo<Inner>,
    receipt: boolean,
    now: Millis,
    ref: number | undefined,
    back: Path | undefined,
    avoid?: PeerId,
  ): void {
    if (this.#outgoing.size >= this.#options.routedMax) {
      if (ref !== undefined) this.#emit({ type: 'routed', ref, code: 'ERR_BUSY' })
      return
    }
    const id = Uint8Array.from({ length: 16 }, () => Math.floor(this.#random() * 256))
    const expiresAt = (now + routedTtlMaxMs) as Millis
    if (this.#outgoing.size === 0) this.#due = expiresAt
    this.#outgoing.set(text(id), {
      ref,
      to,
      idText: text(id),
      receipt,
      expiresAt,
      back,
      claim: undefined,
      path: undefined,
      launches: 0,
      silences: 0,
      launchedAt: now,
      deadline: expiresAt,
      avoid,
      spent: new Set(avoid === undefined ? [] : [avoid]),
      silent: new Set(),
    })
    const issuedAt = this.#wall(now)
    this.#emit({
      type: 'seal',
      draft: { type: 'routed', author: this.#self, issuedAt, ttlMs: routedTtlMaxMs, to, id, receipt, ...cargo },
    })
  }

  #launch(outgoing: Outgoing, now: Millis): void {
    const { claim } = outgoing
    if (claim === undefined) return
    const path = this.#choose(outgoing, now)
    if (path === undefined) {
      // A receipt, or a message that nobody waits for, is not worth waiting with.
      if (!outgoing.receipt || now + noPathMs >= outgoing.expiresAt || outgoing.launches >= launchesMax) {
        return this.#end(outgoing, outgoing.silences > 0 ? 'ERR_NO_RECEIPT' : 'ERR_UNREACHABLE')
      }
      outgoing.launches++
      // All disjoint paths are used up, or links are missing: start over when the mesh had time to change.
      outgoing.spent.clear()
      if (outgoing.avoid !== undefined) outgoing.spent.add(outgoing.avoid)
      outgoing.path = undefined
      this.#wait(outgoing, now + noPathMs)
      return
    }
    outgoing.launches++
    outgoing.path = path
    outgoing.launchedAt = now
    this.#wait(outgoing, now + (outgoing.receipt ? this.#receiptWait(path.length) : regretMs))
    const first = path[0] as PeerId
    this.#emit({ type: 'send', peer: first, message: { type: 'forward', path, at: 0, claim } })
    if (!outgoing.receipt && outgoing.ref !== undefined && outgoing.launches === 1) {
      this.#emit({ type: 'routed', ref: outgoing.ref })
    }
  }

  #wait(outgoing: Outgoing, until: number): void {
    outgoing.deadline = until as Millis
    if (this.#due === undefined || until < this.#due) this.#due = outgoing.deadline
  }

  #choose(outgoing: Outgoing, now: Millis): Path | undefined {
    const { to, spent } = outgoing
    if (this.#links.has(to)) return spent.has(to) ? undefined : [to]
    const usable = (path: Path | undefined) =>
      path !== undefined &&
      this.#links.has(path[0] as PeerId) &&
      !path.some((relay) => relay !== to && spent.has(relay))
    if (outgoing.launches === 0 && usable(outgoing.back)) return outgoing.back
    const way = this.#ways.get(to, now)
    if (usable(way)) return way
    const doubtful = this.#doubtful.keys(now)
    if (doubtful.length === 0) return this.#routes.path(to, spent)
    return this.#routes.path(to, new Set([...spent, ...doubtful])) ?? this.#routes.path(to, spent)
  }

  /** The mesh may be mending itself, and will not be done in the time that an answer takes. */
  #breather({ launches }: Outgoing): number {
    return launches < 2 ? 0 : breatherMs * 2 ** (launches - 2)
  }

  #retry(outgoing: Outgoing, now: Millis, afterMs = 0): void {
    const { path, to } = outgoing
    if (path === undefined) return
    for (const relay of path.slice(0, -1)) outgoing.spent.add(relay)
    if (path.length === 1) outgoing.spent.add(to)
    if (this.#ways.get(to, now)?.[0] === path[0]) this.#ways.delete(to)
    outgoing.path = undefined
    if (outgoing.silences >= this.#options.routeTries) return this.#end(outgoing, 'ERR_NO_RECEIPT')
    if (outgoing.launches >= launchesMax) {
      return this.#end(outgoing, outgoing.silences > 0 ? 'ERR_NO_RECEIPT' : 'ERR_UNREACHABLE')
    }
    if (afterMs === 0) this.#launch(outgoing, now)
    else this.#wait(outgoing, now + afterMs)
  }

  #end(outgoing: Outgoing, code?: RouteCode): void {
    this.#outgoing.delete(outgoing.idText)
    if (outgoing.ref === undefined) return
    // Without a receipt its end was told when it was handed over.
    if (!outgoing.receipt && outgoing.launches > 0) return
    this.#emit(code === undefined ? { type: 'routed', ref: outgoing.ref } : { type: 'routed', ref: outgoing.ref, code })
  }

  /** What every honest sender has seen to before it sent: so a breach is the fault of this link's peer. */
  #standsHere(from: PeerId, path: Path, at: number, claim: Routed): boolean {
    if (path.length < 1 || path.length > hopsMax || path[at] !== this.#self) return false
    if ((at === 0 ? claim.author : path[at - 1]) !== from) return false
    if (path[path.length - 1] !== claim.to || claim.author === this.#self) return false
    return new Set(path).size === path.length && !path.includes(claim.author)
  }

  #receive(from: PeerId, key: string, forward: Forward<Inner | Edge>, now: Millis): void {
    const { path, claim } = forward
    const back = [...path.slice(0, -1).reverse(), claim.author]
    this.#ways.set(claim.author, back, now)
    if (claim.kind === 'receipt') return this.#onReceipt(claim, back, now)
    const before = this.#delivered.get(key, now)
    if (before === undefined) {
      this.#delivered.set(key, { receipts: 1 }, now)
      this.#hand(from, forward, now)
    } else if (++before.receipts > receiptsMax) return
    if (claim.receipt) {
      this.#originate(claim.author, { kind: 'receipt', payload: claim.id }, false, now, undefined, back)
    }
  }

  #hand(via: PeerId, { path, claim, inner, signal }: Forward<Inner | Edge>, now: Millis): void {
    if (claim.kind === 'signal')
      this.#emit({ type: 'signal', from: claim.author, payload: signal ?? claim.payload, via })
    else if (inner !== undefined && isEdge(inner)) this.#onEdge(claim.author, inner, now)
    else if (inner !== undefined) this.#emit({ type: 'deliver', from: claim.author, message: inner, hops: path.length })
  }

  #onReceipt(claim: Verified<Routed>, path: Path, now: Millis): void {
    const outgoing = this.#outgoing.get(text(claim.payload))
    if (outgoing === undefined || !outgoing.receipt || outgoing.to !== claim.author) return
    for (const relay of outgoing.silent) this.#doubtful.set(relay, true, now)
    for (const relay of path) this.#doubtful.delete(relay)
    // Karn: after a second launch nobody knows which one was answered.
    if (outgoing.launches === 1 && outgoing.path !== undefined) {
      this.#measured((now - outgoing.launchedAt) / outgoing.path.length)
    }
    this.#end(outgoing)
  }

  #relay(from: PeerId, key: string, path: Path, at: number, claim: Verified<Routed>, now: Millis): void {
    const undeliverable = () =>
      this.#emit({ type: 'send', peer: from, message: { type: 'undeliverable', author: claim.author, id: claim.id } })
    if (!this.#relays() || !this.#affords(from, claim.bytes.length, now)) return undeliverable()
    // Here before: by another path of the same source, or somebody replays it. Once is enough.
    if (this.#relayed.get(key, now) !== undefined) return undeliverable()
    const ahead = this.#ahead(path, at, claim)
    if (ahead === undefined) return undeliverable()
    const next = ahead[at + 1] as PeerId
    this.#relayed.set(key, { from, to: next }, now)
    this.#emit({ type: 'send', peer: next, message: { type: 'forward', path: ahead, at: at + 1, claim } })
  }

  /** The path as it stands, or around a link that is missing here, when that is possible within the limit. */
  #ahead(path: Path, at: number, claim: Routed): Path | undefined {
    const next = path[at + 1]
    if (next !== undefined && this.#links.has(next)) return path
    const travelled = path.slice(0, at + 1)
    const detour = this.#routes.path(claim.to, new Set([...travelled, claim.author]), hopsMax - travelled.length)
    return detour === undefined ? undefined : [...travelled, ...detour]
  }

  #affords(from: PeerId, bytes: number, now: Millis): boolean {
    let budget = this.#budgets.get(from)
    if (budget === undefined) {
      const { relayPerSecond, relayBurst, relayBytesPerSecond } = this.#options
      budget = {
        messages: new Bucket(relayPerSecond, relayBurst, now),
        bytes: new Bucket(relayBytesPerSecond, 2 * relayBytesPerSecond, now),
      }
      this.#budgets.set(from, budget)
    }
    return budget.messages.take(1, now) && budget.bytes.take(bytes, now)
  }

  #receiptWait(hops: number): number {
    const perHop = this.#hopRtt === undefined ? hopRttMs : this.#hopRtt.smoothed + 4 * this.#hopRtt.deviation
    return Math.min(receiptMaxMs, Math.max(receiptMinMs, hops * perHop))
  }

  #measured(hopMs: number): void {
    if (this.#hopRtt === undefined) this.#hopRtt = { smoothed: hopMs, deviation: hopMs / 2 }
    else {
      const { smoothed, deviation } = this.#hopRtt
      this.#hopRtt = {
        smoothed: smoothed + (hopMs - smoothed) / 8,
        deviation: deviation + (Math.abs(hopMs - smoothed) - deviation) / 4,
      }
    }
  }

  /** Silence may be our own impatience: the next wait is longer, up to the limit. */
  #widen(): void {
    if (this.#hopRtt !== undefined)
      this.#hopRtt.deviation = Math.min(receiptMaxMs / 4, this.#hopRtt.deviation * 1.5 + 1)
  }
}

function isEdge(message: AnyMessage): message is Edge {
  return message.type === 'edge'
}

/** Sixteen bytes as a key. */
function text(id: Uint8Array): string {
  return String.fromCharCode(...id)
}
