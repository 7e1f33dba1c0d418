/** What the application's own messages look like in bytes. */
import { instanceIdToBytes, peerIdToBytes } from '../identity/peer-id.ts'
import type { BroadcastClaim, BroadcastMessage } from '../broadcast/messages.ts'
import type { ClaimRows } from './claims.ts'
import { uint32Max, wholeMs } from './fields.ts'
import type { FrameRows } from './frames.ts'
import { nameBytesMax, payloadBytesMax } from './limits.ts'

export const broadcastClaims: ClaimRows<BroadcastClaim> = {
  news: {
    write: (claim) => [
      peerIdToBytes(claim.author),
      wholeMs(claim.issuedAt),
      wholeMs(claim.ttlMs),
      instanceIdToBytes(claim.instance),
      claim.seq,
      claim.topic,
      claim.payload,
    ],
    read: (fields) => ({
      type: 'news',
      author: fields.peer(),
      issuedAt: fields.wall(),
      ttlMs: fields.uint(),
      instance: fields.instance(),
      seq: fields.uint(uint32Max),
      topic: fields.text(nameBytesMax),
      payload: fields.bytesUpTo(payloadBytesMax),
    }),
  },
}

export const broadcastFrames: FrameRows<BroadcastMessage> = {
  spread: {
    kind: 32,
    claims: ['news'],
    write: () => [],
    read: () => ({ type: 'spread' }),
  },
  direct: {
    kind: 33,
    write: (message) => [message.seq, message.payload],
    read: (fields) => ({
      type: 'direct',
      seq: fields.uint(uint32Max),
      payload: fields.bytesUpTo(payloadBytesMax),
    }),
  },
}
