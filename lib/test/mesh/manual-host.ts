/** A clock that only a test moves, and any number of hosts that live by it. */
import type { Millis, WallMillis } from '../../src/identity/millis.ts'
import type { Host } from '../../src/mesh/host.ts'

export class ManualTime {
  nowMs = 0
  /** Calendar time at zero. */
  wallMs = 1_700_000_000_000
  readonly hosts = new Set<ManualHost>()
  readonly #later = new Set<{ readonly at: number; readonly run: () => void }>()

  host(): ManualHost {
    const host = new ManualHost(this)
    this.hosts.add(host)
    return host
  }

  /** For the test's own network. Answers what takes it back. */
  after(delayMs: number, run: () => void): () => void {
    const item = { at: this.nowMs + delayMs, run }
    this.#later.add(item)
    return () => this.#later.delete(item)
  }

  /** Lets time pass. Whatever falls due happens at its own time, and what is truly asynchronous gets its turn in between. */
  async pass(ms: number): Promise<void> {
    const end = this.nowMs + ms
    for (;;) {
      await settle()
      const next = this.#nextAt()
      if (next === undefined || next > end) break
      this.nowMs = Math.max(this.nowMs, next)
      this.#runDue()
    }
    this.nowMs = end
  }

  /** Time goes on and nobody notices: a frozen page, a process that is stopped. */
  freeze(ms: number): void {
    this.nowMs += ms
  }

  #nextAt(): number | undefined {
    const times: number[] = [...this.hosts].flatMap((host) => (host.frozen ? [] : (host.dueAt ?? [])))
    for (const { at } of this.#later) times.push(at)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  #runDue(): void {
    for (const item of [...this.#later].sort((a, b) => a.at - b.at)) {
      if (item.at <= this.nowMs && this.#later.delete(item)) item.run()
    }
    for (const host of this.hosts) host.ringIfDue()
  }
}

/** Promises and the engine's threads have had their say. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

export class ManualHost implements Host {
  readonly #time: ManualTime
  onTick: (() => void) | undefined
  dueAt: Millis | undefined
  granularity = 0
  closed = false
  /** How long the page was kept from going. */
  heldMs = 0
  #frozen = false

  constructor(time: ManualTime) {
    this.#time = time
  }

  now(): Millis {
    return this.#time.nowMs as Millis
  }

  wall(): WallMillis {
    return (this.#time.wallMs + this.#time.nowMs) as WallMillis
  }

  granularityMs(): number {
    return this.granularity
  }

  random(bytes: number): Uint8Array {
    return crypto.getRandomValues(new Uint8Array(bytes))
  }

  hold(ms: number): void {
    this.heldMs += ms
  }

  setTimer(at: Millis | undefined): void {
    if (this.closed) return
    // A coarse timer goes off at the next full second, as a hidden page's does.
    const grain = this.granularity
    this.dueAt = at === undefined || grain === 0 ? at : ((Math.ceil(at / grain) * grain) as Millis)
  }

  ringIfDue(): void {
    if (this.#frozen || this.dueAt === undefined || this.dueAt > this.#time.nowMs) return
    this.dueAt = undefined
    this.onTick?.()
  }

  /** The page is frozen: its timer does not go off. (What its network delivers is another matter.) */
  freeze(): void {
    this.#frozen = true
  }

  thaw(): void {
    this.#frozen = false
    this.ringIfDue()
  }

  get frozen(): boolean {
    return this.#frozen
  }

  close(): void {
    this.closed = true
    this.dueAt = undefined
    this.onTick = undefined
    this.#time.hosts.delete(this)
  }
}
