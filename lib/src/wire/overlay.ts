/** What the overlay's claims and messages look like in bytes. */
import { peerIdToBytes } from '../identity/peer-id.ts'
import {
  type EdgeWord,
  edgeWords,
  type OverlayClaim,
  type OverlayMessage,
  type RoutedKind,
} from '../overlay/messages.ts'
import type { ClaimRows } from './claims.ts'
import { wholeMs } from './fields.ts'
import type { FrameRows } from './frames.ts'
import { hopsMax, routedPayloadBytesMax } from './limits.ts'

const routeIdBytes = 16
const routedKinds: readonly RoutedKind[] = ['frame', 'signal', 'receipt']

/** In the order of their codes. */
const words = (Object.keys(edgeWords) as EdgeWord[]).sort((left, right) => edgeWords[left] - edgeWords[right])

export const overlayClaims: ClaimRows<OverlayClaim> = {
  routed: {
    write: (claim) => [
      peerIdToBytes(claim.author),
      wholeMs(claim.issuedAt),
      wholeMs(claim.ttlMs),
      peerIdToBytes(claim.to),
      claim.id,
      routedKinds.indexOf(claim.kind),
      claim.receipt,
      claim.payload,
    ],
    read(fields) {
      const claim = {
        type: 'routed',
        author: fields.peer(),
        issuedAt: fields.wall(),
        ttlMs: fields.uint(),
        to: fields.peer(),
        id: fields.bytes(routeIdBytes),
        kind: fields.choice(routedKinds),
        receipt: fields.boolean(),
        payload: fields.bytesUpTo(routedPayloadBytesMax),
      } as const
      if (claim.kind === 'receipt') {
        fields.expect(!claim.receipt && claim.payload.length === routeIdBytes, 'a receipt is one id, and asks for none')
      }
      return claim
    },
  },
}

export const overlayFrames: FrameRows<OverlayMessage> = {
  forward: {
    kind: 16,
    claim: ['routed'],
    write: (forward) => [forward.path.map(peerIdToBytes), forward.at],
    read(fields) {
      const path = fields.list(hopsMax, (hop) => hop.peer())
      const at = fields.uint(hopsMax - 1)
      fields.expect(at < path.length, 'at is past the end of the path')
      fields.expect(new Set(path).size === path.length, 'a peer is twice in the path')
      return { type: 'forward', path, at }
    },
  },
  undeliverable: {
    kind: 17,
    write: (message) => [peerIdToBytes(message.author), message.id],
    read: (fields) => ({ type: 'undeliverable', author: fields.peer(), id: fields.bytes(routeIdBytes) }),
  },
  edge: {
    kind: 18,
    write: (edge) => [edgeWords[edge.word]],
    read: (fields) => ({ type: 'edge', word: fields.choice(words) }),
  },
}
