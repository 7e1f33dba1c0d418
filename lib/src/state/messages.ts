/** What replicas of the shared state say: entries, which are signed by their writers, and questions about the tree. */
import type { ClaimBase, Verified } from '../identity/claim.ts'
import type { InstanceId } from '../identity/peer-id.ts'

/** A moment of the hybrid logical clock: calendar milliseconds, then a counter among equals. */
export interface Moment {
  readonly wall: number
  readonly counter: number
}

/**
 * What a writer had seen of a key when it wrote: everything up to `floor`, and of each instance in `seen` its
 * writes up to that number. A version vector, with a floor so that it cannot grow for ever.
 */
export interface Context {
  readonly floor: Moment
  readonly seen: readonly { readonly instance: InstanceId; readonly seq: number }[]
}

/**
 * One write. `issuedAt` is the wall half of its hybrid clock, and `(instance, seq)` its dot: no writer uses one
 * twice. A delete is a write too, whose claim outlives what it deletes.
 */
export interface Entry extends ClaimBase {
  readonly type: 'entry'
  readonly instance: InstanceId
  /** Counts the writes of one instance, to whatever key, by one. */
  readonly seq: number
  readonly map: string
  readonly key: string
  /** The other half of the hybrid clock. */
  readonly counter: number
  readonly deleted: boolean
  /** Undefined for last writer wins: it takes the place of whatever is older. */
  readonly context: Context | undefined
  /** Canonical CBOR; empty for a delete. */
  readonly value: Uint8Array
  /** What lets its author write: a proof, which stays with the entry when the author is gone. None in other rooms. */
  readonly admission?: Uint8Array | undefined
}

/** Writes on their way to everybody: passed on by each replica to which they are news. */
export interface Fresh {
  readonly type: 'fresh'
  readonly claims: readonly Verified<Entry>[]
}

/** "This is my root now": what rides on probes, told at once to neighbours that lacked what its sender has just pulled. */
export interface RootsNow {
  readonly type: 'roots'
  /** As on probes: the root, and earlier ones behind it. */
  readonly shown: Uint8Array
}

/** A place in the tree: the first `depth` nibbles of `prefix`, whose other nibbles are 0. */
export interface TreePath {
  readonly depth: number
  readonly prefix: number
}

/** "What do you have below these?" */
export interface TreeWant {
  readonly type: 'tree-want'
  readonly paths: readonly TreePath[]
  /** The same, and where that is no more than a leaf its sum will do: hardly more than one entry should differ. */
  readonly sums: readonly TreePath[]
}

/**
 * What is below one place: the hashes of all places one or two levels further down, or every fingerprint where those
 * are few, or their sum.
 */
export interface TreeNode extends TreePath {
  readonly kind: 'hashes' | 'fingerprints' | 'sum'
  /** 8 bytes each: 16 or 256 hashes, of which zeros stand for nothing there, or fingerprints in order. A sum is 12 bytes. */
  readonly bytes: Uint8Array
}

/** One of the frames that answer a `tree-want`; `last` is the last of them. What they do not tell is to be asked again. */
export interface TreeHave {
  readonly type: 'tree-have'
  readonly nodes: readonly TreeNode[]
  readonly last: boolean
}

/** "Send me these entries." */
export interface EntriesWant {
  readonly type: 'entries-want'
  /** By place, 8 bytes of fingerprint each. */
  readonly wants: readonly (TreePath & { readonly fingerprints: Uint8Array })[]
}

/** One of the frames that answer an `entries-want`. They are not passed on: whoever lacks them asks for itself. */
export interface Entries {
  readonly type: 'entries'
  readonly last: boolean
  /** There were more, for which there was no signature check left. Filled in by ingress, never transmitted. */
  readonly cut?: boolean
  readonly claims: readonly Verified<Entry>[]
}

export type StateClaim = Entry
export type StateMessage = Fresh | RootsNow | TreeWant | TreeHave | EntriesWant | Entries

const idLength = 43

/**
 * Whose key this is: keys that begin with `o/<id>/` are their owner's to write, and nobody else's. Undefined for
 * all others, which anybody may write.
 */
export function ownerOf(key: string): string | undefined {
  const owned = key.startsWith('o/') && key[2 + idLength] === '/'
  return owned ? key.slice(2, 2 + idLength) : undefined
}
