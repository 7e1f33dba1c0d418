/** What a run is measured by. It watches and counts, and changes nothing. */
import type { CoreEvent } from '../core/effect.ts'
import type { Message } from '../core/message.ts'
import type { Digest } from '../identity/claim.ts'
import type { End, SimPeer } from './peer.ts'
import type { Observer, World } from './world.ts'

export interface Detection {
  readonly observer: SimPeer
  readonly subject: SimPeer
  /** From the crash or the leave. */
  readonly afterMs: number
}

/** Frames and bytes sent by all peers since the window was opened. */
export interface Traffic {
  readonly ms: number
  readonly frames: number
  readonly bytes: number
  /** Direct pings and acks. */
  readonly probes: number
  readonly byType: ReadonlyMap<string, { readonly frames: number; readonly bytes: number }>
}

export class Figures implements Observer {
  readonly #world: World
  /** `member-failed` of a peer that had crashed. */
  readonly verdicts: Detection[] = []
  /** `member-left` of a peer that had left. */
  readonly departures: Detection[] = []
  /** `member-failed` of a peer that runs and can be reached. */
  readonly falseDeaths: Detection[] = []
  /** `member-failed` of a peer that had left in order. */
  readonly leavesTakenForDeaths: Detection[] = []
  readonly suspicions: Detection[] = []
  /** `member-failed` of a peer that runs behind a cut. */
  cutOff = 0
  linksPerPeerMax = 0
  /** How many members each peer's view holds, as its events tell. */
  readonly #present = new Map<SimPeer, number>()
  /** Whom each peer holds dead. */
  readonly #dead = new Map<SimPeer, Set<SimPeer>>()
  #fullTarget: number | undefined
  #full = 0
  /** When the last of all views became full for the first time, since the target was set. */
  viewsFullAt: number | undefined
  readonly fullAt = new Map<SimPeer, number>()
  #openedAt = 0
  #byType = new Map<string, { frames: number; bytes: number }>()
  readonly #trackedClaims = new Map<Digest, Map<SimPeer, number>>()
  #awaited: { readonly author: SimPeer; readonly metadata: Uint8Array } | undefined
  /** When each peer came to hold the awaited metadata. */
  readonly reachedAt = new Map<SimPeer, number>()

  constructor(world: World) {
    this.#world = world
  }

  onLink(end: End): void {
    this.linksPerPeerMax = Math.max(this.linksPerPeerMax, end.peer.ends.size)
  }

