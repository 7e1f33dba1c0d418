/**
 * The strict reader that runs before any decoder. It accepts exactly one encoding of each value
 * (RFC 8949 §4.2, and stricter) and nothing that a decoder could be hurt by: no tags, no indefinite
 * lengths, no length that the bytes do not hold, bounded depth and count. It allocates nothing and
 * never recurses, so its cost is the length of the input.
 *
 * Two profiles. A frame or a claim's body holds integers, bytes, text, arrays, false, true and null. A
 * value, which is the application's own, may also hold 64-bit floats and maps with text keys.
 *
 * Integers are −2^32 … 2^53−1; what is outside travels as a float. That is where numbers stop being
 * integers in JavaScript, and below −2^32 cbor-x 1.6.8 reads a 64-bit negative integer wrongly.
 */
import type { ErrorCode } from './errors.ts'
import { depthMax, itemsMax } from './limits.ts'

export type Profile = 'frame' | 'value'

/** Items still to come at each depth; the scanner is synchronous and never re-entered, so one of each is enough. */
const left = new Uint32Array(depthMax + 1)
const isMap = new Uint8Array(depthMax + 1)
/** Where the last key of the map at each depth starts and ends; an end of 0 means none yet. */
const keyStart = new Uint32Array(depthMax + 1)
const keyEnd = new Uint32Array(depthMax + 1)

const floatBytes = new Uint8Array(8)
const floatView = new DataView(floatBytes.buffer)

/** The code of the first fault, or undefined when `bytes` are one item in its one encoding. */
export function scan(bytes: Uint8Array, profile: Profile): ErrorCode | undefined {
  const end = bytes.length
  let at = 0
  let depth = 0
  let items = 0
  left[0] = 1
  isMap[0] = 0
  for (;;) {
    while (left[depth] === 0) {
      if (depth === 0) return at === end ? undefined : 'ERR_CBOR_TRAILING'
      depth--
    }
    if (++items > itemsMax) return 'ERR_CBOR_ITEMS'
    if (at >= end) return 'ERR_CBOR_TRUNCATED'
    const start = at
    const head = bytes[at++]!
    const major = head >> 5
    const info = head & 31
    const keyed = isMap[depth] === 1 && left[depth]! % 2 === 0
    if (keyed && major !== 3) return major === 6 ? 'ERR_CBOR_TAG' : 'ERR_CBOR_KEY'
    left[depth]!--

    if (major === 7) {
      if (info === 20 || info === 21 || info === 22) continue
      if (info === 31) return 'ERR_CBOR_INDEFINITE'
      if (info < 25 || info > 27) return 'ERR_CBOR_SIMPLE'
      if (profile !== 'value') return 'ERR_CBOR_TYPE'
      if (info !== 27) return 'ERR_CBOR_FLOAT'
      if (at + 8 > end) return 'ERR_CBOR_TRUNCATED'
      if (!floatOk(bytes, at)) return 'ERR_CBOR_FLOAT'
      at += 8
      continue
    }
    if (major === 6) return 'ERR_CBOR_TAG'

    // The number in the head: a value, or a length.
    let number = info
    if (info > 23) {
      if (info === 31) return 'ERR_CBOR_INDEFINITE'
      if (info > 27) return 'ERR_CBOR_NOT_CANONICAL' // 28 … 30 are reserved
      const width = 1 << (info - 24)
      if (at + width > end) return 'ERR_CBOR_TRUNCATED'
      number = 0
      for (let read = 0; read < width; read++) number = number * 256 + bytes[at++]!
      const shorter = info === 24 ? 24 : info === 25 ? 0x100 : info === 26 ? 0x1_0000 : 0x1_0000_0000
      if (number < shorter) return 'ERR_CBOR_NOT_CANONICAL'
      // A sum past 2^53 was rounded, never to below it.
      if (info === 27 && major < 2 && (major === 1 || number > Number.MAX_SAFE_INTEGER)) return 'ERR_CBOR_INTEGER'
    }

    switch (major) {
      case 0:
      case 1:
        continue
      case 2:
        if (number > end - at) return 'ERR_CBOR_TRUNCATED'
        at += number
        continue
      case 3: {
        if (number > end - at) return 'ERR_CBOR_TRUNCATED'
        if (!textOk(bytes, at, at + number)) return 'ERR_CBOR_TEXT'
        at += number
        if (!keyed) continue
        if (forbiddenKey(bytes, at - number, number)) return 'ERR_CBOR_KEY'
        if (keyEnd[depth] !== 0 && !follows(bytes, keyStart[depth]!, keyEnd[depth]!, start, at))
          return 'ERR_CBOR_KEY_ORDER'
        keyStart[depth] = start
        keyEnd[depth] = at
        continue
      }
      case 4:
      case 5: {
        if (major === 5 && profile !== 'value') return 'ERR_CBOR_TYPE'
        // Every item takes a byte or more, so a length that the bytes cannot hold is refused here.
        if (number > end - at) return 'ERR_CBOR_TRUNCATED'
        if (++depth > depthMax) return 'ERR_CBOR_DEPTH'
        left[depth] = major === 5 ? 2 * number : number
        isMap[depth] = major === 5 ? 1 : 0
        keyEnd[depth] = 0
        continue
      }
    }
  }
}

