/**
 * One try to reach one peer, from the first description to an authenticated channel or a code that
 * says why not. It owns one connection and one handshake, and one deadline over both.
 *
 *     initiator  make an offer ─▶ take one answer ─▶ ┐
 *     responder  take one offer ─▶ make an answer ─▶ ┴▶ candidates ─▶ open ─▶ handshake ─▶ done
 *
 * After the one description of the peer, no other is looked at; after the channel is open, nothing
 * that signaling says is.
 */
import type { PeerId } from '../identity/peer-id.ts'
import type { Carrier, ChannelEvidence, Connection, TransportHost } from './connection.ts'
import { fingerprintsOf } from './fingerprint.ts'
import { type Credentials, errorOf, Handshake, type Role } from './handshake.ts'
import type { TransportLimits } from './limits.ts'
import { type Description, isCandidate, isTcp, readDescription, withoutCandidates } from './sdp.ts'
import { type AttemptId, encodeSignal } from './signal.ts'

/** Half of what fits: a description and a batch of the longest candidates stay within one payload. */
const batchCandidatesMax = 14

export interface AttemptOptions {
  readonly id: AttemptId
  readonly peer: PeerId
  readonly role: Role
  readonly credentials: Credentials
  readonly host: TransportHost
  readonly limits: TransportLimits
  readonly carrier: Carrier
  sendSignal(payload: Uint8Array): void
  /** The channel is authenticated; from now on it is the caller's, its events too. */
  onReady(connection: Connection, session: Uint8Array, sink: ConnectionSink): void
  /** Exactly once, unless `onReady` or `cancel` came first. */
  onFailed(error: string): void
}

/** Where an authenticated connection's events go. */
export interface ConnectionSink {
  onMessage: (data: Uint8Array | undefined) => void
  onDrain: () => void
  onClose: (code: string) => void
}

export class Attempt {
  readonly id: AttemptId
  readonly peer: PeerId
  readonly role: Role
  readonly #options: AttemptOptions
  readonly #handshake: Handshake
  #connection: Connection | undefined
  #sink: ConnectionSink | undefined
  #remote: Description | undefined
  #open = false
  #ended = false
  #candidatesTaken = 0
  #candidatesSent = 0
  #stopDeadline: () => void
  #stopBatch: (() => void) | undefined
  #stopTcp: (() => void) | undefined
  #ownSdp: string | undefined
  #ownCandidates: string[] = []
  #ownTcpCandidates: string[] = []
  #described = false

