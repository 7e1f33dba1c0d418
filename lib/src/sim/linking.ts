/**
 * The transport's twin: how two peers come to have a link. Nothing is short-cut. A dial makes an
 * offer, and the offer travels wherever the core sends it: through the server, or over the mesh in
 * a routed claim. The answer comes back the same way, and after a handshake both ends are up,
 * unless the pair can never be linked or the path between them is cut.
 *
 * When both dial at once, the offer of the peer with the smaller id stands, as in the real transport.
 */
import type { PeerId } from '../identity/peer-id.ts'
import type { SimPeer } from './peer.ts'
import type { World } from './world.ts'

export interface LinkingOptions {
  /** From dial to offer, and from offer to answer: gathering candidates. */
  readonly gatherMs: readonly [low: number, high: number]
  /** Round trips from the answer to an open channel: ICE check, DTLS, SCTP, HELLO and AUTH. */
  readonly handshakeRoundTrips: number
  /** A dial that is not a link by then has failed. */
  readonly dialDeadlineMs: number
  /** Size of an offer or answer: a data-only SDP with its candidates. */
  readonly payloadBytes: number
  /** A link over which nothing passes is given up by ICE after this long. Measured in Chromium: 15.5 to 17.5 s. */
  readonly consentMs: readonly [low: number, high: number]
}

export const linkingDefaults: LinkingOptions = {
  gatherMs: [2, 20],
  handshakeRoundTrips: 4,
  dialDeadlineMs: 8000,
  payloadBytes: 600,
  consentMs: [15_500, 17_500],
}

const offer = 1
const answer = 2

interface Attempt {
  readonly number: number
  readonly initiator: boolean
  answered: boolean
  done: boolean
}

export class Linking {
  readonly #self: SimPeer
  readonly #world: World
  readonly #attempts = new Map<PeerId, Attempt>()
  /** Offers that were taken up once, as the real transport remembers them: they may come by two ways. */
  readonly #seen = new Set<number>()

  constructor(self: SimPeer, world: World) {
    this.#self = self
    this.#world = world
  }

  /** Attempts under way. */
  get pending(): number {
    return this.#attempts.size
  }

  dial(peer: PeerId): void {
    if (this.#world.warming) return this.#atOnce(peer)
    // Whichever side began it, one attempt at a time: its end is the end of this dial too.
    if (this.#attempts.has(peer)) return
    const attempt = this.#begin(peer, this.#world.linkPrng.u32(), true)
    this.#later(this.#gather(), () => this.#say(peer, attempt, offer))
  }

  /** The offer reached nobody: a dial that nobody has answered is given up. */
  abandon(peer: PeerId): void {
    const attempt = this.#attempts.get(peer)
    if (attempt?.initiator && !attempt.answered) this.#end(peer, attempt)
  }

  /** What the transport of `from` said, whoever carried it. */
  signal(from: PeerId, payload: Uint8Array): void {
    if (payload.length < 5) return
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
    const number = view.getUint32(1)
    if (payload[0] === offer) this.#onOffer(from, number)
    else if (payload[0] === answer) this.#onAnswer(from, number)
  }

  /** The process is gone, and its attempts with it. */
  stop(): void {
    for (const attempt of this.#attempts.values()) attempt.done = true
    this.#attempts.clear()
  }

  #onOffer(from: PeerId, number: number): void {
    const own = this.#attempts.get(from)
    if (this.#seen.has(number) || own?.number === number) return
    if (own !== undefined) {
      if (own.initiator && this.#self.id < from) return
      own.done = true
    }
    this.#seen.add(number)
    const attempt = this.#begin(from, number, false)
    this.#later(this.#gather(), () => this.#say(from, attempt, answer))
  }

  #onAnswer(from: PeerId, number: number): void {
    const attempt = this.#attempts.get(from)
    const other = this.#world.find(from)
    if (attempt === undefined || !attempt.initiator || attempt.number !== number || other === undefined) return
    attempt.answered = true
    const { network, options } = this.#world
    if (!network.linkable(this.#self.index, other.index)) return
    const tryAgain = (): void => {
      const wait = network.handshakeMs(this.#self.index, other.index, options.linking.handshakeRoundTrips)
      this.#later(wait, () => {
        const theirs = other.linking.#attempts.get(this.#self.id)
        if (attempt.done || theirs === undefined || theirs.number !== number) return
        if (!this.#self.running || !other.running) return
        // ICE repeats its checks until the deadline: a path that opens meanwhile is found.
        if (!network.passes(this.#self.index, other.index) || !network.passes(other.index, this.#self.index)) {
          return tryAgain()
        }
        this.#end(from, attempt)
        other.linking.#end(this.#self.id, theirs)
        this.#world.link(this.#self, other)
      })
    }
    tryAgain()
  }

  #begin(peer: PeerId, number: number, initiator: boolean): Attempt {
    const attempt: Attempt = { number, initiator, answered: false, done: false }
    this.#attempts.set(peer, attempt)
    this.#later(this.#world.options.linking.dialDeadlineMs, () => {
      if (attempt.done) return
      this.#end(peer, attempt)
      this.#self.arrive({ type: 'dial-failed', peer, code: 'ERR_DIAL_TIMEOUT' })
    })
    return attempt
  }

  #end(peer: PeerId, attempt: Attempt): void {
    attempt.done = true
    if (this.#attempts.get(peer) === attempt) this.#attempts.delete(peer)
  }

  #say(to: PeerId, attempt: Attempt, kind: number): void {
    if (attempt.done) return
    const payload = new Uint8Array(this.#world.options.linking.payloadBytes)
    const view = new DataView(payload.buffer)
    view.setUint8(0, kind)
    view.setUint32(1, attempt.number)
    this.#self.arrive({ type: 'signal-out', to, payload })
  }

  #atOnce(peer: PeerId): void {
    const other = this.#world.find(peer)
    if (other === undefined || !other.running || this.#self.linkedTo(other)) return
    if (this.#world.network.linkable(this.#self.index, other.index)) this.#world.link(this.#self, other)
  }

  #gather(): number {
    return this.#world.linkPrng.between(...this.#world.options.linking.gatherMs)
  }

  #later(delay: number, action: () => void): void {
    this.#world.at(this.#world.now + delay, action)
  }
}
