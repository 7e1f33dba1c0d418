/**
 * One claim of each type and one frame of each kind, made from fixed keys and fixed words: what
 * `protocol.json` shows, what the fuzzer starts from, and what documentation quotes.
 */
import type { ClaimBase, Verified } from '../../src/identity/claim.ts'
import { type Capability, ownedMeshIdOf, signCapability } from '../../src/identity/capability.ts'
import { publicKeyOf, seedSigner } from '../../src/identity/ed25519.ts'
import type { Signer } from '../../src/identity/keys.ts'
import type { Millis, WallMillis } from '../../src/identity/millis.ts'
import type { Fault } from '../../src/identity/fault.ts'
import { instanceIdFromBytes, meshIdOf, type PeerId } from '../../src/identity/peer-id.ts'
import type { Revoke } from '../../src/identity/proofs.ts'
import { writeRevoked } from '../../src/identity/revocation.ts'
import type { DraftClaim } from '../../src/core/input.ts'
import type { Claim, Message } from '../../src/core/message.ts'
import type { News } from '../../src/broadcast/messages.ts'
import type { Routed } from '../../src/overlay/messages.ts'
import { Egress } from '../../src/pipeline/egress.ts'
import type { Entry } from '../../src/state/messages.ts'
import type { Accuse, AckClaim, Alive, Incarnation, Leave } from '../../src/swim/messages.ts'
import { encodeValue } from '../../src/pipeline/index.ts'

export const room = 'shoal test vectors'
export const meshId = meshIdOf(room)

/** Anything from 2020 to the end of the century would do. */
const issuedAt = 1_800_000_000_000 as WallMillis

function keyPair(byte: number) {
  const seed = new Uint8Array(32).fill(byte)
  return { seed, publicKey: publicKeyOf(seed), signer: seedSigner(seed) }
}

export const ada = keyPair(1)
export const bob = keyPair(2)
export const cyd = keyPair(3)

const counting = (length: number, from = 0) => Uint8Array.from({ length }, (_, index) => (from + index) & 0xff)
const instance = instanceIdFromBytes(counting(16, 0x10))
const nonce = counting(16, 0x20)
const routeId = counting(16, 0x30)

/** Signs a draft; every signer here answers at once. */
export function sealed<C extends ClaimBase>(signer: Signer, draft: DraftClaim): Verified<C> {
  let claim: Verified<Claim> | Error | undefined
  new Egress({ meshId, signer }).seal(draft, (answer) => (claim = answer))
  if (!claim || claim instanceof Error) throw claim ?? new Error('a signer that does not answer at once')
  return claim as unknown as Verified<C>
}

export const alive = sealed<Alive>(ada.signer, {
  type: 'alive',
  author: ada.signer.peerId,
  issuedAt,
  ttlMs: 300_000,
  instance,
  startedAt: (issuedAt - 60_000) as WallMillis,
  incarnation: 7 as Incarnation,
  metadata: encodeValue({ name: 'Ada' }),
  zone: 'eu-west',
  admission: new Uint8Array(0),
  sealingKey: new Uint8Array(32).fill(0x5e),
  incarnationDigest: '' as Alive['incarnationDigest'],
})

export const accuse = sealed<Accuse>(bob.signer, {
  type: 'accuse',
  author: bob.signer.peerId,
  issuedAt,
  ttlMs: 60_000,
  subject: ada.signer.peerId,
  incarnationDigest: alive.incarnationDigest,
})

export const leave = sealed<Leave>(ada.signer, {
  type: 'leave',
  author: ada.signer.peerId,
  issuedAt,
  ttlMs: 300_000,
  instance,
  startedAt: (issuedAt - 60_000) as WallMillis,
})

export const ackClaim = sealed<AckClaim>(ada.signer, {
  type: 'ack',
  author: ada.signer.peerId,
  issuedAt,
  ttlMs: 10_000,
  origin: bob.signer.peerId,
  nonce,
  instance,
  incarnation: 7 as Incarnation,
})

export const news = sealed<News>(ada.signer, {
  type: 'news',
  author: ada.signer.peerId,
  issuedAt,
  ttlMs: 60_000,
  instance,
  seq: 3,
  topic: 'chat',
  payload: encodeValue('hello, all'),
})

