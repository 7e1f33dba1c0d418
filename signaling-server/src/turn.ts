/**
 * Short-lived TURN credentials: the scheme of draft-uberti-behave-turn-rest-00, which coturn implements
 * as `use-auth-secret`. The user name is the time at which it ends; the password is its HMAC-SHA1 under a
 * secret that only this server and the TURN server know. Nothing is stored, nothing has to be revoked.
 */
import type { IceServer, PeerId } from 'shoal/signaling'
import type { IceGrant } from './rooms.ts'

export interface TurnOptions {
  /** `stun:`, `turn:` and `turns:` addresses; only the TURN ones get credentials. */
  readonly iceUrls: readonly string[]
  readonly turnSecret: string
  readonly turnTtlS: number
}

/** What to hand out on join, or undefined where there is nothing to hand out. `wallMs` is calendar time. */
export async function grantIce(options: TurnOptions, id: PeerId, wallMs: number): Promise<IceGrant | undefined> {
  const { iceUrls, turnSecret, turnTtlS } = options
  if (iceUrls.length === 0) return undefined
  const turns = iceUrls.filter((url) => /^turns?:/.test(url))
  const stuns = iceUrls.filter((url) => !turns.includes(url))
  const iceServers: IceServer[] = stuns.length === 0 ? [] : [{ urls: stuns }]
  if (turns.length > 0) {
    const username = `${Math.floor(wallMs / 1000) + turnTtlS}:${id}`
    iceServers.push({ urls: turns, username, credential: await hmacSha1(turnSecret, username) })
  }
  return { iceServers, iceTtlMs: turnTtlS * 1000 }
}

async function hmacSha1(secret: string, text: string): Promise<string> {
  const encoder = new TextEncoder()
  const algorithm = { name: 'HMAC', hash: 'SHA-1' }
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, ['sign'])
  const signature = new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(text)))
  return btoa(String.fromCharCode(...signature))
}
