/** A peer's id as the handshake needs it: 32 bytes, for the wire and the transcript. */
import type { PeerId } from '../identity/peer-id.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const keyBytes = 32
const idLength = 43

/** The public key that the id is; undefined when the text is not the one spelling of 32 bytes. */
export function peerKey(peer: string): Uint8Array | undefined {
  if (peer.length !== idLength) return undefined
  const key = new Uint8Array(keyBytes)
  let bits = 0
  let held = 0
  let at = 0
  for (const letter of peer) {
    const value = alphabet.indexOf(letter)
    if (value < 0) return undefined
    held = (held << 6) | value
    bits += 6
    if (bits < 8) continue
    bits -= 8
    key[at++] = held >> bits
    held &= (1 << bits) - 1
  }
  // 43 letters are 258 bits: a peer with the two spare ones set would have a second name.
  return held === 0 ? key : undefined
}

/** The id that 32 bytes of public key are. */
export function peerOfKey(key: Uint8Array): PeerId {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of key) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 6) {
      bits -= 6
      text += alphabet[held >> bits]
      held &= (1 << bits) - 1
    }
  }
  if (bits > 0) text += alphabet[held << (6 - bits)]
  return text as PeerId
}