const entryDraft = {
  type: 'entry',
  author: ada.signer.peerId,
  issuedAt,
  ttlMs: 86_400_000,
  instance,
  seq: 9,
  map: 'todos',
  key: 'milk',
  counter: 2,
  deleted: false,
  context: undefined,
  value: encodeValue({ done: false }),
} as const

export const entry = sealed<Entry>(ada.signer, entryDraft)

export const sibling = sealed<Entry>(bob.signer, {
  type: 'entry',
  author: bob.signer.peerId,
  issuedAt,
  ttlMs: 86_400_000,
  instance,
  seq: 1,
  map: 'notes',
  key: `o/${bob.signer.peerId}/draft`,
  counter: 0,
  deleted: true,
  context: { floor: { wall: issuedAt - 1000, counter: 3 }, seen: [{ instance, seq: 9 }] },
  value: new Uint8Array(0),
})

/** A capability's layout is checked in lib/src/identity/capability.test.ts; here it is bytes that an entry carries. */
export const proven = sealed<Entry>(ada.signer, { ...entryDraft, admission: new Uint8Array(174).fill(8) })

function granted(signer: Signer, wish: Omit<Capability, 'issuer' | 'ringSeed'>): Uint8Array {
  let bytes: Uint8Array | Error | undefined
  signCapability(signer, ownedMeshId, { ringSeed: counting(16, 0x70), ...wish }, (answer) => (bytes = answer))
  if (!bytes || bytes instanceof Error) throw bytes ?? new Error('a signer that does not answer at once')
  return bytes
}

/** The room of this name that is Cyd's. */
export const ownedMeshId = ownedMeshIdOf(cyd.signer.peerId, room)
const [notBefore, expiresAt] = [issuedAt, (issuedAt + 3_600_000) as WallMillis]
const bobs = granted(cyd.signer, {
  subject: bob.signer.peerId,
  rights: ['join', 'write-shared', 'admit'],
  notBefore,
  expiresAt,
  serial: counting(16, 0x80),
})
const adas = granted(bob.signer, {
  subject: ada.signer.peerId,
  rights: ['join'],
  notBefore,
  expiresAt,
  serial: counting(16, 0x90),
})

/** What lets Bob into Cyd's room, and what lets in Ada, whom Bob lets in. */
export const proofs: Readonly<Record<string, { readonly subject: PeerId; readonly bytes: Uint8Array }>> = {
  'of the owner': { subject: bob.signer.peerId, bytes: bobs },
  'under another': { subject: ada.signer.peerId, bytes: Uint8Array.from([...bobs, ...adas]) },
}

export const revoke = sealed<Revoke>(cyd.signer, {
  type: 'revoke',
  author: cyd.signer.peerId,
  issuedAt,
  ttlMs: 3_600_000,
  seq: 4,
  minIssuedAt: (issuedAt - 86_400_000) as WallMillis,
  serials: writeRevoked([{ name: counting(16, 0x80), since: issuedAt }], 16),
  members: writeRevoked([{ name: bob.publicKey, since: (issuedAt - 1000) as WallMillis }], 32),
})

const otherNews = sealed<News>(ada.signer, {
  type: 'news',
  author: ada.signer.peerId,
  issuedAt,
  ttlMs: 60_000,
  instance,
  seq: 3,
  topic: 'chat',
  payload: encodeValue('goodbye, all'),
})

export const fault = sealed<Fault>(bob.signer, {
  type: 'fault',
  author: bob.signer.peerId,
  issuedAt,
  ttlMs: 86_400_000,
  culprit: ada.signer.peerId,
  evidence: [news.bytes, otherNews.bytes],
})

const route = { type: 'routed', author: ada.signer.peerId, issuedAt, ttlMs: 20_000, to: cyd.signer.peerId } as const

export const routedFrame = sealed<Routed>(ada.signer, {
  ...route,
  id: routeId,
  kind: 'frame',
  receipt: true,
  inner: { type: 'direct', seq: 1, topic: '', payload: encodeValue('hello, Cyd') },
})

export const routedSignal = sealed<Routed>(ada.signer, {
  ...route,
  id: counting(16, 0x40),
  kind: 'signal',
  receipt: false,
  payload: counting(24),
})

