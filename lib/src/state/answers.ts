/** What a replica answers to questions about its tree: in frames of at most 16 KiB, and no faster than a budget. */
import type { Verified } from '../identity/claim.ts'
import type { EntriesWant, Entry, StateMessage, TreeNode, TreePath, TreeWant } from './messages.ts'
import type { Replica } from './replica.ts'
import { sumOf } from './sum.ts'
import { depthMax, hashBytes, leafMax, type Tree } from './tree.ts'

/** What is below a place is listed when it is no more than this, and else told by hashes. */
export const listMax = 64
/** Up to so many entries one more level of hashes leads to lists, and above it two levels are told at once. */
const oneLevelMax = 16 * 32
/** At the deepest places everything is listed, but no more than this. */
const deepestListMax = 1024
/** An eighth of what may wait on a link (SECURITY A.8: 1 MiB): several answers must not hang up an honest one. */
export const answerBytesMax = 131_072
/**
 * Entries, or hashes, looked at for one answer: those of 512 fingerprints in as many places, four times over.
 * measured: some 3 ms.
 */
const visitedMax = 4 * 512 * 8
/** DESIGN §3: larger frames would hold up a ping. */
const frameBytes = 16_000
const nodeOverheadBytes = 16

/** Of as many places as one answer may look through, and of one at least: whoever wants to know more asks again. */
export function answerTree({ tree }: Replica, { paths, sums }: TreeWant): StateMessage[] {
  const nodes: TreeNode[] = []
  let visited = 0
  for (const [i, place] of [...paths, ...sums].entries()) {
    const { kind, visits, tell } = tellingOf(tree, place, i >= paths.length)
    // Each gives 8 bytes at most, and what a node has besides counts for two: so they are no more than `answerBytesMax`.
    visited += nodeOverheadBytes / hashBytes + visits
    if (nodes.length > 0 && visited > visitedMax) break
    nodes.push({ depth: place.depth, prefix: place.prefix, kind, bytes: tell() })
  }
  return inFrames(nodes, ({ bytes }) => bytes.length + nodeOverheadBytes).map((part, i, all) => ({
    type: 'tree-have',
    nodes: part,
    last: i === all.length - 1,
  }))
}

interface Telling {
  readonly kind: TreeNode['kind']
  /** Entries, or hashes, looked at for it. */
  readonly visits: number
  readonly tell: () => Uint8Array
}

function tellingOf(tree: Tree, place: TreePath, sum: boolean): Telling {
  const count = tree.countBelow(place)
  if (sum && count <= leafMax) {
    const tell = (): Uint8Array => sumOf(tree.below(place).map(({ fingerprint }) => fingerprint))
    return { kind: 'sum', visits: count, tell }
  }
  if (place.depth === depthMax || count <= listMax) {
    const tell = (): Uint8Array => tree.fingerprintsBelow(place, deepestListMax)
    return { kind: 'fingerprints', visits: count, tell }
  }
  const levels = count <= oneLevelMax || place.depth === depthMax - 1 ? 1 : 2
  return { kind: 'hashes', visits: 16 ** levels, tell: () => tree.hashesBelow(place, levels) }
}

/**
 * As much as fits one answer: whoever lacks more asks again. A place of which no list was ever told is not looked
 * through, nor is more than so many entries' places, whatever is asked for.
 */
export function answerEntries(replica: Replica, { wants }: EntriesWant): StateMessage[] {
  const entries: Verified<Entry>[] = []
  let bytes = 0
  let visited = 0
  asking: for (const want of wants) {
    const count = replica.tree.countBelow(want)
    // It was listed when it held `listMax`, and has grown since.
    if (want.depth < depthMax && count > 4 * listMax) continue
    visited += 1 + count
    if (visited > visitedMax) break
    for (const entry of replica.withFingerprints(want, want.fingerprints)) {
      bytes += entrySize(entry)
      if (entries.length > 0 && bytes > answerBytesMax) break asking
      entries.push(entry)
    }
  }
  return inFrames(entries, entrySize).map((claims, i, all) => ({
    type: 'entries',
    claims,
    last: i === all.length - 1,
  }))
}

export const entrySize = ({ bytes }: Verified<Entry>): number => bytes.length + 3

/** Parts that each fit a frame; one empty part for nothing. */
export function inFrames<T>(items: readonly T[], sizeOf: (item: T) => number): (readonly T[])[] {
  const parts: T[][] = [[]]
  let bytes = 0
  for (const item of items) {
    const size = sizeOf(item)
    const part = parts.at(-1)!
    if (part.length > 0 && (bytes + size > frameBytes || part.length >= itemsPerFrameMax)) {
      parts.push([item])
      bytes = size
    } else {
      part.push(item)
      bytes += size
    }
  }
  return parts
}

/** Within `claimsPerFrameMax` of the wire. */
const itemsPerFrameMax = 128
