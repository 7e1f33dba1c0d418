/**
 * What the links of one neighbour may cost their receiver. Measured before the work is done, and charged to the neighbour
 * that sent it, whoever wrote it: authors can be many keys, a neighbour is one.
 */
import type { Rate } from './token-bucket.ts'

export interface LinkBudget {
  readonly frames: Rate
  readonly bytes: Rate
  /** Claims, whether they were seen before or not. */
  readonly claims: Rate
  /** New claims only: one that was seen before costs no curve arithmetic, and nothing here. */
  readonly verifications: Rate
  /** New claims beyond that, which are left out unread. */
  readonly unread: Rate
  /** Claims that are too old or too new, and routed claims whose payload is no frame: each may be an honest mistake. */
  readonly useless: Rate
  /** New broadcasts of one author. */
  readonly news: Rate
  /** Frames, and bytes of them, that may wait for a verification. */
  readonly backlogFrames: number
  readonly backlogBytes: number
}

const mebibyte = 1 << 20

/**
 * Over `frames` or `bytes` the link is of no more use, since a frame dropped from an ordered channel may be
 * the application's; so these two are far above what an honest peer sends, and bound only the cost. The same holds for
 * `claims`, `unread`, `useless` and `news`: nobody is to blame for one of them, and nobody honest pours them in.
 */
export const nativeBudget: LinkBudget = {
  // A frame costs some 5 µs to scan and decode, so this is at most 4 % of a thread. measured: npm run fuzz
  frames: { perSecond: 8_000, burst: 16_000 },
  // A file sent over loopback in 16 KiB frames: data channels reach 20 to 60 MB/s there.
  bytes: { perSecond: 64 * mebibyte, burst: 64 * mebibyte },
  // One that was seen before costs some 5 µs, so this is at most 5 % of a thread. The most that is honest at once is what
  // ten writers may write, 1,000 entries each, and the same again as the answer to a pull.
  claims: { perSecond: 10_000, burst: 32_768 },
  // A join storm: 256 strangers' claims, and a table of 4,096 at once from the first neighbour. SECURITY C.2:
  // the engine verifies 15,000 a second off this thread.
  verifications: { perSecond: 1_000, burst: 4_096 },
  // A first sync of a large map asks for 512 entries again and again while there are no checks left: 1,000 a second. Ten
  // thousand entries that were written at once leave 6,000 out.
  unread: { perSecond: 4_000, burst: 16_384 },
  // Whoever has the wrong date finds every claim untimely, and its neighbours give it 256 and a quarter of their list each
  // second (`swim/sync-budget.ts`): a room of 1,000, and its list twice over at once. One costs some 30 µs to read and to name,
  // so this is 2 % of a thread.
  useless: { perSecond: 500, burst: 2_048 },
  // Members pass on 250 a second of one author, and 500 at once (`broadcast/news-pace.ts`), and of what was lost we ask for 64
  // in each half second.
  news: { perSecond: 500, burst: 768 },
  backlogFrames: 4_096,
  backlogBytes: 16 * mebibyte,
}

/** Where script verifies on the page's own thread, a millisecond each: SECURITY A.8, with a burst for joining. */
export const scriptBudget: LinkBudget = { ...nativeBudget, verifications: { perSecond: 100, burst: 512 } }

/** Authors whose broadcasts are told apart on one link; the one that was heard of first goes first. A guess. */
export const newsAuthorsMax = 256

/** Neighbours whose budget is remembered, linked or not. Links are few, and a budget is full again after four seconds. */
export const accountsMax = 256

/**
 * Signatures of one neighbour that are checked at once: frames are delivered in order, so that a check which takes long holds
 * up all behind it, and when it is done they come in one task of the page. And other neighbours' checks wait behind these.
 * A guess: a few milliseconds of the engine's threads.
 */
export const checksAtOnce = 64
