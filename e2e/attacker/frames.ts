/** Frames as docs/protocol/frames.md §2 tells them. */
import { type Item, write } from './bytes.ts'
import type { ClaimType } from './claims.ts'

export const kinds = {
  ping: 1,
  ack: 2,
  'ping-req': 3,
  'indirect-ping': 4,
  'indirect-ack': 5,
  nack: 6,
  gossip: 7,
  'sync-buckets': 8,
  'sync-rows': 9,
  'sync-want': 10,
  forward: 16,
  undeliverable: 17,
  edge: 18,
  spread: 32,
  direct: 33,
  had: 34,
  'want-news': 35,
  fresh: 48,
  'tree-want': 49,
  'tree-have': 50,
  'entries-want': 51,
  entries: 52,
  roots: 53,
  revocations: 64,
  fault: 65,
} as const
export type Kind = keyof typeof kinds

export const frame = (kind: Kind, ...fields: readonly Item[]): Buffer => write([kinds[kind], ...fields])

/** The frame that a claim of this type travels in. `to` and `via`: of a routed claim, its receiver and the relays. */
export function carry(type: ClaimType, claims: readonly Uint8Array[], path: readonly Uint8Array[] = []): Buffer {
  switch (type) {
    case 'alive':
    case 'accuse':
    case 'leave':
      return frame('gossip', claims)
    case 'ack':
      return frame('indirect-ack', claims[0]!)
    case 'routed':
      return frame('forward', path, 0, claims[0]!)
    case 'news':
      return frame('spread', claims)
    case 'entry':
      return frame('fresh', claims)
    case 'revoke':
      return frame('revocations', claims[0]!)
    case 'fault':
      return frame('fault', claims[0]!)
  }
}

/** A frame that a claim of this type has no place in. */
export function misplace(type: ClaimType, claim: Uint8Array): Buffer {
  return type === 'news' ? frame('fresh', [claim]) : frame('spread', [claim])
}
