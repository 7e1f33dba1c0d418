/**
 * What one link may cost its receiver. Measured before the work is done, and charged to the neighbour that
 * sent it, whoever wrote it: authors can be many keys, a neighbour is one.
 */
import type { Rate } from './token-bucket.ts'

export interface LinkBudget {
  readonly frames: Rate
  readonly bytes: Rate
  /** New claims only: one that was seen before costs no curve arithmetic, and nothing here. */
  readonly verifications: Rate
  /** Frames, and bytes of them, that may wait for a verification. */
  readonly backlogFrames: number
  readonly backlogBytes: number
}

const mebibyte = 1 << 20

/**
 * Over `frames` or `bytes` the link is of no more use, since a frame dropped from an ordered channel may be
 * the application's; so these two are far above what an honest peer sends, and bound only the cost.
 */
export const nativeBudget: LinkBudget = {
  // A frame costs some 5 µs to scan and decode, so this is at most 4 % of a thread. measured: npm run fuzz
  frames: { perSecond: 8_000, burst: 16_000 },
  // A file sent over loopback in 16 KiB frames: data channels reach 20 to 60 MB/s there.
  bytes: { perSecond: 64 * mebibyte, burst: 64 * mebibyte },
  // A join storm: 256 strangers' claims, and a table of 4,096 at once from the first neighbour. SECURITY C.2:
  // the engine verifies 15,000 a second off this thread.
  verifications: { perSecond: 1_000, burst: 4_096 },
  backlogFrames: 4_096,
  backlogBytes: 16 * mebibyte,
}

/** Where script verifies on the page's own thread, a millisecond each: SECURITY A.8, with a burst for joining. */
export const scriptBudget: LinkBudget = { ...nativeBudget, verifications: { perSecond: 100, burst: 512 } }

/**
 * Frames that a refused one costs its link beyond itself: it is told to the application, and that is dearer than to
 * take it. measured: `npm run bench:junk`, where 6,500 expired claims in a second, each in a frame of its own, kept a
 * tab's main thread busy for half of the time. The eighth part of the rate is left, some 900 in a second.
 */
export const refusalFrames = 8
