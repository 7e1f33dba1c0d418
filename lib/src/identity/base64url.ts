/** base64url without padding (RFC 4648 §5): how keys, instances and digests look where people see them. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const letters = Array.from(alphabet)
const values = new Int8Array(128).fill(-1)
for (let value = 0; value < 64; value++) values[alphabet.charCodeAt(value)] = value

export function toBase64Url(bytes: Uint8Array): string {
  const whole = bytes.length - (bytes.length % 3)
  let text = ''
  for (let at = 0; at < whole; at += 3) {
    const three = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
    text += letters[three >> 18]! + letters[(three >> 12) & 63]! + letters[(three >> 6) & 63]! + letters[three & 63]!
  }
  if (bytes.length - whole === 1) {
    const one = bytes[whole]!
    text += letters[one >> 2]! + letters[(one & 3) << 4]!
  } else if (bytes.length - whole === 2) {
    const two = (bytes[whole]! << 8) | bytes[whole + 1]!
    text += letters[two >> 10]! + letters[(two >> 4) & 63]! + letters[(two & 15) << 2]!
  }
  return text
}

/** The bytes that `text` spells; undefined unless it is their one spelling (alphabet, length, spare bits zero). */
export function fromBase64Url(text: string): Uint8Array | undefined {
  if (text.length % 4 === 1) return undefined
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let to = 0
  let held = 0
  let bits = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    const value = unit < 128 ? values[unit]! : -1
    if (value < 0) return undefined
    held = (held << 6) | value
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[to++] = held >> bits
    held &= (1 << bits) - 1
  }
  // Spare bits that are set would give the same bytes, and so the same peer, a second name.
  return held === 0 ? bytes : undefined
}

const sextet = (text: string, at: number): number => values[text.charCodeAt(at)]!

/** The first four bytes of what a valid text of at least 11 characters spells, as one number, big-endian. */
export function firstWord(text: string): number {
  return (
    ((sextet(text, 0) << 26) |
      (sextet(text, 1) << 20) |
      (sextet(text, 2) << 14) |
      (sextet(text, 3) << 8) |
      (sextet(text, 4) << 2) |
      (sextet(text, 5) >> 4)) >>>
    0
  )
}

/** The four bytes after those. */
export function secondWord(text: string): number {
  return (
    (((sextet(text, 5) & 15) << 28) |
      (sextet(text, 6) << 22) |
      (sextet(text, 7) << 16) |
      (sextet(text, 8) << 10) |
      (sextet(text, 9) << 4) |
      (sextet(text, 10) >> 2)) >>>
    0
  )
}
