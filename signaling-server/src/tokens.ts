/**
 * Tokens: who may use this server at all. A token is a JWT (RFC 7519) signed with HS256 and a secret
 * that the operator shares with the application's own backend. It has to expire; it may be bound to
 * one room (`room`) and to one id (`sub`). Several secrets at once are for changing them.
 */
import { errors, jwtVerify, SignJWT } from 'jose'

export interface TokenScope {
  readonly room?: string
  readonly id?: string
}

/** A token's life is at most a day: it is a ticket, not an account. */
export const tokenSecondsMax = 86_400

/** Makes a token. The secret has at least 32 characters. */
export async function mintToken(secret: string, seconds: number, scope: TokenScope = {}): Promise<string> {
  const token = new SignJWT(scope.room === undefined ? {} : { room: scope.room })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt()
    .setExpirationTime(`${seconds}s`)
  if (scope.id !== undefined) token.setSubject(scope.id)
  return token.sign(keyOf(secret))
}

/** True when one of the secrets signed the token, it has not expired, and it is for this room and id. */
export async function tokenFits(token: string, secrets: readonly string[], room: string, id: string): Promise<boolean> {
  for (const secret of secrets) {
    const claims = await read(token, secret)
    if (claims !== undefined) return fits(claims['room'], room) && fits(claims['sub'], id)
  }
  return false
}

async function read(token: string, secret: string): Promise<Record<string, unknown> | undefined> {
  try {
    const checks = { algorithms: ['HS256'], requiredClaims: ['exp', 'iat'], maxTokenAge: tokenSecondsMax }
    return (await jwtVerify(token, keyOf(secret), checks)).payload
  } catch (error) {
    // Every way in which a token can be bad is one answer; anything else is a fault of ours.
    if (error instanceof errors.JOSEError) return undefined
    throw error
  }
}

function fits(claimed: unknown, actual: string): boolean {
  return claimed === undefined || claimed === actual
}

function keyOf(secret: string): Uint8Array {
  return new TextEncoder().encode(secret)
}