export const receipt = sealed<Routed>(cyd.signer, {
  ...route,
  author: cyd.signer.peerId,
  to: ada.signer.peerId,
  id: counting(16, 0x50),
  kind: 'receipt',
  receipt: false,
  payload: routeId,
})

export const claims: Readonly<Record<string, Verified<Claim>>> = {
  alive,
  accuse,
  leave,
  ack: ackClaim,
  news,
  'entry, the last writer wins': entry,
  'entry, a delete with a context': sibling,
  'entry, with a proof': proven,
  revoke,
  fault,
  'routed, a frame': routedFrame,
  'routed, signaling': routedSignal,
  'routed, a receipt': receipt,
}

const table = counting(8, 0xa0)
const none = new Uint8Array(0)

export const frames: Readonly<Record<string, Message>> = {
  'ping, quiet': { type: 'ping', seq: 1, table, extra: none, claims: [] },
  'ping, with news of a member': {
    type: 'ping',
    seq: 70_000,
    table,
    extra: counting(8, 0xb0),
    claims: [alive, accuse],
  },
  'ack, quiet': { type: 'ack', seq: 1, table, extra: none, wall: issuedAt, claims: [] },
  'ack, with a leave': { type: 'ack', seq: 4_294_967_295, table, extra: none, wall: issuedAt, claims: [leave] },
  'ping-req': { type: 'ping-req', target: ada.signer.peerId, nonce, timeoutMs: 500 as Millis },
  'indirect-ping': { type: 'indirect-ping', origin: bob.signer.peerId, nonce },
  'indirect-ack': { type: 'indirect-ack', claim: ackClaim },
  nack: { type: 'nack', nonce },
  gossip: { type: 'gossip', claims: [alive, accuse, leave] },
  'sync-buckets': { type: 'sync-buckets', count: 12, buckets: counting(512) },
  'sync-rows': { type: 'sync-rows', buckets: [0, 5, 63], rows: counting(32) },
  'sync-want': { type: 'sync-want', ids: counting(16) },
  forward: { type: 'forward', path: [bob.signer.peerId, cyd.signer.peerId], at: 0, claim: routedFrame },
  undeliverable: { type: 'undeliverable', author: ada.signer.peerId, id: routeId },
  edge: { type: 'edge', word: 'spare' },
  spread: { type: 'spread', claims: [news] },
  offer: { type: 'offer', transfer: 1, bytes: 100_000_000 },
  chunk: { type: 'chunk', transfer: 1, payload: counting(32) },
  credit: { type: 'credit', transfer: 1, received: 262_144 },
  finish: { type: 'finish', transfer: 1, sha256: counting(32, 0x70) },
  stop: { type: 'stop', transfer: 1, sender: false, word: 'done' },
  reply: { type: 'reply', id: counting(8, 0x60), word: 'answer', payload: encodeValue(0.5) },
  had: {
    type: 'had',
    answer: false,
    streams: [{ author: ada.signer.peerId, instance, oldest: 2, oldestAgeMs: 30_000, fresh: 4, last: 3 }],
  },
  'want-news': { type: 'want-news', author: ada.signer.peerId, instance, numbers: [1, 3] },
  fresh: { type: 'fresh', claims: [entry] },
  'tree-want': {
    type: 'tree-want',
    paths: [
      { depth: 0, prefix: 0 },
      { depth: 2, prefix: 0x7f000000 },
    ],
    sums: [{ depth: 4, prefix: 0x7f120000 }],
  },
  'tree-have': {
    type: 'tree-have',
    last: true,
    nodes: [
      { depth: 2, prefix: 0x7f000000, kind: 'hashes', bytes: counting(128) },
      { depth: 8, prefix: 0x7f123456, kind: 'fingerprints', bytes: counting(16) },
      { depth: 4, prefix: 0x7f120000, kind: 'sum', bytes: counting(12) },
    ],
  },
  'entries-want': {
    type: 'entries-want',
    wants: [{ depth: 4, prefix: 0x7f120000, fingerprints: counting(16) }],
  },
  entries: { type: 'entries', last: false, claims: [entry, sibling] },
  roots: { type: 'roots', shown: counting(16) },
  revocations: { type: 'revocations', claim: revoke },
  fault: { type: 'fault', claim: fault },
  direct: { type: 'direct', seq: 1, topic: '', payload: encodeValue('hello, Cyd') },
}
