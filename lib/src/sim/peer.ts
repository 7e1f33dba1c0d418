/**
 * One peer of a simulated world: the product's own core and pipeline, and around them the same loop
 * as in the driver of a real mesh: one input, then every effect, then one timer.
 *
 * What is simulated is the machine it runs on, which may be slow. While it is stalled nothing is
 * processed: what arrives waits, and its tick comes late.
 */
import type { CoreEvent, CoreMember, Effect } from '../core/effect.ts'
import type { Input, LinkId } from '../core/input.ts'
import type { Message } from '../core/message.ts'
import type { Millis } from '../identity/millis.ts'
import type { InstanceId, PeerId } from '../identity/peer-id.ts'
import type { StateReader } from '../state/state.ts'
import type { Door } from './door.ts'
import type { Liar } from './liars.ts'
import { Linking } from './linking.ts'
import type { Pipe } from './pipe.ts'
import type { World } from './world.ts'

/** The core's contract, so that a world can also run something simpler in a test. */
export interface Machine {
  start(now: Millis): readonly Effect[]
  handle(input: Input, now: Millis): readonly Effect[]
  deadline(): Millis | undefined
  members(): ReadonlyMap<PeerId, CoreMember>
  /** Whom it holds to be here, itself included: what `members()` says, without a copy of it for each of thousands. */
  present(): Iterable<PeerId>
  /** Pairs that should be linked, as this peer computes them from its view. */
  edges(): readonly (readonly [PeerId, PeerId])[]
  /** The shared state, to be read. */
  readonly state: Pick<StateReader, 'read' | 'root'>
}

/** One peer's end of a link. */
export interface End {
  readonly link: LinkId
  readonly peer: SimPeer
  readonly other: End
  readonly initiator: boolean
  readonly openedAt: number
  open: boolean
}

/**
 * How a slow machine is slow. `process`: nothing runs, timers included, as in a frozen tab or a
 * starved process. `messages`: what is sent and received waits while timers run on, as in the
 * Lifeguard paper's experiments.
 */
export type Stall = 'process' | 'messages'

/** A nanosecond: more than what is lost in adding a week. */
const leastMs = 1e-6

export type PeerState = 'running' | 'crashed' | 'left'

export class SimPeer {
  readonly index: number
  readonly id: PeerId
  readonly instance: InstanceId
  readonly machine: Machine
  readonly pipe: Pipe
  readonly linking: Linking
  readonly liar: Liar | undefined
  readonly startedAt: number
  readonly ends = new Map<LinkId, End>()
  /** Calendar error of this machine's clock. */
  readonly skewMs: number
  state: PeerState = 'running'
  /** When it crashed or left. */
  endedAt: number | undefined
  readonly #world: World
  readonly #door: Door
  /** Zero of this machine's monotonic clock: not the world's, so that a core that mixes scales is found out. */
  readonly #origin: number
  readonly #inbox: Input[] = []
  #busy = false
  #stalledUntil = 0
  #stall: Stall = 'process'
  #held: (() => void)[] = []
  #timerAt: number | undefined
  #leaving = false

  constructor(world: World, door: Door, options: SimPeerOptions) {
    this.#world = world
    this.#door = door
    this.index = options.index
    this.id = options.id
    this.instance = options.instance
    this.skewMs = options.skewMs
    this.liar = options.liar
    this.startedAt = world.now
    this.#origin = world.now - options.uptimeMs
    this.linking = new Linking(this, world)
    this.pipe = options.pipe(this)
    this.machine = options.machine(this)
  }

  get running(): boolean {
    return this.state === 'running'
  }

  /** This machine's monotonic clock. */
  get localNow(): Millis {
    return (this.#world.now - this.#origin) as Millis
  }

  /** What it believes the calendar says. */
  get wallNow(): number {
    return this.#world.wallNow + this.skewMs
  }

  get wallOffsetMs(): number {
    return this.wallNow - this.localNow
  }

  get stalled(): boolean {
    return this.#world.now < this.#stalledUntil
  }

  /** Inputs that wait for a stalled machine. */
  get backlog(): number {
    return this.#held.length
  }

  start(): void {
    // A driver knocks at the server as it starts; afterwards the core says whether it still wants it.
    this.#door.want(this, true)
    this.#busy = true
    this.#performAll(this.machine.start(this.localNow))
    this.#drain()
  }

  linkedTo(other: SimPeer): boolean {
    for (const end of this.ends.values()) if (end.other.peer === other) return true
    return false
  }

  /** Something happens to this peer: now, or when its machine gets round to it. */
  arrive(input: Input): void {
    if (!this.running) return
    if (this.stalled && this.#stall === 'process') this.#held.push(() => this.#feed(input))
    else this.#feed(input)
  }

  /** What its transport had for another reached nobody. */
  unreachable(to: PeerId, code: string): void {
    this.linking.abandon(to)
    this.arrive({ type: 'dial-failed', peer: to, code })
  }

  /** A frame came in over one of its links. */
  arriveFrame(end: End, frame: Uint8Array): void {
    if (!this.running || !end.open || this.liar?.hears?.(end) === false) return
    if (this.stalled) this.#held.push(() => this.arriveFrame(end, frame))
    else this.pipe.onFrame(end, frame)
  }

  /** The machine stops processing for so long. */
  stall(forMs: number, how: Stall): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.#world.now + forMs)
    this.#stall = how
    this.#world.at(this.#stalledUntil, () => this.#catchUp())
  }

  /** Ends a stall early. */
  resume(): void {
    if (!this.stalled) return
    this.#stalledUntil = this.#world.now
    this.#catchUp()
  }

  /** What it sends while stalled leaves when the stall ends. */
  get sendsHeldForMs(): number {
    return this.#stall === 'messages' ? Math.max(0, this.#stalledUntil - this.#world.now) : 0
  }

  /** The process dies without a word. */
  crash(): void {
    this.#end('crashed')
  }

  /** The core asked for an end, or the world decided on one. */
  #end(state: 'crashed' | 'left'): void {
    if (!this.running) return
    this.state = state
    this.endedAt = this.#world.now
    this.#held = []
    this.#inbox.length = 0
    this.linking.stop()
  }

