/**
 * The loop that makes a core live in the real world, and the law that it keeps:
 *
 *     one input, then perform every effect, then set one timer to `deadline()`.
 *
 * It owns what the core only names: the links with their send queues and their ingress, the
 * transport, the door (the signaling server's client), the timer. It decides nothing about members.
 * An input that arrives while another is handled waits its turn, so the core is never re-entered.
 */
import { type CoreEvent, type CoreMember, type Effect, farewellsMax } from '../core/effect.ts'
import { door as doorLink, type DraftClaim, type Input, type LinkId } from '../core/input.ts'
import type { Claim, Message } from '../core/message.ts'
import type { Verified } from '../identity/claim.ts'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { Link, Transport, TransportFactory } from '../transport/port.ts'
import type { Alarm, Alarms } from './alarms.ts'
import { ClockWatch } from './clock-watch.ts'
import { farewell, full, readDoorWord } from './door-words.ts'
import type { Host } from './host.ts'
import { SendQueue } from './send-queue.ts'

/** The core as the driver drives it. */
export interface Machine {
  /** The first thing that is asked of it, once. */
  start(now: Millis): readonly Effect[]
  handle(input: Input, now: Millis): readonly Effect[]
  /** When it wants a tick; undefined for never. */
  deadline(): Millis | undefined
  members(): ReadonlyMap<PeerId, CoreMember>
}

/** What came in on a link, verified and decoded, in that link's order. */
export type Arrival = Extract<Input, { type: 'received' | 'refused' }>

/** The two one-way streets between frames and messages. */
export interface Pipeline {
  /** Calendar time is `now + wallOffsetMs`. Told before anything is received. */
  setClock(wallOffsetMs: number): void
  /** `peer`: at its other end; undefined for the door. */
  openLink(link: LinkId, peer?: PeerId): void
  receive(link: LinkId, frame: Uint8Array, now: Millis): void
  /** No frame will follow: calls back when all that came before has been delivered. */
  endLink(link: LinkId, done: () => void): void
  /** The frame that says this. */
  encode(message: Message): Uint8Array
  /** Signs; calls back in the order of the calls, with the signer's error when it would not. */
  seal(draft: DraftClaim, done: (claim: Verified<Claim> | Error) => void): void
}

/** The signaling server's client. */
export interface Door {
  setWanted(wanted: boolean): void
  /** False when no server took it: nobody will hear of it. */
  signal(to: PeerId, payload: Uint8Array): boolean
  /** Leaves for good, in silence. */
  stop(): void
}

export interface DriverParts {
  readonly core: Machine
  readonly host: Host
  readonly alarms: Alarms
  readonly openPipeline: (deliver: (arrival: Arrival) => void) => Pipeline
  readonly openTransport: TransportFactory
  readonly door: Door
  /** What the core tells the application; members are already as the event says. */
  readonly onEvent: (event: CoreEvent) => void
  /** Our claim to be here was signed, and the core has it. */
  readonly onAnnounced: () => void
  /** The core threw (a broken invariant), or our key would not sign. The driver has stopped. */
  readonly onBroken: (error: unknown) => void
}

/** One open link, as the driver keeps it. */
export interface OpenLink {
  readonly id: LinkId
  readonly peer: PeerId
  readonly initiator: boolean
  readonly openedAt: Millis
  readonly queue: SendQueue
  readonly bufferedBytes: number
  readonly bytesSent: number
  readonly bytesReceived: number
}

/** A link that is hung up is closed after this long even if the other side takes nothing any more. */
const hangUpMsMax = 1000

/** How often a link that is to be closed is looked at while something still waits for room in its channel. */
const hangUpPollMs = 25

