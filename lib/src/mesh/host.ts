/**
 * The world's clock, timer and dice. This is the one file of the library that reads a clock, sets a
 * timer or asks for randomness; everything else is handed a `Host`, and tests hand in their own.
 *
 * The timer is one, and it ticks in a small dedicated Worker where the page allows that: a hidden
 * page's own timers run at 1 Hz (measured, Chromium 156), too coarse for probe timeouts, while a
 * Worker's are not slowed. Where a Content-Security-Policy forbids the Worker, the page's own timer
 * ticks, and `granularityMs` says how coarse it is.
 */
import type { Millis, WallMillis } from '../identity/millis.ts'

export interface Host {
  /** The monotonic clock. */
  now(): Millis
  /** Calendar time. May jump in either direction. */
  wall(): WallMillis
  /** How coarse the timer is at the moment; 0 when it is exact to a few milliseconds. */
  granularityMs(): number
  random(bytes: number): Uint8Array
  /** Keeps this thread busy for so long: for a page whose connections end when it goes. */
  hold(ms: number): void
  /** Sets the one timer; undefined unsets it. Setting it again moves it. */
  setTimer(at: Millis | undefined): void
  /** Called when the timer is due. Never after `close`. */
  onTick: (() => void) | undefined
  /** Ends timer and Worker. */
  close(): void
}

/** A hidden page's own timers: Chromium 156 and Firefox 153, measured. */
const hiddenGranularityMs = 1000

/** `setTimeout` takes a signed 32-bit count of milliseconds. */
const timeoutMsMax = 2 ** 31 - 1

/** The whole Worker: one timer, moved by each message. Says 1 once when it is ready, then 0 for each tick. */
const workerSource = 'let t;onmessage=e=>{clearTimeout(t);t=setTimeout(()=>postMessage(0),e.data)};postMessage(1)'

/** The host that this process or page really has. */
export function openHost(): Host {
  return new RealHost()
}

/** True where `openHost` can work: a secure source of randomness and a monotonic clock. */
export function hostSupported(): boolean {
  return typeof globalThis.crypto?.getRandomValues === 'function' && typeof globalThis.performance?.now === 'function'
}

class RealHost implements Host {
  onTick: (() => void) | undefined
  #at: Millis | undefined
  /** When the Worker will tick: no later than `#at`, often earlier. */
  #ticksAt = Number.POSITIVE_INFINITY
  #timeout: ReturnType<typeof setTimeout> | undefined
  #worker: Worker | undefined
  #workerReady = false
  #closed = false

  constructor() {
    this.#worker = this.#openWorker()
  }

  now(): Millis {
    return performance.now() as Millis
  }

  wall(): WallMillis {
    return Date.now() as WallMillis
  }

  granularityMs(): number {
    if (this.#workerReady || typeof document === 'undefined') return 0
    return document.hidden ? hiddenGranularityMs : 0
  }

  random(bytes: number): Uint8Array {
    return crypto.getRandomValues(new Uint8Array(bytes))
  }

  hold(ms: number): void {
    const until = this.now() + ms
    while (this.now() < until);
  }

  setTimer(at: Millis | undefined): void {
    if (this.#closed || at === this.#at) return
    this.#at = at
    this.#arm()
  }

  close(): void {
    this.#closed = true
    this.onTick = undefined
    clearTimeout(this.#timeout)
    this.#dropWorker()
  }

  #arm(): void {
    if (this.#workerReady) return this.#armWorker()
    clearTimeout(this.#timeout)
    if (this.#at !== undefined) this.#timeout = setTimeout(this.#tick, this.#delayTo(this.#at))
  }

  /**
   * A message to the Worker costs 50 µs and more, and the core moves its deadline with nearly every frame, nearly always to
   * later. Then the Worker is left alone: it ticks once for nothing, and is told of the rest. Measured: `npm run bench:writes`.
   */
  #armWorker(): void {
    const now = this.now()
    // Overdue by a second it is told again: whatever became of its timer, this one is set.
    if (this.#at === undefined || (this.#ticksAt < this.#at + 1 && now < this.#ticksAt + 1000)) return
    const delay = this.#delayTo(this.#at)
    this.#ticksAt = now + delay
    this.#worker?.postMessage(delay)
  }

  #delayTo(at: Millis): number {
    return Math.min(timeoutMsMax, Math.max(0, Math.ceil(at - this.now())))
  }

  readonly #tick = (): void => {
    if (this.#closed || this.#at === undefined) return
    // A timer may run a little early (rounding), or ages before a far deadline (the 32-bit limit).
    if (this.now() < this.#at) return this.#arm()
    this.#at = undefined
    this.onTick?.()
  }

  #openWorker(): Worker | undefined {
    if (typeof document === 'undefined' || typeof Worker === 'undefined') return undefined
    const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }))
    let worker: Worker
    try {
      worker = new Worker(url)
    } catch {
      // Some engines throw where a Content-Security-Policy forbids it, others report it by `onerror`.
      // Either way the page's own timer goes on, and `granularityMs` tells.
      URL.revokeObjectURL(url)
      return undefined
    }
    worker.onmessage = (event) => {
      this.#ticksAt = Number.POSITIVE_INFINITY
      if (event.data === 0) return this.#tick()
      URL.revokeObjectURL(url)
      this.#workerReady = true
      clearTimeout(this.#timeout)
      this.#arm()
    }
    worker.onerror = (event) => {
      event.preventDefault()
      URL.revokeObjectURL(url)
      this.#dropWorker()
      if (!this.#closed) this.#arm()
    }
    return worker
  }

  #dropWorker(): void {
    this.#worker?.terminate()
    this.#worker = undefined
    this.#workerReady = false
  }
}
