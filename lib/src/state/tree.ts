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
import { sha256 } from '../identity/hash.ts'
import { utf8 } from '../identity/utf8.ts'
import type { TreePath } from './messages.ts'

/** At eight nibbles a place holds whatever has that path, however much it is. */
export const depthMax = 8
/** Up to so many entries a place is a leaf. A guess: a leaf's list costs what a level of hashes does. */
export const leafMax = 32
export const hashBytes = 8

/** An entry's words in a leaf: path, fingerprint (two), handle, group, minute. */
const words = 6

/** What the tree knows of an entry. */
export interface Item {
  readonly path: number
  readonly fingerprint: readonly [number, number]
  readonly handle: number
  /** Whatever the owner of the tree wants to tell items apart by, 32 bits. */
  readonly group: number
  /** The minute, since the beginning of 1970, in which it ends. */
  readonly endsAtMinute: number
}

interface Leaf {
  readonly kind: 'leaf'
  items: Uint32Array
  count: number
  hash: readonly [number, number] | undefined
}

interface Inner {
  readonly kind: 'inner'
  readonly children: (Node | undefined)[]
  count: number
  hash: readonly [number, number] | undefined
}

type Node = Leaf | Inner

const nothing: readonly [number, number] = [0, 0]

/** The nibble of a path that chooses among the 16 places below `depth`. */
const nibble = (path: number, depth: number): number => (path >>> (28 - 4 * depth)) & 15

/** The first `depth` nibbles of a path. */
export const cut = (path: number, depth: number): number => (depth === 0 ? 0 : (path & (-1 << (32 - 4 * depth))) >>> 0)

export class Tree {
  readonly #salt: Uint8Array
  #root: Node = leaf()

  /** `salt`: the mesh id, so that what collides in one room does not in another. */
  constructor(salt: Uint8Array) {
    this.#salt = salt
  }

  get count(): number {
    return this.#root.count
  }

