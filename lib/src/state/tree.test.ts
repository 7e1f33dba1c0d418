import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../identity/hash.ts'
import type { Item } from './leaf.ts'
import type { TreePath } from './messages.ts'
import { cut, depthMax, leafMax, placesBelow, Tree } from './tree.ts'

const salt = new Uint8Array(32).fill(1)
const root: TreePath = { depth: 0, prefix: 0 }

const bytesOf = (words: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * words.length)
  words.forEach((word, i) => bytes.writeUInt32BE(word, 4 * i))
  return bytes
}

/** The hash of a place as the protocol has it, from nothing but what is below it. */
function hashOf(items: readonly Item[], place: TreePath): Buffer {
  const below = items.filter(({ path }) => cut(path, place.depth) === place.prefix)
  if (below.length === 0) return Buffer.alloc(8)
  const parts =
    below.length <= leafMax || place.depth === depthMax
      ? [Buffer.of(0), ...below.map(({ fingerprint }) => bytesOf(fingerprint)).sort(Buffer.compare)]
      : [Buffer.of(1), ...placesBelow(place, 1).map((each) => hashOf(below, each))]
  return Buffer.from(sha256(Buffer.concat(parts))).subarray(0, 8)
}

const itemOf = (path: number, n: number): Item => ({
  path,
  fingerprint: [Math.imul(n, 0x9e37_79b1) >>> 0, n],
  handle: n,
  group: n & 3,
  endsAtMinute: n % 7,
})

function treeOf(items: readonly Item[]): Tree {
  const tree = new Tree(salt)
  for (const item of items) tree.add(item)
  return tree
}

const byHandle = (a: Item, b: Item): number => a.handle - b.handle

/** Places near each other, so that few items make a deep tree, and some share all eight nibbles. */
const paths = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.integer({ min: 0, max: 0x3f }).map((low) => (0xabcd_ef00 | low) >>> 0),
  fc.constantFrom(0, 0xffff_ffff, 0xabcd_ef00),
)

describe('a tree', () => {
  it('has the hashes of what is below each place, whatever came and went', () => {
    const turns = fc.array(fc.record({ path: paths, goes: fc.boolean() }), {
      minLength: 1,
      maxLength: 300,
      size: 'max',
    })
    fc.assert(
      fc.property(turns, fc.array(paths, { maxLength: 4 }), (all, asked) => {
        const tree = new Tree(salt)
        let here: Item[] = []
        for (const [n, { path, goes }] of all.entries()) {
          const item = itemOf(path, n)
          tree.add(item)
          here.push(item)
          if (n % 4 === 0) tree.root()
          const gone = goes ? here[Math.floor(here.length / 2)] : undefined
          if (gone === undefined) continue
          expect(tree.remove(gone.path, gone.fingerprint)).toEqual(gone)
          here = here.filter((each) => each !== gone)
          if (n % 4 === 0) expect(Buffer.from(tree.root())).toEqual(hashOf(here, root))
        }
        expect(tree.count).toBe(here.length)
        expect(Buffer.from(tree.root())).toEqual(hashOf(here, root))
        for (const path of [...asked, ...here.slice(0, 4).map((item) => item.path)]) {
          for (let depth = 0; depth <= depthMax; depth += 1) {
            const place = { depth, prefix: cut(path, depth) }
            const below = here.filter((item) => cut(item.path, depth) === place.prefix)
            expect(tree.hasHash(place, hashOf(here, place), 0)).toBe(true)
            expect(tree.countBelow(place)).toBe(below.length)
            expect(tree.below(place).sort(byHandle)).toEqual(below)
          }
          expect(tree.at(path).sort(byHandle)).toEqual(here.filter((item) => item.path === path))
        }
      }),
      { numRuns: 30 },
    )
  })

  it('is a leaf with 32 items, is none with one more, and is one again without it', () => {
    const items = Array.from({ length: leafMax + 1 }, (_, n) => itemOf((n << 27) >>> 0, n))
    const [last, rest] = [items[leafMax]!, items.slice(0, leafMax)]
    const tree = treeOf(rest)
    expect(Buffer.from(tree.root())).toEqual(hashOf(rest, root))
    tree.add(last)
    expect(Buffer.from(tree.root())).toEqual(hashOf(items, root))
    tree.remove(last.path, last.fingerprint)
    expect(Buffer.from(tree.root())).toEqual(hashOf(rest, root))
  })

  it('keeps any number of items that share all of a path, and lists them in order', () => {
    const items = Array.from({ length: 500 }, (_, n) => itemOf(0x1234_5678, n))
    const tree = treeOf(items)
    const sorted = items.map(({ fingerprint }) => bytesOf(fingerprint)).sort(Buffer.compare)
    expect(Buffer.from(tree.root())).toEqual(hashOf(items, root))
    expect(Buffer.from(tree.fingerprintsBelow(root, 500))).toEqual(Buffer.concat(sorted))
    expect(Buffer.from(tree.fingerprintsBelow(root, 3))).toEqual(Buffer.concat(sorted.slice(0, 3)))
  })

  it('finds items by group and by their end, and lets their handles be changed', () => {
    const items = Array.from({ length: 200 }, (_, n) => itemOf(Math.imul(n, 0x0101_0101) >>> 0, n))
    const tree = treeOf(items)
    expect(tree.ofGroup(2, 3).sort(byHandle)).toEqual(items.filter(({ group }) => group === 2))
    const { items: ended, next } = tree.endingBy(3)
    expect([...ended].sort(byHandle)).toEqual(items.filter(({ endsAtMinute }) => endsAtMinute <= 3))
    expect(next).toBe(4)
    tree.relocate((handle) => handle + 1000)
    expect(tree.at(items[7]!.path).map(({ handle }) => handle)).toEqual([1007])
  })

  it('changes nothing when what is to go is not there', () => {
    const items = Array.from({ length: 100 }, (_, n) => itemOf(Math.imul(n, 0x0101_0101) >>> 0, n))
    const tree = treeOf(items)
    const before = tree.root()
    expect(tree.remove(items[5]!.path, [1, 2])).toBeUndefined()
    expect(tree.remove(0xdead_beef, items[5]!.fingerprint)).toBeUndefined()
    expect(tree.count).toBe(100)
    expect(tree.root()).toEqual(before)
  })
})
