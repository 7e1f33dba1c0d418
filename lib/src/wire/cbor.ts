/**
 * CBOR (RFC 8949): the part of it that `scan` accepts, and each value in the one encoding that it accepts. Nothing is
 * read here that was not scanned, so the reader need not defend itself: every length fits, every text is UTF-8,
 * nothing is deeper than `depthMax`, and there are no tags, records or indefinite lengths.
 *
 * Reader and writer are ours because the scanner is: it walks every byte by the same rules, and what is left for a
 * decoder is less than a library's options to keep it from doing more. `cbor-x`, by which the tests check both, is 13 kB
 * of what a page loads, and alone can be killed by a few hundred bytes.
 */
import { utf8, utf8Length } from '../identity/utf8.ts'
import { WireError } from './errors.ts'
import { frameBytesMax } from './limits.ts'
import { isIntegerItem, type Profile, scan } from './scanner.ts'

/** What a frame or a claim's body is made of. */
export type Item = number | string | boolean | null | Uint8Array | readonly Item[]

/** Where an item is written before it gets bytes of its own. Encoding is synchronous and never re-entered. */
let page = new Uint8Array(2 * frameBytesMax)
let at = 0

const float = new DataView(new ArrayBuffer(8))

/** An unsigned integer, which is what the other side will insist on. */
export function uint(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not an unsigned integer`)
  return value
}

/** One item in its one encoding, in bytes of its own. Throws a RangeError for text without UTF-8. */
export function encodeItem(item: Item | ReadonlyMap<string, unknown>): Uint8Array {
  at = 0
  write(item)
  const bytes = page.slice(0, at)
  // Something huge was encoded, to be refused by whoever gave it: its page is not kept.
  if (page.length > 2 * frameBytesMax) page = new Uint8Array(2 * frameBytesMax)
  return bytes
}

/** Reads one item; byte strings in it are copies. Throws only WireError. */
export function decodeItem(bytes: Uint8Array, profile: Profile): unknown {
  if (bytes.length === 0 || bytes.length > frameBytesMax) throw new WireError('ERR_FRAME_TOO_LARGE')
  const fault = scan(bytes, profile)
  if (fault !== undefined) throw new WireError(fault)
  return new Reader(bytes).item()
}

/** Text that has a UTF-8 encoding of at most `bytesMax` bytes and does not start with a byte order mark. */
export function textFits(text: string, bytesMax: number): boolean {
  const length = utf8Length(text)
  return length >= 0 && length <= bytesMax && text.charCodeAt(0) !== 0xfeff
}

function write(item: unknown): void {
  switch (typeof item) {
    case 'number':
      return isIntegerItem(item) ? writeInteger(item) : writeFloat(item)
    case 'string':
      return writeText(item)
    case 'boolean':
      return writeByte(item ? 0xf5 : 0xf4)
    case 'object':
      break
    default:
      throw new TypeError(`a ${typeof item} has no encoding`)
  }
  if (item === null) return writeByte(0xf6)
  if (item instanceof Uint8Array) {
    writeHead(2, item.length)
    room(item.length)
    page.set(item, at)
    at += item.length
  } else if (Array.isArray(item)) {
    writeHead(4, item.length)
    for (const each of item) write(each)
  } else {
    const map = item as ReadonlyMap<string, unknown>
    writeHead(5, map.size)
    for (const [key, value] of map) {
      writeText(key)
      write(value)
    }
  }
}

function writeInteger(value: number): void {
  if (value < 0) writeHead(1, -1 - value)
  else writeHead(0, value)
}

function writeFloat(value: number): void {
  writeByte(0xfb)
  room(8)
  // A NaN has 2^53 − 2 spellings. This is the one.
  float.setFloat64(0, value)
  if (Number.isNaN(value)) float.setBigUint64(0, 0x7ff8_0000_0000_0000n)
  for (let index = 0; index < 8; index++) page[at++] = float.getUint8(index)
}

function writeText(text: string): void {
  const units = text.length
  // Short and plain, as nearly all text is: each character a byte, and no array for it.
  if (units < 24) {
    room(units + 1)
    const start = at
    page[at++] = 0x60 + units
    let index = 0
    for (; index < units; index++) {
      const unit = text.charCodeAt(index)
      if (unit > 0x7f) break
      page[at++] = unit
    }
    if (index === units) return
    at = start
  }
  const bytes = utf8(text)
  writeHead(3, bytes.length)
  room(bytes.length)
  page.set(bytes, at)
  at += bytes.length
}

/** The major type, and its number in the fewest bytes. */
function writeHead(major: number, number: number): void {
  room(9)
  const type = major << 5
  if (number < 24) page[at++] = type | number
  else if (number < 0x100) {
    page[at++] = type | 24
    page[at++] = number
  } else if (number < 0x1_0000) {
    page[at++] = type | 25
    page[at++] = number >> 8
    page[at++] = number
  } else {
    page[at++] = type | (number > 0xffff_ffff ? 27 : 26)
    if (number > 0xffff_ffff) writeUint32(Math.floor(number / 0x1_0000_0000))
    writeUint32(number % 0x1_0000_0000)
  }
}

function writeUint32(number: number): void {
  page[at++] = number >>> 24
  page[at++] = number >>> 16
  page[at++] = number >>> 8
  page[at++] = number
}

function writeByte(byte: number): void {
  room(1)
  page[at++] = byte
}

function room(bytes: number): void {
  if (at + bytes <= page.length) return
  const larger = new Uint8Array(Math.max(2 * page.length, at + bytes))
  larger.set(page)
  page = larger
}

class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  item(): unknown {
    const head = this.#bytes[this.#at++]!
    const info = head & 31
    switch (head >> 5) {
      case 0:
        return this.#number(info)
      case 1:
        return -1 - this.#number(info)
      case 2: {
        const length = this.#number(info)
        // Not `slice`: the bytes may be a Buffer, whose slices are Buffers too, and no copies.
        return new Uint8Array(this.#bytes.subarray(this.#at, (this.#at += length)))
      }
      case 3:
        return this.#text(this.#number(info))
      case 4: {
        const length = this.#number(info)
        const items: unknown[] = []
        for (let index = 0; index < length; index++) items.push(this.item())
        return items
      }
      case 5: {
        const length = this.#number(info)
        const object: Record<string, unknown> = {}
        for (let index = 0; index < length; index++) {
          // No key reaches into the prototype: the scanner has refused those.
          const key = this.item() as string
          object[key] = this.item()
        }
        return object
      }
      default:
        return info === 27 ? this.#float() : info === 22 ? null : info === 21
    }
  }

  #number(info: number): number {
    if (info < 24) return info
    let number = 0
    for (let width = 1 << (info - 24); width > 0; width--) number = number * 256 + this.#bytes[this.#at++]!
    return number
  }

  #float(): number {
    for (let index = 0; index < 8; index++) float.setUint8(index, this.#bytes[this.#at++]!)
    return float.getFloat64(0)
  }

  #text(length: number): string {
    const end = this.#at + length
    let text = ''
    // In pieces, since a call takes only so many arguments.
    const units: number[] = []
    while (this.#at < end) {
      if (units.length >= 4096) text += String.fromCharCode(...units.splice(0))
      const byte = this.#bytes[this.#at++]!
      if (byte < 0x80) units.push(byte)
      else if (byte < 0xe0) units.push(((byte & 0x1f) << 6) | this.#trail())
      else if (byte < 0xf0) units.push(((byte & 0x0f) << 12) | (this.#trail() << 6) | this.#trail())
      else {
        const point = ((byte & 7) << 18) | (this.#trail() << 12) | (this.#trail() << 6) | this.#trail()
        units.push(0xd7c0 + (point >> 10), 0xdc00 | (point & 0x3ff))
      }
    }
    return text + String.fromCharCode(...units)
  }

  #trail(): number {
    return this.#bytes[this.#at++]! & 0x3f
  }
}
