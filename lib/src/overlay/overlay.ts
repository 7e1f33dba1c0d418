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
import { edgesDefaults, type EdgesOptions } from './edge-options.ts'
import { Edges } from './edges.ts'
import type { Cargo, OverlayEffect } from './effect.ts'
import type { AnyMessage, Edge, EdgeWord, OverlayMessage, Routed } from './messages.ts'
import { Rings } from './rings.ts'
import type { Positions, RingsOptions } from './rings.ts'
import { Router, routerDefaults } from './router.ts'
import type { RouterOptions } from './router.ts'
import { Routes } from './routes.ts'
import type { Path } from './routes.ts'

/** What one peer may choose for itself. The number of rings is not among it: all peers compute the same graph. */
export interface OverlayConfig extends EdgesOptions, RouterOptions {}

export const overlayDefaults: Required<OverlayConfig> = { ...edgesDefaults, ...routerDefaults }

export interface OverlayOptions extends RingsOptions, OverlayConfig {}

export interface OverlayContext<Inner extends AnyMessage = AnyMessage> {
  readonly self: PeerId
  /** Whether a peer, ourselves included, may relay. Default: everybody. */
  readonly mayRelay?: (peer: PeerId) => boolean
  /** Whose probes are not worth carrying for others. Default: nobody's. */
  readonly probesInVain?: (author: PeerId, now: Millis) => boolean
  /** Our own place, where the room's owner chose it. */
  readonly seed?: Uint8Array
  readonly positions: Positions
  /** In [0, 1), different in every peer. */
  readonly random: () => number
  /** Calendar time at `now`. */
  readonly wall: (now: Millis) => WallMillis
  /** Our own connection is good, as far as is known. */
  readonly wellConnected: () => boolean
  /** We keep up: what we miss is the fault of others. */
  readonly healthy: () => boolean
  /** Whether of the two of us it is for us to dial; the other side must come to the opposite. */
  readonly dialsFirst: (peer: PeerId) => boolean
  readonly outbox: (effect: OverlayEffect<Inner>) => void
}

/** `Inner`: the messages that a routed frame may hold, beside words about edges. */
export class Overlay<Inner extends AnyMessage = AnyMessage> {
  /** Ourselves and all members that were told of by `memberUp`. To be read, not changed. */
  readonly rings: Rings
  readonly #self: PeerId
  readonly #edges: Edges
  readonly #routes: Routes
  readonly #router: Router<Inner>
  readonly #emit: (effect: OverlayEffect<Inner>) => void

