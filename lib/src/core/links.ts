/** Which links are open, and whom to dial so that every ring neighbour is linked. */
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { LinkId } from './input.ts'

export interface LinksPort {
  readonly self: PeerId
  neighbours(): readonly PeerId[]
  random(): number
  dial(peer: PeerId): void
  hangUp(link: LinkId, code: string): void
}

/** The higher id of a pair waits this long for the lower one to dial. */
const politeMs = 400
const retryMs = 2000
const contactsMax = 3

export class Links {
  readonly #port: LinksPort
  readonly #byId = new Map<LinkId, PeerId>()
  readonly #byPeer = new Map<PeerId, LinkId>()
  readonly #nextDialAt = new Map<PeerId, Millis>()
  readonly #dialling = new Set<PeerId>()
  #doorOpen = false
  #reviewAt: Millis | undefined
  #stopped = false

  constructor(port: LinksPort) {
    this.#port = port
  }

  of(peer: PeerId): LinkId | undefined {
    return this.#byPeer.get(peer)
  }

  peerAt(link: LinkId): PeerId | undefined {
    return this.#byId.get(link)
  }

  peers(): readonly PeerId[] {
    return [...this.#byPeer.keys()]
  }

  deadline(): Millis | undefined {
    return this.#reviewAt
  }

  changed(now: Millis): void {
    if (!this.#stopped) this.#reviewAt = now
  }

  stop(): void {
    this.#stopped = true
    this.#reviewAt = undefined
  }

  doorOpened(sample: readonly PeerId[], now: Millis): void {
    this.#doorOpen = true
    const strangers = sample.filter(
      (peer) => peer !== this.#port.self && !this.#byPeer.has(peer) && !this.#dialling.has(peer),
    )
    for (const peer of strangers.slice(0, contactsMax)) this.#dial(peer, now)
    this.changed(now)
  }

  doorClosed(): void {
    this.#doorOpen = false
  }

  opened(link: LinkId, peer: PeerId, _initiator: boolean, now: Millis): void {
    const before = this.#byPeer.get(peer)
    this.#byId.set(link, peer)
    this.#byPeer.set(peer, link)
    this.#dialling.delete(peer)
    this.#nextDialAt.delete(peer)
    if (before !== undefined) {
      this.#byId.delete(before)
      this.#port.hangUp(before, 'ERR_REPLACED')
    }
    this.#reviewAt = now
  }

  /** Answers whose link it was, unless a newer one had taken its place. */
  closed(link: LinkId, now: Millis): PeerId | undefined {
    const peer = this.#byId.get(link)
    if (peer === undefined) return undefined
    this.#byId.delete(link)
    this.#byPeer.delete(peer)
    this.#nextDialAt.set(peer, (now + retryMs * this.#port.random()) as Millis)
    if (!this.#stopped) this.#reviewAt = now
    return peer
  }

  dialFailed(peer: PeerId, _code: string, now: Millis): void {
    this.#dialling.delete(peer)
    this.#nextDialAt.set(peer, (now + retryMs) as Millis)
    if (!this.#stopped) this.#reviewAt = now
  }

  tick(now: Millis): void {
    if (this.#stopped || this.#reviewAt === undefined || now < this.#reviewAt) return
    this.#reviewAt = undefined
    if (!this.#doorOpen) return
    for (const peer of this.#port.neighbours()) {
      if (this.#byPeer.has(peer) || this.#dialling.has(peer)) continue
      let at = this.#nextDialAt.get(peer)
      if (at === undefined) {
        at = (this.#port.self < peer ? now : now + politeMs) as Millis
        this.#nextDialAt.set(peer, at)
      }
      if (now >= at) this.#dial(peer, now)
      else if (this.#reviewAt === undefined || at < this.#reviewAt) this.#reviewAt = at
    }
  }

  #dial(peer: PeerId, now: Millis): void {
    this.#dialling.add(peer)
    this.#nextDialAt.set(peer, (now + retryMs) as Millis)
    this.#port.dial(peer)
  }
}
