/**
 * The application's own data as bytes: metadata, messages, values of the shared state. What JSON carries,
 * and bytes (`Uint8Array`), and the numbers that JSON has no word for. What comes out equals what went in,
 * except that −0 comes out as 0, and that a property whose value is undefined is not there, as in JSON.
 */
import { decodeItem, encodeItem, textFits } from './cbor.ts'
import { utf8Length } from '../identity/utf8.ts'
import { WireError } from './errors.ts'
import { depthMax, frameBytesMax, itemsMax } from './limits.ts'
import { forbiddenKeys, isIntegerItem } from './scanner.ts'

/** Data that was refused on the way out: the application's own mistake, with its place and what is allowed. */
export class ValueError extends TypeError {
  readonly code = 'ERR_VALUE'
  /** Where, as `$.players[3].joined`. */
  readonly path: string
  constructor(path: string, message: string) {
    super(`${path} ${message}`)
    this.name = 'ValueError'
    this.path = path
  }
}

const allowed = 'allowed are null, booleans, numbers, strings, Uint8Array, arrays and plain objects'

/** Encodes application data. Throws a ValueError that names the place and what is allowed there. */
export function encodeValue(value: unknown): Uint8Array {
  const bytes = encodeItem(canonical(value, '$', 0, { items: 0 }) as never)
  if (bytes.length > frameBytesMax)
    throw new ValueError('$', `is ${bytes.length} bytes encoded; ${frameBytesMax} are allowed`)
  return bytes
}

/** Decodes application data. Throws only WireError: what it answers is data and nothing else, and a copy. */
export function decodeValue(bytes: Uint8Array): unknown {
  return decodeItem(bytes, 'value')
}

/** As `decodeValue`, but undefined for what is refused. No value is undefined. */
export function tryDecodeValue(bytes: Uint8Array): unknown {
  try {
    return decodeValue(bytes)
  } catch (reason) {
    if (reason instanceof WireError) return undefined
    throw reason
  }
}

/** The value in the shapes, and the order of keys, that make its encoding the one there is. */
function canonical(value: unknown, path: string, depth: number, count: { items: number }): unknown {
  if (++count.items > itemsMax) throw new ValueError('$', `holds more than ${itemsMax} values`)
  switch (typeof value) {
    case 'boolean':
      return value
    case 'string':
      return text(value, path)
    case 'number':
      if (!isIntegerItem(value)) return Number.isNaN(value) ? NaN : value
      return value > 0xffff_ffff ? BigInt(value) : value
    case 'bigint':
      throw new ValueError(path, 'is a bigint; a number or a string is allowed')
    case 'object':
      break
    case 'undefined':
    case 'function':
    case 'symbol':
      throw new ValueError(path, `is ${value === undefined ? '' : 'a '}${typeof value}; ${allowed}`)
  }
  if (value === null) return null
  if (value instanceof Uint8Array) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  if (++depth > depthMax) throw new ValueError(path, `is nested deeper than ${depthMax}, or holds itself`)
  if (Array.isArray(value)) {
    // Not `map`, which skips the holes.
    return Array.from(value as unknown[], (each, index) => canonical(each, `${path}[${index}]`, depth, count))
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    const name = (value as object).constructor?.name
    throw new ValueError(path, `is ${name ? `a ${name}` : 'an object with a prototype'}; ${allowed}`)
  }
  const keys = Object.keys(value)
  for (const key of keys) {
    text(key, `${path} key ${JSON.stringify(key)}`)
    if ((forbiddenKeys as readonly string[]).includes(key)) {
      throw new ValueError(`${path}.${key}`, 'has a name that is not allowed: __proto__, constructor and prototype')
    }
  }
  const map = new Map<string, unknown>()
  for (const key of keys.sort(byEncoding)) {
    const each: unknown = (value as Record<string, unknown>)[key]
    if (each === undefined) continue
    count.items++
    map.set(key, canonical(each, `${path}.${key}`, depth, count))
  }
  return map
}

function text(value: string, path: string): string {
  if (!textFits(value, frameBytesMax)) {
    throw new ValueError(path, 'is text that holds half a surrogate pair, starts with U+FEFF or is too long')
  }
  return value
}

/** Order of the encoded keys: by length in UTF-8, then by bytes, which is by code point. */
function byEncoding(left: string, right: string): number {
  const shorter = utf8Length(left) - utf8Length(right)
  if (shorter !== 0) return shorter
  // UTF-16 sorts surrogate pairs before U+E000 … U+FFFF; UTF-8 after.
  for (let at = 0; at < left.length; at++) {
    const [one, two] = [left.codePointAt(at)!, right.codePointAt(at)!]
    if (one !== two) return one - two
  }
  return 0
}
