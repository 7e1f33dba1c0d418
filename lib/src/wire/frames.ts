/**
 * Frames: `[kind, …fields]`, and where a message carries claims, their envelopes as byte strings in the
 * last field. A frame is read in two steps, because a claim is believed only once its signature is
 * checked: `decodeFrame` reads all but the claims, `completeFrame` puts the verified ones in.
 */
import type { BroadcastMessage } from '../broadcast/messages.ts'
import type { ClaimType, Verified } from '../identity/claim.ts'
import type { Exposure } from '../identity/fault.ts'
import type { PassedList } from '../identity/proofs.ts'
import type { OverlayMessage } from '../overlay/messages.ts'
import type { StateMessage } from '../state/messages.ts'
import type { SwimMessage } from '../swim/messages.ts'
import { broadcastFrames } from './broadcast.ts'
import { decodeItem, encodeItem, type Item } from './cbor.ts'
import type { WireClaim } from './claims.ts'
import { WireError } from './errors.ts'
import { faultFrames } from './faults.ts'
import { Fields } from './fields.ts'
import { claimsPerFrameMax, frameBytesMax } from './limits.ts'
import { overlayFrames } from './overlay.ts'
import { revocationFrames } from './revocations.ts'
import { stateFrames } from './state.ts'
import { swimFrames } from './swim.ts'

/** A message as it is read: what a routed claim holds is not looked at here. */
export type WireMessage = SwimMessage | OverlayMessage<never> | BroadcastMessage | StateMessage | PassedList | Exposure
/** A message as it is written; what ingress filled in is not transmitted. */
export type OutgoingMessage = SwimMessage | OverlayMessage | BroadcastMessage | StateMessage | PassedList | Exposure

type Carried = 'claims' | 'claim'

/** How one kind of frame is written, and read back with every field checked. */
export type FrameRow<M extends { readonly type: string }> = {
  /** On the wire: never renumber. 0–23 cost one byte. SWIM 1–15, overlay 16–31, broadcast 32–47, state 48–63, revocations 64, evidence 65. */
  readonly kind: number
  /** The fields between the kind and the claims. */
  write(message: M): readonly Item[]
  read(fields: Fields): Omit<M, Carried>
} & (M extends { readonly claims: unknown } ? { readonly claims: readonly ClaimType[] } : { readonly claims?: never }) &
  (M extends { readonly claim: unknown } ? { readonly claim: readonly ClaimType[] } : { readonly claim?: never })

/** A row for each message of a machine: a type without one does not compile. */
export type FrameRows<M extends { readonly type: string }> = {
  readonly [T in M['type']]: FrameRow<Extract<M, { type: T }>>
}

interface AnyRow {
  readonly kind: number
  readonly claims?: readonly ClaimType[]
  readonly claim?: readonly ClaimType[]
  write(message: OutgoingMessage): readonly Item[]
  read(fields: Fields): Omit<WireMessage, Carried>
}

const rows = {
  ...swimFrames,
  ...overlayFrames,
  ...broadcastFrames,
  ...stateFrames,
  ...revocationFrames,
  ...faultFrames,
} as unknown as Record<WireMessage['type'], AnyRow>

/** The number of each kind of frame. */
export const frameKinds = Object.fromEntries(Object.entries(rows).map(([type, { kind }]) => [type, kind])) as Readonly<
  Record<WireMessage['type'], number>
>

const rowOfKind: readonly (AnyRow | undefined)[] = (() => {
  const byKind: (AnyRow | undefined)[] = []
  for (const row of Object.values(rows)) byKind[row.kind] = row
  return byKind
})()

/** A frame that was read, whose claims are still envelopes. */
export interface ReadFrame {
  /** All of the message but its claims. Handed to nobody before `completeFrame`. */
  readonly partial: Omit<WireMessage, Carried>
  readonly carries: Carried | undefined
  /** The types that a claim in this frame may have. */
  readonly types: readonly ClaimType[]
  readonly envelopes: readonly Uint8Array[]
}

const none: readonly never[] = Object.freeze([])

/** Throws a RangeError when the message breaks a limit: that is our own fault, not a peer's. */
export function encodeFrame(message: OutgoingMessage): Uint8Array {
  const row = rows[message.type]
  const items: Item[] = [row.kind, ...row.write(message)]
  if (row.claims) {
    const { claims } = message as { claims: readonly Verified<WireClaim>[] }
    if (claims.length > claimsPerFrameMax) {
      throw new RangeError(`a ${message.type} of ${claims.length} claims, over ${claimsPerFrameMax}`)
    }
    items.push(claims.map((claim) => claim.bytes))
  } else if (row.claim) items.push((message as { claim: Verified<WireClaim> }).claim.bytes)
  const bytes = encodeItem(items)
  if (bytes.length > frameBytesMax)
    throw new RangeError(`a ${message.type} of ${bytes.length} bytes, over ${frameBytesMax}`)
  return bytes
}

/** Reads all of a frame but its claims. Throws only WireError. Nothing in the answer is a view of `bytes`. */
export function decodeFrame(bytes: Uint8Array): ReadFrame {
  const fields = new Fields(decodeItem(bytes, 'frame'), 'ERR_FRAME_SHAPE')
  const row = rowOfKind[fields.uint()]
  if (!row) throw new WireError('ERR_FRAME_KIND')
  const partial = row.read(fields)
  let envelopes: readonly Uint8Array[] = none
  if (row.claims) envelopes = fields.list(claimsPerFrameMax, readEnvelope)
  else if (row.claim) envelopes = [readEnvelope(fields)]
  fields.end()
  const carries = row.claims ? 'claims' : row.claim ? 'claim' : undefined
  return { partial, carries, types: row.claims ?? row.claim ?? none, envelopes }
}

/** The message, with its claims verified. A frame that carries one claim needs exactly that one. */
export function completeFrame(frame: ReadFrame, claims: readonly Verified<WireClaim>[]): WireMessage {
  switch (frame.carries) {
    case undefined:
      return frame.partial as WireMessage
    case 'claims':
      return Object.assign(frame.partial, { claims }) as WireMessage
    case 'claim':
      return Object.assign(frame.partial, { claim: claims[0]! }) as WireMessage
  }
}

/** Whether bytes, if they are a frame at all, are one of a probe through others: told by its kind, without reading it. */
export function isProbe(bytes: Uint8Array): boolean {
  // An array of up to 23 items, and a number up to 23, are one byte each.
  return probeKinds.has(bytes[1] ?? 0)
}

const probeKinds: ReadonlySet<number> = new Set([
  frameKinds['ping-req'],
  frameKinds['indirect-ping'],
  frameKinds['indirect-ack'],
  frameKinds.nack,
])

function readEnvelope(fields: Fields): Uint8Array {
  return fields.bytesUpTo(frameBytesMax)
}