/** A float is only for what an integer cannot say: one value, one encoding. */
function floatOk(bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < 8; index++) floatBytes[index] = bytes[at + index]!
  const value = floatView.getFloat64(0)
  if (value !== value) return floatView.getUint32(0) === 0x7ff8_0000 && floatView.getUint32(4) === 0
  return !isIntegerItem(value)
}

/** Whether a number travels as an integer. −0 does, as 0. */
export function isIntegerItem(value: number): boolean {
  return Number.isSafeInteger(value) && value >= -0x1_0000_0000
}

/** Bytewise order of the encoded keys (RFC 8949 §4.2.1): shorter first, since the length comes first. */
function follows(bytes: Uint8Array, before: number, beforeEnd: number, at: number, end: number): boolean {
  for (; before < beforeEnd && at < end; before++, at++) {
    if (bytes[before] !== bytes[at]) return bytes[before]! < bytes[at]!
  }
  return false // equal: one length is in front of both, so neither is a prefix of the other
}

/** The keys that reach into an object's prototype. */
export const forbiddenKeys = ['__proto__', 'constructor', 'prototype'] as const
const forbiddenBytes = forbiddenKeys.map((key) => Uint8Array.from(key, (letter) => letter.charCodeAt(0)))

function forbiddenKey(bytes: Uint8Array, at: number, length: number): boolean {
  if (length !== 9 && length !== 11) return false
  return forbiddenBytes.some((key) => key.length === length && key.every((byte, index) => bytes[at + index] === byte))
}

/** Well-formed UTF-8 (Unicode 15, table 3-7), and no leading byte order mark: some decoders eat it, so two strings would be one. */
function textOk(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at >= 3 && bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) return false
  while (at < end) {
    const byte = bytes[at++]!
    if (byte < 0x80) continue
    let low = 0x80
    let high = 0xbf
    let more: number
    if (byte < 0xc2) return false
    else if (byte < 0xe0) more = 1
    else if (byte < 0xf0) {
      more = 2
      if (byte === 0xe0) low = 0xa0
      else if (byte === 0xed) high = 0x9f
    } else if (byte < 0xf5) {
      more = 3
      if (byte === 0xf0) low = 0x90
      else if (byte === 0xf4) high = 0x8f
    } else return false
    if (more > end - at) return false
    if (bytes[at]! < low || bytes[at]! > high) return false
    for (let read = 1; read < more; read++) if (bytes[at + read]! >> 6 !== 2) return false
    at += more
  }
  return true
}
