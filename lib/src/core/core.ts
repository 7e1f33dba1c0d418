/**
 * All machines as one. The whole contract is two calls:
 *
 *     handle(input, now): Effect[]        what happened; what is to be done about it
 *     deadline(): Millis | undefined      when to come back with a `tick`
 *
 * and one law for whoever drives it: one input, then perform every effect, then set one timer to
 * `deadline()`. The machines do not know each other; this file carries facts between them.
 */
import { Broadcast } from '../broadcast/broadcast.ts'
import type { BroadcastMessage } from '../broadcast/messages.ts'
import type { TransferMessage } from '../broadcast/transfer-messages.ts'
import type { Verified } from '../identity/claim.ts'
import type { Numbered } from '../identity/fault.ts'
import { sha256 } from '../identity/hash.ts'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { OverlayEffect } from '../overlay/effect.ts'
import { ringSeedIn } from '../identity/proofs.ts'
import { Overlay } from '../overlay/overlay.ts'
import { Positions } from '../overlay/rings.ts'
import { swimDefaults } from '../swim/config.ts'
import { present, type MemberRecord } from '../swim/member.ts'
import type { Alive } from '../swim/messages.ts'
import type { SwimEvent } from '../swim/port.ts'
import { Swim } from '../swim/swim.ts'
import { stateDefaults } from '../state/config.ts'
import type { Entry } from '../state/messages.ts'
import { State, type StateEvent, type StateReader, type Write } from '../state/state.ts'
import type { CoreOptions } from './config.ts'
import { type CoreEvent, type CoreMember, type Effect, farewellsMax, type Priority } from './effect.ts'
import { Exclusion } from './exclusion.ts'
import { type Command, door, type DraftClaim, type Input, type LinkId } from './input.ts'
import { LinkTable } from './link-table.ts'
import type { Claim, Message, RoutedMessage } from './message.ts'
import { Prng } from './prng.ts'
import { Signals } from './signals.ts'

