/**
 * Whether a join is genuine: made for this server, by who it says, with a token where one is asked for.
 * The same in every host. The cheap checks come first and the curve last.
 */
import { fromBase64Url, type Verifier } from 'shoal/identity'
import type { JoinMessage, SignalingCode } from 'shoal/signaling'
import type { IceGrant } from './rooms.ts'
import { tokenFits } from './tokens.ts'
import { grantIce, type TurnOptions } from './turn.ts'

export interface AdmissionOptions extends TurnOptions {
  readonly audiences: readonly string[]
  readonly origins: readonly string[]
  readonly tokenSecrets: readonly string[]
  readonly tokensFrom: 'all' | 'no-origin'
}

export interface Admitted {
  readonly code?: SignalingCode
  readonly ice?: IceGrant
}

/** Whether a socket with this `Origin` may open at all; what has none may have to show a token later. */
export function originAllowed(options: AdmissionOptions, origin: string | undefined): boolean {
  if (options.origins.length === 0) return true
  return origin === undefined ? options.tokenSecrets.length > 0 : options.origins.includes(origin)
}

export async function admit(
  options: AdmissionOptions,
  verifier: Verifier,
  join: JoinMessage,
  bytes: Uint8Array,
  origin: string | undefined,
  wallMs: number,
): Promise<Admitted> {
  const { audiences, tokenSecrets, tokensFrom } = options
  if (audiences.length > 0 && !audiences.includes(join.audience)) return { code: 'ERR_AUDIENCE' }
  if (tokenSecrets.length > 0 && (tokensFrom === 'all' || origin === undefined)) {
    if (join.token === undefined) return { code: 'ERR_TOKEN_REQUIRED' }
    if (!(await tokenFits(join.token, tokenSecrets, join.room, join.id))) return { code: 'ERR_TOKEN_INVALID' }
  }
  const publicKey = fromBase64Url(join.id)
  const signature = fromBase64Url(join.signature)
  if (publicKey === undefined || signature === undefined) return { code: 'ERR_SIGNATURE' }
  const valid = await new Promise<boolean>((done) => verifier.verify(publicKey, bytes, signature, done))
  if (!valid) return { code: 'ERR_SIGNATURE' }
  const ice = await grantIce(options, join.id, wallMs)
  return ice === undefined ? {} : { ice }
}
