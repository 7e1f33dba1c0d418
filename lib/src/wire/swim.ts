/** What SWIM's claims and messages look like in bytes: one row for each. */
import { digestOfBytes, digestToBytes } from '../identity/envelope.ts'
import type { Millis } from '../identity/millis.ts'
import { instanceIdToBytes, peerIdToBytes } from '../identity/peer-id.ts'
import { sealingKeyBytes } from '../identity/sealer.ts'
import type { Incarnation, SwimClaim, SwimMessage } from '../swim/messages.ts'
import { decodeItem, encodeItem } from './cbor.ts'
import type { ClaimRows } from './claims.ts'
import { WireError } from './errors.ts'
import { Fields, uint32Max, wholeMs } from './fields.ts'
import type { FrameRows } from './frames.ts'
import { admissionBytesMax, extraBytesMax, metadataBytesMax, nameBytesMax } from './limits.ts'

const nonceBytes = 16
const tableBytes = 8
const bucketCount = 64
/** Rows of 16 bytes and ids of 8 that fit in one frame. */
const rowsBytesMax = 16 * 4_000
const wantBytesMax = 8 * 4_096
const timeoutMsMax = 60_000

export const swimClaims: ClaimRows<SwimClaim> = {
  alive: {
    // What stays when only the lease is renewed is a byte string of its own: its hash names the incarnation.
    write: (claim) => [
      encodeItem([
        peerIdToBytes(claim.author),
        instanceIdToBytes(claim.instance),
        wholeMs(claim.startedAt),
        claim.incarnation,
        claim.metadata,
        claim.zone,
        claim.admission,
        claim.sealingKey,
      ]),
      wholeMs(claim.issuedAt),
      wholeMs(claim.ttlMs),
    ],
    read(fields) {
      const stable = fields.bytesUpTo(2_048)
      const inner = Fields.inside(stable, 'ERR_CLAIM_SHAPE')
      const claim = {
        type: 'alive',
        author: inner.peer(),
        issuedAt: fields.wall(),
        ttlMs: fields.uint(),
        instance: inner.instance(),
        startedAt: inner.wall(),
        incarnation: inner.uint(uint32Max) as Incarnation,
        metadata: inner.bytesUpTo(metadataBytesMax),
        zone: inner.text(nameBytesMax),
        admission: inner.bytesUpTo(admissionBytesMax),
        sealingKey: inner.bytesUpTo(sealingKeyBytes),
        incarnationDigest: digestOfBytes(stable),
      } as const
      inner.end()
      inner.expect([0, sealingKeyBytes].includes(claim.sealingKey.length), 'half a sealing key')
      // Every member decodes it, so nobody passes on what a decoder would choke on.
      if (claim.metadata.length > 0) inner.expect(isMap(claim.metadata), 'metadata is no map')
      return claim
    },
  },
  accuse: {
    write: (claim) => [
      peerIdToBytes(claim.author),
      wholeMs(claim.issuedAt),
      wholeMs(claim.ttlMs),
      peerIdToBytes(claim.subject),
      digestToBytes(claim.incarnationDigest),
    ],
    read: (fields) => ({
      type: 'accuse',
      author: fields.peer(),
      issuedAt: fields.wall(),
      ttlMs: fields.uint(),
      subject: fields.peer(),
      incarnationDigest: fields.digest(),
    }),
  },
  leave: {
    write: (claim) => [
      peerIdToBytes(claim.author),
      wholeMs(claim.issuedAt),
      wholeMs(claim.ttlMs),
      instanceIdToBytes(claim.instance),
      wholeMs(claim.startedAt),
    ],
    read: (fields) => ({
      type: 'leave',
      author: fields.peer(),
      issuedAt: fields.wall(),
      ttlMs: fields.uint(),
      instance: fields.instance(),
      startedAt: fields.wall(),
    }),
  },
  ack: {
    write: (claim) => [
      peerIdToBytes(claim.author),
      wholeMs(claim.issuedAt),
      wholeMs(claim.ttlMs),
      peerIdToBytes(claim.origin),
      claim.nonce,
      instanceIdToBytes(claim.instance),
      claim.incarnation,
    ],
    read: (fields) => ({
      type: 'ack',
      author: fields.peer(),
      issuedAt: fields.wall(),
      ttlMs: fields.uint(),
      origin: fields.peer(),
      nonce: fields.bytes(nonceBytes),
      instance: fields.instance(),
      incarnation: fields.uint(uint32Max) as Incarnation,
    }),
  },
}

const gossiped = ['alive', 'accuse', 'leave'] as const

export const swimFrames: FrameRows<SwimMessage> = {
  ping: {
    kind: 1,
    claims: gossiped,
    write: (ping) => [ping.seq, ping.table, ping.extra],
    read: (fields) => ({
      type: 'ping',
      seq: fields.uint(uint32Max),
      table: fields.bytes(tableBytes),
      extra: fields.bytesUpTo(extraBytesMax),
    }),
  },
  ack: {
    kind: 2,
    claims: gossiped,
    write: (ack) => [ack.seq, ack.table, ack.extra, wholeMs(ack.wall)],
    read: (fields) => ({
      type: 'ack',
      seq: fields.uint(uint32Max),
      table: fields.bytes(tableBytes),
      extra: fields.bytesUpTo(extraBytesMax),
      wall: fields.wall(),
    }),
  },
  'ping-req': {
    kind: 3,
    write: (request) => [peerIdToBytes(request.target), request.nonce, Math.ceil(request.timeoutMs)],
    read: (fields) => ({
      type: 'ping-req',
      target: fields.peer(),
      nonce: fields.bytes(nonceBytes),
      timeoutMs: fields.uint(timeoutMsMax) as Millis,
    }),
  },
  'indirect-ping': {
    kind: 4,
    write: (ping) => [peerIdToBytes(ping.origin), ping.nonce],
    read: (fields) => ({ type: 'indirect-ping', origin: fields.peer(), nonce: fields.bytes(nonceBytes) }),
  },
  'indirect-ack': {
    kind: 5,
    claim: ['ack'],
    write: () => [],
    read: () => ({ type: 'indirect-ack' }),
  },
  nack: {
    kind: 6,
    write: (nack) => [nack.nonce],
    read: (fields) => ({ type: 'nack', nonce: fields.bytes(nonceBytes) }),
  },
  gossip: {
    kind: 7,
    claims: gossiped,
    write: () => [],
    read: () => ({ type: 'gossip' }),
  },
  'sync-buckets': {
    kind: 8,
    write: (sync) => [sync.count, sync.buckets],
    read: (fields) => ({ type: 'sync-buckets', count: fields.uint(uint32Max), buckets: fields.bytes(8 * bucketCount) }),
  },
  'sync-rows': {
    kind: 9,
    write: (sync) => [sync.buckets, sync.rows],
    read: (fields) => ({
      type: 'sync-rows',
      buckets: fields.list(bucketCount, (bucket) => bucket.uint(bucketCount - 1)),
      rows: fields.bytesUpTo(rowsBytesMax, 16),
    }),
  },
  'sync-want': {
    kind: 10,
    write: (sync) => [sync.ids],
    read: (fields) => ({ type: 'sync-want', ids: fields.bytesUpTo(wantBytesMax, 8) }),
  },
}

function isMap(bytes: Uint8Array): boolean {
  try {
    decodeItem(bytes, 'value')
  } catch (reason) {
    if (reason instanceof WireError) return false
    throw reason
  }
  return bytes[0]! >> 5 === 5
}
