/** What a replica answers to questions about its tree: in frames of at most 16 KiB, and no faster than a budget. */
import type { Verified } from '../identity/claim.ts'
import type { EntriesWant, Entry, StateMessage, TreeNode, TreeWant } from './messages.ts'
import type { Replica } from './replica.ts'
import { depthMax } from './tree.ts'

/** What is below a place is listed when it is no more than this, and else told by hashes. */
export const listMax = 64
/** Up to so many entries one more level of hashes leads to lists, and above it two levels are told at once. */
const oneLevelMax = 16 * 32
/** At the deepest places everything is listed, but no more than this. */
const deepestListMax = 1024
/** DESIGN §3: larger frames would hold up a ping. */
const frameBytes = 16_000
const nodeOverheadBytes = 16

export function answerTree(replica: Replica, { paths }: TreeWant): StateMessage[] {
  const nodes = paths.map((place): TreeNode => {
    const { tree } = replica
    const count = tree.countBelow(place)
    if (place.depth === depthMax || count <= listMax)
      return { ...place, kind: 'fingerprints', bytes: tree.fingerprintsBelow(place, deepestListMax) }
    const levels = count <= oneLevelMax || place.depth === depthMax - 1 ? 1 : 2
    return { ...place, kind: 'hashes', bytes: tree.hashesBelow(place, levels) }
  })
  return inFrames(nodes, ({ bytes }) => bytes.length + nodeOverheadBytes).map((part, i, all) => ({
    type: 'tree-have',
    nodes: part,
    last: i === all.length - 1,
  }))
}

export function answerEntries(replica: Replica, { wants }: EntriesWant): StateMessage[] {
  const entries = wants.flatMap((want) => replica.withFingerprints(want, want.fingerprints))
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
