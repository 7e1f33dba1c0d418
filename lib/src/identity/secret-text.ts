/** A room's secret as it stands in a link or an option. What it is good for is in `room-secret.ts`, which not every page loads. */
import { fromBase64Url } from './base64url.ts'

/** 128 bits: less could be guessed by whoever has recorded what was sealed under it. */
export const secretBytesMin = 16
export const secretBytesMax = 64

/** The bytes of a secret as it stands in a link; undefined for what is none. */
export function readSecret(text: string): Uint8Array | undefined {
  const bytes = fromBase64Url(text)
  return bytes && bytes.length >= secretBytesMin && bytes.length <= secretBytesMax ? bytes : undefined
}
