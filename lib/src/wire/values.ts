/**
 * The application's own values as bytes: metadata and messages. What goes in is what a JSON document
 * may hold, and byte strings; what comes out of the other end is equal to it. One value has one encoding
 * (RFC 8949 §4.2), which the strict scanner accepts and nothing else.
 *
 * The encoder is our own and not cbor-x's: that one writes 32-bit floats, integers in other than their
 * shortest form, keys in the order of insertion, and takes class instances for plain objects.
 */
import { utf8 } from '../identity/utf8.ts'
import { decodeItem } from './cbor.ts'
import { WireError } from './errors.ts'
import { depthMax, itemsMax } from './limits.ts'
import { forbiddenKeys, isIntegerItem } from './scanner.ts'

export { metadataBytesMax, payloadBytesMax } from './limits.ts'

/**
 * A value as canonical CBOR: null, booleans, numbers, strings, `Uint8Array`, arrays, and plain objects
 * with string keys. As in JSON, `undefined` in an array is null and a property that is undefined is left
 * out; −0 is 0.
 *
 * Throws a TypeError that says where the value holds anything else, is nested deeper than 16, or has more
 * than 4,096 items.
 */
export function encodeValue(value: unknown): Uint8Array {
  const writer = new Writer()
  writer.value(value, 'it', 0)
  return writer.bytes()
}

/** The value that the bytes are, or undefined for what is no acceptable value. */
export function decodeValue(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: decodeItem(bytes, 'value') }
  } catch (reason) {
    if (reason instanceof WireError) return undefined
    throw reason
  }
}

class Writer {
  #bytes = new Uint8Array(256)
  #at = 0
  #items = 0

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#at)
  }

  value(value: unknown, where: string, depth: number): void {
    this.#item(where)
    if (value === null || value === undefined) return this.#byte(0xf6)
    if (typeof value === 'string') return this.#text(value, where)
    if (typeof value === 'number') return this.#number(value)
    if (typeof value === 'boolean') return this.#byte(value ? 0xf5 : 0xf4)
    if (typeof value !== 'object') throw new TypeError(`${where} is a ${typeof value}`)
    if (value instanceof Uint8Array) return this.#string(2, value)
    if (depth === depthMax) throw new TypeError(`${where} is nested deeper than ${depthMax}`)
    if (Array.isArray(value)) {
      this.#head(4, value.length)
      for (const [index, item] of value.entries()) this.value(item, `${where}[${index}]`, depth + 1)
      return
    }
    this.#map(value, where, depth)
  }

  #map(map: object, where: string, depth: number): void {
    const prototype: unknown = Object.getPrototypeOf(map)
    if (prototype !== Object.prototype && prototype !== null) {
      throw new TypeError(`${where} is an object of class ${map.constructor?.name || 'unknown'}`)
    }
    const entries: (readonly [Uint8Array, string, unknown])[] = []
    for (const [key, value] of Object.entries(map)) {
      if (value === undefined) continue
      if (forbiddenKeys.some((forbidden) => forbidden === key)) throw new TypeError(`${where} has a key ${key}`)
      entries.push([this.#utf8(key, `a key of ${where}`), key, value])
    }
    entries.sort(([a], [b]) => compare(a, b))
    this.#head(5, entries.length)
    for (const [bytes, key, value] of entries) {
      this.#item(where)
      this.#string(3, bytes)
      this.value(value, `${where}.${key.slice(0, 40)}`, depth + 1)
    }
  }

  #number(number: number): void {
    if (isIntegerItem(number)) return number < 0 ? this.#head(1, -1 - number) : this.#head(0, number)
    this.#room(9)
    const view = new DataView(this.#bytes.buffer, this.#at)
    view.setUint8(0, 0xfb)
    // One NaN of the many: an engine may keep the payload of the one that it was given.
    if (Number.isNaN(number)) view.setUint32(1, 0x7ff8_0000)
    else view.setFloat64(1, number)
    this.#at += 9
  }

  #text(text: string, where: string): void {
    this.#string(3, this.#utf8(text, where))
  }

  #utf8(text: string, where: string): Uint8Array {
    if (text.charCodeAt(0) === 0xfeff) throw new TypeError(`${where} is text that starts with a byte order mark`)
    try {
      return utf8(text)
    } catch (cause) {
      throw new TypeError(`${where} is text with half a surrogate pair`, { cause })
    }
  }

  #string(major: 2 | 3, bytes: Uint8Array): void {
    this.#head(major, bytes.length)
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  /** A head in its shortest form. */
  #head(major: number, number: number): void {
    const type = major << 5
    if (number < 24) return this.#byte(type | number)
    const width = number < 0x100 ? 1 : number < 0x1_0000 ? 2 : number < 0x1_0000_0000 ? 4 : 8
    this.#room(1 + width)
    this.#bytes[this.#at++] = type | (24 + Math.log2(width))
    for (let shift = width - 1; shift >= 0; shift--) this.#bytes[this.#at++] = Math.floor(number / 256 ** shift) % 256
  }

  #byte(byte: number): void {
    this.#room(1)
    this.#bytes[this.#at++] = byte
  }

  #item(where: string): void {
    this.#items += 1
    if (this.#items > itemsMax) throw new TypeError(`${where} is one item too many: there may be ${itemsMax}`)
  }

  #room(count: number): void {
    if (this.#at + count <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#at + count, 2 * this.#bytes.length))
    larger.set(this.#bytes)
    this.#bytes = larger
  }
}

/** Bytewise order of the encoded keys: shorter first, since the length comes first. */
function compare(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return a.length - b.length
  for (const [at, byte] of a.entries()) if (byte !== b[at]) return byte - b[at]!
  return 0
}
