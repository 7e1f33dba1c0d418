/**
 * Positional fields, read one after the other with their types and ranges, or written. A frame or a
 * claim's body is an array of them, so a row of a codec's table reads like the table in the protocol's
 * documentation.
 */
import type { Digest } from '../identity/claim.ts'
import { digestBytes, digestFromBytes } from '../identity/envelope.ts'
import type { WallMillis } from '../identity/millis.ts'
import {
  type InstanceId,
  instanceIdBytes,
  instanceIdFromBytes,
  type PeerId,
  peerIdBytes,
  peerIdFromBytes,
} from '../identity/peer-id.ts'
import { decodeItem, type Item, textFits, uint } from './cbor.ts'
import { type ErrorCode, WireError } from './errors.ts'

export const uint32Max = 0xffff_ffff

/** Reads fields in order. Each method throws a WireError with the code given when its field is missing or unfit. */
export class Fields {
  readonly #items: readonly unknown[]
  readonly #fault: ErrorCode
  #next = 0

  constructor(items: unknown, fault: ErrorCode) {
    if (!Array.isArray(items)) throw new WireError(fault, 'not an array')
    this.#items = items as readonly unknown[]
    this.#fault = fault
  }

  /** Reads the fields that a byte string holds: canonical CBOR of its own. */
  static inside(bytes: Uint8Array, fault: ErrorCode): Fields {
    return new Fields(decodeItem(bytes, 'frame'), fault)
  }

  uint(max: number = Number.MAX_SAFE_INTEGER): number {
    const item = this.#take()
    if (typeof item !== 'number' || item < 0 || item > max) throw this.#unfit(`not an integer in 0 … ${max}`)
    return item
  }

  wall(): WallMillis {
    return this.uint() as WallMillis
  }

  boolean(): boolean {
    const item = this.#take()
    if (typeof item !== 'boolean') throw this.#unfit('neither true nor false')
    return item
  }

  /** Bytes, exactly `length` of them. */
  bytes(length: number): Uint8Array {
    const item = this.#take()
    if (!(item instanceof Uint8Array) || item.length !== length) throw this.#unfit(`not ${length} bytes`)
    return item
  }

  /** Bytes, at most `max` of them, a multiple of `unit`. */
  bytesUpTo(max: number, unit = 1): Uint8Array {
    const item = this.#take()
    if (!(item instanceof Uint8Array) || item.length > max || item.length % unit !== 0)
      throw this.#unfit(`not bytes, at most ${max}`)
    return item
  }

  /** Text, at most `max` bytes of it in UTF-8. */
  text(max: number): string {
    const item = this.#take()
    if (typeof item !== 'string' || !textFits(item, max)) throw this.#unfit(`not text of at most ${max} bytes`)
    return item
  }

  peer(): PeerId {
    return peerIdFromBytes(this.bytes(peerIdBytes))
  }

  instance(): InstanceId {
    return instanceIdFromBytes(this.bytes(instanceIdBytes))
  }

  digest(): Digest {
    return digestFromBytes(this.bytes(digestBytes))
  }

  /** One of a list of words, which travels as its place in the list. */
  choice<W extends string>(words: readonly W[]): W {
    return words[this.uint(words.length - 1)]!
  }

  /** An array of at most `max` elements, each read as one field. */
  list<T>(max: number, read: (fields: Fields) => T): T[] {
    const item = this.#take()
    if (!Array.isArray(item) || item.length > max) throw this.#unfit(`not an array of at most ${max}`)
    const elements = new Fields(item, this.#fault)
    const values: T[] = []
    for (let index = 0; index < item.length; index++) values.push(read(elements))
    elements.end()
    return values
  }

  /** An array of fields of their own, as many as one of these numbers. */
  group(...lengths: readonly number[]): Fields {
    const item = this.#take()
    if (!Array.isArray(item) || !lengths.includes(item.length))
      throw this.#unfit(`not an array of ${lengths.join(' or ')}`)
    return new Fields(item, this.#fault)
  }

  get length(): number {
    return this.#items.length
  }

  /** Nothing may be left. */
  end(): void {
    if (this.#next !== this.#items.length) throw this.#unfit('more fields than there should be')
  }

  /** For what only the caller can judge. */
  expect(fits: boolean, detail: string): void {
    if (!fits) throw this.#unfit(detail)
  }

  #take(): unknown {
    return this.#items[this.#next++]
  }

  #unfit(detail: string): WireError {
    return new WireError(this.#fault, `field ${this.#next}: ${detail}`)
  }
}

/** A moment or a span as it travels: whole milliseconds. Clocks give fractions; a moment is never moved into the future. */
export function wholeMs(ms: number): Item {
  return uint(Math.floor(ms))
}
