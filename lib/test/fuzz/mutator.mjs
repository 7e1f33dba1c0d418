/**
 * Hostile frames that are nearly right. Blind mutation hardly ever gets past the first head, so a frame is
 * taken apart into its items, with the claims in it and what they hold, changed there, and put together
 * again with lengths that fit. Where a change is to a head, the rest is left as it is.
 *
 * @typedef {object} Node
 * @property {number} major CBOR's major type, 0 … 7
 * @property {number} [value] of an integer, a simple value
 * @property {Uint8Array} [content] of a byte string, text or float
 * @property {Node[]} [children] of an array or map, or the one item that a tag or byte string holds
 * @property {{ type: number, signature: Uint8Array }} [claim] the byte string is an envelope around its child
 * @property {Uint8Array} [head] instead of the head that the content asks for
 * @property {Uint8Array} [raw] instead of all of it
 */

import { blunt, random } from './blunt.mjs'

/** @typedef {import('./blunt.mjs').Random} Random */

/**
 * Makes hostile frames from good ones.
 *
 * @param {readonly Uint8Array[]} seeds
 * @param {number} seed
 * @returns {() => Uint8Array}
 */
export function mutator(seeds, seed) {
  const rng = random(seed)
  const trees = seeds.map((bytes) => parse(bytes, 0).node)
  const spare = trees.flatMap((tree) => nodesOf(tree))
  let shaped = new Uint8Array(0)
  let uses = 0
  return () => {
    // A frame of a new shape is also used four times with a blunt change, which costs next to nothing.
    if (uses > 0) {
      uses--
      return blunt(shaped.slice(), rng)
    }
    const tree = copyOf(rng.pick(trees))
    for (let changes = 1 + rng.below(3); changes > 0; changes--) change(tree, spare, rng)
    /** @type {number[]} */
    const out = []
    write(tree, out)
    shaped = Uint8Array.from(out)
    uses = shaped.length === 0 ? 0 : 4
    return shaped
  }
}

/** @param {Node} node @returns {Node} */
function copyOf(node) {
  const copy = { ...node }
  if (node.content) copy.content = node.content.slice()
  if (node.claim) copy.claim = { ...node.claim }
  if (node.children) copy.children = node.children.map(copyOf)
  return copy
}

/** @param {Uint8Array} bytes @param {number} at @returns {{ node: Node, end: number }} */
function parse(bytes, at) {
  const head = /** @type {number} */ (bytes[at++])
  const major = head >> 5
  const info = head & 31
  if (info > 27) throw new RangeError('no seed')
  const width = info < 24 ? 0 : 1 << (info - 24)
  let value = width === 0 ? info : 0
  const from = at
  for (let read = 0; read < width; read++) value = value * 256 + /** @type {number} */ (bytes[at++])
  if (major === 7) return { node: { major, value: info, content: bytes.slice(from, at) }, end: at }
  if (major < 2) return { node: { major, value }, end: at }
  if (major < 4) {
    if (at + value > bytes.length) throw new RangeError('no seed')
    const content = bytes.slice(at, at + value)
    return { node: major === 2 ? inside(content) : { major, content }, end: at + value }
  }
  const children = []
  for (let left = major === 5 ? 2 * value : major === 6 ? 1 : value; left > 0; left--) {
    const child = parse(bytes, at)
    children.push(child.node)
    at = child.end
  }
  return { node: { major, value, children }, end: at }
}

/** A byte string, with the claim or the item that it holds. @param {Uint8Array} content @returns {Node} */
function inside(content) {
  const envelope = content.length > 65 && /** @type {number} */ (content[0]) <= 10
  for (const item of envelope ? [content.subarray(1, -64), content] : [content]) {
    try {
      const { node, end } = parse(item, 0)
      if (end !== item.length || node.major < 4 || node.major > 5) continue
      if (item === content) return { major: 2, children: [node] }
      return { major: 2, children: [node], claim: { type: content[0] ?? 0, signature: content.slice(-64) } }
    } catch {
      // Bytes, and nothing more.
    }
  }
  return { major: 2, content }
}

/** @param {Node} node @param {Node[]} [nodes] @returns {Node[]} */
function nodesOf(node, nodes = []) {
  nodes.push(node)
  for (const child of node.children ?? []) nodesOf(child, nodes)
  return nodes
}

/** Numbers at which encodings, types and limits change. */
const edges = [
  0,
  1,
  7,
  8,
  15,
  16,
  17,
  22,
  23,
  24,
  31,
  32,
  33,
  63,
  64,
  65,
  127,
  128,
  255,
  256,
  257,
  511,
  512,
  513,
  1_024,
  4_095,
  4_096,
  4_097,
  16_384,
  16_385,
  65_535,
  65_536,
  65_537,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 48,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 63,
  1.8e19,
]

