/**
 * Ways through the graph. Whoever knows the rings knows every edge that should exist, so a shortest
 * path to anybody is computed, not asked for; only the first hop must be a link that is really open.
 *
 * This file finds paths. It never sends anything, and it does not know whether a relay will do its part.
 */
import type { PeerId } from '../identity/peer-id.ts'
import type { Rings } from './rings.ts'

/** Relays in order, then the receiver; the source is not in it. */
export type Path = readonly PeerId[]

/** A path is never longer. 5,000 members at K = 4 are at most 6 links apart (DESIGN §5), and views differ. */
export const hopsMax = 8

/** How many first paths are kept until the members or the links change. */
const keptMax = 512

/** What `Routes` must know of the links that are open: whose they are, and a count of changes. */
export interface OpenLinks {
  readonly version: number
  has(peer: PeerId): boolean
  peers(): Iterable<PeerId>
}

export class Routes {
  readonly #self: PeerId
  readonly #rings: Rings
  readonly #links: OpenLinks
  readonly #mayRelay: (peer: PeerId) => boolean
  readonly #kept = new Map<PeerId, Path | undefined>()
  #keptFor = ''

  /** `mayRelay`: who may stand on a path between its ends. */
  constructor(self: PeerId, rings: Rings, links: OpenLinks, mayRelay: (peer: PeerId) => boolean = () => true) {
    this.#self = self
    this.#rings = rings
    this.#links = links
    this.#mayRelay = mayRelay
  }

  /**
   * A shortest path to `target` that starts on an open link and has no relay in `avoid`, or undefined
   * when there is none within `hops`.
   */
  path(target: PeerId, avoid: ReadonlySet<PeerId> = new Set(), hops: number = hopsMax): Path | undefined {
    if (target === this.#self || hops < 1) return undefined
    if (this.#links.has(target)) return [target]
    if (avoid.size > 0 || hops !== hopsMax) return this.#search(target, avoid, hops)
    const state = `${this.#rings.version}/${this.#links.version}`
    if (state !== this.#keptFor || this.#kept.size >= keptMax) {
      this.#kept.clear()
      this.#keptFor = state
    }
    if (this.#kept.has(target)) return this.#kept.get(target)
    const path = this.#search(target, avoid, hops)
    this.#kept.set(target, path)
    return path
  }

  /** Up to `count` paths that share no relay, shortest first. */
  disjoint(target: PeerId, count = 3): readonly Path[] {
    const paths: Path[] = []
    const used = new Set<PeerId>()
    while (paths.length < count) {
      const path = this.path(target, used)
      if (path === undefined) break
      paths.push(path)
      // A direct link is the only path without relays, and there is one of it.
      if (path.length === 1) break
      for (const relay of path.slice(0, -1)) used.add(relay)
    }
    return paths
  }

  /** Breadth first from both ends at once: some 60 members are looked at where one end alone would see 1,000. */
  #search(target: PeerId, avoid: ReadonlySet<PeerId>, hops: number): Path | undefined {
    const back = new Map<PeerId, PeerId | undefined>()
    const ahead = new Map<PeerId, PeerId | undefined>([[target, undefined]])
    let near: PeerId[] = []
    let far: PeerId[] = [target]
    for (const first of this.#links.peers()) {
      if (avoid.has(first) || !this.#mayRelay(first)) continue
      back.set(first, undefined)
      near.push(first)
    }
    for (let length = 1; length < hops && near.length > 0 && far.length > 0; length++) {
      const forwards = near.length <= far.length
      const [mine, theirs] = forwards ? [back, ahead] : [ahead, back]
      const next: PeerId[] = []
      for (const from of forwards ? near : far) {
        for (const to of this.#rings.neighboursOf(from)) {
          if (to === this.#self || avoid.has(to) || mine.has(to)) continue
          if (to !== target && !this.#mayRelay(to)) continue
          mine.set(to, from)
          if (theirs.has(to)) return walk(back, ahead, to)
          next.push(to)
        }
      }
      if (forwards) near = next
      else far = next
    }
    return undefined
  }
}

function walk(
  back: ReadonlyMap<PeerId, PeerId | undefined>,
  ahead: ReadonlyMap<PeerId, PeerId | undefined>,
  middle: PeerId,
): Path {
  const path: PeerId[] = [middle]
  for (let before = back.get(middle); before !== undefined; before = back.get(before)) path.unshift(before)
  for (let after = ahead.get(middle); after !== undefined; after = ahead.get(after)) path.push(after)
  return path
}
