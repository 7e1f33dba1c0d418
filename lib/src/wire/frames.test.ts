import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Verified } from '../identity/claim.ts'
import { instanceIdFromBytes, peerIdFromBytes } from '../identity/peer-id.ts'
import { edgeWords, type EdgeWord } from '../overlay/messages.ts'
import { ada, alive, ackClaim, claims, entry, frames, leave, routedFrame, sibling } from '../../test/vectors/samples.ts'
import { encodeItem, type Item } from './cbor.ts'
import { decodeClaim, encodeBody, type WireClaim, wireTypes } from './claims.ts'
import { type ErrorCode, errors, WireError } from './errors.ts'
import { completeFrame, decodeFrame, encodeFrame, frameKinds, isProbe, type WireMessage } from './frames.ts'
import {
  admissionBytesMax,
  claimBytesMax,
  claimsPerFrameMax,
  claimTtlMsMax,
  contextWritersMax,
  extraBytesMax,
  frameBytesMax,
  hopsMax,
  keyBytesMax,
  metadataBytesMax,
  nameBytesMax,
  payloadBytesMax,
  routedPayloadBytesMax,
} from './limits.ts'
import { scan } from './scanner.ts'
import { encodeValue } from './value.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const bytesUpTo = (max: number) => fc.uint8Array({ maxLength: max })
const uint32 = fc.nat({ max: 0xffff_ffff })
const wall = fc.maxSafeInteger().map(Math.abs)
const peer = bytes(32).map(peerIdFromBytes)
const name = fc
  .string({ unit: 'grapheme', maxLength: 8 })
  .filter((text) => !text.startsWith('\ufeff') && Buffer.byteLength(text) <= nameBytesMax)
const instance = bytes(16).map(instanceIdFromBytes)
const swimClaims = fc.subarray(
  Object.values(claims).filter(({ type }) => type === 'alive' || type === 'accuse' || type === 'leave'),
)
const only = <T extends Verified<WireClaim>['type']>(type: T) =>
  fc.constantFrom(...Object.values(claims).filter((claim) => claim.type === type))

const cargo = { seq: uint32, table: bytes(8), extra: bytesUpTo(extraBytesMax), claims: swimClaims }
const anyMessage = fc.oneof(
  fc.record({ type: fc.constant('ping'), ...cargo }),
  fc.record({ type: fc.constant('ack'), ...cargo, wall }),
  fc.record({ type: fc.constant('ping-req'), target: peer, nonce: bytes(16), timeoutMs: fc.nat(60_000) }),
  fc.record({ type: fc.constant('indirect-ping'), origin: peer, nonce: bytes(16) }),
  fc.record({ type: fc.constant('indirect-ack'), claim: fc.constant(ackClaim) }),
  fc.record({ type: fc.constant('nack'), nonce: bytes(16) }),
  fc.record({ type: fc.constant('roots'), shown: fc.nat(8).chain((roots) => bytes(8 * roots)) }),
  fc.record({ type: fc.constant('gossip'), claims: swimClaims }),
  fc.record({ type: fc.constant('sync-buckets'), count: uint32, buckets: bytes(512) }),
  fc.record({
    type: fc.constant('sync-rows'),
    buckets: fc.array(fc.nat(63), { maxLength: 64 }),
    rows: fc.nat(20).chain((rows) => bytes(16 * rows)),
  }),
  fc.record({ type: fc.constant('sync-want'), ids: fc.nat(20).chain((ids) => bytes(8 * ids)) }),
  fc.record({
    type: fc.constant('forward'),
    path: fc.uniqueArray(peer, { minLength: 1, maxLength: hopsMax }),
    at: fc.constant(0),
    claim: only('routed'),
  }),
  fc.record({ type: fc.constant('undeliverable'), author: peer, id: bytes(16) }),
  fc.record({ type: fc.constant('edge'), word: fc.constantFrom(...(Object.keys(edgeWords) as EdgeWord[])) }),
  fc.record({ type: fc.constant('spread'), claims: fc.array(only('news'), { maxLength: 3 }) }),
  fc.record({ type: fc.constant('direct'), seq: uint32, topic: name, payload: bytesUpTo(300) }),
  fc.record({ type: fc.constant('reply'), id: bytes(8), word: fc.constant('answer'), payload: bytesUpTo(300) }),
  fc.record({ type: fc.constant('offer'), transfer: uint32, bytes: fc.maxSafeNat() }),
  fc.record({ type: fc.constant('chunk'), transfer: uint32, payload: bytesUpTo(300) }),
  fc.record({ type: fc.constant('credit'), transfer: uint32, received: fc.maxSafeNat() }),
  fc.record({ type: fc.constant('finish'), transfer: uint32, sha256: bytes(32) }),
  fc.record({
    type: fc.constant('stop'),
    transfer: uint32,
    sender: fc.boolean(),
    word: fc.constantFrom('done', 'too-large', 'busy', 'cancelled', 'broken'),
  }),
  fc.record({ type: fc.constant('want-news'), author: peer, instance, numbers: fc.array(uint32, { maxLength: 64 }) }),
  fc.record({
    type: fc.constant('had'),
    answer: fc.boolean(),
    streams: fc.array(
      fc.record({
        author: peer,
        instance,
        oldest: fc.nat(1000),
        oldestAgeMs: uint32,
        fresh: uint32,
        last: fc.integer({ min: 1000, max: 2 ** 32 - 1 }),
      }),
      { maxLength: 5 },
    ),
  }),
) as fc.Arbitrary<WireMessage>

