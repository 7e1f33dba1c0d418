/** What happened, counted. Plain numbers, so that counting costs the hot path one addition; `metrics.ts` shows them. */

export class Tally {
  readonly #counts = new Map<string, number>()

  add(label: string, by = 1): void {
    this.#counts.set(label, (this.#counts.get(label) ?? 0) + by)
  }

  get(label: string): number {
    return this.#counts.get(label) ?? 0
  }

  entries(): Iterable<readonly [string, number]> {
    return this.#counts
  }
}

/** One server's counters since its start. */
export class Tallies {
  /** Frames to clients, by kind. */
  readonly sent = new Tally()
  /** Sockets closed by the server, by code; `none` for a client that left. */
  readonly closed = new Tally()
  /** Sockets refused before they opened, by HTTP status. */
  readonly refused = new Tally()
  framesReceived = 0
  bytesReceived = 0
  bytesRelayed = 0
  joins = 0
  opened = 0
}
