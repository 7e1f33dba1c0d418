/** Every parameter of the shared state. Times in milliseconds, sizes in bytes. A default says where it comes from. */
export interface StateConfig {
  /** A write waits this long for company before it is passed on. A guess: a fifth of what a hop takes. */
  readonly freshDelayMs: number
  /**
   * While writes keep coming they are passed on no more often than this, so that a burst costs frames by its length and not
   * by its size. Measured with eight tabs that write 20 times a second each: `npm run bench:writes`
   */
  readonly freshEveryMs: number
  /** How many neighbours a write is passed on to; the degree of the overlay. */
  readonly freshFanout: number
  /**
   * Digests that differ start a pull when no write was news for so long, or once they have done so for twice as long: what
   * is under way may settle it. A write is everywhere in a quarter of a second: npm run sim -- fresh-write
   */
  readonly quietMs: number
  /** At most one pull from one neighbour in this time. SECURITY A.4 has 5 s; measured: npm run sim -- state --loss 0.2 */
  readonly pullIntervalMs: number
  /**
   * A neighbour that is silent in a pull for so long is asked the same again: an answer that waits behind lost packets is
   * late by about as much. measured: npm run sim -- state --loss 0.2
   */
  readonly pullAgainMs: number
  /** A pull whose answer stays out for this long is given up. A guess: SCTP's longest pauses. */
  readonly pullTimeoutMs: number
  /** Pulls at once, each from another neighbour. */
  readonly pullsMax: number
  /** Answers per second to one neighbour's questions, and how many at once. */
  readonly answersPerSecond: number
  readonly answersBurst: number
  /**
   * Questions to one neighbour that bring nothing, each second and at once. A neighbour that lacks 1 % of a million entries which
   * we have is asked 27 in vain (npm run bench:summaries), and there may be many such. A guess.
   */
  readonly roundsPerSecond: number
  readonly roundsBurst: number
  /** Roots of our past that are remembered: a neighbour that shows one of them is behind. */
  readonly rootsMax: number
  /** For so long after a change the newest of them ride on probes. */
  readonly rootsShownMs: number
  /** Writes of one key that stand side by side. SECURITY A.8: 8. */
  readonly siblingsMax: number
  /** Instances that a context names. A guess. */
  readonly contextWritersMax: number
  /** What one writer may have in the shared state: its newest writes count. SECURITY A.8: 1,000 and 1 MB. */
  readonly writerEntriesMax: number
  readonly writerBytesMax: number
  /** What one map may hold: the newest writes count. SECURITY A.8: 50,000. */
  readonly mapEntriesMax: number
  /** How many of either there may be: those count that were written by, or to, last. Below 16,384 and 262,144. */
  readonly writersMax: number
  /** A guess: as many as a hundred writers can open with all they may write. */
  readonly mapsMax: number
}

export const stateDefaults: StateConfig = {
  freshDelayMs: 10,
  freshEveryMs: 50,
  freshFanout: 8,
  quietMs: 500,
  pullIntervalMs: 1000,
  pullAgainMs: 500,
  pullTimeoutMs: 5000,
  pullsMax: 2,
  answersPerSecond: 50,
  answersBurst: 100,
  roundsPerSecond: 10,
  roundsBurst: 1024,
  rootsMax: 64,
  rootsShownMs: 5000,
  siblingsMax: 8,
  contextWritersMax: 32,
  writerEntriesMax: 1000,
  writerBytesMax: 1 << 20,
  mapEntriesMax: 50_000,
  writersMax: 10_000,
  mapsMax: 100_000,
}

/** How long an entry is kept where its writer does not say otherwise: 30 days. A guess. */
export const entryTtlMs = 30 * 24 * 3_600_000
