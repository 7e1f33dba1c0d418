/**
 * The Merkle tree over all entries, which is also their index. A place in it is a path of up to eight nibbles;
 * an entry lies at the first 32 bits of SHA-256(room ‖ map ‖ 0 ‖ key). What is below a place decides its hash
 * and nothing else does, so two replicas with the same entries have the same hash at every place:
 *
 *     nothing            8 zero bytes
 *     up to 32 entries   SHA-256(0 ‖ their fingerprints in order)
 *     more               SHA-256(1 ‖ the hashes of the 16 places below)      each cut to 8 bytes
 *
 * A fingerprint is the first 8 bytes of an entry's digest. A change marks the way up to the root, and hashes are
 * computed when they are asked for.
 */
import { sha256Repeater } from '../identity/hash.ts'
import { utf8 } from '../identity/utf8.ts'
import { type Fingerprint, type Item, Leaf, Slab, writeWord } from './leaf.ts'
import type { TreePath } from './messages.ts'

/** At eight nibbles a place holds whatever has that path, however much it is. */
export const depthMax = 8
/** Up to so many entries a place is a leaf. A guess: a leaf's list costs what a level of hashes does. */
export const leafMax = 32
export const hashBytes = 8

interface Inner {
  readonly kind: 'inner'
  readonly children: (Node | undefined)[]
  count: number
  /** What is hashed: a 1 and the hashes of `children`, so that where one of them changes 15 need not be looked at. */
  readonly input: Uint8Array
  /** Children that changed since, a bit each. Where there are none, `first` and `second` are the hash. */
  changed: number
  first: number
  second: number
}

type Node = Leaf | Inner

/** The nibble of a path that chooses among the 16 places below `depth`. */
const nibble = (path: number, depth: number): number => (path >>> (28 - 4 * depth)) & 15

/** The first `depth` nibbles of a path. */
export const cut = (path: number, depth: number): number => (depth === 0 ? 0 : (path & (-1 << (32 - 4 * depth))) >>> 0)

export class Tree {
  readonly #named: (bytes: Uint8Array) => Uint8Array
  readonly #sha256 = sha256Repeater()
  /** What of a leaf is hashed next. */
  readonly #leafInput = new Uint8Array(1 + leafMax * hashBytes)
  readonly #slab = new Slab()
  #root: Node = new Leaf(this.#slab)

  /** `salt`: the mesh id, so that what collides in one room does not in another. */
  constructor(salt: Uint8Array) {
    this.#named = sha256Repeater(salt)
  }

  get count(): number {
    return this.#root.count
  }