  #catchUp(): void {
    if (this.stalled || !this.running) return
    const held = this.#held
    this.#held = []
    // An event loop that wakes up finds a timer due and messages waiting, and promises no order.
    const tickFirst = this.#world.linkPrng.chance(0.5)
    if (tickFirst) this.#onTimer(this.#timerAt)
    for (const late of held) late()
    if (!tickFirst) this.#onTimer(this.#timerAt)
  }

  #feed(input: Input): void {
    if (!this.running) return
    this.#inbox.push(input)
    if (!this.#busy) {
      this.#busy = true
      this.#drain()
    }
  }

  #drain(): void {
    for (let input = this.#inbox.shift(); input !== undefined; input = this.#inbox.shift()) {
      this.#world.onInput(this, input)
      this.#performAll(this.machine.handle(input, this.localNow))
      if (!this.running) break
    }
    this.#busy = false
    if (this.running) this.#setTimer()
  }

  #performAll(effects: readonly Effect[]): void {
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'send': {
        const end = this.ends.get(effect.link)
        if (end !== undefined) this.#send(end, effect.message)
        return
      }
      case 'seal':
        this.pipe.seal(effect.draft)
        return
      case 'dial':
        this.linking.dial(effect.peer)
        return
      case 'abandon':
        this.linking.abandon(effect.peer)
        return
      case 'hang-up': {
        const end = this.ends.get(effect.link)
        if (end !== undefined) this.#world.hangUp(end, effect.code)
        return
      }
      case 'signal':
        this.linking.signal(effect.from, effect.payload)
        return
      case 'door-signal':
        this.#door.relay(this, effect.to, effect.payload)
        return
      case 'door-full':
        this.#door.full(this, effect.to, effect.others)
        return
      case 'door-say':
        // A simulated page flushes its links before it closes.
        return
      case 'door':
        this.#door.want(this, effect.wanted)
        return
      case 'notify':
        this.#notify(effect.event)
    }
  }

  #send(end: End, message: Message): void {
    if (this.#world.warming) return // it would reach nobody, and at thousands of peers its bytes cost more than all else
    if (this.liar?.onSend === undefined) this.#world.send(end, message, this.pipe.encode(message))
    else for (const said of this.liar.onSend(message, end)) this.#world.send(end, said, this.pipe.encode(said))
  }

  #notify(event: CoreEvent): void {
    this.#world.onNotify(this, event)
    if (event.type !== 'leaving' || this.#leaving) return
    this.#leaving = true
    // The driver closes once the leave is flushed; the page or process is gone right after.
    this.#world.at(this.#world.now, () => {
      if (!this.running) return
      for (const end of this.ends.values()) this.#world.hangUp(end, 'ERR_LEFT')
      this.#end('left')
      this.#door.gone(this, false)
    })
  }

  #setTimer(): void {
    const deadline = this.machine.deadline()
    if (deadline === undefined) {
      this.#timerAt = undefined
      return
    }
    let at = Math.max(this.#world.now, deadline + this.#origin)
    // Adding and subtracting the clock's origin is not exact, and a tick that comes too early finds nothing due.
    if (at - this.#origin < deadline) at += leastMs
    if (this.#timerAt !== undefined && this.#timerAt <= at) return // it fires early, finds nothing due, and is set again
    this.#timerAt = at
    this.#world.at(at, () => this.#onTimer(at))
  }

  #onTimer(at: number | undefined): void {
    if (at === undefined || at !== this.#timerAt || !this.running || at > this.#world.now) return
    if (this.stalled && this.#stall === 'process') return // `#catchUp` ticks when the stall ends
    this.#timerAt = undefined
    const deadline = this.machine.deadline()
    if (deadline !== undefined && deadline <= this.localNow) this.#feed({ type: 'tick' })
    else if (!this.#busy) this.#setTimer()
  }
}

export interface SimPeerOptions {
  readonly index: number
  readonly id: PeerId
  readonly instance: InstanceId
  readonly skewMs: number
  /** How long its machine had been up when the peer started. */
  readonly uptimeMs: number
  readonly liar: Liar | undefined
  readonly pipe: (peer: SimPeer) => Pipe
  readonly machine: (peer: SimPeer) => Machine
}