  onSend(end: End, message: Message, frame: Uint8Array): void {
    const counted = this.#byType.get(message.type)
    if (counted === undefined) this.#byType.set(message.type, { frames: 1, bytes: frame.length })
    else {
      counted.frames++
      counted.bytes += frame.length
    }
    if (this.#trackedClaims.size === 0 || !('claims' in message)) return
    for (const claim of message.claims) {
      const senders = this.#trackedClaims.get(claim.digest)
      if (senders !== undefined) senders.set(end.peer, (senders.get(end.peer) ?? 0) + 1)
    }
  }

  onNotify(peer: SimPeer, event: CoreEvent): void {
    if (!('member' in event)) return
    const subject = this.#world.find(event.member.id)
    if (subject === undefined) return
    if (event.type === 'member-joined' || event.type === 'member-recovered') {
      const wasDead = this.#lost(peer, subject, false)
      if (wasDead || event.type === 'member-joined') this.#count(peer, 1)
    } else if (event.type === 'member-failed') {
      this.#lost(peer, subject, true)
      this.#count(peer, -1)
      this.#onFailed(peer, subject)
    } else if (event.type === 'member-left') {
      this.#count(peer, -1)
      this.departures.push(this.#detection(peer, subject))
    } else if (event.type === 'member-suspected') {
      this.suspicions.push(this.#detection(peer, subject))
    } else if (event.type === 'member-updated') {
      const awaited = this.#awaited
      if (awaited === undefined || subject !== awaited.author || this.reachedAt.has(peer)) return
      if (sameBytes(event.member.metadata, awaited.metadata)) this.reachedAt.set(peer, this.#world.now)
    }
  }

  /** From now on, tells when every running peer's view holds this many others. */
  expectViews(others: number): void {
    this.#fullTarget = others
    this.viewsFullAt = undefined
    this.fullAt.clear()
    this.#full = 0
    for (const [peer, count] of this.#present) if (peer.running && count === others) this.#nowFull(peer)
    if (others === 0) for (const peer of this.#world.running) this.#nowFull(peer)
  }

  presentAt(peer: SimPeer): number {
    return this.#present.get(peer) ?? 0
  }

  openWindow(): void {
    this.#openedAt = this.#world.now
    this.#byType = new Map()
  }

  get traffic(): Traffic {
    let frames = 0
    let bytes = 0
    for (const counted of this.#byType.values()) {
      frames += counted.frames
      bytes += counted.bytes
    }
    const probes = (this.#byType.get('ping')?.frames ?? 0) + (this.#byType.get('ack')?.frames ?? 0)
    return { ms: this.#world.now - this.#openedAt, frames, bytes, probes, byType: this.#byType }
  }

  /** Counts how often each peer sends this claim. */
  track(claim: Digest): void {
    this.#trackedClaims.set(claim, new Map())
  }

  get sendsPerPeerMax(): number {
    let most = 0
    for (const senders of this.#trackedClaims.values()) for (const sent of senders.values()) most = Math.max(most, sent)
    return most
  }

  get sendsPerPeerMean(): number {
    let sends = 0
    for (const senders of this.#trackedClaims.values()) for (const sent of senders.values()) sends += sent
    return sends / Math.max(1, this.#trackedClaims.size * this.#world.running.length)
  }

  /** From now on, notes when each peer holds this metadata of the author's. */
  await(author: SimPeer, metadata: Uint8Array): void {
    this.#awaited = { author, metadata }
    this.reachedAt.clear()
  }

  /** A recovery is from suspicion or from death, and only the second changes the count. Answers whether it was held dead. */
  #lost(observer: SimPeer, subject: SimPeer, dead: boolean): boolean {
    let held = this.#dead.get(observer)
    if (held === undefined) this.#dead.set(observer, (held = new Set()))
    const before = held.has(subject)
    if (dead) held.add(subject)
    else held.delete(subject)
    return before
  }

  #onFailed(observer: SimPeer, subject: SimPeer): void {
    if (observer.liar !== undefined) return
    const detection = this.#detection(observer, subject)
    if (subject.state === 'crashed') this.verdicts.push(detection)
    else if (subject.state === 'left') this.leavesTakenForDeaths.push(detection)
    else if (
      this.#world.network.passes(observer.index, subject.index) &&
      this.#world.network.passes(subject.index, observer.index)
    ) {
      this.falseDeaths.push(detection)
    } else this.cutOff++
  }

  #detection(observer: SimPeer, subject: SimPeer): Detection {
    return { observer, subject, afterMs: this.#world.now - (subject.endedAt ?? this.#world.now) }
  }

  #count(peer: SimPeer, change: number): void {
    const before = this.#present.get(peer) ?? 0
    this.#present.set(peer, before + change)
    if (this.#fullTarget === undefined || !peer.running) return
    if (before === this.#fullTarget) this.#full--
    if (before + change === this.#fullTarget) this.#nowFull(peer)
  }

  #nowFull(peer: SimPeer): void {
    this.#full++
    if (!this.fullAt.has(peer)) this.fullAt.set(peer, this.#world.now)
    if (this.viewsFullAt === undefined && this.#full >= this.#world.running.length) this.viewsFullAt = this.#world.now
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}

/** Mean, median, 99th percentile and largest of some measurements. */
export interface Spread {
  readonly mean: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Undefined when nothing was measured. Percentiles are of the nearest rank. */
export function spread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined
  const sorted = values.slice().sort((a, b) => a - b)
  const rank = (p: number): number => sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] as number
  return {
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    p50: rank(0.5),
    p99: rank(0.99),
    max: sorted[sorted.length - 1] as number,
  }
}