const base = { author: peer, issuedAt: wall, ttlMs: fc.nat(10_000) }
const anyClaim = fc.oneof(
  fc.record({
    type: fc.constant('alive'),
    ...base,
    instance,
    startedAt: wall,
    incarnation: uint32,
    metadata: fc.constantFrom(new Uint8Array(0), encodeValue({}), encodeValue({ a: [1.5, null] })),
    zone: name,
    admission: bytesUpTo(100),
    sealingKey: fc.constantFrom(new Uint8Array(0), new Uint8Array(32).fill(7)),
  }),
  fc.record({
    type: fc.constant('accuse'),
    ...base,
    subject: peer,
    incarnationDigest: bytes(16).map((each) => Buffer.from(each).toString('base64url')),
  }),
  fc.record({ type: fc.constant('leave'), ...base, instance, startedAt: wall }),
  fc.record({ type: fc.constant('ack'), ...base, origin: peer, nonce: bytes(16), instance, incarnation: uint32 }),
  fc.record({
    type: fc.constant('routed'),
    ...base,
    to: peer,
    id: bytes(16),
    kind: fc.constantFrom('frame', 'signal'),
    receipt: fc.boolean(),
    payload: bytesUpTo(300),
  }),
  fc.record({ type: fc.constant('news'), ...base, instance, seq: uint32, topic: name, payload: bytesUpTo(300) }),
  fc.record({
    type: fc.constant('revoke'),
    ...base,
    seq: fc.maxSafeNat(),
    minIssuedAt: wall,
    serials: fc.constantFrom(0, 1, 256).chain((lines) => bytes(22 * lines)),
    members: fc.constantFrom(0, 1, 256).chain((lines) => bytes(38 * lines)),
  }),
) as unknown as fc.Arbitrary<WireClaim>

const codes = { alive: 1, accuse: 2, leave: 3, ack: 4, routed: 5, news: 6, entry: 7, revoke: 9, fault: 10 }
/** An envelope that nobody signed: reading does not look at signatures. */
function envelope(claim: WireClaim): Uint8Array {
  return Uint8Array.of(codes[claim.type], ...encodeBody(claim), ...new Uint8Array(64))
}

