/**
 * Claims as bytes. Each machine's rows say how a body is written and read; this file puts the rows
 * together and keeps what holds for every claim: size, type, time to live, one encoding.
 */
import type { BroadcastClaim } from '../broadcast/messages.ts'
import type { ClaimBase } from '../identity/claim.ts'
import { bodyOf, typeOf } from '../identity/envelope.ts'
import type { Fault } from '../identity/fault.ts'
import type { OverlayClaim } from '../overlay/messages.ts'
import type { Revoke } from '../identity/proofs.ts'
import type { StateClaim } from '../state/messages.ts'
import type { SwimClaim } from '../swim/messages.ts'
import { broadcastClaims } from './broadcast.ts'
import { encodeItem, type Item } from './cbor.ts'
import { WireError } from './errors.ts'
import { faultClaims } from './faults.ts'
import { Fields } from './fields.ts'
import { claimBytesMax, claimTtlMsMax } from './limits.ts'
import { overlayClaims } from './overlay.ts'
import { revocationClaims } from './revocations.ts'
import { stateClaims } from './state.ts'
import { swimClaims } from './swim.ts'

export type WireClaim = SwimClaim | OverlayClaim | BroadcastClaim | StateClaim | Revoke | Fault

/** How the body of one type of claim is written, and read back with every field checked. */
export interface ClaimRow<C extends ClaimBase> {
  write(claim: C): readonly Item[]
  read(fields: Fields): C
}

/** A row for each claim of a machine: a type without one does not compile. */
export type ClaimRows<C extends ClaimBase> = { readonly [T in C['type']]: ClaimRow<Extract<C, { type: T }>> }

const rows: ClaimRows<WireClaim> = {
  ...swimClaims,
  ...overlayClaims,
  ...broadcastClaims,
  ...stateClaims,
  ...revocationClaims,
  ...faultClaims((envelope) => decodeClaim(envelope)),
}

/** The types that this version carries; `claimTypes` reserves more. */
export const wireTypes: ReadonlySet<string> = new Set(Object.keys(rows))

function isWireType(type: string): type is WireClaim['type'] {
  return wireTypes.has(type)
}

/** The body that is signed. Limits are not looked at here: `seal` reads what it is about to sign. */
export function encodeBody(claim: WireClaim): Uint8Array {
  return encodeItem((rows[claim.type] as ClaimRow<WireClaim>).write(claim))
}

/**
 * Reads the claim in an envelope, all but its signature. Throws only WireError. Byte strings in the
 * claim are copies; `now` is not asked, so the answer is the same everywhere and for ever.
 */
export function decodeClaim(envelope: Uint8Array): WireClaim {
  const type = typeOf(envelope)
  if (type === undefined || !isWireType(type)) throw new WireError('ERR_CLAIM_TYPE')
  if (envelope.length > claimBytesMax[type])
    throw new WireError('ERR_CLAIM_TOO_LARGE', `${type}: ${envelope.length} bytes`)
  const fields = Fields.inside(bodyOf(envelope), 'ERR_CLAIM_SHAPE')
  const claim = rows[type].read(fields)
  fields.end()
  if (claim.ttlMs > claimTtlMsMax[type]) throw new WireError('ERR_CLAIM_TTL', `${type}: ${claim.ttlMs} ms`)
  return claim
}