  constructor(context: OverlayContext<Inner>, options: OverlayOptions = {}) {
    const { self, positions, random, wellConnected, healthy, dialsFirst, wall, outbox } = context
    this.#self = self
    this.#emit = outbox
    this.rings = new Rings(positions, options)
    this.rings.add(self, context.seed)
    const say = (peer: PeerId, word: EdgeWord, now: Millis) => this.#say(peer, word, now)
    const edges = { self, rings: this.rings, random, wellConnected, healthy, dialsFirst, outbox, say }
    this.#edges = new Edges(edges, options)
    this.#routes = new Routes(self, this.rings, this.#edges, context.mayRelay)
    const onEdge = (from: PeerId, { word }: Edge, now: Millis) => this.#edges.onEdge(from, word, now)
    const relays = () => context.mayRelay?.(self) ?? true
    this.#router = new Router(
      {
        self,
        routes: this.#routes,
        links: this.#edges,
        random,
        wall,
        outbox,
        onEdge,
        relays,
        ...(context.probesInVain && { probesInVain: context.probesInVain }),
      },
      options,
    )
  }

  // What the parent tells.

  /** A member is alive, as far as we know. `seed`: its place, where the room's owner chose it. */
  memberUp(peer: PeerId, now: Millis, seed?: Uint8Array): void {
    if (this.rings.add(peer, seed)) this.#edges.memberUp(peer, now)
  }

  /** The room's owner has chosen another place for us. */
  moved(seed: Uint8Array): void {
    this.rings.add(this.#self, seed)
  }

  /** A member is no more: dead to us (`failed`), or gone by its own word. */
  memberDown(peer: PeerId, reason: 'failed' | 'left', now: Millis): void {
    if (peer === this.#self || !this.rings.remove(peer)) return
    this.#router.forgetWayTo(peer)
    this.#edges.memberDown(peer, reason, now)
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

  /** By the door: `peer`, whom we dial, has no room for us; `others` may have. */
  full(peer: PeerId, others: readonly PeerId[], now: Millis): void {
    this.#edges.full(peer, others, now)
  }

  doorClosed(now: Millis): void {
    this.#edges.doorClosed(now)
  }

  /** `from`: the peer at the other end of the link. What a route brings us comes out as an effect. */
  received(from: PeerId, message: OverlayMessage<Inner | Edge>, now: Millis): void {
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
  route(to: PeerId, cargo: Cargo<Inner>, receipt: boolean, now: Millis, ref?: number, avoid?: PeerId): void {
    this.#router.route(to, cargo, receipt, now, ref, avoid)
  }

  deadline(): Millis | undefined {
    const edges = this.#edges.deadline()
    const router = this.#router.deadline()
    if (edges === undefined || router === undefined) return edges ?? router
    return edges < router ? edges : router
  }

  /** `lateMs`: by how much this timer was later than timers are here. */
  tick(now: Millis, lateMs = 0): void {
    this.#edges.tick(now, lateMs)
    this.#router.tick(now)
  }

  // What the parent may ask.

  /** Whether an offer from that peer is worth answering. `via`: the neighbour that handed it to us. */
  admits(peer: PeerId, by: 'door' | 'mesh', now: Millis, via?: PeerId): boolean {
    return this.#edges.admits(peer, by, now, via)
  }

  /**
   * One whose offer is not worth answering learns of it. Over the mesh we say so ourselves; by the door the parent
   * does, with those who are answered here. Undefined when there is nothing for it to say.
   */
  turnAway(peer: PeerId, by: 'door' | 'mesh', now: Millis): readonly PeerId[] | undefined {
    return this.#edges.turnAway(peer, by, now)
  }

  isLinked(peer: PeerId): boolean {
    return this.#edges.has(peer)
  }

  /** Both sides found that no link comes about: probe it over routes, and do not accuse it for that. */
  isUnlinkable(peer: PeerId): boolean {
    return this.#edges.isUnlinkable(peer)
  }

  /**
   * Whether the mesh can carry something to that peer: over a link, by the way that it came to us lately,
   * or, when it is a member, by a path. What cannot go this way has to go through the door.
   */
  canReach(peer: PeerId, now: Millis): boolean {
    if (this.#edges.has(peer) || this.#router.knowsWayTo(peer, now)) return true
    return this.rings.has(peer) && this.#routes.path(peer) !== undefined
  }

  /** Whether what is signaled to that peer has to go by the door too, since it was found there, or called from there. */
  meetsAtDoor(peer: PeerId, now: Millis): boolean {
    return this.#edges.meetsAtDoor(peer, now)
  }

  /** Whom we should be linked to, whether we are or not. */
  get wanted(): ReadonlySet<PeerId> {
    return this.#edges.wanted
  }

  /** The shortest path to a member over open links that does not lead over `avoid`: the relays, then the member. */
  path(to: PeerId, avoid: PeerId): Path | undefined {
    return this.#routes.path(to, new Set([avoid]))
  }

  /** Who is next to us on each ring, before and after. */
  places(): readonly (readonly [before: PeerId | undefined, after: PeerId | undefined])[] {
    const next = (ring: number, direction: -1 | 1) => this.rings.nearest(ring, this.#self, direction)
    return Array.from({ length: this.rings.rings }, (_, ring) => [next(ring, -1), next(ring, 1)] as const)
  }

  /** Up to `count` paths to a member that share no relay. */
  paths(to: PeerId, count = 3): readonly Path[] {
    return this.#routes.disjoint(to, count)
  }

  #say(peer: PeerId, word: EdgeWord, now: Millis): void {
    const message: Edge = { type: 'edge', word }
    if (this.#edges.has(peer)) this.#emit({ type: 'send', peer, message })
    else this.#router.route(peer, { kind: 'frame', inner: message }, true, now)
  }
}