function codeOf(read: () => unknown): ErrorCode | 'accepted' {
  try {
    read()
    return 'accepted'
  } catch (reason) {
    if (reason instanceof WireError) return reason.code
    throw reason
  }
}
const frameCode = (...items: Item[]) => codeOf(() => decodeFrame(encodeItem(items)))
const claimCode = (claim: object) => codeOf(() => decodeClaim(envelope(claim as WireClaim)))
const zeros = (length: number) => new Uint8Array(length)

/** A value of an entry that takes up so many bytes. */
const valueOf = (length: number): Uint8Array => encodeValue(zeros(length - 3))
/** The context of an entry that names so many instances. */
const contextOf = (writers: number) => ({
  floor: { wall: entry.issuedAt, counter: 0 },
  seen: Array.from({ length: writers }, (_, i) => instanceIdFromBytes(zeros(16).fill(i)))
    .sort()
    .map((writer) => ({ instance: writer, seq: 0xffff_ffff })),
})

describe('a frame', () => {
  it('comes out as it went in, in the one encoding there is', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const encoded = encodeFrame(message)
        expect(scan(encoded, 'frame')).toBeUndefined()
        const frame = decodeFrame(encoded)
        const carried = 'claims' in message ? message.claims : 'claim' in message ? [message.claim] : []
        expect(frame.envelopes).toEqual(carried.map((claim) => claim.bytes))
        const read = completeFrame(frame, carried)
        expect(read).toEqual(message)
        expect(encodeFrame(read)).toEqual(encoded)
      }),
      { numRuns: 400 },
    )
  })

  it('shows by its kind whether it is of a probe through others', () => {
    const probes = Object.values(frames).filter((frame) => isProbe(encodeFrame(frame)))
    expect(probes.map(({ type }) => type).sort()).toEqual(['indirect-ack', 'indirect-ping', 'nack', 'ping-req'])
    expect(isProbe(zeros(0))).toBe(false)
  })

  it('with any byte changed, cut or added, is read in full or refused with a WireError, and has no second encoding', () => {
    let accepted = 0
    const altered = fc
      .tuple(anyMessage, fc.nat(), fc.nat(255), fc.constantFrom('set', 'cut', 'add'))
      .map(([message, at, byte, how]) => {
        const encoded = encodeFrame(message)
        at %= encoded.length
        if (how === 'cut') return encoded.slice(0, at)
        if (how === 'add') return Uint8Array.of(...encoded.subarray(0, at), byte, ...encoded.subarray(at))
        encoded[at] = byte
        return encoded
      })
    fc.assert(
      fc.property(altered, (candidate) => {
        let frame
        try {
          frame = decodeFrame(candidate)
        } catch (reason) {
          expect(reason).toBeInstanceOf(WireError)
          return
        }
        accepted++
        const stand = frame.envelopes.map((bytes) => ({ bytes }) as unknown as Verified<WireClaim>)
        expect(encodeFrame(completeFrame(frame, stand))).toEqual(candidate)
      }),
      { numRuns: 1_500 },
    )
    expect(accepted).toBeGreaterThan(150)
  })

  it('has a kind of its own for each message', () => {
    expect(new Set(Object.values(frameKinds)).size).toBe(Object.keys(frameKinds).length)
    expect(frameKinds).toMatchObject({ ping: 1, ack: 2, forward: 16, spread: 32 })
    expect(frameCode(0)).toBe('ERR_FRAME_KIND')
    expect(frameCode(1_000_000)).toBe('ERR_FRAME_KIND')
    expect(frameCode()).toBe('ERR_FRAME_SHAPE')
    expect(frameCode('1')).toBe('ERR_FRAME_SHAPE')
    expect(frameCode(-1)).toBe('ERR_FRAME_SHAPE')
    expect(codeOf(() => decodeFrame(encodeItem(1)))).toBe('ERR_FRAME_SHAPE')
  })

  it('has exactly its fields, of their types', () => {
    const ping: Item[] = [1, 0, zeros(8), zeros(0), []]
    expect(frameCode(...ping)).toBe('accepted')
    expect(frameCode(...ping, 0)).toBe('ERR_FRAME_SHAPE')
    for (let index = 1; index < ping.length; index++) {
      expect(frameCode(...ping.slice(0, index))).toBe('ERR_FRAME_SHAPE')
      for (const wrong of [null, 'text', true, -1, BigInt(2 ** 33), [[]]]) {
        if (index === 4 && Array.isArray(wrong)) continue
        expect(frameCode(...ping.with(index, wrong as Item))).toBe('ERR_FRAME_SHAPE')
      }
    }
    expect(frameCode(...ping.with(4, [0]))).toBe('ERR_FRAME_SHAPE')
    expect(frameCode(18, 7)).toBe('accepted')
    expect(frameCode(18, 8)).toBe('ERR_FRAME_SHAPE')
  })

  it('keeps every limit: taken at it, refused one over', () => {
    const cases: [string, (over: 0 | 1) => Item[]][] = [
      ['seq', (over) => [1, over ? BigInt(2 ** 32) : 0xffff_ffff, zeros(8), zeros(0), []]],
      ['extra', (over) => [1, 0, zeros(8), zeros(extraBytesMax + over), []]],
      ['claims', (over) => [7, Array.from({ length: claimsPerFrameMax + over }, () => zeros(1))]],
      ['timeout', (over) => [3, zeros(32), zeros(16), 60_000 + over]],
      ['buckets', (over) => [9, Array.from({ length: 64 + over }, () => 0), zeros(0)]],
      ['bucket', (over) => [9, [63 + over], zeros(0)]],
      ['rows', (over) => [9, [], zeros(16 * (4_000 + over))]],
      ['wanted', (over) => [10, zeros(8 * (4_096 + over))]],
      [
        'hops',
        (over) => [16, Array.from({ length: hopsMax + over }, (_, hop) => zeros(32).fill(hop)), 0, routedFrame.bytes],
      ],
      ['at', (over) => [16, [zeros(32)], over, routedFrame.bytes]],
      ['payload', (over) => [33, 0, '', zeros(payloadBytesMax + over)]],
      ['topic of a direct', (over) => [33, 0, 'x'.repeat(nameBytesMax + over), zeros(1)]],
      ['runs', (over) => [34, false, Array.from({ length: 128 + over }, () => [zeros(32), zeros(16), 1, 0, 1, 1])]],
      ['oldest', (over) => [34, false, [[zeros(32), zeros(16), 1 + over, 0, 1, 1]]]],
      ['numbers', (over) => [35, zeros(32), zeros(16), Array.from({ length: 64 + over }, () => 1)]],
      ['chunk', (over) => [38, 1, zeros(payloadBytesMax + over)]],
      ['hash', (over) => [40, 1, zeros(32 + over)]],
      ['stop', (over) => [41, 1, true, 4 + over]],
      ['word', (over) => [36, zeros(8), 1 + over, zeros(1)]],
      ['answer', (over) => [36, zeros(8), 1, zeros(payloadBytesMax + over)]],
      ['ack', (over) => [36, zeros(8), 0, zeros(over)]],
      ['places', (over) => [49, zeros(5 * (512 + over)), zeros(0)]],
      ['places for sums', (over) => [49, zeros(5), zeros(5 * (511 + over))]],
      ['nodes', (over) => [50, true, Array.from({ length: 128 + over }, () => [zeros(5), 2, zeros(12)])]],
      ['kind of a node', (over) => [50, true, [[zeros(5), 2 + over, zeros(12)]]]],
      ['sum', (over) => [50, true, [[zeros(5), 2, zeros(12 + over)]]]],
      ['hashes', (over) => [50, true, [[zeros(5), 0, zeros(128 + 8 * over)]]]],
      ['list', (over) => [50, true, [[zeros(5), 1, zeros(8 * (1024 + over))]]]],
      ['depth', (over) => [49, Uint8Array.of(8 + over, 0, 0, 0, 0), zeros(0)]],
      ['wants', (over) => [51, Array.from({ length: 1024 + over }, () => [zeros(5), zeros(0)])]],
      ['fingerprints', (over) => [51, [[zeros(5), zeros(8 * (1024 + over))]]]],
      ['roots', (over) => [53, zeros(8 * (8 + over))]],
    ]
    for (const [what, items] of cases) {
      expect([what, frameCode(...items(0)), frameCode(...items(1))]).toEqual([what, 'accepted', 'ERR_FRAME_SHAPE'])
    }
    expect(frameCode(9, [], zeros(17))).toBe('ERR_FRAME_SHAPE')
    expect(frameCode(10, zeros(9))).toBe('ERR_FRAME_SHAPE')
    expect(frameCode(16, [], 0, routedFrame.bytes)).toBe('ERR_FRAME_SHAPE')
    expect(frameCode(16, [zeros(32), zeros(32)], 0, routedFrame.bytes)).toBe('ERR_FRAME_SHAPE')
  })

  it('is never sent larger than it is taken', () => {
    const message = (bytes: Uint8Array) => ({ type: 'gossip', claims: [{ bytes }] }) as unknown as WireMessage
    expect(encodeFrame(message(zeros(frameBytesMax - 6)))).toHaveLength(frameBytesMax)
    expect(() => encodeFrame(message(zeros(frameBytesMax - 5)))).toThrow('a gossip of 65537 bytes, over 65536')
    const small = Array.from({ length: claimsPerFrameMax + 1 }, () => leave)
    expect(() => encodeFrame({ type: 'gossip', claims: small })).toThrow('257 claims, over 256')
  })

  it('holds no view of the bytes that it was read from', () => {
    const encoded = encodeFrame(frames.gossip!)
    const frame = decodeFrame(encoded)
    for (const each of frame.envelopes) expect(each.buffer.byteLength).toBe(each.length)
    encoded.fill(0)
    expect(frame.envelopes.map((each) => each[0])).toEqual([1, 2, 3])
  })
})

