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
import type { Verified } from '../identity/claim.ts'
import { sha256 } from '../identity/hash.ts'
import type { Millis, WallMillis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { Positions, Rings } from '../overlay/rings.ts'
import { swimDefaults } from '../swim/config.ts'
import { present, type MemberRecord } from '../swim/member.ts'
import type { SwimEvent } from '../swim/port.ts'
import { Swim } from '../swim/swim.ts'
import type { CoreOptions } from './config.ts'
import type { CoreEvent, CoreMember, Effect, Priority } from './effect.ts'
import type { Input, LinkId } from './input.ts'
import { Links } from './links.ts'
import type { Claim, Message } from './message.ts'
import { Prng } from './prng.ts'
import { Strikes } from './strikes.ts'

export class Core {
  readonly #swim: Swim
  readonly #rings: Rings
  readonly #broadcast: Broadcast
  readonly #links: Links
  readonly #strikes = new Strikes()
  readonly #prng: Prng
  #effects: Effect[] = []
  #members: ReadonlyMap<PeerId, CoreMember> | undefined
  #directSeq = 0
  /** The time of the input in hand. */
  #now: Millis

  constructor(options: CoreOptions, now: Millis) {
    this.#now = now
    this.#prng = new Prng(options.seed)
    this.#rings = new Rings(options.positions ?? new Positions(sha256))
    this.#rings.add(options.id)
    this.#links = new Links({
      self: options.id,
      neighbours: () => this.#rings.neighboursOf(options.id),
      random: () => this.#prng.uniform(),
      dial: (peer) => this.#effects.push({ type: 'dial', peer }),
      hangUp: (link, code) => this.#effects.push({ type: 'hang-up', link, code }),
    })
    this.#swim = new Swim(
      { ...swimDefaults, ...options.swim },
      {
        self: options.id,
        random: () => this.#prng.uniform(),
        nonce: () => this.#prng.bytes(16),
        neighbours: () => this.#rings.neighboursOf(options.id),
        monitorsOf: (subject) => this.#rings.monitorsOf(subject),
        entitled: (accuser, subject) => this.#rings.entitled(accuser, subject),
        linked: (peer) => this.#links.of(peer) !== undefined,
        linkedPeers: () => this.#links.peers(),
        hops: (peer) => (this.#links.of(peer) === undefined ? undefined : 1),
        send: (to, message, priority) => this.#send(to, message, priority),
        extra: () => noExtra,
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
        admission: options.admission ?? noExtra,
      },
      options.wallOffsetMs,
      now,
    )
    this.#broadcast = new Broadcast(
      {
        self: options.id,
        linkedPeers: () => this.#links.peers(),
        send: (to, message) => this.#send(to, message, 'data'),
        seal: (draft) => this.#effects.push({ type: 'seal', draft }),
        deliver: (news) =>
          this.#notify({ type: 'broadcast', from: news.author, topic: news.topic, payload: news.payload }),
      },
      options.instance,
    )
  }

  /** The first thing to call, once. */
  start(now: Millis): Effect[] {
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
        this.#swim.setClock(input.wallOffsetMs, input.granularityMs)
        break
      case 'resumed':
        this.#swim.resumed(now)
        break
      case 'door-opened':
      case 'door-sample':
        this.#links.doorOpened(input.sample, now)
        break
      case 'door-closed':
        this.#links.doorClosed()
        break
      case 'link-opened':
        this.#onLinkOpened(input.link, input.peer, input.initiator, now)
        break
      case 'link-closed':
        this.#onLinkClosed(input.link, now)
        break
      case 'dial-failed':
        this.#links.dialFailed(input.peer, input.code, now)
        break
      case 'received':
        this.#onReceived(input.link, input.message, now)
        break
      case 'refused':
        this.#onRefused(input.link, input.code, input.blame, now)
        break
      case 'sealed':
        this.#onSealed(input.claim, now)
        break
      case 'signal-out':
        this.#effects.push({ type: 'door-signal', to: input.to, payload: input.payload })
        break
      case 'signal-in':
        this.#effects.push({ type: 'signal', from: input.from, payload: input.payload })
        break
      case 'set-metadata':
        this.#swim.setMetadata(input.metadata, now)
        break
      case 'send':
        this.#onSend(input.to, input.payload, input.ref)
        break
      case 'broadcast':
        this.#broadcast.publish(input.topic, input.payload, this.#swim.wallAt(now) as WallMillis)
        this.#notify({ type: 'sent', ref: input.ref })
        break
      case 'leave':
        this.#links.stop()
        this.#swim.leave(now)
        break
    }
    return this.#taken()
  }

  /** When the next `tick` is due; undefined when nothing is. */
  deadline(): Millis | undefined {
    const swim = this.#swim.deadline()
    const links = this.#links.deadline()
    if (swim === undefined || links === undefined) return swim ?? links
    return Math.min(swim, links) as Millis
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

  member(id: PeerId): CoreMember | undefined {
    const record = this.#swim.record(id)
    return record === undefined ? undefined : this.#memberOf(record)
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
      for (const other of this.#rings.neighboursOf(record.id)) if (record.id < other) edges.push([record.id, other])
    }
    return edges
  }

  #tick(now: Millis): void {
    const due = this.#swim.deadline()
    this.#swim.tick(now, due === undefined ? 0 : now - due)
    this.#links.tick(now)
  }

  #onLinkOpened(link: LinkId, peer: PeerId, initiator: boolean, now: Millis): void {
    this.#members = undefined
    this.#links.opened(link, peer, initiator, now)
    this.#notify({ type: 'link-opened', peer })
    this.#swim.linkOpened(peer, initiator, now)
  }

  #onLinkClosed(link: LinkId, now: Millis): void {
    this.#strikes.forget(link)
    const peer = this.#links.closed(link, now)
    if (peer === undefined) return
    this.#members = undefined
    this.#notify({ type: 'link-closed', peer })
    this.#swim.linkClosed(peer, now)
  }

  #onReceived(link: LinkId, message: Message, now: Millis): void {
    const peer = this.#links.peerAt(link)
    // It was closed in the same breath.
    if (peer === undefined) return
    switch (message.type) {
      case 'spread':
        this.#broadcast.receive(peer, message.claims)
        break
      case 'direct':
        this.#notify({ type: 'message', from: peer, payload: message.payload, hops: 1 })
        break
      case 'forward':
      case 'undeliverable':
      case 'edge':
        break
      default:
        this.#swim.receive(peer, message, true, now)
    }
  }

  #onRefused(link: LinkId, code: string, blame: boolean, now: Millis): void {
    this.#notify({ type: 'claim-rejected', from: this.#links.peerAt(link), code })
    if (blame && this.#strikes.strike(link, now)) this.#effects.push({ type: 'hang-up', link, code })
  }

  #onSealed(claim: Verified<Claim>, now: Millis): void {
    switch (claim.type) {
      case 'news':
        this.#broadcast.sealed(claim)
        break
      case 'routed':
        break
      default:
        this.#members = undefined
        this.#swim.sealed(claim, now)
    }
  }

  #onSend(to: PeerId, payload: Uint8Array, ref: number): void {
    const record = this.#swim.record(to)
    if (record === undefined || !present(record.status)) this.#notify({ type: 'sent', ref, code: 'ERR_UNKNOWN_PEER' })
    else if (this.#links.of(to) === undefined) this.#notify({ type: 'sent', ref, code: 'ERR_UNREACHABLE' })
    else {
      this.#directSeq += 1
      this.#send(to, { type: 'direct', seq: this.#directSeq, payload }, 'data')
      this.#notify({ type: 'sent', ref })
    }
  }

  #send(to: PeerId, message: Message, priority: Priority): void {
    const link = this.#links.of(to)
    if (link !== undefined) this.#effects.push({ type: 'send', link, message, priority })
  }

  #memberUp(record: MemberRecord): void {
    this.#rings.add(record.id)
    this.#links.changed(this.#now)
  }

  #memberDown(record: MemberRecord): void {
    this.#rings.remove(record.id)
    this.#links.changed(this.#now)
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
        this.#notify(event)
        break
      default:
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
