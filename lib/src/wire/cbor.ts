/**
 * CBOR, and the only file that knows cbor-x. Nothing is decoded that `scan` has not accepted: alone, the
 * decoder can be killed by a few hundred bytes. What it never gets to see: tags, records, packed values,
 * indefinite lengths, lengths that the bytes do not hold.
 *
 * The build without `new Function` and without the native addon is used everywhere, so that Node and
 * browsers read alike and a strict content security policy has nothing to report.
 */
import { Decoder, Encoder } from 'cbor-x/index-no-eval'
import { utf8Length } from '../identity/utf8.ts'
import { WireError } from './errors.ts'
import { frameBytesMax } from './limits.ts'
import { type Profile, scan } from './scanner.ts'

/** What a frame or a claim's body is made of. A bigint is an unsigned integer past 2^32−1, as `uint` gives it. */
export type Item = number | bigint | string | boolean | null | Uint8Array | readonly Item[]

const encoder = new Encoder({
  useRecords: false,
  variableMapSize: true,
  tagUint8Array: false,
  useTag259ForMaps: false,
  structuredClone: false,
  pack: false,
  bundleStrings: false,
} as object)

/** Never the encoder: an Encoder instance that also decodes carries one sender's records over to the next. */
const decoder = new Decoder({
  useRecords: false,
  mapsAsObjects: true,
  copyBuffers: true,
  int64AsNumber: true,
} as object)

/** An unsigned integer as `encodeItem` wants it: cbor-x makes a float of a number past 2^32−1. */
export function uint(value: number): number | bigint {
  return value > 0xffff_ffff ? BigInt(value) : value
}

/** One item in its one encoding, in bytes of its own. Throws a RangeError for text without UTF-8. */
export function encodeItem(item: Item | ReadonlyMap<string, unknown>): Uint8Array {
  // A copy: cbor-x answers a view into a pool that it goes on writing to.
  return new Uint8Array(encoder.encode(item))
}

/** Reads one item; byte strings in it are copies. Throws only WireError. */
export function decodeItem(bytes: Uint8Array, profile: Profile): unknown {
  if (bytes.length === 0 || bytes.length > frameBytesMax) throw new WireError('ERR_FRAME_TOO_LARGE')
  const fault = scan(bytes, profile)
  if (fault !== undefined) throw new WireError(fault)
  // A view of its own: cbor-x leaves a property on the array that it reads, and a Buffer's `slice` would not copy.
  return decoder.decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) as never)
}

/** Text that has a UTF-8 encoding of at most `bytesMax` bytes and does not start with a byte order mark. */
export function textFits(text: string, bytesMax: number): boolean {
  const length = utf8Length(text)
  return length >= 0 && length <= bytesMax && text.charCodeAt(0) !== 0xfeff
}
