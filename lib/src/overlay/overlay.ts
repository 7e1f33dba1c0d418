/**
 * The overlay of one peer: the rings over its members, the links that they call for, and the routes to
 * everybody else, as one machine. Its parent feeds it what happened and performs what it asks for:
 *
 *     one input, then perform every effect, then call `tick` at `deadline()`.
 *
 * There is at most one link to each peer. The end of every link is reported, those included that were
 * hung up here, unless a newer one to the same peer is open.
 */
import type { Verified } from '../identity/claim.ts'
import type { Millis, WallMillis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { Edges } from './edges.ts'
import type { EdgesOptions } from './edges.ts'
import type { OverlayEffect } from './effect.ts'
import type { OverlayMessage, Routed } from './messages.ts'
import { Rings } from './rings.ts'
import type { Positions, RingsOptions } from './rings.ts'
import { Router } from './router.ts'
import type { RouterOptions } from './router.ts'
import { Routes } from './routes.ts'
import type { Path } from './routes.ts'

export interface OverlayOptions extends RingsOptions, EdgesOptions, RouterOptions {}

export interface OverlayContext {
  readonly self: PeerId
  /** Our own place, where the room's owner chose it. */
  readonly seed?: Uint8Array
  readonly positions: Positions
  /** In [0, 1), different in every peer. */
  readonly random: () => number
  /** Calendar time at `now`. */
  readonly wall: (now: Millis) => WallMillis
  readonly outbox: (effect: OverlayEffect) => void
}

export class Overlay {
  /** Ourselves and all members that were told of by `memberUp`. To be read, not changed. */
  readonly rings: Rings
  readonly #self: PeerId
  readonly #edges: Edges
  readonly #routes: Routes
  readonly #router: Router

  constructor(context: OverlayContext, options: OverlayOptions = {}) {
    const { self, positions, random, outbox } = context
    this.#self = self
    this.rings = new Rings(positions, options)
    this.rings.add(self, context.seed)
    this.#edges = new Edges({ self, rings: this.rings, random, outbox }, options)
    this.#routes = new Routes(self, this.rings, this.#edges)
    this.#router = new Router(
      { self, routes: this.#routes, links: this.#edges, random, wall: context.wall, outbox },
      options,
    )
  }

  // What the parent tells.

  /** A member is alive, as far as we know. `seed`: its place, where the room's owner chose it. */
  memberUp(peer: PeerId, now: Millis, seed?: Uint8Array): void {
    if (this.rings.add(peer, seed)) this.#edges.memberUp(peer, now)
  }

  /** A member is no more: dead to us (`failed`), or gone by its own word. */
  memberDown(peer: PeerId, reason: 'failed' | 'left', now: Millis): void {
    if (peer !== this.#self && this.rings.remove(peer)) this.#edges.memberDown(peer, reason, now)
  }

  linkOpened(peer: PeerId, now: Millis): void {
    this.#edges.linkOpened(peer, now)
  }

  linkClosed(peer: PeerId, now: Millis): void {
    this.#edges.linkClosed(peer, now)
    this.#router.onLinkClosed(peer, now)
  }

  dialFailed(peer: PeerId, code: string, now: Millis): void {
    this.#edges.dialFailed(peer, code, now)
  }

  /** Any message came in over the link to `peer`. */
  heard(peer: PeerId, now: Millis): void {
    this.#edges.heard(peer, now)
  }

  resumed(now: Millis): void {
    this.#edges.resumed(now)
  }

  /** The door opened, or a fresh sample came through it. */
  doorSample(sample: readonly PeerId[], now: Millis): void {
    this.#edges.doorSample(sample, now)
  }

  doorClosed(now: Millis): void {
    this.#edges.doorClosed(now)
  }

  /**
   * `from`: the peer at the other end of the link, or, for an edge's word, the author of the route that
   * it came on.
   */
  received(from: PeerId, message: OverlayMessage, now: Millis): void {
    switch (message.type) {
      case 'forward':
        return this.#router.onForward(from, message, now)
      case 'undeliverable':
        return this.#router.onUndeliverable(from, message, now)
      case 'edge':
        return this.#edges.onEdge(from, message.word, now)
    }
  }

  /** A routed claim of ours came back signed. */
  sealed(claim: Verified<Routed>, now: Millis): void {
    this.#router.sealed(claim, now)
  }

  /** Sends over the mesh to a peer that we need not be linked to; see `Router.route`. */
  route(
    to: PeerId,
    kind: 'frame' | 'signal',
    payload: Uint8Array,
    receipt: boolean,
    now: Millis,
    ref?: number,
    avoid?: PeerId,
  ): void {
    this.#router.route(to, kind, payload, receipt, now, ref, avoid)
  }

  deadline(): Millis | undefined {
    const edges = this.#edges.deadline()
    const router = this.#router.deadline()
    if (edges === undefined || router === undefined) return edges ?? router
    return edges < router ? edges : router
  }

  tick(now: Millis): void {
    this.#edges.tick(now)
    this.#router.tick(now)
  }

  // What the parent may ask.

  /** Whether an offer from that peer is worth answering. */
  admits(peer: PeerId, now: Millis): boolean {
    return this.#edges.admits(peer, now)
  }

  isLinked(peer: PeerId): boolean {
    return this.#edges.has(peer)
  }

  /** Both sides found that no link comes about: probe it over routes, and do not accuse it for that. */
  isUnlinkable(peer: PeerId): boolean {
    return this.#edges.isUnlinkable(peer)
  }

  /** Whether a way to that peer is known: a link, or a path over open links. */
  canReach(peer: PeerId, now: Millis): boolean {
    return this.#edges.has(peer) || this.#router.knowsWayTo(peer, now) || this.#routes.path(peer) !== undefined
  }

  /** Whom we should be linked to, whether we are or not. */
  get wanted(): ReadonlySet<PeerId> {
    return this.#edges.wanted
  }

  /** The shortest path to a member over open links that does not lead over `avoid`: the relays, then the member. */
  path(to: PeerId, avoid: PeerId): Path | undefined {
    return this.#routes.path(to, new Set([avoid]))
  }

  /** Up to `count` paths to a member that share no relay. */
  paths(to: PeerId, count = 3): readonly Path[] {
    return this.#routes.disjoint(to, count)
  }
}