/** @param {Node} tree @param {readonly Node[]} spare @param {Random} rng */
function change(tree, spare, rng) {
  const nodes = nodesOf(tree)
  const node = rng.pick(nodes)
  switch (rng.below(14)) {
    case 0: // another item in its place
      Object.assign(clear(node), copyOf(rng.pick(spare)))
      break
    case 1: // a number at an edge
      Object.assign(clear(node), { major: rng.below(2), value: rng.pick(edges) })
      break
    case 2: // a length that is not so
      node.head = headOf(node.major, rng.pick(edges), rng.below(5))
      break
    case 3: // the right length in the wrong width
      node.head = headOf(node.major, lengthOf(node), 1 + rng.below(4))
      break
    case 4: // another type around the same content
      node.head = headOf(rng.below(8), lengthOf(node), 0)
      break
    case 5: // tagged
      Object.assign(node, {
        children: [{ ...node }],
        content: undefined,
        claim: undefined,
        head: undefined,
        major: 6,
        value: rng.below(300),
      })
      break
    case 6: {
      // deeper
      let deep = { ...node }
      for (let more = rng.pick([1, 2, 15, 16, 17, 200]); more > 0; more--) deep = { major: 4, children: [deep] }
      Object.assign(clear(node), deep)
      break
    }
    case 7: // bytes or text of a size at an edge
      Object.assign(clear(node), { major: 2 + rng.below(2), content: rng.bytes(Math.min(rng.pick(edges), 600)) })
      break
    case 8: // more, fewer or other children
      if (node.children && node.children.length > 0) {
        const at = rng.below(node.children.length)
        const child = /** @type {Node} */ (node.children[at])
        if (rng.below(2) === 0) node.children.splice(at, 1)
        else for (let copies = rng.pick([1, 1, 2, 20, 260]); copies > 0; copies--) node.children.push(copyOf(child))
      }
      break
    case 9: // of indefinite length
      if (node.children && node.major < 6) {
        /** @type {number[]} */
        const out = [(node.major << 5) | 31]
        for (const child of node.children) write(child, out)
        node.raw = Uint8Array.from([...out, 0xff])
      } else node.raw = Uint8Array.of(0xff)
      break
    case 10: // a simple value or a float
      node.raw = Uint8Array.of(0xe0 | rng.below(32), ...rng.bytes(rng.pick([0, 1, 2, 4, 8])))
      break
    case 11: // other content
      if (node.content && node.content.length > 0) node.content[rng.below(node.content.length)] = rng.below(256)
      else if (node.value !== undefined) node.value = Math.max(0, node.value + rng.pick([-1, 1]))
      break
    case 12: // another type of claim, or another signature
      if (node.claim && rng.below(2) === 0) node.claim.type = rng.below(12)
      else if (node.claim) node.claim.signature = rng.bytes(rng.pick([0, 63, 64, 65]))
      break
    case 13: // a map, its keys in order or not
      Object.assign(clear(node), {
        major: 5,
        children: Array.from({ length: 2 * rng.below(4) }, () => copyOf(rng.pick(spare))),
      })
      break
  }
}

/** @param {Node} node @returns {Node} */
function clear(node) {
  for (const key of /** @type {(keyof Node)[]} */ (['value', 'content', 'children', 'claim', 'head', 'raw']))
    delete node[key]
  return node
}

/** @param {Node} node */
function lengthOf(node) {
  if (node.major === 2 && node.children) return bodyOf(node).length
  return (
    node.content?.length ??
    (node.children ? Math.ceil(node.children.length / (node.major === 5 ? 2 : 1)) : (node.value ?? 0))
  )
}

/** What a byte string around something holds. @param {Node} node */
function bodyOf(node) {
  /** @type {number[]} */
  const out = []
  if (node.claim) out.push(node.claim.type)
  for (const child of node.children ?? []) write(child, out)
  if (node.claim) out.push(...node.claim.signature)
  return out
}

/** A head; width 0 is the shortest. @param {number} major @param {number} number @param {number} width */
function headOf(major, number, width) {
  const shortest = number < 24 ? 0 : number < 0x100 ? 1 : number < 0x1_0000 ? 2 : number < 0x1_0000_0000 ? 3 : 4
  const chosen = Math.max(width, shortest)
  if (chosen === 0) return Uint8Array.of((major << 5) | number)
  const bytes = new Uint8Array(1 + (1 << (chosen - 1)))
  bytes[0] = (major << 5) | (23 + chosen)
  let rest = BigInt(Math.floor(number))
  for (let at = bytes.length - 1; at > 0; at--, rest >>= 8n) bytes[at] = Number(rest & 255n)
  return bytes
}

/** @param {Node} node @param {number[]} out */
function write(node, out) {
  if (node.raw) {
    for (const byte of node.raw) out.push(byte)
    return
  }
  if (node.major === 7) return void out.push(0xe0 | ((node.value ?? 0) & 31), ...(node.content ?? []))
  const held = node.major === 2 && node.children ? bodyOf(node) : node.content
  out.push(
    ...(node.head ?? headOf(node.major, node.major === 6 ? (node.value ?? 0) : held ? held.length : lengthOf(node), 0)),
  )
  if (held) for (const byte of held) out.push(byte)
  else for (const child of node.children ?? []) write(child, out)
}
