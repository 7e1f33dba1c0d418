/**
 * A transport, whatever carries it: who is being dialled, who dials us, and which of two attempts
 * between the same two peers is the one. It never retries and has no opinion on who is alive.
 *
 * Glare: when both dial at once, the attempt of the lower id wins at both ends. Its peer drops its own
 * at once and answers; the winner ignores the other's offer. No round trip is spent on it.
 *
 * What a hostile carrier of signals can make us do is bounded here: attempts under way, offers taken
 * up per second, and a memory of attempts seen, so that a replayed offer costs nothing.
 */
import type { PeerId } from '../identity/peer-id.ts'
import { Attempt } from './attempt.ts'
import { AuthenticatedLink } from './authenticated-link.ts'
import { type Carrier, CarrierError, type TransportHost } from './connection.ts'
import { errorOf, type Credentials, type Role } from './handshake.ts'
import { defaultLimits, type TransportLimits } from './limits.ts'
import { peerKey } from './peer-key.ts'
import type { Transport, TransportEvents } from './port.ts'
import { attemptBytes, attemptId, type AttemptId, decodeSignal, encodeSignal } from './signal.ts'

/** What every transport of this room is made from. */
export interface TransportOptions {
  readonly credentials: Credentials
  readonly host: TransportHost
  readonly limits?: Partial<TransportLimits> | undefined
}

const attemptsRemembered = 256
/** The other side knows already, or is not there. */
const silentFailures: ReadonlySet<string> = new Set(['ERR_REFUSED', 'ERR_DIAL_TIMEOUT'])

export class Negotiator implements Transport {
  readonly #options: TransportOptions
  readonly #limits: TransportLimits
  readonly #carrier: Carrier
  readonly #events: TransportEvents
  readonly #self: PeerId
  readonly #attempts = new Map<PeerId, Attempt>()
  readonly #links = new Map<PeerId, AuthenticatedLink>()
  /** Attempts of others that were taken up once; the oldest goes first. */
  readonly #seen = new Set<AttemptId>()
  #offerTokens: number
  #offersCountedAt: number
  #closed = false

  constructor(options: TransportOptions, carrier: Carrier, events: TransportEvents) {
    this.#options = options
    this.#limits = { ...defaultLimits, ...options.limits }
    this.#carrier = carrier
    this.#events = events
    this.#self = options.credentials.signer.peerId
    this.#offerTokens = this.#limits.offersBurst
    this.#offersCountedAt = options.host.now()
  }

