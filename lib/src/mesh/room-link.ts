/**
 * Links to rooms with a secret. Room and secret stand in the fragment, which browsers send to no server.
 *
 * ```ts
 * const { link, secret } = makeRoomLink(location.href, 'lobby')
 * // whoever opens the link:
 * const { room, secret } = readRoomLink(location.href)!
 * const mesh = await join(room, { signaling, secret })
 * ```
 */
import { toBase64Url } from '../identity/base64url.ts'
import { readSecret } from '../identity/secret-text.ts'
import { ShoalError } from './errors.ts'

export interface RoomLink {
  readonly room: string
  /** 22 characters or more of base64url: at least 128 bits. */
  readonly secret: string
}

/** Makes a new secret of 128 bits, and the link that carries it. Throws `ERR_OPTION_INVALID` for what is no address. */
export function makeRoomLink(address: string | URL, room: string): RoomLink & { readonly link: string } {
  if (!URL.canParse(String(address)))
    throw new ShoalError(
      'ERR_OPTION_INVALID',
      `A room link is made from an address; this is ${String(address).slice(0, 80)}.`,
    )
  const url = new URL(address)
  const secret = toBase64Url(crypto.getRandomValues(new Uint8Array(16)))
  url.hash = new URLSearchParams({ room, secret }).toString()
  return { link: url.href, room, secret }
}

/** Room and secret of a link; undefined when it has none. */
export function readRoomLink(link: string | URL): RoomLink | undefined {
  if (!URL.canParse(String(link))) return undefined
  const parameters = new URLSearchParams(new URL(link).hash.slice(1))
  const [room, secret] = [parameters.get('room'), parameters.get('secret')]
  return room && secret && readSecret(secret) ? { room, secret } : undefined
}
