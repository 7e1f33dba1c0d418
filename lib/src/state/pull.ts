/**
 * One pull from one neighbour: down the tree where hashes differ, two levels a question, and then the entries
 * that we lack. One question is under way at a time. What was got is kept at once, so a pull that ends in the
 * middle loses nothing, and the next, from whomever, goes on where differences are left.
 */
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { EntriesWant, TreeHave, TreeNode, TreePath, TreeWant } from './messages.ts'
import { depthMax, hashBytes, placesBelow, type Tree, wordAt } from './tree.ts'

/** Places asked about in one question: as hashes they are 64 KiB of answer. */
export const pathsPerWantMax = 32
/** Fingerprints in one question. */
export const fingerprintsPerWantMax = 512
/** Places that may wait to be asked about: a neighbour that claims to differ everywhere is asked in parts. */
const placesMax = 65_536

export class Pull {
  readonly peer: PeerId
  readonly #tree: Tree
  /** Nearest to the root last, so that places are finished before others are begun. */
  readonly #places: TreePath[] = [{ depth: 0, prefix: 0 }]
  readonly #lacking: EntriesWant['wants'][number][] = []
  /** What was asked last, and is not answered in full. */
  #asked: TreeWant | EntriesWant | undefined
  askedAt: Millis
  received = 0
  rounds = 0

  constructor(peer: PeerId, tree: Tree, now: Millis) {
    this.peer = peer
    this.#tree = tree
    this.askedAt = now
  }

  /** What is known to be lacking; more may turn up. */
  get remaining(): number {
    return this.#lacking.reduce((sum, { fingerprints }) => sum + fingerprints.length / hashBytes, 0)
  }

  /** The next question, or undefined when nothing is left to ask. */
  ask(now: Millis): TreeWant | EntriesWant | undefined {
    this.askedAt = now
    this.#asked = this.#nextQuestion()
    if (this.#asked !== undefined) this.rounds += 1
    return this.#asked
  }

  /** Answers whether the question is now answered. What was not asked about is not looked at. */
  onTree(message: TreeHave): boolean {
    const asked = this.#asked
    if (asked?.type !== 'tree-want') return false
    for (const node of message.nodes) {
      if (asked.paths.some(({ depth, prefix }) => depth === node.depth && prefix === node.prefix)) this.#look(node)
    }
    return this.#answered(message.last)
  }

  /** The same for entries, which went to the replica by themselves. */
  onEntries(count: number, last: boolean): boolean {
    if (this.#asked?.type !== 'entries-want') return false
    this.received += count
    return this.#answered(last)
  }

  #answered(last: boolean): boolean {
    if (last) this.#asked = undefined
    return last
  }

  #nextQuestion(): TreeWant | EntriesWant | undefined {
    // Entries first: what is known to be lacking is worth more than knowing of more that is.
    if (this.#lacking.length > 0 && (this.remaining >= fingerprintsPerWantMax || this.#places.length === 0)) {
      const wants: EntriesWant['wants'][number][] = []
      let count = 0
      while (this.#lacking.length > 0 && count < fingerprintsPerWantMax) {
        const next = this.#lacking.pop()!
        wants.push(next)
        count += next.fingerprints.length / hashBytes
      }
      return { type: 'entries-want', wants }
    }
    const paths = this.#places.splice(-pathsPerWantMax)
    return paths.length === 0 ? undefined : { type: 'tree-want', paths }
  }

  #look(node: TreeNode): void {
    if (node.kind === 'fingerprints') {
      const fingerprints = this.#lackingOf(node)
      if (fingerprints.length > 0) this.#lacking.push({ depth: node.depth, prefix: node.prefix, fingerprints })
      return
    }
    const levels = node.bytes.length === 16 * hashBytes ? 1 : 2
    if (node.depth + levels > depthMax) return
    placesBelow(node, levels).forEach((place, i) => {
      const at = i * hashBytes
      // Where they have nothing we lack nothing.
      if (isNothing(node.bytes, at) || this.#tree.hasHash(place, node.bytes, at)) return
      if (this.#places.length < placesMax) this.#places.push(place)
    })
  }

  #lackingOf({ depth, prefix, bytes }: TreeNode): Uint8Array {
    const own = new Set(
      this.#tree.below({ depth, prefix }).map(({ fingerprint: [first, second] }) => `${first} ${second}`),
    )
    const lacking = new Uint8Array(Math.min(bytes.length, fingerprintsPerWantMax * hashBytes))
    let to = 0
    for (let at = 0; at + hashBytes <= bytes.length && to < lacking.length; at += hashBytes) {
      if (own.has(`${wordAt(bytes, at)} ${wordAt(bytes, at + 4)}`)) continue
      lacking.set(bytes.subarray(at, at + hashBytes), to)
      to += hashBytes
    }
    return lacking.subarray(0, to)
  }
}

function isNothing(bytes: Uint8Array, at: number): boolean {
  return wordAt(bytes, at) === 0 && wordAt(bytes, at + 4) === 0
}