  pathOf(map: string, key: string): number {
    return wordAt(this.#named(utf8(`${map}\0${key}`)), 0)
  }

  add(item: Item): void {
    let node = this.#root
    let parent: Inner | undefined
    for (let depth = 0; ; depth += 1) {
      if (node.kind === 'leaf') {
        if (node.count < leafMax || depth === depthMax) {
          node.add(item)
          return
        }
        node = this.#split(node, depth)
        if (parent === undefined) this.#root = node
        else parent.children[nibble(item.path, depth - 1)] = node
      }
      const at = nibble(item.path, depth)
      node.count += 1
      node.changed |= 1 << at
      parent = node
      node = node.children[at] ??= new Leaf(this.#slab)
    }
  }

  /** Answers what was removed, or undefined when there is no such item. */
  remove(path: number, [first, second]: Fingerprint): Item | undefined {
    const way: Inner[] = []
    let node: Node | undefined = this.#root
    while (node?.kind === 'inner') {
      way.push(node)
      node = node.children[nibble(path, way.length - 1)]
    }
    const index = node?.indexOf(path, first, second) ?? -1
    if (node === undefined || index < 0) return undefined
    const item = node.remove(index)
    way.forEach((inner, depth) => {
      inner.count -= 1
      inner.changed |= 1 << nibble(path, depth)
    })
    // An inner node that holds no more than a leaf may becomes one again: a place's shape depends on what it holds.
    const small = way.findIndex(({ count }) => count <= leafMax)
    if (small === 0) this.#root = this.#gathered(way[0]!)
    else if (small > 0) way[small - 1]!.children[nibble(path, small - 1)] = this.#gathered(way[small]!)
    else if (node.count === 0 && way.length > 0) {
      node.end()
      way.at(-1)!.children[nibble(path, way.length - 1)] = undefined
    }
    return item
  }

  /** Items with exactly this path: of one key, unless 32 bits of two keys' hashes are the same. */
  at(path: number): Item[] {
    const found: Item[] = []
    let node: Node | undefined = this.#root
    for (let depth = 0; node?.kind === 'inner'; depth += 1) node = node.children[nibble(path, depth)]
    if (node !== undefined) {
      for (let i = 0; i < node.count; i += 1) if (node.path(i) === path) found.push(node.item(i))
    }
    return found
  }

  /** Everything below a place. The tree must not be changed in between. */
  below(place: TreePath): Item[] {
    const found: Item[] = []
    for (const leaf of leaves(this.#descend(place))) {
      for (let i = 0; i < leaf.count; i += 1) {
        if (cut(leaf.path(i), place.depth) === place.prefix) found.push(leaf.item(i))
      }
    }
    return found
  }

  /** Everything of a group, told by some of its bits. */
  ofGroup(group: number, mask: number): Item[] {
    const found: Item[] = []
    for (const leaf of leaves(this.#root)) {
      for (let i = 0; i < leaf.count; i += 1) if ((leaf.group(i) & mask) >>> 0 === group) found.push(leaf.item(i))
    }
    return found
  }

  /** Everything that ends up to this minute, and the first minute after it in which something ends. */
  endingBy(minute: number): { readonly items: readonly Item[]; readonly next: number | undefined } {
    const found: Item[] = []
    let next: number | undefined
    for (const leaf of leaves(this.#root)) {
      for (let i = 0; i < leaf.count; i += 1) {
        const endsAt = leaf.endsAtMinute(i)
        if (endsAt <= minute) found.push(leaf.item(i))
        else if (next === undefined || endsAt < next) next = endsAt
      }
    }
    return { items: found, next }
  }

  countBelow(place: TreePath): number {
    const node = this.#descend(place)
    if (node === undefined) return 0
    return node.kind === 'inner' ? node.count : countIn(node, place)
  }

  root(): Uint8Array {
    this.#makeHash(this.#root)
    const bytes = new Uint8Array(hashBytes)
    writeWord(bytes, 0, this.#root.first)
    writeWord(bytes, 4, this.#root.second)
    return bytes
  }

  /** The hashes of the places so many levels below. */
  hashesBelow(place: TreePath, levels: number): Uint8Array {
    const bytes = new Uint8Array(16 ** levels * hashBytes)
    placesBelow(place, levels).forEach((each, i) => {
      const [first, second] = this.#hashAt(each)
      writeWord(bytes, i * hashBytes, first)
      writeWord(bytes, i * hashBytes + 4, second)
    })
    return bytes
  }

  /** Whether what is below this place has this hash, given as 8 bytes at `at`. */
  hasHash(place: TreePath, bytes: Uint8Array, at: number): boolean {
    const [first, second] = this.#hashAt(place)
    return first === wordAt(bytes, at) && second === wordAt(bytes, at + 4)
  }

  /** Whether a leaf of just these has this hash. */
  isHashOf(fingerprints: readonly Fingerprint[], first: number, second: number): boolean {
    if (fingerprints.length > leafMax) return false
    const input = this.#leafInput
    input[0] = 0
    let to = 1
    for (const words of [...fingerprints].sort(byWords)) {
      writeWord(input, to, words[0])
      writeWord(input, to + 4, words[1])
      to += hashBytes
    }
    const hash = to === 1 ? nothing : this.#cutHash(input.subarray(0, to))
    return hash[0] === first && hash[1] === second
  }

  /** Fingerprints below a place, in order, at most `max` of them. */
  fingerprintsBelow(place: TreePath, max: number): Uint8Array {
    const fingerprints = this.below(place).map(({ fingerprint }) => fingerprint)
    const first = fingerprints.sort(byWords).slice(0, max)
    const bytes = new Uint8Array(first.length * hashBytes)
    first.forEach((words, i) => {
      writeWord(bytes, i * hashBytes, words[0])
      writeWord(bytes, i * hashBytes + 4, words[1])
    })
    return bytes
  }

  /** Gives every item another handle, or the same. */
  relocate(handleOf: (handle: number) => number): void {
    for (const leaf of leaves(this.#root)) leaf.relocate(handleOf)
  }

  #split(leaf: Leaf, depth: number): Inner {
    const children = Array.from({ length: 16 }, (): Node | undefined => undefined)
    const own = new Map<number, Leaf>()
    let changed = 0
    for (let i = 0; i < leaf.count; i += 1) {
      const at = nibble(leaf.path(i), depth)
      changed |= 1 << at
      const child = own.get(at) ?? new Leaf(this.#slab)
      own.set(at, child)
      child.addFrom(leaf, i)
      children[at] = child
    }
    leaf.end()
    const input = new Uint8Array(1 + 16 * hashBytes)
    input[0] = 1
    return { kind: 'inner', children, count: leaf.count, input, changed, first: 0, second: 0 }
  }

  #gathered(inner: Inner): Leaf {
    const leaf = new Leaf(this.#slab, Math.max(1, inner.count))
    for (const each of leaves(inner)) {
      for (let i = 0; i < each.count; i += 1) leaf.addFrom(each, i)
      each.end()
    }
    return leaf
  }

  #hashAt(place: TreePath): readonly [number, number] {
    const node = this.#descend(place)
    if (node === undefined) return nothing
    if (node.kind === 'leaf' && countIn(node, place) < node.count) return this.#leafHash(node, place)
    this.#makeHash(node)
    return [node.first >>> 0, node.second >>> 0]
  }

  #makeHash(node: Node): void {
    if (node.kind === 'leaf' ? node.hashed : node.changed === 0) return
    const [first, second] = node.kind === 'leaf' ? this.#leafHash(node, everywhere) : this.#innerHash(node)
    // Signed, since 32 bits with a sign are a small integer, and without one are an object of their own.
    node.first = first | 0
    node.second = second | 0
    if (node.kind === 'leaf') node.hashed = true
    else node.changed = 0
  }

  #innerHash({ children, input, changed }: Inner): readonly [number, number] {
    for (let i = 0; i < 16; i += 1) {
      if ((changed & (1 << i)) === 0) continue
      const child = children[i]
      if (child !== undefined) this.#makeHash(child)
      writeWord(input, 1 + i * hashBytes, child?.first ?? 0)
      writeWord(input, 5 + i * hashBytes, child?.second ?? 0)
    }
    return this.#cutHash(input)
  }

  #leafHash(leaf: Leaf, place: TreePath): readonly [number, number] {
    const input = leaf.count <= leafMax ? this.#leafInput : new Uint8Array(1 + leaf.count * hashBytes)
    input[0] = 0
    let to = 1
    for (let i = 0; i < leaf.count; i += 1) {
      if (cut(leaf.path(i), place.depth) !== place.prefix) continue
      leaf.writeFingerprint(i, input, to)
      to += hashBytes
    }
    return to === 1 ? nothing : this.#cutHash(input.subarray(0, to))
  }

  #cutHash(bytes: Uint8Array): readonly [number, number] {
    const hash = this.#sha256(bytes)
    return [wordAt(hash, 0), wordAt(hash, 4)]
  }

  /** The node at a place, or the leaf that it is inside of. */
  #descend({ depth, prefix }: TreePath): Node | undefined {
    let node: Node | undefined = this.#root
    for (let level = 0; level < depth && node?.kind === 'inner'; level += 1) node = node.children[nibble(prefix, level)]
    return node
  }
}

const nothing: readonly [number, number] = [0, 0]
const everywhere: TreePath = { depth: 0, prefix: 0 }

/** The 16 or 256 places one or two levels down, in order. */
export function placesBelow({ depth, prefix }: TreePath, levels: number): TreePath[] {
  const below = depth + levels
  return Array.from({ length: 16 ** levels }, (_, index) => ({
    depth: below,
    prefix: (prefix | (index << (32 - 4 * below))) >>> 0,
  }))
}

function countIn(leaf: Leaf, { depth, prefix }: TreePath): number {
  let count = 0
  for (let i = 0; i < leaf.count; i += 1) if (cut(leaf.path(i), depth) === prefix) count += 1
  return count
}

function* leaves(node: Node | undefined): Generator<Leaf> {
  if (node?.kind === 'leaf') yield node
  else if (node !== undefined) for (const child of node.children) yield* leaves(child)
}

const byWords = (a: Fingerprint, b: Fingerprint): number => a[0] - b[0] || a[1] - b[1]

export const wordAt = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
