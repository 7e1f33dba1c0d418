/** Which links are open. At most one to each peer: of two the newer one counts, as the newer instance does. */
import type { PeerId } from '../identity/peer-id.ts'
import type { LinkId } from './input.ts'

export class LinkTable {
  readonly #byId = new Map<LinkId, PeerId>()
  readonly #byPeer = new Map<PeerId, LinkId>()
  #peers: readonly PeerId[] | undefined

  of(peer: PeerId): LinkId | undefined {
    return this.#byPeer.get(peer)
  }

  peerAt(link: LinkId): PeerId | undefined {
    return this.#byId.get(link)
  }

  peers(): readonly PeerId[] {
    return (this.#peers ??= [...this.#byPeer.keys()])
  }

  /** Answers the link to the same peer whose place it takes. */
  opened(link: LinkId, peer: PeerId): LinkId | undefined {
    const before = this.#byPeer.get(peer)
    if (before !== undefined) this.#byId.delete(before)
    this.#byId.set(link, peer)
    this.#byPeer.set(peer, link)
    this.#peers = undefined
    return before
  }

  /** Answers whose link it was, unless a newer one had taken its place. */
  closed(link: LinkId): PeerId | undefined {
    const peer = this.#byId.get(link)
    if (peer === undefined) return undefined
    this.#byId.delete(link)
    this.#byPeer.delete(peer)
    this.#peers = undefined
    return peer
  }
}