  pathOf(map: string, key: string): number {
    const name = utf8(`${map}\0${key}`)
    const bytes = new Uint8Array(this.#salt.length + name.length)
    bytes.set(this.#salt)
    bytes.set(name, this.#salt.length)
    return wordAt(sha256(bytes), 0)
  }

  add(item: Item): void {
    this.#root = add(this.#root, 0, item)
  }

  /** Answers what was removed, or undefined when there is no such item. */
  remove(path: number, [first, second]: Item['fingerprint']): Item | undefined {
    const item = this.at(path).find(({ fingerprint }) => fingerprint[0] === first && fingerprint[1] === second)
    if (item !== undefined) this.#root = remove(this.#root, 0, path, first, second)
    return item
  }

  /** Items with exactly this path: of one key, unless 32 bits of two keys' hashes are the same. */
  at(path: number): Item[] {
    const items: Item[] = []
    let node: Node | undefined = this.#root
    for (let depth = 0; node?.kind === 'inner'; depth += 1) node = node.children[nibble(path, depth)]
    if (node !== undefined) {
      for (let i = 0; i < node.count; i += 1) if (node.items[i * words] === path) items.push(itemAt(node.items, i))
    }
    return items
  }

  /** Everything below a place. The tree must not be changed in between. */
  below(place: TreePath): Item[] {
    const found: Item[] = []
    const node = this.#descend(place)
    if (node === undefined) return found
    for (const { items, count } of leaves(node)) {
      for (let i = 0; i < count; i += 1) {
        if (cut(items[i * words] ?? 0, place.depth) === place.prefix) found.push(itemAt(items, i))
      }
    }
    return found
  }

  /** Everything of a group, told by some of its bits. */
  ofGroup(group: number, mask: number): Item[] {
    const found: Item[] = []
    for (const { items, count } of leaves(this.#root)) {
      for (let i = 0; i < count; i += 1) {
        if (((items[i * words + 4] ?? 0) & mask) >>> 0 === group) found.push(itemAt(items, i))
      }
    }
    return found
  }

  /** Everything that ends up to this minute, and the first minute after it in which something ends. */
  endingBy(minute: number): { readonly items: readonly Item[]; readonly next: number | undefined } {
    const found: Item[] = []
    let next: number | undefined
    for (const { items, count } of leaves(this.#root)) {
      for (let i = 0; i < count; i += 1) {
        const endsAt = items[i * words + 5] ?? 0
        if (endsAt <= minute) found.push(itemAt(items, i))
        else if (next === undefined || endsAt < next) next = endsAt
      }
    }
    return { items: found, next }
  }

  countBelow(place: TreePath): number {
    const node = this.#descend(place)
    if (node === undefined) return 0
    if (node.kind === 'inner') return node.count
    let count = 0
    for (let i = 0; i < node.count; i += 1) {
      if (cut(node.items[i * words] ?? 0, place.depth) === place.prefix) count += 1
    }
    return count
  }

  root(): Uint8Array {
    return pack([hashOf(this.#root)])
  }

  /** The hashes of the places so many levels below. */
  hashesBelow(place: TreePath, levels: number): Uint8Array {
    return pack(placesBelow(place, levels).map((each) => this.#hashAt(each)))
  }

  /** Whether what is below this place has this hash, given as 8 bytes at `at`. */
  hasHash(place: TreePath, bytes: Uint8Array, at: number): boolean {
    const [first, second] = this.#hashAt(place)
    return first === wordAt(bytes, at) && second === wordAt(bytes, at + 4)
  }

  /** Fingerprints below a place, in order, at most `max` of them. */
  fingerprintsBelow(place: TreePath, max: number): Uint8Array {
    const fingerprints: (readonly [number, number])[] = []
    for (const { fingerprint } of this.below(place)) fingerprints.push(fingerprint)
    return pack(fingerprints.sort(byWords).slice(0, max))
  }

  /** Gives every item another handle, or the same. */
  relocate(handleOf: (handle: number) => number): void {
    for (const { items, count } of leaves(this.#root)) {
      for (let i = 0; i < count; i += 1) items[i * words + 3] = handleOf(items[i * words + 3] ?? 0)
    }
  }

  #hashAt(place: TreePath): readonly [number, number] {
    const node = this.#descend(place)
    if (node === undefined) return nothing
    if (node.kind === 'inner') return hashOf(node)
    const part: number[] = []
    for (let i = 0; i < node.count; i += 1) {
      if (cut(node.items[i * words] ?? 0, place.depth) === place.prefix) part.push(i)
    }
    return part.length === node.count ? hashOf(node) : leafHash(node.items, part)
  }

  /** The node at a place, or the leaf that it is inside of. */
  #descend({ depth, prefix }: TreePath): Node | undefined {
    let node: Node | undefined = this.#root
    for (let level = 0; level < depth && node?.kind === 'inner'; level += 1) node = node.children[nibble(prefix, level)]
    return node
  }
}

/** The 16 or 256 places one or two levels down, in order. */
export function placesBelow({ depth, prefix }: TreePath, levels: number): TreePath[] {
  const below = depth + levels
  return Array.from({ length: 16 ** levels }, (_, index) => ({
    depth: below,
    prefix: (prefix | (index << (32 - 4 * below))) >>> 0,
  }))
}

function leaf(): Leaf {
  return { kind: 'leaf', items: new Uint32Array(0), count: 0, hash: nothing }
}

function add(node: Node, depth: number, item: Item): Node {
  node.hash = undefined
  if (node.kind === 'inner') {
    node.count += 1
    const at = nibble(item.path, depth)
    node.children[at] = add(node.children[at] ?? leaf(), depth + 1, item)
    return node
  }
  const [first, second] = item.fingerprint
  const at = node.count * words
  // Leaves are many: they grow by a little, so that little of them is empty.
  if (at === node.items.length) node.items = grown(node.items, words * 8)
  node.items.set([item.path, first, second, item.handle, item.group, item.endsAtMinute], at)
  node.count += 1
  if (node.count <= leafMax || depth === depthMax) return node
  let inner: Node = { kind: 'inner', children: Array.from({ length: 16 }, () => undefined), count: 0, hash: undefined }
  for (let i = 0; i < node.count; i += 1) inner = add(inner, depth, itemAt(node.items, i))
  return inner
}

function remove(node: Node, depth: number, path: number, first: number, second: number): Node {
  if (node.kind === 'inner') {
    const at = nibble(path, depth)
    const child = node.children[at]
    if (child === undefined) return node
    const before = child.count
    const after = remove(child, depth + 1, path, first, second)
    if (after.count === before) return node
    node.children[at] = after.count === 0 ? undefined : after
    node.count -= 1
    node.hash = undefined
    return node.count > leafMax ? node : gathered(node)
  }
  const { items } = node
  for (let i = 0; i < node.count; i += 1) {
    const at = i * words
    if (items[at] !== path || items[at + 1] !== first || items[at + 2] !== second) continue
    node.count -= 1
    items.copyWithin(at, node.count * words, (node.count + 1) * words)
    node.hash = node.count === 0 ? nothing : undefined
    return node
  }
  return node
}

/** An inner node that holds no more than a leaf may becomes one again: a place's shape depends on what it holds. */
function gathered(inner: Inner): Leaf {
  const items = new Uint32Array(inner.count * words)
  let at = 0
  for (const each of leaves(inner)) {
    items.set(each.items.subarray(0, each.count * words), at)
    at += each.count * words
  }
  return { kind: 'leaf', items, count: inner.count, hash: undefined }
}

function* leaves(node: Node): Generator<Leaf> {
  if (node.kind === 'leaf') yield node
  else for (const child of node.children) if (child !== undefined) yield* leaves(child)
}

function hashOf(node: Node): readonly [number, number] {
  if (node.hash !== undefined) return node.hash
  if (node.kind === 'leaf') {
    node.hash = leafHash(
      node.items,
      Array.from({ length: node.count }, (_, i) => i),
    )
    return node.hash
  }
  const bytes = new Uint8Array(1 + 16 * hashBytes)
  bytes[0] = 1
  node.children.forEach((child, i) => {
    if (child !== undefined) writePair(bytes, 1 + i * hashBytes, hashOf(child))
  })
  node.hash = cutHash(bytes)
  return node.hash
}

function leafHash(items: Uint32Array, part: readonly number[]): readonly [number, number] {
  if (part.length === 0) return nothing
  // By insertion: a leaf is short, and mostly in some order from the last time.
  const order = [...part]
  for (let i = 1; i < order.length; i += 1) {
    const each = order[i]!
    let at = i
    for (; at > 0 && isBefore(items, each, order[at - 1]!); at -= 1) order[at] = order[at - 1]!
    order[at] = each
  }
  const bytes = new Uint8Array(1 + order.length * hashBytes)
  order.forEach((i, at) => {
    writeWord(bytes, 1 + at * hashBytes, items[i * words + 1] ?? 0)
    writeWord(bytes, 5 + at * hashBytes, items[i * words + 2] ?? 0)
  })
  return cutHash(bytes)
}

function isBefore(items: Uint32Array, a: number, b: number): boolean {
  const [first, other] = [items[a * words + 1] ?? 0, items[b * words + 1] ?? 0]
  return first === other ? (items[a * words + 2] ?? 0) < (items[b * words + 2] ?? 0) : first < other
}

function cutHash(bytes: Uint8Array): readonly [number, number] {
  const hash = sha256(bytes)
  return [wordAt(hash, 0), wordAt(hash, 4)]
}

const byWords = (a: readonly [number, number], b: readonly [number, number]): number => a[0] - b[0] || a[1] - b[1]

const itemAt = (items: Uint32Array, i: number): Item => ({
  path: items[i * words] ?? 0,
  fingerprint: [items[i * words + 1] ?? 0, items[i * words + 2] ?? 0],
  handle: items[i * words + 3] ?? 0,
  group: items[i * words + 4] ?? 0,
  endsAtMinute: items[i * words + 5] ?? 0,
})

function grown(items: Uint32Array, by: number): Uint32Array {
  const larger = new Uint32Array(items.length + by)
  larger.set(items)
  return larger
}

export const wordAt = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0

function writePair(bytes: Uint8Array, at: number, [first, second]: readonly [number, number]): void {
  writeWord(bytes, at, first)
  writeWord(bytes, at + 4, second)
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24
  bytes[at + 1] = word >>> 16
  bytes[at + 2] = word >>> 8
  bytes[at + 3] = word
}

/** Pairs of words as 8 bytes each. */
function pack(pairs: readonly (readonly [number, number])[]): Uint8Array {
  const bytes = new Uint8Array(pairs.length * hashBytes)
  pairs.forEach((pair, i) => writePair(bytes, i * hashBytes, pair))
  return bytes
}
