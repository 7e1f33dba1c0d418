/**
 * What goes through the signaling server from one core to another, beside the signals of their transports: a frame of
 * farewell, and that there is no room for a link (docs/protocol/handshake.md, kinds 5 and 8). Nobody vouches for
 * either but the server: a farewell is signed, and the other is a hint.
 */
import { othersMax } from '../core/effect.ts'
import { type PeerId, peerIdBytes, peerIdFromBytes, peerIdToBytes } from '../identity/peer-id.ts'

const version = 1
const kinds = { farewell: 5, full: 8 } as const
const headBytes = 2

export type DoorWord =
  | { readonly type: 'farewell'; readonly frame: Uint8Array }
  | { readonly type: 'full'; readonly others: readonly PeerId[] }

export function farewell(frame: Uint8Array): Uint8Array {
  return Uint8Array.of(version, kinds.farewell, ...frame)
}

export function full(others: readonly PeerId[]): Uint8Array {
  return Uint8Array.of(version, kinds.full, ...others.flatMap((id) => [...peerIdToBytes(id)]))
}

/** `malformed` is for nobody; undefined when it is for the transport. */
export function readDoorWord(payload: Uint8Array): DoorWord | 'malformed' | undefined {
  if (payload[0] !== version) return undefined
  const body = payload.subarray(headBytes)
  if (payload[1] === kinds.farewell) return { type: 'farewell', frame: body }
  if (payload[1] !== kinds.full) return undefined
  if (body.length % peerIdBytes !== 0 || body.length > othersMax * peerIdBytes) return 'malformed'
  const others: PeerId[] = []
  for (let at = 0; at < body.length; at += peerIdBytes) others.push(peerIdFromBytes(body.slice(at, at + peerIdBytes)))
  return { type: 'full', others }
}
