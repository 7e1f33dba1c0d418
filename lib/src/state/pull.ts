/**
 * One pull from one neighbour: down the tree where hashes differ, two levels a question, and then the entries
 * that we lack. Where few of the places side by side differ, a place that does differs by one entry more often than
 * not, and its sum tells which; if it does not, the place is listed. One question is under way at a time. What was
 * got is kept at once, so a pull that ends in the middle loses nothing, and the next, from whomever, goes on where
 * differences are left.
 */
import { firstWord, secondWord } from '../identity/base64url.ts'
import type { Verified } from '../identity/claim.ts'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { Entries, EntriesWant, Entry, TreeHave, TreeNode, TreePath, TreeWant } from './messages.ts'
import { type Fingerprint, writeWord } from './leaf.ts'
import { lackingBySum } from './sum.ts'
import { depthMax, hashBytes, leafMax, placesBelow, type Tree, wordAt } from './tree.ts'

/** Places asked about in one question. As lists of a million entries they are 70 kB of answer; as hashes 63 fill one. */
export const placesPerWantMax = 512
/** Fingerprints in one question. */
export const fingerprintsPerWantMax = 512
/**
 * What was left out since there was no signature check for it is asked for again after so long. That is not before an answer's
 * worth of them is back: whoever asked at once would be sent everything again and again, to keep a little of it.
 */
export const restMs = 500
/** Places that may wait to be asked about: a neighbour that claims to differ everywhere is asked in parts. */
const placesMax = 65_536
/** Where more of the places side by side differ, most of them do by more than one entry: 1.4 on average by Poisson. */
const sumShareMax = 3 / 4
/** A list of fewer is hardly longer than a sum. */
const summedMin = 3

/** A place to ask about, with the hash that they told. `sum`: whether we make do with a sum. */
interface Place extends TreePath {
  readonly first: number
  readonly second: number
  readonly sum: boolean
}

export class Pull {
  readonly peer: PeerId
  readonly #tree: Tree
  /** Nearest to the root last, so that places are finished before others are begun. */
  readonly #places: Place[] = [{ depth: 0, prefix: 0, first: 0, second: 0, sum: false }]
  /** Those of the question under way, by name; and what of them is not answered. */
  #askedPlaces = new Map<number, Place>()
  #unanswered = new Set<Place>()
  /** What the answer so far leads to. */
  #next: Place[] = []
  readonly #lacking: EntriesWant['wants'][number][] = []
  /** Names of fingerprints that came in answer to that, so far. */
  readonly #got = new Set<string>()
  /** What was asked last, and is not answered in full. */
  #asked: TreeWant | EntriesWant | undefined
  /** Something of the answer under way was left out here. */
  #cut = false
  /** When to go on with the rest of it. */
  restAt: Millis | undefined
  /** When the question under way was asked first. */
  askedAt: Millis
  /** When it was asked last, or a part of its answer came. */
  heardAt: Millis
  /** It was asked again, and nothing has come since. */
  overdue = false
  received = 0
  rounds = 0

  constructor(peer: PeerId, tree: Tree, now: Millis) {
    this.peer = peer
    this.#tree = tree
    this.askedAt = now
    this.heardAt = now
  }

  /** What is known to be lacking; more may turn up. */
  get remaining(): number {
    return this.#lacking.reduce((sum, { fingerprints }) => sum + fingerprints.length / hashBytes, 0)
  }