export class Core {
  readonly #swim: Swim
  readonly #overlay: Overlay<RoutedMessage>
  readonly #broadcast: Broadcast
  readonly #state: State
  readonly #links = new LinkTable()
  readonly #exclusion: Exclusion
  /** Dials of outlaws: they fail once the overlay is done with what it is about. */
  readonly #vainDials: PeerId[] = []
  readonly #prng: Prng
  readonly #self: PeerId
  readonly #sealingKey: Uint8Array | undefined
  /** What admits us, and whether it lets us write shared keys. */
  #proof: Uint8Array
  #sharesKeys: boolean | undefined
  /** A room of capabilities: each member's proof says where it stands on the rings. */
  readonly #proven: boolean
  #effects: Effect[] = []
  #members: ReadonlyMap<PeerId, CoreMember> | undefined
  #directSeq = 0
  /** Broadcasts that are being signed: their numbers, and how the application refers to them. */
  readonly #publishing = new Map<number, number>()
  /** The time of the input in hand. */
  #now: Millis
  #stopped = false
  #granularityMs = 0
  readonly #signals = new Signals({
    canReach: (to, now) => this.#overlay.canReach(to, now),
    meetsAtDoor: (to, now) => this.#overlay.meetsAtDoor(to, now),
    route: (to, payload, ref, now) => this.#overlay.route(to, { kind: 'signal', payload }, true, now, ref),
    byDoor: (to, payload) => this.#effects.push({ type: 'door-signal', to, payload }),
  })

  constructor(options: CoreOptions, now: Millis) {
    this.#now = now
    this.#prng = new Prng(options.seed)
    this.#self = options.id
    this.#sealingKey = options.sealingKey
    const admission = (this.#proof = options.admission ?? noExtra)
    this.#sharesKeys = options.sharesKeys
    this.#proven = admission.length > 0
    this.#exclusion = new Exclusion(
      {
        self: options.id,
        admits: options.admits ?? everybody,
        revocations: options.revocations,
        proof: () => this.#proof,
        wallAt: (at) => this.#swim.wallAt(at),
        record: (peer) => this.#swim.record(peer),
        records: () => this.#swim.records,
        linkedPeers: () => this.#links.peers(),
        tell: (peer, message) => this.#overLink(peer, message, message.type === 'revocations' ? 'probe' : 'state'),
        hangUp: (peer, code) => this.#hangUp(peer, code),
        seal: (draft) => this.#effects.push({ type: 'seal', draft }),
        notify: (event) => this.#notify(event),
        revoked: (id, at) => this.#swim.revoked(id, at),
        convicted: (id, at) => this.#swim.convicted(id, at),
        refusalsChanged: () => this.#state.refusalsChanged(),
      },
      () => this.#now,
    )
    const refuses = (claim: Alive | Entry) => this.#exclusion.refuses(claim)
    const equivocated = (one: Numbered, other: Numbered) => this.#exclusion.onEquivocation(one, other)
    this.#overlay = new Overlay<RoutedMessage>(
      {
        self: options.id,
        probesInVain: (author, at) => this.#swim.probesInVain(author, at),
        ...(this.#proven ? { seed: ringSeedIn(admission), mayRelay: (peer) => this.#exclusion.mayRelay(peer) } : {}),
        positions: options.positions ?? new Positions(sha256),
        random: () => this.#prng.uniform(),
        wall: (at) => this.#swim.wallAt(at),
        wellConnected: () => this.#swim.wellConnected,
        healthy: () => this.#swim.healthy,
        dialsFirst: (peer) => this.#dialsFirst(peer, options.startedAt),
        outbox: (effect) => this.#onOverlayEffect(effect),
      },
      options.overlay,
    )
    this.#swim = new Swim(
      { ...swimDefaults, ...options.swim },
      {
        self: options.id,
        random: () => this.#prng.uniform(),
        nonce: () => this.#prng.bytes(16),
        neighbours: () => this.#overlay.rings.neighboursOf(options.id),
        monitorsOf: (subject) => this.#overlay.rings.monitorsOf(subject),
        entitled: (accuser, subject) => this.#overlay.rings.entitled(accuser, subject),
        linked: (peer) => this.#links.of(peer) !== undefined,
        refuses,
        equivocated,
        linkedPeers: () => this.#links.peers(),
        hops: (peer, avoid) => (this.#links.of(peer) === undefined ? this.#overlay.path(peer, avoid)?.length : 1),
        send: (to, message, priority, avoid) => this.#send(to, message, priority, avoid),
        extra: () => this.#state.advertise(this.#now),
        seal: (draft) => this.#effects.push({ type: 'seal', draft }),
        memberUp: (record) => this.#memberUp(record),
        memberDown: (record) => this.#memberDown(record),
        notify: (event) => this.#onSwimEvent(event),
      },
      {
        instance: options.instance,
        startedAt: options.startedAt,
        metadata: options.metadata,
        zone: options.zone,
        admission,
        admittedUntil: options.admittedUntil,
        sealingKey: options.sealingKey ?? noExtra,
      },
      options.wallOffsetMs,
      now,
    )
    this.#broadcast = new Broadcast(
      {
        self: options.id,
        linkedPeers: () => this.#links.peers(),
        admits: (author) => this.#exclusion.hears(author),
        equivocated,
        metAt: (author) => {
          const record = this.#swim.record(author)
          return record && { instance: record.alive.instance, since: record.runAt }
        },
        send: (to, message) => this.#sendBroadcast(to, message),
        seal: (draft) => this.#effects.push({ type: 'seal', draft }),
        deliver: (news) =>
          this.#notify({ type: 'broadcast', from: news.author, topic: news.topic, payload: news.payload }),
        rejected: (from, code) => this.#notify({ type: 'claim-rejected', from, code }),
        gap: (from, instance, missed) => this.#notify({ type: 'broadcast-gap', from, instance, missed }),
      },
      options.instance,
    )
    this.#state = new State(
      { ...stateDefaults, ...options.state },
      options.meshId,
      {
        self: options.id,
        links: () => this.#linksByRing(),
        send: (to, message) => this.#overLink(to, message, 'state'),
        seal: (draft) => this.#effects.push({ type: 'seal', draft }),
        wallAt: (at) => this.#swim.wallAt(at),
        refuses,
        equivocated,
        recall: options.recall,
        admission: () => (this.#proven ? this.#proof : undefined),
        sharesKeys: () => this.#sharesKeys !== false,
        notify: (event) => this.#onStateEvent(event),
      },
      options.instance,
    )
  }

  /** The first thing to call, once. */
  start(now: Millis): Effect[] {
    this.#now = now
    this.#swim.start(now)
    return this.#taken()
  }

  handle(input: Input, now: Millis): Effect[] {
    this.#now = now
    switch (input.type) {
      case 'tick':
        this.#tick(now)
        break
      case 'clock':
        this.#granularityMs = input.granularityMs
        this.#swim.setClock(input.wallOffsetMs, input.granularityMs)
        break
      case 'resumed':
        this.#overlay.resumed(now)
        this.#swim.resumed(now)
        break
      case 'door-opened':
      case 'door-sample':
        if (!this.#stopped) this.#overlay.doorSample(input.sample, now)
        break
      case 'door-closed':
        if (!this.#stopped) this.#overlay.doorClosed(now)
        break
      case 'link-opened':
        this.#onLinkOpened(input.link, input.peer, input.initiator, now)
        break
      case 'link-closed':
        this.#onLinkClosed(input.link, now)
        break
      case 'dial-failed':
        this.#overlay.dialFailed(input.peer, input.code, now)
        break
      case 'received':
        this.#onReceived(input.link, input.message, now)
        break
      case 'refused':
        this.#onRefused(input.link, input.code, input.blame, now, input.final)
        break
      case 'sealed':
        this.#onSealed(input.claim, now)
        break
      case 'signal-out':
        this.#signals.send(input.to, input.payload, now)
        break
      case 'signal-in':
        this.#onSignalIn(input.from, input.payload, 'door', now)
        break
      case 'door-full':
        if (!this.#stopped) this.#overlay.full(input.from, input.others, now)
        break
      case 'set-metadata':
        this.#swim.setMetadata(input.metadata, now)
        break
      case 'send':
        this.#onSend(input)
        break
      case 'reply':
        this.#onReply(input)
        break
      case 'transfer':
        this.#sendTransfer(input.to, input.message)
        break
      case 'broadcast':
        this.#publishing.set(this.#broadcast.publish(input.topic, input.payload, this.#swim.wallAt(now)), input.ref)
        break
      case 'write':
        this.#onWrite(input.writes, input.ref, now)
        break
      case 'revocations':
        this.#exclusion.onRevocations(input.claim, undefined, now)
        break
      case 'restored':
        this.#state.restore(input.entries)
        break
      case 'renew':
        this.#proof = input.admission
        this.#sharesKeys = input.sharesKeys
        this.#overlay.moved(ringSeedIn(input.admission))
        this.#swim.renewAdmission(input.admission, input.admittedUntil, now)
        break
      case 'leave':
        this.#stopped = true
        this.#state.flush()
        this.#leave(now)
        break
    }
    for (let peer = this.#vainDials.pop(); peer !== undefined; peer = this.#vainDials.pop())
      this.#overlay.dialFailed(peer, 'ERR_OUTLAW', now)
    return this.#taken()
  }

  /** When the next `tick` is due; undefined when nothing is. */
  deadline(): Millis | undefined {
    const swim = this.#swim.deadline()
    const others = this.#stopped
      ? []
      : [
          this.#overlay.deadline(),
          this.#state.deadline(this.#now),
          this.#broadcast.deadline(),
          this.#exclusion.staleAt(this.#now),
        ]
    let next = swim
    for (const each of others) if (each !== undefined && (next === undefined || each < next)) next = each
    return next
  }

  /** Everybody known, ourselves included; a new map whenever anything in it changed. */
  members(): ReadonlyMap<PeerId, CoreMember> {
    if (this.#members === undefined) {
      const members = new Map<PeerId, CoreMember>()
      for (const record of this.#swim.records) members.set(record.id, this.#memberOf(record))
      this.#members = members
    }
    return this.#members
  }

  /** Everybody who is alive or in doubt, ourselves included. */
  *present(): Generator<PeerId> {
    for (const { id, status } of this.#swim.records) if (present(status)) yield id
  }

  member(id: PeerId): CoreMember | undefined {
    const record = this.#swim.record(id)
    return record === undefined ? undefined : this.#memberOf(record)
  }

  /** The shared state, to be read. */
  get state(): StateReader {
    return this.#state
  }

  /** How many are alive or in doubt, ourselves included. */
  get presentCount(): number {
    return this.#swim.presentCount
  }

  get localHealth(): number {
    return this.#swim.localHealth
  }

  get isolated(): boolean {
    return this.#swim.isolated
  }

  /** The overlay's graph as we compute it: pairs that should be linked, each once. */
  edges(): readonly (readonly [PeerId, PeerId])[] {
    const edges: (readonly [PeerId, PeerId])[] = []
    for (const record of this.#swim.records) {
      if (!present(record.status)) continue
      for (const other of this.#overlay.rings.neighboursOf(record.id))
        if (record.id < other) edges.push([record.id, other])
    }
    return edges
  }

  /** Who is next to us on each ring of the overlay, before and after. */
  rings(): readonly (readonly [before: PeerId | undefined, after: PeerId | undefined])[] {
    return this.#overlay.places()
  }

  /** The way that a message to a member would take: the relays, then the member. */
  route(to: PeerId): readonly PeerId[] | undefined {
    return this.#overlay.rings.has(to) ? this.#overlay.paths(to, 1)[0] : undefined
  }

  /**
   * The newcomer dials: it knows whom it is linked to, and the others do not yet, so that their offers would look for
   * it in vain. Of two who started in the same millisecond the lower id.
   */
  #dialsFirst(peer: PeerId, startedAt: number): boolean {
    const theirs = this.#swim.record(peer)?.alive.startedAt ?? startedAt
    return theirs === startedAt ? this.#self < peer : startedAt > theirs
  }

  #tick(now: Millis): void {
    const due = this.deadline()
    const swimDue = this.#swim.deadline()
    this.#swim.tick(now, swimDue === undefined ? 0 : now - swimDue)
    if (this.#stopped) return
    this.#exclusion.tick(now)
    this.#overlay.tick(now, due === undefined ? 0 : Math.max(0, now - due - this.#granularityMs))
    this.#state.tick(now)
    this.#broadcast.tick(now)
  }

  #onLinkOpened(link: LinkId, peer: PeerId, initiator: boolean, now: Millis): void {
    const outcast = this.#exclusion.outcast(peer, now)
    if (outcast !== undefined) return void this.#effects.push({ type: 'hang-up', link, code: outcast })
    this.#members = undefined
    const replaced = this.#links.opened(link, peer)
    if (replaced !== undefined) this.#effects.push({ type: 'hang-up', link: replaced, code: 'ERR_REPLACED' })
    // Before anything else.
    const { list } = this.#exclusion
    if (list !== undefined) this.#overLink(peer, { type: 'revocations', claim: list }, 'probe')
    this.#overlay.linkOpened(peer, now)
    this.#notify({ type: 'link-opened', peer })
    this.#broadcast.linkOpened(now)
    this.#swim.linkOpened(peer, initiator, now)
    for (const claim of this.#exclusion.faults) this.#overLink(peer, { type: 'fault', claim }, 'state')
  }

  #onLinkClosed(link: LinkId, now: Millis): void {
    this.#exclusion.linkClosed(link)
    const peer = this.#links.closed(link)
    if (peer === undefined) return
    this.#members = undefined
    this.#notify({ type: 'link-closed', peer })
    this.#overlay.linkClosed(peer, now)
    this.#state.linkClosed(peer)
    this.#broadcast.linkClosed(peer)
    this.#swim.linkClosed(peer, now)
  }

  #onReceived(link: LinkId, message: Message, now: Millis): void {
    if (link === door) this.#onFarewell(message, now)
    const peer = this.#links.peerAt(link)
    // It was closed in the same breath.
    if (peer === undefined) return
    this.#overlay.heard(peer, now)
    switch (message.type) {
      case 'forward':
      case 'undeliverable':
        this.#overlay.received(peer, message, now)
        break
      case 'fresh':
      case 'roots':
      case 'tree-want':
      case 'tree-have':
      case 'entries-want':
      case 'entries':
        if (!this.#stopped) this.#state.receive(peer, message, now)
        break
      case 'revocations':
        if (!this.#stopped && this.#exclusion.onRevocations(message.claim, peer, now) === undefined)
          this.#onRefused(link, 'ERR_FRAME_KIND', true, now)
        break
      case 'fault':
        if (!this.#stopped) this.#exclusion.onFault(message.claim, peer, now)
        break
      case 'offer':
      case 'chunk':
      case 'credit':
      case 'finish':
      case 'stop':
        this.#effects.push({ type: 'notify', event: { type: 'transfer', from: peer, message } })
        break
      case 'had':
      case 'want-news':
        if (!this.#stopped) this.#broadcast.receive(peer, message, now)
        break
      case 'ping':
      case 'ack':
        if (!this.#stopped) this.#state.onAdvertised(peer, message.extra, now)
        this.#onMessage(peer, message, undefined, now)
        break
      default:
        this.#onMessage(peer, message, undefined, now)
    }
  }

  /** `hops`: undefined over the author's own link, else how many links it crossed. */
  #onMessage(from: PeerId, message: RoutedMessage, hops: number | undefined, now: Millis): void {
    switch (message.type) {
      case 'edge':
        this.#overlay.received(from, message, now)
        break
      case 'spread':
        this.#broadcast.receive(from, message, this.#now)
        break
      case 'direct':
        this.#notify({ type: 'message', from, topic: message.topic, payload: message.payload, hops: hops ?? 1 })
        break
      case 'reply':
        this.#effects.push({ type: 'notify', event: { ...message, from } })
        break
      default:
        this.#swim.receive(from, message, hops === undefined, now)
    }
  }

  #onOverlayEffect(effect: OverlayEffect<RoutedMessage>): void {
    switch (effect.type) {
      case 'dial':
        if (this.#exclusion.shuns(effect.peer, this.#now)) this.#vainDials.push(effect.peer)
        else this.#effects.push(effect)
        break
      case 'door':
      case 'abandon':
        this.#effects.push(effect)
        break
      case 'rejected':
        this.#notify({ type: 'claim-rejected', from: effect.peer, code: effect.code })
        break
      case 'hang-up':
        this.#hangUp(effect.peer, effect.code)
        break
      case 'send':
        this.#overLink(effect.peer, effect.message, 'gossip')
        break
      case 'seal':
        this.#effects.push({ type: 'seal', draft: this.#addressed(effect.draft) })
        break
      case 'deliver':
        if (effect.message.type !== 'gossip' && !this.#exclusion.mayBeHere(effect.from)) break
        this.#onMessage(effect.from, effect.message, effect.hops, this.#now)
        break
      case 'signal':
        this.#onSignalIn(effect.from, effect.payload, 'mesh', this.#now, effect.via)
        break
      case 'routed':
        this.#onRouted(effect.ref, effect.code)
        break
      case 'blame': {
        const link = this.#links.of(effect.peer)
        if (link !== undefined) this.#onRefused(link, effect.code, true, this.#now)
        break
      }
    }
  }

  /** A signal is for its receiver's eyes, where both of us can see to that. */
  #addressed(draft: DraftClaim): DraftClaim {
    if (draft.type !== 'routed' || draft.kind !== 'signal' || this.#sealingKey === undefined) return draft
    const sealTo = this.#swim.record(draft.to)?.alive.sealingKey
    return sealTo === undefined || sealTo.length === 0 ? draft : { ...draft, kind: 'signal', sealTo }
  }

  /** A negative ref is a signal's, a positive one the application's. */
  #onRouted(ref: number, code: string | undefined): void {
    if (ref > 0) {
      this.#notify(code === undefined ? { type: 'sent', ref } : { type: 'sent', ref, code })
      return
    }
    this.#signals.routed(ref, code)
  }

  #onSignalIn(from: PeerId, payload: Uint8Array, by: 'door' | 'mesh', now: Millis, via?: PeerId): void {
    if (this.#stopped || this.#exclusion.shuns(from, now)) return
    if (this.#overlay.admits(from, by, now, via)) return void this.#effects.push({ type: 'signal', from, payload })
    const others = this.#overlay.turnAway(from, by, now)
    if (others !== undefined) this.#effects.push({ type: 'door-full', to: from, others })
  }

  /**
   * Over the links, and for a few neighbours through the server too: a page that closes may lose its connections
   * before they have sent what was handed to them, and seldom loses both (Firefox ESR 153, `npm run bench:farewell`).
   */
  #leave(now: Millis): void {
    const claim = this.#swim.leave(now)
    if (claim === undefined) return
    const message: Message = { type: 'gossip', claims: [claim] }
    for (const to of this.#links.peers().slice(0, farewellsMax)) this.#effects.push({ type: 'door-say', to, message })
  }

  /** The server may pass on that somebody leaves, because that is signed; nothing else. */
  #onFarewell(message: Message, now: Millis): void {
    if (message.type !== 'gossip') return
    for (const claim of message.claims) {
      if (claim.type === 'leave') this.#swim.receive(claim.author, { type: 'gossip', claims: [claim] }, false, now)
    }
  }

  #onRefused(link: LinkId, code: string, blame: boolean, now: Millis, final = false): void {
    const peer = this.#links.peerAt(link)
    this.#notify({ type: 'claim-rejected', from: peer, code })
    if (this.#exclusion.refused(link, peer, blame, final, now)) this.#effects.push({ type: 'hang-up', link, code })
  }

  #onSealed(claim: Verified<Claim>, now: Millis): void {
    switch (claim.type) {
      case 'news':
        this.#broadcast.sealed(claim, now)
        // Only now has a link got it: who leaves after `sent` must not take the message along.
        this.#sentNews(claim.seq)
        break
      case 'routed':
        this.#overlay.sealed(claim, now)
        break
      case 'entry':
        this.#state.sealed(claim, now)
        break
      case 'revoke':
        this.#exclusion.onRevocations(claim, undefined, now)
        break
      case 'fault':
        this.#exclusion.onFault(claim, undefined, now)
        break
      default:
        this.#members = undefined
        this.#swim.sealed(claim, now)
    }
  }

  #sentNews(seq: number): void {
    const ref = this.#publishing.get(seq)
    if (ref !== undefined && this.#publishing.delete(seq)) this.#notify({ type: 'sent', ref })
  }

  #onSend({ to, topic, payload, ref }: Extract<Command, { readonly type: 'send' }>): void {
    const record = this.#swim.record(to)
    if (record === undefined || !present(record.status)) {
      this.#notify({ type: 'sent', ref, code: 'ERR_UNKNOWN_PEER' })
      return
    }
    this.#directSeq += 1
    const message = { type: 'direct', seq: this.#directSeq, topic, payload } as const
    if (this.#links.of(to) === undefined) {
      this.#route(to, message, { receipt: true, ref })
      return
    }
    this.#send(to, message, 'data')
    this.#notify({ type: 'sent', ref })
  }

  #onReply({ to, id, word, payload }: Extract<Command, { readonly type: 'reply' }>): void {
    const record = this.#swim.record(to)
    if (record === undefined || !present(record.status)) return
    const message = { type: 'reply', id, word, payload } as const
    if (this.#links.of(to) === undefined) this.#route(to, message, { receipt: true })
    else this.#send(to, message, 'data')
  }

  #onWrite(writes: readonly Write[], ref: number, now: Millis): void {
    const fault = this.#state.write(writes, ref, now)
    if (fault !== undefined) this.#effects.push({ type: 'notify', event: { type: 'written', ref, code: fault } })
  }

  /** Neighbours on the rings first: others may be hung up on. */
  #linksByRing(): readonly PeerId[] {
    const neighbours = new Set(this.#overlay.rings.neighboursOf(this.#self))
    return [...this.#links.peers()].sort((a, b) => Number(neighbours.has(b)) - Number(neighbours.has(a)))
  }

  #sendBroadcast(to: PeerId, message: BroadcastMessage): void {
    this.#overLink(to, message, message.type === 'spread' ? 'data' : 'gossip')
  }

  /** What answers goes before what is large; what must keep its order has one priority. */
  #sendTransfer(to: PeerId, message: TransferMessage): void {
    this.#overLink(to, message, message.type === 'credit' || message.type === 'stop' ? 'gossip' : 'data')
  }

  #onStateEvent(event: StateEvent): void {
    switch (event.type) {
      case 'rejected':
        this.#notify({ type: 'claim-rejected', from: event.from, code: event.code })
        break
      case 'written':
      case 'entries-changed':
      case 'sync-progress':
        // Members are as they were: their map stays the same object.
        this.#effects.push({ type: 'notify', event })
        break
    }
  }

  /** Over the link, else over a route. */
  #send(to: PeerId, message: RoutedMessage, priority: Priority, avoid?: PeerId): void {
    if (this.#overLink(to, message, priority) || this.#stopped || to === this.#self) return
    this.#route(to, message, { receipt: false, avoid })
  }

  /** False when there is no link to it. */
  #overLink(to: PeerId, message: Message, priority: Priority): boolean {
    const link = this.#links.of(to)
    if (link !== undefined) this.#effects.push({ type: 'send', link, message, priority })
    return link !== undefined
  }

  #route(
    to: PeerId,
    message: RoutedMessage,
    how: { readonly receipt: boolean; readonly ref?: number; readonly avoid?: PeerId | undefined },
  ): void {
    this.#overlay.route(to, { kind: 'frame', inner: message }, how.receipt, this.#now, how.ref, how.avoid)
  }

  #hangUp(peer: PeerId, code: string): void {
    const link = this.#links.of(peer)
    if (link !== undefined) this.#effects.push({ type: 'hang-up', link, code })
  }

  #memberUp(record: MemberRecord): void {
    this.#overlay.memberUp(record.id, this.#now, this.#proven ? ringSeedIn(record.alive.admission) : undefined)
  }

  #memberDown(record: MemberRecord): void {
    this.#overlay.memberDown(record.id, record.status === 'left' ? 'left' : 'failed', this.#now)
  }

  #onSwimEvent(event: SwimEvent): void {
    switch (event.type) {
      case 'rejected':
        this.#notify({ type: 'claim-rejected', from: event.from, code: event.code })
        break
      case 'zone-unreachable':
      case 'zone-recovered':
      case 'isolated':
      case 'reconnected':
      case 'duplicate-identity':
      case 'leaving':
      case 'admission-ended':
        this.#notify(event)
        break
      default:
        this.#broadcast.met(event.record.id)
        this.#notify({ type: event.type, member: this.#memberOf(event.record) })
    }
  }

  #notify(event: CoreEvent): void {
    this.#members = undefined
    this.#effects.push({ type: 'notify', event })
  }

  #memberOf(record: MemberRecord): CoreMember {
    return {
      id: record.id,
      status: record.status,
      incarnation: record.alive.incarnation,
      instance: record.alive.instance,
      startedAt: record.alive.startedAt,
      issuedAt: record.alive.issuedAt,
      metadata: record.alive.metadata,
      zone: record.alive.zone,
      linked: this.#links.of(record.id) !== undefined,
      rttMs: this.#swim.rttMs(record.id),
    }
  }

  #taken(): Effect[] {
    const effects = this.#effects
    this.#effects = []
    return effects
  }
}

const noExtra = new Uint8Array(0)
const everybody = (): boolean => true
