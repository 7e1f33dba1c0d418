/**
 * Many deadlines, one timer. Whoever waits for something names a time and gets its own alarm, which
 * it can take back; the host's one timer is always set to the earliest. The core's deadline is one
 * of them.
 */
import type { Millis } from '../identity/millis.ts'
import type { Host } from './host.ts'

export interface Alarm {
  /** Moves it; undefined silences it until it is set again. */
  set(at: Millis | undefined): void
  /** When it will ring. */
  readonly at: Millis | undefined
  /** Ends it for good. */
  cancel(): void
}

export class Alarms {
  readonly #host: Host
  readonly #set = new Set<OneAlarm>()
  #ringing = false
  #onIdle: (() => void) | undefined

  constructor(host: Host) {
    this.#host = host
    host.onTick = () => this.#ring()
  }

  /** A silent alarm that rings `onRing` once each time it is set. */
  create(onRing: () => void): Alarm {
    const alarm = new OneAlarm(this, onRing)
    this.#set.add(alarm)
    return alarm
  }

  /** Rings once after `delayMs`. Answers what cancels it. */
  after(delayMs: number, onRing: () => void): () => void {
    const alarm = this.create(() => {
      alarm.cancel()
      onRing()
    })
    alarm.set((this.#host.now() + delayMs) as Millis)
    return () => alarm.cancel()
  }

  /** How many alarms exist: nothing is left when everything has ended. */
  get size(): number {
    return this.#set.size
  }

  /** Calls back once, when no alarm is left: nobody waits for anything any more. */
  whenIdle(done: () => void): void {
    this.#onIdle = done
    if (this.#set.size === 0) this.#idle()
  }

  forget(alarm: OneAlarm): void {
    this.#set.delete(alarm)
    this.rearm()
    if (this.#set.size === 0) this.#idle()
  }

  rearm(): void {
    if (this.#ringing) return
    let earliest: Millis | undefined
    for (const { at } of this.#set) if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at
    this.#host.setTimer(earliest)
  }

  #idle(): void {
    const done = this.#onIdle
    this.#onIdle = undefined
    done?.()
  }

  #ring(): void {
    const now = this.#host.now()
    const due = [...this.#set].filter(({ at }) => at !== undefined && at <= now)
    // The timer is set once, after the last of them: each of them may move others.
    this.#ringing = true
    try {
      for (const alarm of due) alarm.ring(now)
    } finally {
      this.#ringing = false
      this.rearm()
    }
  }
}

class OneAlarm implements Alarm {
  readonly #owner: Alarms
  readonly #onRing: () => void
  at: Millis | undefined

  constructor(owner: Alarms, onRing: () => void) {
    this.#owner = owner
    this.#onRing = onRing
  }

  set(at: Millis | undefined): void {
    if (at === this.at) return
    this.at = at
    this.#owner.rearm()
  }

  cancel(): void {
    this.at = undefined
    this.#owner.forget(this)
  }

  ring(now: Millis): void {
    // Silenced or moved by an alarm that rang just before: nothing to do.
    if (this.at === undefined || this.at > now) return
    this.at = undefined
    this.#onRing()
  }
}
