/**
 * Canonical CBOR as docs/protocol/frames.md §1 tells it, and as little of it as an attacker needs. It is
 * written from that page alone: it shares nothing with the product, so it also audits the page.
 */

/** What claims and frames are made of. `Raw` is bytes that stand for themselves, well-formed or not. */
export type Item = number | boolean | string | Uint8Array | Raw | readonly Item[]

export class Raw {
  readonly bytes: Uint8Array
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

export function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.of((major << 5) | value)
  const bytes = value < 2 ** 8 ? 1 : value < 2 ** 16 ? 2 : value < 2 ** 32 ? 4 : 8
  const out = Buffer.alloc(1 + bytes)
  out[0] = (major << 5) | (24 + Math.log2(bytes))
  if (bytes === 8) out.writeBigUInt64BE(BigInt(value), 1)
  else out.writeUIntBE(value, 1, bytes)
  return out
}

export function write(item: Item): Buffer {
  if (typeof item === 'number') return head(0, item)
  if (typeof item === 'boolean') return Buffer.of(item ? 0xf5 : 0xf4)
  if (typeof item === 'string') return Buffer.concat([head(3, Buffer.byteLength(item)), Buffer.from(item)])
  if (item instanceof Uint8Array) return Buffer.concat([head(2, item.length), item])
  if (item instanceof Raw) return Buffer.from(item.bytes)
  return Buffer.concat([head(4, item.length), ...item.map(write)])
}

/** Reads what honest peers write, maps and floats aside; throws a RangeError for what it cannot. */
export function read(bytes: Uint8Array): Item {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  const next = (): Item => {
    const initial = buffer.readUInt8(at++)
    const [major, low] = [initial >> 5, initial & 31]
    if (major === 7 && (low === 20 || low === 21)) return low === 21
    if (low > 27 || (major !== 0 && major !== 2 && major !== 3 && major !== 4)) {
      throw new RangeError(`no reader for the byte ${initial}`)
    }
    const size = low < 24 ? 0 : 2 ** (low - 24)
    const value = size === 0 ? low : size === 8 ? Number(buffer.readBigUInt64BE(at)) : buffer.readUIntBE(at, size)
    at += size
    if (major === 0) return value
    if (major === 4) return Array.from({ length: value }, next)
    const content = buffer.subarray(at, (at += value))
    return major === 3 ? content.toString() : content
  }
  return next()
}