export class Driver {
  readonly #parts: DriverParts
  readonly #transport: Transport
  readonly #pipeline: Pipeline
  readonly #tick: Alarm
  readonly #watch = new ClockWatch()
  readonly #links = new Map<LinkId, DrivenLink>()
  readonly #closeCodes = new Map<PeerId, string>()
  readonly #inputs: Input[] = []
  #nextLink = 1
  #handling = false
  #stopped = false
  /** Our leave of this run, signed in advance. */
  #leave: Verified<Extract<Claim, { type: 'leave' }>> | undefined
  /** Of links that have closed. */
  #past = { bytesSent: 0, bytesReceived: 0, framesSent: 0, framesReceived: 0 }

  constructor(parts: DriverParts) {
    this.#parts = parts
    this.#tick = parts.alarms.create(() => this.handle({ type: 'tick' }))
    this.#pipeline = parts.openPipeline((arrival) => this.handle(arrival))
    this.#transport = parts.openTransport({
      onSignal: (to, payload) => this.handle({ type: 'signal-out', to, payload }),
      onLink: (link) => this.#onLink(link),
      onFailure: (peer, code) => this.handle({ type: 'dial-failed', peer, code }),
    })
  }

  members(): ReadonlyMap<PeerId, CoreMember> {
    return this.#parts.core.members()
  }

  /** Starts the core and registers at the door. To be called once, before anything else. */
  start(): void {
    const { core, host, door } = this.#parts
    this.#turn(() => {
      this.#lookAtTheClock()
      this.#pipeline.openLink(doorLink)
      this.#perform(core.start(host.now()))
      door.setWanted(true)
    })
  }

  /** The one door in. An input that arrives while another is handled waits its turn. */
  handle(input: Input): void {
    if (this.#stopped) return
    this.#inputs.push(input)
    if (!this.#handling) this.#turn(() => {})
  }

  /** Looks at the clock, and tells the core what it sees. */
  stir(): void {
    if (!this.#stopped && !this.#handling) this.#turn(() => this.#lookAtTheClock())
  }

  /** What the server passed on from somebody: a transport's signal, or a word of the core's. */
  onDoorSignal(from: PeerId, payload: Uint8Array): void {
    if (this.#stopped) return
    const { host } = this.#parts
    const word = readDoorWord(payload)
    if (word === undefined) this.handle({ type: 'signal-in', from, payload })
    else if (word === 'malformed') return
    else if (word.type === 'farewell') this.#pipeline.receive(doorLink, word.frame, host.now())
    else this.handle({ type: 'door-full', from, others: word.others })
  }

  /** What we had for this peer's transport reached nobody: a dial that waits for an answer would wait in vain. */
  unreachable(peer: PeerId, code: string): void {
    if (this.#stopped) return
    this.#transport.abandon(peer)
    this.handle({ type: 'dial-failed', peer, code })
  }

  get stopped(): boolean {
    return this.#stopped
  }

  get links(): Iterable<OpenLink> {
    return this.#links.values()
  }

  /** The code with which the last link to this peer closed. */
  closeCode(peer: PeerId): string | undefined {
    return this.#closeCodes.get(peer)
  }

  /** Since the start, closed links included. */
  totals(): { bytesSent: number; bytesReceived: number; framesSent: number; framesReceived: number } {
    const sum = { ...this.#past }
    for (const link of this.#links.values()) link.addTo(sum)
    return sum
  }

  /** Calls back once, when the application may send more to this peer, or to everyone. */
  whenRoomy(peer: PeerId | undefined, resume: () => void): void {
    const full = [...this.#links.values()].filter((link) => (!peer || link.peer === peer) && !link.queue.roomy)
    let left = full.length
    if (left === 0) return resume()
    for (const { queue } of full) queue.whenRoomy(() => --left === 0 && resume())
  }

  /** Calls back when every link's channel has taken all that was to be sent, or none is left. */
  whenFlushed(done: () => void): void {
    const links = [...this.#links.values()]
    let left = links.length
    if (left === 0) return done()
    for (const link of links) link.whenFlushed(() => --left === 0 && done())
  }

  /** Hands all that waits to the channels at once: the page is going, and nothing can be awaited. */
  spill(): void {
    for (const { queue } of this.#links.values()) queue.spill()
  }

  /**
   * Says that we leave, past the core: for a page whose handler was aborted in the middle of a turn, so that no input is
   * taken any more. Whoever hears it twice, hears it once.
   */
  sayGoodbye(): void {
    if (this.#stopped || this.#leave === undefined) return
    const frame = this.#pipeline.encode({ type: 'gossip', claims: [this.#leave] })
    const links = [...this.#links.values()]
    for (const { queue } of links) queue.push(frame, 'gossip')
    this.spill()
    for (const { peer } of links.slice(0, farewellsMax)) this.#parts.door.signal(peer, farewell(frame))
  }

  /** Closes every link, the transport and the door. Nothing is called back after. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#inputs.length = 0
    this.#tick.cancel()
    for (const link of this.#links.values()) link.discard(this.#past)
    this.#links.clear()
    this.#transport.close()
    this.#parts.door.stop()
  }

  /** One turn of the loop: `first`, then every input that waits, then the timer. */
  #turn(first: () => void): void {
    const { core, host } = this.#parts
    this.#handling = true
    try {
      first()
      for (let input = this.#inputs.shift(); input && !this.#stopped; input = this.#inputs.shift()) {
        this.#lookAtTheClock()
        this.#perform(core.handle(input, host.now()))
        if (input.type === 'sealed' && input.claim.type === 'alive') this.#parts.onAnnounced()
      }
      if (!this.#stopped) this.#tick.set(core.deadline())
    } catch (error) {
      this.#break(error)
    } finally {
      this.#handling = false
    }
  }

  #lookAtTheClock(): void {
    const { core, host } = this.#parts
    const news = this.#watch.observe(host.now(), host.wall(), host.granularityMs(), core.deadline())
    for (const change of news) {
      if (change.type === 'clock') this.#pipeline.setClock(change.wallOffsetMs)
      this.#perform(core.handle(change, host.now()))
    }
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (this.#stopped) return
      this.#performOne(effect)
    }
  }

  #performOne(effect: Effect): void {
    const { door } = this.#parts
    switch (effect.type) {
      case 'send':
        return this.#send(effect.link, this.#pipeline.encode(effect.message), effect.priority)
      case 'seal':
        return this.#pipeline.seal(effect.draft, (claim) => this.#onSealed(claim))
      case 'dial':
        return this.#transport.dial(effect.peer)
      case 'abandon':
        return this.#transport.abandon(effect.peer)
      case 'hang-up':
        return this.#links.get(effect.link)?.hangUp(effect.code)
      case 'signal':
        return this.#transport.signal(effect.from, effect.payload)
      case 'door-signal':
        if (!door.signal(effect.to, effect.payload)) this.unreachable(effect.to, 'ERR_SIGNALING_CLOSED')
        return
      case 'door-say':
        door.signal(effect.to, farewell(this.#pipeline.encode(effect.message)))
        return
      case 'door-full':
        door.signal(effect.to, full(effect.others))
        return
      case 'door':
        return door.setWanted(effect.wanted)
      case 'notify':
        return this.#parts.onEvent(effect.event)
    }
  }

  #send(id: LinkId, frame: Uint8Array, priority: Parameters<SendQueue['push']>[1]): void {
    const link = this.#links.get(id)
    // The core has not heard yet that it closed.
    if (!link) return
    if (!link.queue.push(frame, priority)) link.cut('ERR_SLOW_LINK')
  }

  #onSealed(claim: Verified<Claim> | Error): void {
    if (claim instanceof Error) {
      if (!this.#stopped) this.#break(claim)
      return
    }
    if (claim.type === 'leave') this.#leave = claim
    this.handle({ type: 'sealed', claim })
  }

  #break(error: unknown): void {
    this.stop()
    this.#parts.onBroken(error)
  }

  #onLink(link: Link): void {
    if (this.#stopped) return
    const id = this.#nextLink++ as LinkId
    const { alarms, host } = this.#parts
    const pipeline = this.#pipeline
    const driven = new DrivenLink(id, link, host.now(), alarms, {
      onFrame: (frame) => pipeline.receive(id, frame, host.now()),
      onClosed: (code) => {
        this.#closeCodes.set(link.peer, code)
        driven.addTo(this.#past)
        this.#links.delete(id)
        // What it said last may still be under verification, and it may be a leave.
        pipeline.endLink(id, () => {
          this.handle({ type: 'link-closed', link: id })
          // Whoever waited for room goes on only now: the core must not take this link for open.
          driven.queue.close()
        })
      },
    })
    this.#links.set(id, driven)
    pipeline.openLink(id, link.peer)
    this.handle({ type: 'link-opened', link: id, peer: link.peer, initiator: link.initiator })
    driven.listen()
  }
}

interface LinkEvents {
  readonly onFrame: (frame: Uint8Array) => void
  readonly onClosed: (code: string) => void
}

interface Sums {
  bytesSent: number
  bytesReceived: number
  framesSent: number
  framesReceived: number
}

class DrivenLink implements OpenLink {
  readonly id: LinkId
  readonly openedAt: Millis
  readonly queue: SendQueue
  readonly #link: Link
  readonly #alarms: Alarms
  readonly #events: LinkEvents
  #code: string | undefined
  #bytesReceived = 0
  #framesReceived = 0
  #closed = false
  #cancelHangUp: (() => void) | undefined

  constructor(id: LinkId, link: Link, now: Millis, alarms: Alarms, events: LinkEvents) {
    this.id = id
    this.#link = link
    this.openedAt = now
    this.queue = new SendQueue(link)
    this.#alarms = alarms
    this.#events = events
    link.onClose = (code) => this.#close(this.#code ?? code)
  }

  get peer(): PeerId {
    return this.#link.peer
  }

  get initiator(): boolean {
    return this.#link.initiator
  }

  get bufferedBytes(): number {
    return this.queue.waitingBytes
  }

  get bytesSent(): number {
    return this.queue.bytesSent
  }

  get bytesReceived(): number {
    return this.#bytesReceived
  }

  addTo(sums: Sums): void {
    sums.bytesSent += this.queue.bytesSent
    sums.framesSent += this.queue.framesSent
    sums.bytesReceived += this.#bytesReceived
    sums.framesReceived += this.#framesReceived
  }

  /** From here on frames come in. */
  listen(): void {
    if (this.#closed) return
    this.#link.onFrame = (frame) => {
      this.#bytesReceived += frame.length
      this.#framesReceived += 1
      this.#events.onFrame(frame)
    }
  }

  /** Closes once all that was sent is in the channel, and no later than `hangUpMsMax` from now. */
  hangUp(code: string): void {
    if (this.#code !== undefined || this.#closed) return
    this.#code = code
    this.whenFlushed(() => this.#link.close())
  }

  /** Closes now. */
  cut(code: string): void {
    if (this.#closed) return
    this.#code ??= code
    this.#link.close()
  }

  /** Calls back when the channel has taken all (what it has taken it lets out, closed or not), or the time is up. */
  whenFlushed(done: () => void): void {
    let triesLeft = hangUpMsMax / hangUpPollMs
    const look = () => {
      triesLeft -= 1
      if (this.#closed || this.queue.empty || triesLeft < 0) return done()
      this.#cancelHangUp = this.#alarms.after(hangUpPollMs, look)
    }
    look()
  }

  /** The driver stops: no word to anyone. */
  discard(sums: Sums): void {
    this.addTo(sums)
    this.#link.onClose = undefined
    this.#end()
    this.queue.close()
  }

  #close(code: string): void {
    if (this.#closed) return
    this.#end()
    this.#events.onClosed(code)
  }

  #end(): void {
    this.#closed = true
    this.#link.onFrame = undefined
    this.#cancelHangUp?.()
  }
}
