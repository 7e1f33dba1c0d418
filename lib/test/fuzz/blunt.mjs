/** Changes that know next to nothing of what they change: to bytes, to layouts of fixed width, and to JSON. */

/** A small fast generator, the same for the same seed (mulberry32). @param {number} seed */
export function random(seed) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return {
    /** 0 … below − 1. @param {number} below */
    below: (below) => next() % below,
    /** @template T @param {readonly T[]} list @returns {T} */
    pick: (list) => /** @type {T} */ (list[next() % list.length]),
    /** @param {number} length */
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
  }
}

/** @typedef {ReturnType<typeof random>} Random */

/** Heads that a decoder has a branch for, tags and stop codes among them. */
const heads = [
  0x00, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1f, 0x20, 0x37, 0x3b, 0x40, 0x58, 0x5b, 0x5f, 0x60, 0x78, 0x7b, 0x7f,
  0x80, 0x98, 0x9a, 0x9b, 0x9f, 0xa0, 0xa1, 0xb8, 0xb9, 0xbb, 0xbf, 0xc0, 0xc2, 0xc3, 0xc6, 0xd8, 0xd9, 0xda, 0xdf,
  0xe0, 0xf4, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xff,
]

/** A change that knows no structure. @param {Uint8Array} bytes @param {Random} rng */
export function blunt(bytes, rng) {
  const at = rng.below(bytes.length)
  switch (rng.below(4)) {
    case 0:
      bytes[at] = rng.pick(heads)
      return bytes
    case 1:
      bytes[at] = /** @type {number} */ (bytes[at]) ^ (1 << rng.below(8))
      return bytes
    case 2:
      return bytes.subarray(0, at)
    default: {
      const inserted = rng.bytes(1 + rng.below(8))
      const longer = new Uint8Array(bytes.length + inserted.length)
      longer.set(bytes.subarray(0, at))
      longer.set(inserted, at)
      longer.set(bytes.subarray(at), at + inserted.length)
      return longer
    }
  }
}

/** Lengths at which layouts of fixed width change, and one over each. */
const lengths = [0, 1, 31, 32, 33, 64, 174, 175, 348, 512, 513, 1_024, 1_025, 16_383, 16_384, 16_385, 0xffff]

/**
 * Makes hostile bytes from good ones of fixed layout: up to four changes, to bytes, to numbers of two bytes, to size.
 *
 * @param {readonly Uint8Array[]} seeds @param {Random} rng
 * @returns {() => Uint8Array}
 */
export function layoutMutator(seeds, rng) {
  return () => {
    /** @type {Uint8Array} */
    let bytes = rng.pick(seeds).slice()
    for (let changes = 1 + rng.below(4); changes > 0 && bytes.length > 1; changes--) {
      const at = rng.below(bytes.length - 1)
      switch (rng.below(9)) {
        case 0: {
          const length = rng.pick(lengths)
          bytes[at] = length >> 8
          bytes[at + 1] = length & 0xff
          break
        }
        case 1: {
          // A piece of another, or of itself, here.
          const other = rng.pick(seeds)
          const from = rng.below(other.length)
          bytes = joined(
            bytes.subarray(0, at),
            other.subarray(from, from + rng.pick([1, 2, 32, 64, 600])),
            bytes.subarray(at),
          )
          break
        }
        case 2: {
          // The same piece many times over: what a pattern that goes back and forth would take its time for.
          const piece = bytes.slice(at, at + 1 + rng.below(24))
          const copies = Array.from({ length: rng.pick([2, 20, 600]) }, () => piece)
          bytes = joined(bytes.subarray(0, at), ...copies, bytes.subarray(at))
          break
        }
        case 3:
          bytes = blunt(bytes, rng)
          break
        default:
          // Mostly other bytes in the same layout, or what lies behind it would hardly be reached.
          bytes[at] = rng.below(2) === 0 ? rng.below(256) : /** @type {number} */ (bytes[at]) ^ (1 << rng.below(8))
      }
    }
    return bytes
  }
}

/** What JSON, patterns and objects have surprises for. */
const pieces = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\\',
  '\\u0000',
  '\\ud800',
  '\u0000',
  '\ud800',
  '\ufeff',
  'é',
  ' ',
  '1e999',
  '-0',
  '1e-7',
  '9007199254740993',
  'null',
  'true',
  '"__proto__":{"t":"ping"},',
  '"constructor":1,',
  '"t":"join",',
  '{"t":',
  '=',
  '+/',
  'A',
]
/** @type {readonly unknown[]} */
const values = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 31,
  2 ** 53,
  '',
  'ping',
  '__proto__',
  [],
  {},
  [[]],
  [{ urls: [] }],
  { t: 'ping' },
  ['stun:a'],
  'A'.repeat(43),
  'A'.repeat(22_000),
]

/**
 * Makes hostile texts from good JSON objects: other values, keys and members, put together as JSON or not quite.
 *
 * @param {readonly string[]} seeds @param {Random} rng
 * @returns {() => string}
 */
export function textMutator(seeds, rng) {
  /** @type {readonly Record<string, unknown>[]} */
  const objects = seeds.map((text) => /** @type {Record<string, unknown>} */ (JSON.parse(text)))
  const spare = [...values, ...objects.flatMap((object) => Object.values(object))]
  const names = ['__proto__', 'constructor', 'toString', '', ...objects.flatMap((object) => Object.keys(object))]
  return () => {
    const members = Object.entries(rng.pick(objects))
    const shaped = rng.below(3)
    for (let changes = shaped === 0 ? 0 : 1 + rng.below(2); changes > 0; changes--) {
      const at = rng.below(members.length + 1)
      const member = members[at]
      if (member === undefined) members.push([rng.pick(names), rng.pick(spare)])
      else if (rng.below(4) === 0) members.splice(at, 1)
      else if (rng.below(3) === 0) member[0] = rng.pick(names)
      else if (Array.isArray(member[1]) && rng.below(2) === 0)
        member[1] = Array.from({ length: rng.pick([1, 8, 9, 16, 17, 300]) }, () => rng.pick(spare))
      else member[1] = rng.pick(spare)
    }
    // Not `JSON.stringify` of an object: keys stand twice, and in any order.
    let text = `{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`
    for (let changes = shaped === 1 ? 0 : 1 + rng.below(3); changes > 0; changes--) {
      const at = rng.below(text.length + 1)
      const piece = rng.pick(pieces)
      const put = rng.below(4) === 0 ? piece.repeat(rng.pick([5, 64, 5_000])) : piece
      text = text.slice(0, at) + put + text.slice(at + rng.pick([0, 0, 1, 1, 2, 40]))
    }
    return text
  }
}

/** @param {readonly Uint8Array[]} parts */
function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