  /** The next question, or undefined when nothing is left to ask. */
  ask(now: Millis): TreeWant | EntriesWant | undefined {
    this.askedAt = now
    this.#heard(now)
    this.restAt = undefined
    this.#asked = this.#nextQuestion()
    if (this.#asked !== undefined) this.rounds += 1
    return this.#asked
  }

  /** The question under way once more. */
  again(now: Millis): TreeWant | EntriesWant | undefined {
    this.heardAt = now
    this.overdue = true
    return this.#asked
  }

  /**
   * Answers whether the question is now answered. What was not asked about is not looked at: it may be the second answer
   * to a question that was asked again.
   */
  onTree(message: TreeHave, now: Millis): boolean {
    const asked = this.#asked
    if (asked?.type !== 'tree-want') return false
    let heard = false
    for (const node of message.nodes) {
      const place = this.#askedPlaces.get(nameOf(node))
      // A sum that was not asked for, or no more, tells nothing.
      if (place === undefined || (node.kind === 'sum' && !place.sum)) continue
      heard = true
      // A question that was asked again may be answered twice.
      if (this.#unanswered.delete(place)) this.#look(node, place)
    }
    if (!heard) return false
    this.#heard(now)
    if (message.last) {
      // What did not fit is asked for again, when what the rest leads to is finished.
      this.#places.push(...this.#unanswered, ...this.#next)
      this.#next = []
    }
    return this.#answered(message.last)
  }

  /** The same for entries, which went to the replica by themselves. `cut`: and more that could not be checked. */
  onEntries({ claims: entries, last, cut = false }: Omit<Entries, 'type'>, now: Millis): boolean {
    const asked = this.#asked
    if (asked?.type !== 'entries-want') return false
    if (entries.length > 0 && !entries.some((entry) => isAsked(asked, entry))) return false
    this.#heard(now)
    this.received += entries.length
    for (const { digest } of entries) this.#got.add(`${firstWord(digest)} ${secondWord(digest)}`)
    this.#cut ||= cut
    if (last) this.#askForRest(asked, now)
    return this.#answered(last)
  }

  /** One answer holds only so much. Where it held something the rest is worth another question; else they have it no more. */
  #askForRest({ wants }: EntriesWant, now: Millis): void {
    const rest = wants.map((want) => ({ ...want, fingerprints: without(want.fingerprints, this.#got) }))
    this.#got.clear()
    const lengthOf = (each: EntriesWant['wants']): number =>
      each.reduce((sum, { fingerprints }) => sum + fingerprints.length, 0)
    if (this.#cut) this.restAt = (now + restMs) as Millis
    else if (lengthOf(rest) === lengthOf(wants)) return
    this.#cut = false
    // To be popped in the order in which they were asked for.
    this.#lacking.push(...rest.filter(({ fingerprints }) => fingerprints.length > 0).reverse())
  }

  #heard(now: Millis): void {
    this.heardAt = now
    this.overdue = false
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
    const places = this.#places.splice(-placesPerWantMax)
    if (places.length === 0) return undefined
    this.#askedPlaces = new Map(places.map((place) => [nameOf(place), place]))
    this.#unanswered = new Set(places)
    const pathsOf = (sum: boolean): TreePath[] =>
      places.filter((place) => place.sum === sum).map(({ depth, prefix }) => ({ depth, prefix }))
    return { type: 'tree-want', paths: pathsOf(false), sums: pathsOf(true) }
  }

  #look(node: TreeNode, place: Place): void {
    switch (node.kind) {
      case 'hashes':
        this.#compare(node)
        break
      case 'fingerprints':
        this.#lack(node, this.#lackingOf(node))
        break
      case 'sum':
        this.#reckon(place, node.bytes)
        break
    }
  }

  #compare(node: TreeNode): void {
    const levels = node.bytes.length === 16 * hashBytes ? 1 : 2
    if (node.depth + levels > depthMax) return
    const differing: Omit<Place, 'sum'>[] = []
    let told = 0
    placesBelow(node, levels).forEach((place, i) => {
      const at = i * hashBytes
      // Where they have nothing we lack nothing.
      if (isNothing(node.bytes, at)) return
      told += 1
      if (!this.#tree.hasHash(place, node.bytes, at))
        differing.push({ ...place, first: wordAt(node.bytes, at), second: wordAt(node.bytes, at + 4) })
    })
    const few = differing.length <= sumShareMax * told
    for (const place of differing) this.#later({ ...place, sum: few && this.#isWorthSum(place) })
  }

  /** Theirs is a leaf too, if it is by one entry that we differ. */
  #isWorthSum(place: TreePath): boolean {
    const count = this.#tree.countBelow(place)
    return count >= summedMin && count <= leafMax + 1
  }

  #reckon(place: Place, sum: Uint8Array): void {
    const own = this.#tree.below(place).map(({ fingerprint }) => fingerprint)
    const lacking = lackingBySum(own, sum, (list) => this.#tree.isHashOf(list, place.first, place.second))
    if (lacking === undefined) this.#later({ ...place, sum: false })
    else this.#lack(place, bytesOf(lacking))
  }

  #later(place: Place): void {
    if (this.#places.length + this.#unanswered.size + this.#next.length < placesMax) this.#next.push(place)
  }

  #lack({ depth, prefix }: TreePath, fingerprints: Uint8Array): void {
    if (fingerprints.length > 0) this.#lacking.push({ depth, prefix, fingerprints })
  }

  #lackingOf({ depth, prefix, bytes }: TreeNode): Uint8Array {
    const own = new Set(
      this.#tree.below({ depth, prefix }).map(({ fingerprint: [first, second] }) => `${first} ${second}`),
    )
    return without(bytes, own).subarray(0, fingerprintsPerWantMax * hashBytes)
  }
}

function isAsked({ wants }: EntriesWant, { digest }: Verified<Entry>): boolean {
  const [first, second] = [firstWord(digest), secondWord(digest)]
  return wants.some(({ fingerprints }) => {
    for (let at = 0; at + hashBytes <= fingerprints.length; at += hashBytes)
      if (wordAt(fingerprints, at) === first && wordAt(fingerprints, at + 4) === second) return true
    return false
  })
}

/** Those of these fingerprints, 8 bytes each, that are not among the named. */
function without(fingerprints: Uint8Array, names: ReadonlySet<string>): Uint8Array {
  const rest = new Uint8Array(fingerprints.length)
  let to = 0
  for (let at = 0; at + hashBytes <= fingerprints.length; at += hashBytes) {
    if (names.has(`${wordAt(fingerprints, at)} ${wordAt(fingerprints, at + 4)}`)) continue
    rest.set(fingerprints.subarray(at, at + hashBytes), to)
    to += hashBytes
  }
  return rest.subarray(0, to)
}

/** Places have names of their own, of less than 2³⁶. */
const nameOf = ({ depth, prefix }: TreePath): number => depth * 2 ** 32 + prefix

function bytesOf(fingerprints: readonly Fingerprint[]): Uint8Array {
  const bytes = new Uint8Array(fingerprints.length * hashBytes)
  fingerprints.forEach(([first, second], i) => {
    writeWord(bytes, i * hashBytes, first)
    writeWord(bytes, i * hashBytes + 4, second)
  })
  return bytes
}

function isNothing(bytes: Uint8Array, at: number): boolean {
  return wordAt(bytes, at) === 0 && wordAt(bytes, at + 4) === 0
}