describe('a claim', () => {
  it('comes out as it went in', () => {
    fc.assert(
      fc.property(anyClaim, (claim) => {
        const read = decodeClaim(envelope(claim))
        expect(read).toMatchObject(claim as object)
        expect(encodeBody(read)).toEqual(encodeBody(claim))
      }),
      { numRuns: 400 },
    )
  })

  it('with any byte changed is read in full or refused with a WireError', () => {
    fc.assert(
      fc.property(anyClaim, fc.nat(), fc.nat(255), (claim, at, byte) => {
        const altered = envelope(claim)
        altered[at % altered.length] = byte
        codeOf(() => decodeClaim(altered))
      }),
      { numRuns: 1_000 },
    )
  })

  it('names the incarnation by what stays when the lease is renewed', () => {
    const read = (claim: object) =>
      (decodeClaim(envelope({ ...alive, ...claim } as WireClaim)) as typeof alive).incarnationDigest
    expect(read({})).toBe(alive.incarnationDigest)
    expect(read({ issuedAt: alive.issuedAt + 1, ttlMs: alive.ttlMs + 1 })).toBe(alive.incarnationDigest)
    for (const change of [
      { incarnation: 8 },
      { zone: 'us' },
      { metadata: zeros(0) },
      { startedAt: 1 },
      { author: leave.author, instance: instanceIdFromBytes(zeros(16)) },
    ]) {
      expect(read(change)).not.toBe(alive.incarnationDigest)
    }
  })

  it('keeps every limit of its fields: taken at it, refused one over', () => {
    const padded = (length: number) => encodeValue({ a: zeros(length - 6) })
    expect(padded(metadataBytesMax)).toHaveLength(metadataBytesMax)
    const cases: [string, object, object][] = [
      [
        'metadata',
        { ...alive, metadata: padded(metadataBytesMax) },
        { ...alive, metadata: padded(metadataBytesMax + 1) },
      ],
      ['zone', { ...alive, zone: 'ü'.repeat(32) }, { ...alive, zone: `${'ü'.repeat(32)}x` }],
      [
        'admission',
        { ...alive, admission: zeros(admissionBytesMax) },
        { ...alive, admission: zeros(admissionBytesMax + 1) },
      ],
      ['sealingKey', { ...alive, sealingKey: zeros(32) }, { ...alive, sealingKey: zeros(33) }],
      ['half a sealingKey', { ...alive, sealingKey: zeros(0) }, { ...alive, sealingKey: zeros(31) }],
      ['incarnation', { ...alive, incarnation: 0xffff_ffff }, { ...alive, incarnation: BigInt(2 ** 32) }],
      ['nonce', { ...claims.ack!, nonce: zeros(16) }, { ...claims.ack!, nonce: zeros(17) }],
      [
        'topic',
        { ...claims.news!, topic: 'x'.repeat(nameBytesMax) },
        { ...claims.news!, topic: 'x'.repeat(nameBytesMax + 1) },
      ],
      [
        'payload',
        { ...claims.news!, payload: zeros(payloadBytesMax) },
        { ...claims.news!, payload: zeros(payloadBytesMax + 1) },
      ],
      ['map', { ...entry, map: 'x'.repeat(nameBytesMax) }, { ...entry, map: 'x'.repeat(nameBytesMax + 1) }],
      ['key', { ...entry, key: 'x'.repeat(keyBytesMax) }, { ...entry, key: 'x'.repeat(keyBytesMax + 1) }],
      ['key in letters of two bytes', { ...entry, key: 'ü'.repeat(128) }, { ...entry, key: `${'ü'.repeat(128)}x` }],
      ['counter', { ...entry, counter: 0xffff }, { ...entry, counter: 0x1_0000 }],
      ['number', { ...entry, seq: 0xffff_ffff }, { ...entry, seq: BigInt(2 ** 32) }],
      ['value', { ...entry, value: valueOf(payloadBytesMax) }, { ...entry, value: valueOf(payloadBytesMax + 1) }],
      [
        'proof',
        { ...entry, admission: zeros(admissionBytesMax) },
        { ...entry, admission: zeros(admissionBytesMax + 1) },
      ],
      [
        'context',
        { ...sibling, context: contextOf(contextWritersMax) },
        { ...sibling, context: contextOf(contextWritersMax + 1) },
      ],
      [
        'routed',
        { ...routedFrame, payload: zeros(routedPayloadBytesMax) },
        { ...routedFrame, payload: zeros(routedPayloadBytesMax + 1) },
      ],
    ]
    for (const [what, at, over] of cases) {
      expect([what, claimCode(at), claimCode(over)]).toEqual([what, 'accepted', 'ERR_CLAIM_SHAPE'])
    }
  })

  it('fits its size limit when every field is at its own', () => {
    const largest: Record<string, object> = {
      alive: {
        ...alive,
        metadata: encodeValue({ a: zeros(metadataBytesMax - 6) }),
        zone: 'x'.repeat(nameBytesMax),
        admission: zeros(admissionBytesMax),
        sealingKey: zeros(32),
      },
      news: { ...claims.news!, topic: 'x'.repeat(nameBytesMax), payload: zeros(payloadBytesMax) },
      routed: { ...routedFrame, payload: zeros(routedPayloadBytesMax) },
      entry: {
        ...entry,
        ttlMs: claimTtlMsMax.entry,
        seq: 0xffff_ffff,
        map: 'x'.repeat(nameBytesMax),
        key: 'x'.repeat(keyBytesMax),
        counter: 0xffff,
        context: contextOf(contextWritersMax),
        value: valueOf(payloadBytesMax),
        // No proof is longer than two capabilities, whatever its field may hold.
        admission: zeros(2 * 174),
      },
    }
    for (const [type, claim] of Object.entries({ ...claims, ...largest })) {
      if (!wireTypes.has(type)) continue
      expect([type, claimCode(claim)]).toEqual([type, 'accepted'])
    }
  })

  it('is refused by its size before it is read', () => {
    for (const [type, code] of Object.entries(codes)) {
      const max = claimBytesMax[type as keyof typeof codes]
      const of = (length: number) => codeOf(() => decodeClaim(Uint8Array.of(code, ...zeros(length - 1))))
      expect([type, of(max), of(max + 1)]).toEqual([type, 'ERR_CBOR_TRAILING', 'ERR_CLAIM_TOO_LARGE'])
    }
  })

  it('asks for no longer a life than its type allows', () => {
    for (const claim of Object.values(claims)) {
      const ttlMs = claimTtlMsMax[claim.type]
      expect([claimCode({ ...claim, ttlMs }), claimCode({ ...claim, ttlMs: ttlMs + 1 })]).toEqual([
        'accepted',
        'ERR_CLAIM_TTL',
      ])
    }
  })

  it('has metadata that is a map in its one encoding, or none', () => {
    const metadata = (bytes: Uint8Array) => claimCode({ ...alive, metadata: bytes })
    expect(metadata(zeros(0))).toBe('accepted')
    expect(metadata(encodeValue({}))).toBe('accepted')
    for (const bytes of [
      encodeValue(1),
      encodeValue([]),
      Uint8Array.of(0xff),
      Uint8Array.of(0xc0, 0xa0),
      Uint8Array.of(0xa0, 0),
    ]) {
      expect(metadata(bytes)).toBe('ERR_CLAIM_SHAPE')
    }
  })

  it('of revocations has at most 256 whole lines of either kind, and no more than its 16 KiB', () => {
    const list = (serials: number, members: number, ttlMs = 1) =>
      codeOf(() =>
        decodeClaim(
          envelope({
            type: 'revoke',
            author: ada.signer.peerId,
            issuedAt: 0,
            ttlMs,
            seq: 1,
            minIssuedAt: 0,
            serials: zeros(serials),
            members: zeros(members),
          } as unknown as WireClaim),
        ),
      )
    expect(list(256 * 22, 256 * 38)).toBe('accepted')
    expect([list(257 * 22, 0), list(0, 257 * 38), list(21, 0), list(0, 37)]).toEqual(Array(4).fill('ERR_CLAIM_SHAPE'))
    expect([list(0, 0, claimTtlMsMax.revoke), list(0, 0, claimTtlMsMax.revoke + 1)]).toEqual([
      'accepted',
      'ERR_CLAIM_TTL',
    ])
  })

  it('of a type that is reserved, or that does not exist, is refused', () => {
    for (const code of [0, 8, 11, 255]) {
      expect(codeOf(() => decodeClaim(Uint8Array.of(code, ...zeros(80))))).toBe('ERR_CLAIM_TYPE')
    }
    expect(codeOf(() => decodeClaim(zeros(0)))).toBe('ERR_CLAIM_TYPE')
    expect(codeOf(() => decodeClaim(Uint8Array.of(1, ...zeros(64))))).toBe('ERR_CLAIM_TYPE')
  })

  it('that is a receipt is one id and asks for none', () => {
    const receipt = { ...claims['routed, a receipt']! }
    expect(claimCode(receipt)).toBe('accepted')
    expect(claimCode({ ...receipt, receipt: true })).toBe('ERR_CLAIM_SHAPE')
    expect(claimCode({ ...receipt, payload: zeros(15) })).toBe('ERR_CLAIM_SHAPE')
  })
})

it('blames for what needs no clock, no budget of work and no view, and for nothing else', () => {
  const unblamed = Object.entries(errors)
    .filter(([, row]) => !row.blame)
    .map(([code]) => code)
  expect(unblamed).toEqual([
    ...['ERR_CLAIM_EXPIRED', 'ERR_CLAIM_EARLY', 'ERR_ROUTED_PAYLOAD', 'ERR_VERIFY_RATE'],
    ...['ERR_LINK_STALE_RATE', 'ERR_LINK_VERIFY_RATE'],
  ])
})
