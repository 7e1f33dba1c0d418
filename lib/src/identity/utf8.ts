/**
 * Text as bytes, strictly: a string with half a surrogate pair has no UTF-8, and an encoder that
 * replaces it by U+FFFD gives two different strings the same bytes.
 */

/** Bytes of `text` in UTF-8, or -1 when it holds half a surrogate pair. */
export function utf8Length(text: string): number {
  let bytes = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) continue
    bytes++
    if (unit < 0x800) continue
    if (unit < 0xd800 || unit > 0xdfff) bytes++
    else if (unit < 0xdc00 && isTrail(text.charCodeAt(at + 1))) {
      at++
      bytes++
    } else return -1
  }
  return bytes
}

/** `text` in UTF-8. Throws a RangeError when it holds half a surrogate pair. */
export function utf8(text: string): Uint8Array {
  const length = utf8Length(text)
  if (length < 0) throw new RangeError('text holds half a surrogate pair and so has no UTF-8')
  const bytes = new Uint8Array(length)
  let to = 0
  for (let at = 0; at < text.length; at++) {
    const point = text.codePointAt(at)!
    if (point < 0x80) bytes[to++] = point
    else if (point < 0x800) {
      bytes[to++] = 0xc0 | (point >> 6)
      bytes[to++] = 0x80 | (point & 0x3f)
    } else {
      if (point < 0x10000) bytes[to++] = 0xe0 | (point >> 12)
      else {
        at++
        bytes[to++] = 0xf0 | (point >> 18)
        bytes[to++] = 0x80 | ((point >> 12) & 0x3f)
      }
      bytes[to++] = 0x80 | ((point >> 6) & 0x3f)
      bytes[to++] = 0x80 | (point & 0x3f)
    }
  }
  return bytes
}

function isTrail(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}