  dial(peer: PeerId): void {
    if (this.#closed || this.#attempts.has(peer) || this.#links.has(peer)) return
    if (peerKey(peer) === undefined) return this.#failLater(peer, 'ERR_PEER_ID')
    if (peer === this.#self) return this.#failLater(peer, errorOf.HS_SELF)
    if (this.#underWay('initiator') >= this.#limits.dialsMax) return this.#failLater(peer, 'ERR_TOO_MANY_DIALS')
    this.#start(peer, attemptId(this.#options.host.random(attemptBytes)), 'initiator')
  }

  abandon(peer: PeerId): void {
    const attempt = this.#attempts.get(peer)
    if (attempt === undefined || attempt.role !== 'initiator' || attempt.described) return
    this.#attempts.delete(peer)
    attempt.cancel()
  }

  signal(from: PeerId, payload: Uint8Array): void {
    if (this.#closed || from === this.#self || peerKey(from) === undefined) return
    const signal = decodeSignal(payload)
    if (signal === undefined) return
    const attempt = this.#attempts.get(from)
    if (signal.kind === 'offer') {
      if (this.#takesOffer(from, signal.attempt, attempt)) {
        const answering = this.#start(from, signal.attempt, 'responder')
        answering?.describe(signal.sdp)
        answering?.addCandidates(signal.candidates)
      }
      return
    }
    if (attempt === undefined || attempt.id !== signal.attempt) {
      // It answers what we gave up: without a word it would wait for its deadline.
      if (signal.kind === 'answer') this.#refuse(from, signal.attempt)
      return
    }
    if (signal.kind === 'refuse') return attempt.refuse()
    if (signal.kind === 'answer') {
      if (attempt.role !== 'initiator' || attempt.described) return
      attempt.describe(signal.sdp)
    }
    attempt.addCandidates(signal.candidates)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const attempt of this.#attempts.values()) attempt.cancel()
    for (const link of this.#links.values()) link.abandon()
    this.#attempts.clear()
    this.#links.clear()
  }

  /** Links and attempts, for tests and statistics. */
  get size(): number {
    return this.#links.size + this.#attempts.size
  }

  #takesOffer(from: PeerId, id: AttemptId, current: Attempt | undefined): boolean {
    // Played again, or our own dial come back to us.
    if (this.#seen.has(id) || current?.id === id) return false
    // Both dialled: the lower id's attempt wins, at both ends alike.
    if (current?.role === 'initiator' && this.#self < from) return false
    // In place of a dial of our own it adds nothing to what is under way.
    if (current?.role !== 'initiator') {
      const incoming = this.#underWay('responder') - (current === undefined ? 0 : 1)
      if (incoming >= this.#limits.incomingMax || !this.#takeOfferToken()) {
        this.#refuse(from, id)
        return false
      }
    }
    // Our own dial lost, or the peer gave up its earlier offer and made another.
    this.#attempts.delete(from)
    current?.cancel()
    this.#remember(id)
    return true
  }

  #start(peer: PeerId, id: AttemptId, role: Role): Attempt | undefined {
    const { credentials, host } = this.#options
    let attempt: Attempt
    try {
      attempt = new Attempt({
        id,
        peer,
        role,
        credentials,
        host,
        limits: this.#limits,
        carrier: this.#carrier,
        sendSignal: (payload) => this.#events.onSignal(peer, payload),
        onReady: (connection, session, sink) => {
          this.#attempts.delete(peer)
          const link = new AuthenticatedLink({
            peer,
            session,
            connection,
            sink,
            initiator: role === 'initiator',
            limits: this.#limits,
            later: (run) => this.#later(run),
            onClosed: (closed) => {
              if (this.#links.get(peer) === closed) this.#links.delete(peer)
            },
          })
          // The peer proved its key again: it has lost its end of the older link, and this one is it.
          this.#links.get(peer)?.destroy('ERR_LINK_REPLACED')
          this.#links.set(peer, link)
          this.#events.onLink(link)
        },
        onFailed: (error) => {
          this.#attempts.delete(peer)
          if (!silentFailures.has(error)) this.#refuse(peer, id)
          this.#failLater(peer, error)
        },
      })
    } catch (error) {
      if (!(error instanceof CarrierError)) throw error
      if (role === 'responder') this.#refuse(peer, id)
      this.#failLater(peer, error.code)
      return undefined
    }
    this.#attempts.set(peer, attempt)
    return attempt
  }

  #underWay(role: Role): number {
    let count = 0
    for (const attempt of this.#attempts.values()) if (attempt.role === role) count++
    return count
  }

  #takeOfferToken(): boolean {
    const now = this.#options.host.now()
    const earned = ((now - this.#offersCountedAt) / 1_000) * this.#limits.offersPerSecond
    this.#offerTokens = Math.min(this.#limits.offersBurst, this.#offerTokens + earned)
    this.#offersCountedAt = now
    if (this.#offerTokens < 1) return false
    this.#offerTokens--
    return true
  }

  #remember(id: AttemptId): void {
    this.#seen.add(id)
    if (this.#seen.size <= attemptsRemembered) return
    for (const oldest of this.#seen) {
      this.#seen.delete(oldest)
      break
    }
  }

  #refuse(peer: PeerId, attempt: AttemptId): void {
    this.#later(() => this.#events.onSignal(peer, encodeSignal({ kind: 'refuse', attempt })))
  }

  #failLater(peer: PeerId, code: string): void {
    this.#later(() => this.#events.onFailure(peer, code))
  }

  /** Whoever is in the middle of a call to us is not called back. */
  #later(run: () => void): void {
    this.#options.host.after(0, () => {
      if (!this.#closed) run()
    })
  }
}