  constructor(options: AttemptOptions) {
    this.#options = options
    this.id = options.id
    this.peer = options.peer
    this.role = options.role
    const { credentials, host, limits } = options
    this.#handshake = new Handshake({
      credentials,
      role: options.role,
      peer: options.peer,
      nonce: host.random(32),
      send: (frame) => this.#connection?.send(frame),
      done: (result) => (result.ok ? this.#onAuthenticated(result.session) : this.#fail(result.error)),
    })
    this.#stopDeadline = host.after(limits.dialDeadlineMs, () => {
      if (this.#open) this.#handshake.expire()
      else this.#fail('ERR_DIAL_TIMEOUT')
    })
    try {
      this.#connection = options.carrier(options.role, {
        onDescription: (sdp) => this.#onDescription(sdp),
        onCandidate: (candidate) => this.#onCandidate(candidate),
        onOpen: (evidence) => this.#onOpen(evidence),
        onMessage: (data) => this.#onMessage(data),
        onDrain: () => this.#sink?.onDrain(),
        onClose: (code) => this.#onClose(code),
      })
    } catch (error) {
      this.#stopDeadline()
      throw error
    }
  }

  /** The peer's offer or answer. The first one counts, and a bad one ends the attempt. */
  describe(sdp: string): void {
    if (this.#ended || this.#remote !== undefined) return
    this.#remote = readDescription(sdp)
    if (this.#remote === undefined) this.#fail('ERR_SIGNAL_DESCRIPTION')
    else this.#connection?.describe(sdp)
  }

  get described(): boolean {
    return this.#remote !== undefined
  }

  addCandidates(candidates: readonly string[]): void {
    for (const candidate of candidates) {
      if (this.#ended || this.#open || this.#candidatesTaken === this.#options.limits.candidatesMax) return
      if (!isCandidate(candidate)) continue
      this.#candidatesTaken++
      this.#connection?.addCandidate(candidate)
    }
  }

  /** The other side will not have it. Means nothing once the channel is open. */
  refuse(): void {
    if (!this.#open) this.#fail('ERR_REFUSED')
  }

  /** Ends without a word. */
  cancel(): void {
    if (!this.#ended) this.#end()
  }

  #onDescription(sdp: string): void {
    if (this.#ended) return
    this.#ownSdp = withoutCandidates(sdp)
    this.#startBatch()
  }

  #onCandidate(candidate: string): void {
    if (this.#ended || this.#open || this.#candidatesSent === this.#options.limits.candidatesMax) return
    if (!isCandidate(candidate)) return
    this.#candidatesSent++
    if (isTcp(candidate)) return this.#keepBack(candidate)
    this.#ownCandidates.push(candidate)
    if (this.#ownSdp !== undefined || this.#described) this.#startBatch()
  }

  #keepBack(candidate: string): void {
    this.#ownTcpCandidates.push(candidate)
    this.#stopTcp ??= this.#options.host.after(this.#options.limits.tcpMs, () => {
      this.#stopTcp = undefined
      if (this.#ended || this.#open) return
      this.#ownCandidates.push(...this.#ownTcpCandidates.splice(0))
      if (this.#ownSdp !== undefined || this.#described) this.#startBatch()
    })
  }

  #startBatch(): void {
    this.#stopBatch ??= this.#options.host.after(this.#options.limits.batchMs, () => {
      this.#stopBatch = undefined
      this.#flush()
    })
  }

  #flush(): void {
    const options = this.#options
    while (!this.#ended && (this.#ownSdp !== undefined || this.#ownCandidates.length > 0)) {
      const candidates = this.#ownCandidates.splice(0, batchCandidatesMax)
      if (this.#ownSdp === undefined) {
        options.sendSignal(encodeSignal({ kind: 'candidates', attempt: this.id, candidates }))
        continue
      }
      const sdp = this.#ownSdp
      this.#ownSdp = undefined
      this.#described = true
      // A description that the other side must refuse is not sent: an engine with other habits shows here.
      if (readDescription(sdp) === undefined || sdp.length > 8_192) return this.#fail('ERR_UNSUPPORTED')
      const kind = this.role === 'initiator' ? 'offer' : 'answer'
      options.sendSignal(encodeSignal({ kind, attempt: this.id, sdp, candidates }))
    }
  }

  #onOpen(evidence: ChannelEvidence): void {
    if (this.#ended) return
    this.#open = true
    const fingerprints = this.#remote === undefined ? undefined : fingerprintsOf(evidence, this.#remote.fingerprint)
    if (fingerprints === undefined) this.#handshake.abort('HS_FINGERPRINT')
    else this.#handshake.start(fingerprints)
  }

  #onMessage(data: Uint8Array | undefined): void {
    if (this.#sink !== undefined) this.#sink.onMessage(data)
    else if (!this.#ended) this.#handshake.receive(data ?? new Uint8Array(0))
  }

  #onClose(code: string): void {
    this.#connection = undefined
    if (this.#sink !== undefined) this.#sink.onClose(code)
    else this.#fail(this.#open ? errorOf.HS_CLOSED : code)
  }

  #onAuthenticated(session: Uint8Array): void {
    const connection = this.#connection
    if (this.#ended || connection === undefined) return
    this.#ended = true
    this.#stopTimers()
    const sink: ConnectionSink = { onMessage: () => {}, onDrain: () => {}, onClose: () => {} }
    this.#sink = sink
    this.#options.onReady(connection, session, sink)
  }

  #fail(error: string): void {
    if (this.#ended) return
    this.#end()
    this.#options.onFailed(error)
  }

  #end(): void {
    this.#ended = true
    this.#stopTimers()
    this.#connection?.destroy()
    this.#connection = undefined
  }

  #stopTimers(): void {
    this.#stopDeadline()
    this.#stopBatch?.()
    this.#stopBatch = undefined
    this.#stopTcp?.()
    this.#stopTcp = undefined
  }
}
