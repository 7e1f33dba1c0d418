/**
 * The application's messages on their way to the core. Each waits until the links that it needs have
 * room, behind those that were given before it for the same receiver, so that a loop that awaits
 * `send` goes as fast as the link and no faster, and one that does not await is still sent in order.
 * Broadcasts go no faster than others pass them on. Nothing waits for ever.
 */
import { NewsPace, ownNews } from '../core/effect.ts'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { Alarm, Alarms } from './alarms.ts'
import { ShoalError } from './errors.ts'

export interface OutboxPorts {
  now(): Millis
  /** Calls back once, when the links to this peer (undefined: to everyone) have room. */
  whenRoomy(to: PeerId | undefined, resume: () => void): void
  /** Gives it to the core, which answers with `sent` of the same number. */
  dispatch(to: PeerId | undefined, payload: Uint8Array, ref: number, topic: string): void
}

/** As long as the failure detector may take to give a silent link up, and longer: a guess. */
const waitMsMax = 15_000

/** Given to the core and not answered yet, per receiver; one message may be larger. The depth of a link's buffer. */
const windowBytes = 64 * 1024

interface Parcel {
  readonly ref: number
  readonly payload: Uint8Array
  readonly topic: string
  readonly dueAt: Millis
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: ShoalError) => void
}

interface Lane {
  readonly to: PeerId | undefined
  waiting: Parcel[]
  windowBytes: number
  /** Asked for room, not answered yet. */
  asking: boolean
}

export class Outbox {
  readonly #ports: OutboxPorts
  readonly #alarm: Alarm
  readonly #pace = new NewsPace(ownNews)
  /** When the next broadcast may go. */
  readonly #paceAlarm: Alarm
  readonly #lanes = new Map<PeerId | undefined, Lane>()
  /** Given to the core, by number; in the order of their deadlines. */
  readonly #underWay = new Map<number, { readonly parcel: Parcel; readonly lane: Lane }>()
  #nextRef = 1
  #closed: ShoalError | undefined
  #onEmpty: (() => void) | undefined

  constructor(ports: OutboxPorts, alarms: Alarms) {
    this.#ports = ports
    this.#alarm = alarms.create(() => this.#expire())
    this.#paceAlarm = alarms.create(() => {
      const lane = this.#lanes.get(undefined)
      if (lane) this.#advance(lane)
    })
  }

  /** Resolves when the core has handed it to a link or a route. */
  post(to: PeerId | undefined, payload: Uint8Array, topic = ''): Promise<void> {
    if (this.#closed) return Promise.reject(this.#closed)
    const { promise, resolve, reject } = withResolvers()
    const dueAt = (this.#ports.now() + waitMsMax) as Millis
    const lane = this.#lanes.get(to) ?? { to, waiting: [], windowBytes: 0, asking: false }
    this.#lanes.set(to, lane)
    lane.waiting.push({ ref: this.#nextRef++, payload, topic, dueAt, promise, resolve, reject })
    if (this.#alarm.at === undefined) this.#alarm.set(dueAt)
    this.#advance(lane)
    return promise
  }

  /** The core's answer. */
  onSent(ref: number, error: ShoalError | undefined): void {
    const found = this.#underWay.get(ref)
    // Answered after its time was up.
    if (!found) return
    this.#underWay.delete(ref)
    found.lane.windowBytes -= found.parcel.payload.length
    if (error) found.parcel.reject(error)
    else found.parcel.resolve()
    this.#advance(found.lane)
  }

  /** Calls back once, when nothing is waiting or under way. */
  whenEmpty(done: () => void): void {
    this.#onEmpty = done
    this.#lookIfEmpty()
  }

  /**
   * Rejects all that waits. A message that nobody awaits, sent just before the end, is no reason for an
   * unhandled rejection, which ends a Node process; one that is awaited is rejected all the same.
   */
  close(error: ShoalError): void {
    if (this.#closed) return
    this.#closed = error
    this.#alarm.cancel()
    this.#paceAlarm.cancel()
    const waiting = [...this.#lanes.values()].flatMap((lane) => lane.waiting)
    for (const { promise, reject } of [...[...this.#underWay.values()].map(({ parcel }) => parcel), ...waiting]) {
      promise.catch(() => {})
      reject(error)
    }
    this.#underWay.clear()
    this.#lanes.clear()
  }

  #advance(lane: Lane): void {
    if (lane.asking || this.#closed) return
    if (lane.waiting.length === 0) {
      if (lane.windowBytes === 0) this.#lanes.delete(lane.to)
      return this.#lookIfEmpty()
    }
    if (lane.windowBytes > 0 && lane.windowBytes + lane.waiting[0]!.payload.length > windowBytes) return
    if (lane.to === undefined) {
      const now = this.#ports.now()
      const waitMs = this.#pace.waitMs(lane.waiting[0]!.payload.length, now)
      if (waitMs > 0) return this.#paceAlarm.set((now + waitMs) as Millis)
    }
    lane.asking = true
    this.#ports.whenRoomy(lane.to, () => {
      lane.asking = false
      this.#dispatch(lane)
    })
  }

  #lookIfEmpty(): void {
    const done = this.#onEmpty
    if (!done || this.#lanes.size > 0 || this.#underWay.size > 0) return
    this.#onEmpty = undefined
    done()
  }

  #dispatch(lane: Lane): void {
    const parcel = this.#closed ? undefined : lane.waiting.shift()
    // Its time was up while it waited.
    if (!parcel) return this.#advance(lane)
    lane.windowBytes += parcel.payload.length
    if (lane.to === undefined) this.#pace.take(parcel.payload.length, this.#ports.now())
    this.#underWay.set(parcel.ref, { parcel, lane })
    this.#ports.dispatch(lane.to, parcel.payload, parcel.ref, parcel.topic)
    this.#advance(lane)
  }

  #expire(): void {
    const now = this.#ports.now()
    let next: Millis | undefined
    const isDue = ({ dueAt }: Parcel): boolean => {
      if (dueAt <= now) return true
      if (next === undefined || dueAt < next) next = dueAt
      return false
    }
    for (const [ref, { parcel }] of this.#underWay) {
      if (isDue(parcel))
        this.onSent(ref, new ShoalError('ERR_UNREACHABLE', `Not sent: nobody took it within ${waitMsMax} ms.`))
    }
    for (const lane of this.#lanes.values()) {
      const late = lane.waiting.filter(isDue)
      if (late.length === 0) continue
      lane.waiting = lane.waiting.filter((parcel) => !late.includes(parcel))
      for (const parcel of late) {
        parcel.reject(
          new ShoalError(
            'ERR_CONGESTED',
            `Not sent: there was no room on the links, or too much was broadcast, for ${waitMsMax} ms. Await each send to go as fast as it can be taken.`,
          ),
        )
      }
    }
    this.#alarm.set(next)
  }
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (error: ShoalError) => void } {
  let resolve: () => void = () => {}
  let reject: (error: ShoalError) => void = () => {}
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
