/**
 * Where signed entries lie: their bytes, one after the other in a few large arrays, because a million small ones
 * cost more in headers than in bytes. A handle names a record, and changes only when `compact` says so.
 */

const chunkBits = 20
const chunkBytesMax = 1 << chunkBits
const chunksMax = 1 << (32 - chunkBits)
/** The first array of a replica that holds little; each next one is twice as large. */
const firstChunkBytes = 4096
const lengthBytes = 2

interface Chunk {
  bytes: Uint8Array
  used: number
  dead: number
}

export type Handle = number

export class Shelf {
  readonly #chunks: Chunk[] = []
  #bytes = 0

  /** Bytes of all records. */
  get bytes(): number {
    return this.#bytes
  }

  /** Keeps a copy. Throws a RangeError for more than 64 KiB, and when 4 GiB are full. */
  put(record: Uint8Array): Handle {
    if (record.length > 0xffff) throw new RangeError(`a record of ${record.length} bytes`)
    const size = lengthBytes + record.length
    const chunk = this.#roomFor(size)
    const { bytes, used } = chunk
    bytes[used] = record.length >>> 8
    bytes[used + 1] = record.length
    bytes.set(record, used + lengthBytes)
    chunk.used += size
    this.#bytes += record.length
    return (((this.#chunks.length - 1) << chunkBits) | used) >>> 0
  }

  /** A copy. */
  get(handle: Handle): Uint8Array {
    const [{ bytes }, at] = this.#locate(handle)
    return bytes.slice(at + lengthBytes, at + lengthBytes + lengthAt(bytes, at))
  }

  /** Answers the number of the chunk that is worth compacting because of this, or undefined. */
  drop(handle: Handle): number | undefined {
    const [chunk, at] = this.#locate(handle)
    const length = lengthAt(chunk.bytes, at)
    chunk.dead += lengthBytes + length
    this.#bytes -= length
    const index = handle >>> chunkBits
    return chunk.dead * 2 > chunk.bytes.length && index < this.#chunks.length - 1 ? index : undefined
  }

  /** Puts a record elsewhere; its old place goes with its chunk. */
  move(handle: Handle): Handle {
    const record = this.get(handle)
    this.#bytes -= record.length
    return this.put(record)
  }

  /** Whether this record lies in that chunk. */
  isIn(handle: Handle, chunk: number): boolean {
    return handle >>> chunkBits === chunk
  }

  /** After everything in it was put elsewhere. */
  empty(chunk: number): void {
    this.#chunks[chunk] = { bytes: new Uint8Array(0), used: 0, dead: 0 }
  }

  #roomFor(size: number): Chunk {
    const last = this.#chunks.at(-1)
    if (last !== undefined && last.used + size <= last.bytes.length) return last
    if (last !== undefined && last.bytes.length < chunkBytesMax && last.used + size <= chunkBytesMax) {
      let length = last.bytes.length
      while (last.used + size > length) length *= 2
      const grown = new Uint8Array(length)
      grown.set(last.bytes)
      last.bytes = grown
      return last
    }
    if (this.#chunks.length === chunksMax) throw new RangeError('the shelf is full')
    const first = this.#chunks.length === 0
    let length = first ? firstChunkBytes : chunkBytesMax
    while (size > length) length *= 2
    const chunk = { bytes: new Uint8Array(length), used: 0, dead: 0 }
    this.#chunks.push(chunk)
    return chunk
  }

  #locate(handle: Handle): readonly [Chunk, number] {
    const chunk = this.#chunks[handle >>> chunkBits]
    if (chunk === undefined) throw new Error(`no record ${handle}`)
    return [chunk, handle & (chunkBytesMax - 1)]
  }
}

const lengthAt = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
