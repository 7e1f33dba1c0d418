import { describe, expect, it } from 'vitest'
import { type ClaimBase, type Verified } from '../identity/claim.ts'
import { seal as sealEnvelope } from '../identity/envelope.ts'
import { scriptVerifier, seedSigner } from '../identity/ed25519.ts'
import type { Signer, Verifier } from '../identity/keys.ts'
import type { Millis, WallMillis } from '../identity/millis.ts'
import { type InstanceId, instanceIdFromBytes, meshIdOf, peerIdFromBytes } from '../identity/peer-id.ts'
import type { Proofs } from '../identity/proofs.ts'
import type { Sealer } from '../identity/sealer.ts'
import type { DraftClaim, LinkId } from '../core/input.ts'
import type { Claim, Message } from '../core/message.ts'
import type { Alive, Gossip, Incarnation } from '../swim/messages.ts'
import type { Routed } from '../overlay/messages.ts'
import { NewsPace, passedOn } from '../broadcast/news-pace.ts'
import type { News } from '../broadcast/messages.ts'
import { entry } from '../../test/state/entries.ts'
import { fastCrypto } from '../sim/crypto.ts'
import { Prng } from '../sim/prng.ts'
import { encodeItem } from '../wire/cbor.ts'
import { encodeBody } from '../wire/claims.ts'
import { claimTtlMsMax, clockSkewMsMax, frameBytesMax } from '../wire/limits.ts'
import { checksAtOnce, nativeBudget, scriptBudget } from './budget.ts'
import { ClaimCache } from './claim-cache.ts'
import { Egress } from './egress.ts'
import { FrameMemo } from './frame-memo.ts'
import { type Arrival, Ingress, type IngressOptions } from './ingress.ts'

const meshId = meshIdOf('a room')
const instance: InstanceId = instanceIdFromBytes(new Uint8Array(16).fill(5))
const wall = 1_800_000_000_000 as WallMillis
const start = 0 as Millis
const link = 1 as LinkId
const other = 2 as LinkId

const ada = seedSigner(new Uint8Array(32).fill(1))
const bob = seedSigner(new Uint8Array(32).fill(2))
const eve = seedSigner(new Uint8Array(32).fill(3))

function alive(author: Signer, more: Partial<Alive> = {}): DraftClaim {
  return {
    type: 'alive',
    author: author.peerId,
    issuedAt: wall,
    ttlMs: 60_000,
    instance,
    startedAt: wall,
    incarnation: 0 as Incarnation,
    metadata: new Uint8Array(0),
    zone: '',
    admission: new Uint8Array(0),
    sealingKey: new Uint8Array(0),
    incarnationDigest: '' as Alive['incarnationDigest'],
    ...more,
  }
}

function seal<C extends ClaimBase = Alive>(signer: Signer, draft: DraftClaim, room = meshId): Verified<C> {
  let sealed: Verified<Claim> | Error | undefined
  new Egress({ meshId: room, signer }).seal(draft, (claim) => (sealed = claim))
  if (!sealed || sealed instanceof Error) throw sealed ?? new Error('not sealed at once')
  return sealed as unknown as Verified<C>
}

const egress = new Egress({ meshId, signer: ada })
const encode = (message: Message) => egress.encode(message)
const gossip = (...claims: Gossip['claims']): Gossip => ({ type: 'gossip', claims })
const nack = (first: number): Message => ({ type: 'nack', nonce: new Uint8Array(16).fill(first) })

/** A verifier whose answers wait until they are asked for, and that counts. */
function slowVerifier(): Verifier & { answer(): void; asked: number } {
  const waiting: (() => void)[] = []
  return {
    asked: 0,
    verify(...question) {
      this.asked++
      waiting.push(() => scriptVerifier.verify(...question))
    },
    answer() {
      waiting.shift()!()
    },
  }
}

function setUp(more: Partial<IngressOptions> = {}) {
  const arrivals: Arrival[] = []
  const ingress = new Ingress({
    self: bob.peerId,
    meshId,
    verifier: scriptVerifier,
    deliver: (arrival) => arrivals.push(arrival),
    ...more,
  })
  ingress.setClock(wall)
  ingress.openLink(link)
  ingress.openLink(other)
  const codes = () => arrivals.map((arrival) => (arrival.type === 'refused' ? arrival.code : arrival.message.type))
  return { ingress, arrivals, codes }
}

/** The frame with one byte changed in its last claim, counted from the end of the frame. */
function altered(bytes: Uint8Array, fromEnd: number): Uint8Array {
  const copy = bytes.slice()
  copy[copy.length - 1 - fromEnd]! ^= 1
  return copy
}

/** A frame of gossip that no honest egress would make. */
function rawGossip(...envelopes: Uint8Array[]): Uint8Array {
  return encodeItem([7, envelopes])
}

describe('ingress', () => {
  it('delivers a message with its claims verified, as they were signed', () => {
    const { ingress, arrivals } = setUp()
    const claim = seal(ada, alive(ada))
    ingress.receive(link, encode(gossip(claim)), start)
    expect(arrivals).toEqual([{ type: 'received', link, message: { type: 'gossip', claims: [claim] } }])
  })

  it('refuses a claim that was altered, whichever byte, with blame', () => {
    const frame = encode(gossip(seal(ada, alive(ada))))
    for (const fromEnd of [0, 40, 63, 64, 90]) {
      const { ingress, arrivals } = setUp()
      ingress.receive(link, altered(frame, fromEnd), start)
      expect(arrivals).toMatchObject([{ type: 'refused', link, blame: true }])
    }
  })

  it('refuses an altered signature on a claim that it has already verified', () => {
    const { ingress, codes } = setUp()
    const frame = encode(gossip(seal(ada, alive(ada))))
    ingress.receive(link, frame, start)
    ingress.receive(other, altered(frame, 0), start)
    expect(codes()).toEqual(['gossip', 'ERR_CLAIM_SIGNATURE'])
  })

  it('takes a claim under another good signature for the claim that it knows, at the same time or later', () => {
    // Whoever has a key can sign a body in many ways; here the verifier takes any signature.
    const claim = seal(ada, alive(ada))
    const twin = altered(claim.bytes, 5)
    const later = setUp({ verifier: { verify: (_key, _message, _signature, done) => done(true) } })
    for (const envelope of [claim.bytes, twin]) later.ingress.receive(link, rawGossip(envelope), start)
    const answers: (() => void)[] = []
    const atOnce = setUp({ verifier: { verify: (_key, _message, _signature, done) => answers.push(() => done(true)) } })
    for (const envelope of [claim.bytes, twin]) atOnce.ingress.receive(link, rawGossip(envelope), start)
    expect(answers).toHaveLength(2)
    for (const answer of answers) answer()
    for (const { arrivals } of [later, atOnce]) {
      const [first, second] = arrivals.map((arrival) => (arrival as { message: Gossip }).message.claims[0])
      expect(first).toEqual(claim)
      expect(second).toBe(first)
    }
  })

  it('refuses a claim of another room, and one that was signed by somebody else', () => {
    const { ingress, codes } = setUp()
    ingress.receive(link, rawGossip(seal(ada, alive(ada), meshIdOf('another')).bytes), start)
    const forged = seal(ada, alive(ada)).bytes.slice()
    forged.set(seal(eve, alive(eve)).bytes.subarray(-64), forged.length - 64)
    ingress.receive(link, rawGossip(forged), start)
    expect(codes()).toEqual(['ERR_CLAIM_SIGNATURE', 'ERR_CLAIM_SIGNATURE'])
  })

  it('refuses a whole frame for one bad claim in it', () => {
    const { ingress, codes } = setUp()
    const good = seal(ada, alive(ada)).bytes
    ingress.receive(link, rawGossip(good, altered(seal(eve, alive(eve)).bytes, 0)), start)
    expect(codes()).toEqual(['ERR_CLAIM_SIGNATURE'])
  })

  it('spends no more on a frame once a claim in it is refused', () => {
    let asked = 0
    const verifier: Verifier = { verify: (_key, _message, _signature, done) => (asked++, done(false)) }
    const { ingress, codes } = setUp({ verifier })
    ingress.receive(link, encode(gossip(...[ada, bob, eve].map((author) => seal(author, alive(author))))), start)
    expect([asked, codes()]).toEqual([1, ['ERR_CLAIM_SIGNATURE']])
  })

  it('refuses a type of claim that does not belong in the frame, seen before or not', () => {
    const { ingress, codes } = setUp()
    const news = seal<Verified<Claim>>(ada, {
      type: 'news',
      author: ada.peerId,
      issuedAt: wall,
      ttlMs: 1000,
      instance,
      seq: 1,
      topic: '',
      payload: new Uint8Array(3),
    })
    ingress.receive(link, rawGossip(news.bytes), start)
    ingress.receive(link, encodeItem([32, [news.bytes]]), start)
    ingress.receive(link, rawGossip(news.bytes), start)
    expect(codes()).toEqual(['ERR_CLAIM_TYPE', 'spread', 'ERR_CLAIM_TYPE'])
  })

  it('verifies a claim once, however often and under however many frames it comes', () => {
    const verifier = slowVerifier()
    const { ingress, arrivals } = setUp({ verifier })
    const claim = seal(ada, alive(ada))
    ingress.receive(link, encode(gossip(claim)), start)
    ingress.receive(other, encode(gossip(claim)), start) // while the first is being checked
    expect(verifier.asked).toBe(1)
    expect(arrivals).toHaveLength(0)
    verifier.answer()
    ingress.receive(other, encode(gossip(claim)), start) // after
    expect(verifier.asked).toBe(1)
    expect(arrivals).toHaveLength(3)
  })

  it('keeps the order of a link while a check is under way, and holds up no other link', () => {
    const verifier = slowVerifier()
    const { ingress, arrivals, codes } = setUp({ verifier })
    ingress.receive(link, encode(gossip(seal(ada, alive(ada)))), start)
    ingress.receive(link, encode(nack(1)), start)
    ingress.receive(link, Uint8Array.of(0xff), start)
    ingress.receive(other, encode(nack(2)), start)
    expect(arrivals.map((arrival) => arrival.link)).toEqual([other])
    verifier.answer()
    expect(codes()).toEqual(['nack', 'gossip', 'nack', 'ERR_CBOR_INDEFINITE'])
  })

  it('delivers nothing of a link that was closed meanwhile', () => {
    const verifier = slowVerifier()
    const { ingress, arrivals } = setUp({ verifier })
    ingress.receive(link, encode(gossip(seal(ada, alive(ada)))), start)
    ingress.closeLink(link)
    verifier.answer()
    ingress.receive(link, encode(nack(1)), start)
    expect(arrivals).toHaveLength(0)
  })

  it('delivers all that came before the end of a link, and then says that it has ended', () => {
    const verifier = slowVerifier()
    const { ingress, codes } = setUp({ verifier })
    let ended = 0
    ingress.receive(link, encode(gossip(seal(ada, alive(ada)))), start)
    ingress.receive(link, encode(nack(1)), start)
    ingress.endLink(link, () => (ended += 1))
    ingress.receive(link, encode(nack(2)), start)
    expect([codes(), ended]).toEqual([[], 0])
    verifier.answer()
    expect([codes(), ended]).toEqual([['gossip', 'nack'], 1])
    ingress.endLink(other, () => (ended += 1))
    expect(ended).toBe(2)
  })

  it('cuts out claims that are too old or too new by a clock a minute off, and blames nobody', () => {
    const { ingress, arrivals, codes } = setUp()
    const good = seal(ada, alive(ada))
    const last = wall - 60_000 - clockSkewMsMax
    const atTheLimit = [
      seal(eve, alive(eve, { issuedAt: last as WallMillis })),
      seal(eve, alive(eve, { issuedAt: (wall + clockSkewMsMax) as WallMillis })),
    ]
    ingress.receive(link, encode(gossip(...atTheLimit)), start)
    expect(arrivals).toMatchObject([{ message: { claims: [{}, {}] } }])
    const over = [
      seal(eve, alive(eve, { issuedAt: (last - 1) as WallMillis })),
      seal(eve, alive(eve, { issuedAt: (wall + clockSkewMsMax + 1) as WallMillis })),
    ]
    ingress.receive(link, encode(gossip(over[0]!, good)), start)
    ingress.receive(link, encode(gossip(good, over[1]!)), start)
    expect(codes()).toEqual(['gossip', 'ERR_CLAIM_EXPIRED', 'gossip', 'ERR_CLAIM_EARLY', 'gossip'])
    expect(arrivals.filter((arrival) => arrival.type === 'refused' && arrival.blame)).toEqual([])
    expect(arrivals.at(-1)).toMatchObject({ message: { claims: [{ digest: good.digest }] } })
  })

  it('refuses a claim that asks for too long a life', () => {
    const { ingress, codes } = setUp()
    ingress.receive(link, rawGossip(seal(ada, alive(ada, { ttlMs: claimTtlMsMax.alive })).bytes), start)
    const draft = alive(ada, { ttlMs: claimTtlMsMax.alive + 1 }) as Alive
    expect(() => seal(ada, draft)).toThrow('longer than its type allows')
    // What our own egress refuses to sign, another's may.
    sealEnvelope(
      ada,
      meshId,
      'alive',
      encodeBody(draft),
      () => draft,
      (claim) => {
        ingress.receive(link, rawGossip((claim as Verified<Alive>).bytes), start)
      },
    )
    expect(codes()).toEqual(['gossip', 'ERR_CLAIM_TTL'])
  })

  it('takes a frame at the size limit and refuses one over it', () => {
    const { ingress, codes } = setUp()
    ingress.receive(link, new Uint8Array(frameBytesMax), start)
    ingress.receive(link, new Uint8Array(frameBytesMax + 1), start)
    ingress.receive(link, new Uint8Array(0), start)
    expect(codes()).toEqual(['ERR_CBOR_TRAILING', 'ERR_FRAME_TOO_LARGE', 'ERR_FRAME_TOO_LARGE'])
  })

  it('says once that a link is over its budget of frames, and looks at no more of it', () => {
    const { ingress, arrivals, codes } = setUp({ budget: { ...nativeBudget, frames: { perSecond: 1, burst: 3 } } })
    for (let sent = 0; sent < 6; sent++) ingress.receive(link, encode(nack(sent)), start)
    ingress.receive(other, encode(nack(9)), start)
    expect(codes()).toEqual(['nack', 'nack', 'nack', 'ERR_LINK_FRAME_RATE', 'nack'])
    expect(arrivals[3]).toMatchObject({ final: true })
  })

  it('says once that a link is over its budget of bytes, and gives it back over time', () => {
    const frame = encode(nack(1))
    const budget = { ...nativeBudget, bytes: { perSecond: frame.length, burst: 2 * frame.length } }
    const { ingress, codes } = setUp({ budget })
    ingress.receive(link, frame, start)
    ingress.receive(link, frame, start)
    ingress.receive(link, frame, 1000 as Millis)
    ingress.receive(link, frame, 1999 as Millis)
    expect(codes()).toEqual(['nack', 'nack', 'nack', 'ERR_LINK_BYTE_RATE'])
  })

  it('cuts claims that are over the budget of checks, without blame, and keeps the rest of the message', () => {
    const { ingress, arrivals, codes } = setUp({
      budget: { ...nativeBudget, verifications: { perSecond: 1, burst: 1 } },
    })
    const [first, second] = [seal(ada, alive(ada)), seal(eve, alive(eve))]
    ingress.receive(link, encode(gossip(first, second)), start)
    expect(codes()).toEqual(['ERR_VERIFY_RATE', 'gossip'])
    expect(arrivals).toMatchObject([{ blame: false }, { message: { claims: [{ digest: first.digest }] } }])
    ingress.receive(link, encode(gossip(first, second)), 1000 as Millis)
    expect(arrivals.at(-1)).toMatchObject({ message: { claims: [{}, {}] } })
  })

  it('counts claims, known ones too, and closes a link that is one over', () => {
    const { ingress, arrivals, codes } = setUp({ budget: { ...nativeBudget, claims: { perSecond: 2, burst: 4 } } })
    const frame = encode(gossip(seal(ada, alive(ada)), seal(eve, alive(eve))))
    for (const at of [0, 0, 499]) ingress.receive(link, frame, at as Millis)
    ingress.receive(other, frame, start)
    expect(codes()).toEqual(['gossip', 'gossip', 'ERR_LINK_CLAIM_RATE', 'gossip'])
    expect(arrivals[2]).toMatchObject({ final: true })
  })

  it('closes a link over which one useless claim more comes than its budget has, known or not, and blames nobody', () => {
    const late = alive(eve, { issuedAt: (wall - 60_000 - clockSkewMsMax - 1) as WallMillis })
    const stale = encode(gossip(seal(eve, late)))
    const { ingress, arrivals, codes } = setUp({ budget: { ...nativeBudget, useless: { perSecond: 1, burst: 3 } } })
    for (let sent = 0; sent < 3; sent++) ingress.receive(link, stale, start)
    ingress.receive(link, stale, 1000 as Millis)
    ingress.receive(link, stale, 1000 as Millis)
    ingress.receive(link, encode(nack(1)), 1000 as Millis)
    ingress.receive(other, stale, start)
    expect(codes().filter((code) => code !== 'gossip')).toEqual([
      ...Array.from({ length: 4 }, () => 'ERR_CLAIM_EXPIRED'),
      'ERR_LINK_STALE_RATE',
      'ERR_CLAIM_EXPIRED',
    ])
    expect(arrivals.filter((arrival) => arrival.type === 'refused' && arrival.blame)).toEqual([])
    expect(arrivals.filter((arrival) => arrival.type === 'refused' && arrival.final)).toHaveLength(1)
  })

  it('counts as useless what was verified and has since gone out of date', () => {
    const { ingress, codes } = setUp({ budget: { ...nativeBudget, useless: { perSecond: 0, burst: 1 } } })
    const frame = encode(gossip(seal(ada, alive(ada))))
    ingress.receive(link, frame, start)
    for (let sent = 0; sent < 2; sent++) ingress.receive(link, frame, (60_000 + clockSkewMsMax + 1) as Millis)
    expect(codes()).toEqual(['gossip', 'ERR_CLAIM_EXPIRED', 'gossip', 'ERR_LINK_STALE_RATE'])
  })

  it('leaves what it cannot check unread, and closes a link that pours in more of it than that has a budget for', () => {
    const verifier = slowVerifier()
    const none = { perSecond: 0, burst: 0 }
    const budget = { ...nativeBudget, verifications: none, unread: { perSecond: 0, burst: 2 } }
    const { ingress, arrivals, codes } = setUp({ verifier, budget })
    ingress.receive(link, encode(gossip(seal(ada, alive(ada)), seal(eve, alive(eve)))), start)
    ingress.receive(link, encode(gossip(seal(ada, alive(ada)))), start)
    expect([codes(), verifier.asked]).toEqual([['ERR_VERIFY_RATE', 'gossip', 'ERR_LINK_VERIFY_RATE'], 0])
    expect(arrivals[2]).toMatchObject({ final: true, blame: false })
  })

  it('says of entries that some were left out for want of checks, and not when it was for their date', () => {
    const entries = (...sketches: Parameters<typeof entry>[0][]) =>
      encode({ type: 'entries', claims: sketches.map((sketch) => entry({ wall, ...sketch })), last: true })
    const verifier: Verifier = { verify: (_key, _message, _signature, done) => done(true) }
    const budget = { ...nativeBudget, verifications: { perSecond: 0, burst: 1 } }
    const { ingress, arrivals } = setUp({ budget, verifier })
    const messages = () => arrivals.flatMap((arrival) => (arrival.type === 'received' ? [arrival.message] : []))
    ingress.receive(link, entries({ wall: wall - 1e9 }), start)
    ingress.receive(link, entries({ seq: 1 }, { seq: 2 }), start)
    expect(messages()).toMatchObject([{ claims: [] }, { claims: [{ seq: 1 }], cut: true }])
    expect(messages()[0]).not.toHaveProperty('cut')
  })

  it('closes a link over which one author broadcasts one time more than members pass on, and no other author’s', () => {
    const said = (signer: Signer, seq: number) => {
      const draft = { type: 'news', author: signer.peerId, issuedAt: wall, ttlMs: 1000, instance, seq } as const
      return encode({ type: 'spread', claims: [seal(signer, { ...draft, topic: '', payload: new Uint8Array(0) })] })
    }
    const { ingress, codes } = setUp({ budget: { ...nativeBudget, news: { perSecond: 1, burst: 2 } } })
    for (const seq of [1, 2, 2, 2]) ingress.receive(link, said(ada, seq), start)
    for (const seq of [1, 2]) ingress.receive(link, said(eve, seq), start)
    ingress.receive(link, said(ada, 3), 1000 as Millis)
    ingress.receive(link, said(ada, 4), 1999 as Millis)
    expect(codes()).toEqual([...Array.from({ length: 7 }, () => 'spread'), 'ERR_LINK_NEWS_RATE'])
  })

  it('gives a neighbour no new budget for a new link, and each neighbour its own', () => {
    const { ingress, codes } = setUp({ budget: { ...nativeBudget, frames: { perSecond: 1, burst: 3 } } })
    const [first, second, third] = [3, 4, 5] as LinkId[]
    ingress.openLink(first!, ada.peerId)
    for (let sent = 0; sent < 3; sent++) ingress.receive(first!, encode(nack(sent)), start)
    ingress.closeLink(first!)
    ingress.openLink(second!, ada.peerId)
    ingress.openLink(third!, eve.peerId)
    ingress.receive(third!, encode(nack(3)), start)
    ingress.receive(second!, encode(nack(4)), start)
    expect(codes()).toEqual(['nack', 'nack', 'nack', 'nack', 'ERR_LINK_FRAME_RATE'])
  })

  it('remembers the budgets of 256 neighbours', () => {
    const { ingress, codes } = setUp({ budget: { ...nativeBudget, frames: { perSecond: 0, burst: 1 } } })
    const open = (n: number, peer = peerIdFromBytes(new Uint8Array(32).fill(n & 255, n >> 8))) => {
      ingress.openLink((100 + n) as LinkId, peer)
      ingress.receive((100 + n) as LinkId, encode(nack(1)), start)
    }
    open(0, ada.peerId)
    for (let n = 1; n < 256; n++) open(n)
    open(256, ada.peerId)
    expect(codes().at(-1)).toBe('ERR_LINK_FRAME_RATE')
    for (let n = 257; n < 513; n++) open(n)
    open(513, ada.peerId)
    expect(codes().at(-1)).toBe('nack')
  })

  describe('with more to check than is checked at once', () => {
    const writers = Array.from({ length: checksAtOnce + 2 }, (_, at) => seedSigner(new Uint8Array(32).fill(at + 10)))
    const frames = writers.map((writer) => encode(gossip(seal(writer, alive(writer)))))

    it('checks 64 of one neighbour, and the next when one is done; those of others do not wait', () => {
      const verifier = slowVerifier()
      const { ingress, codes } = setUp({ verifier })
      for (const frame of frames) ingress.receive(link, frame, start)
      expect(verifier.asked).toBe(checksAtOnce)
      ingress.receive(other, encode(gossip(seal(eve, alive(eve)))), start)
      expect(verifier.asked).toBe(checksAtOnce + 1)
      verifier.answer()
      expect(verifier.asked).toBe(checksAtOnce + 2)
      for (let answered = 1; answered < frames.length + 1; answered++) verifier.answer()
      expect(codes()).toHaveLength(frames.length + 1)
    })

    it('checks no more of what waits when the link is over a budget, but for what another link waits for', () => {
      const verifier = slowVerifier()
      const budget = { ...nativeBudget, frames: { perSecond: 0, burst: frames.length } }
      const { ingress, codes } = setUp({ verifier, budget })
      for (const frame of frames) ingress.receive(link, frame, start)
      ingress.receive(other, frames.at(-1)!, start)
      ingress.receive(link, frames[0]!, start)
      for (let answered = 0; answered < checksAtOnce + 1; answered++) verifier.answer()
      expect([verifier.asked, codes()]).toEqual([checksAtOnce + 1, ['ERR_LINK_FRAME_RATE', 'gossip']])
      // And whoever tells it later has it checked.
      ingress.receive(other, frames.at(-2)!, start)
      expect(verifier.asked).toBe(checksAtOnce + 2)
    })
  })

  it('delivers nothing more of a link that is over a budget, though it was checked, and lets it end', () => {
    const verifier = slowVerifier()
    const { ingress, codes } = setUp({ verifier, budget: { ...nativeBudget, frames: { perSecond: 0, burst: 1 } } })
    ingress.receive(link, encode(gossip(seal(ada, alive(ada)))), start)
    ingress.receive(link, encode(nack(1)), start)
    verifier.answer()
    let ended = 0
    ingress.endLink(link, () => (ended += 1))
    expect([codes(), ended]).toEqual([['ERR_LINK_FRAME_RATE'], 1])
  })

  it('cuts off a link whose frames wait for more than can be checked', () => {
    const { ingress, codes } = setUp({ verifier: slowVerifier(), budget: { ...nativeBudget, backlogFrames: 2 } })
    ingress.receive(link, encode(gossip(seal(ada, alive(ada)))), start)
    ingress.receive(link, encode(nack(1)), start)
    ingress.receive(link, encode(nack(2)), start)
    expect(codes()).toEqual(['ERR_LINK_BACKLOG'])
  })

  describe('with a routed frame', () => {
    const routed = (inner: Message | Uint8Array, to = bob.peerId, author = ada) => {
      const base = {
        type: 'routed',
        author: author.peerId,
        issuedAt: wall,
        ttlMs: 30_000,
        to,
        id: new Uint8Array(16),
        kind: 'frame',
        receipt: false,
      } as const
      const draft = inner instanceof Uint8Array ? { ...base, payload: inner } : { ...base, inner: inner as never }
      return seal<Routed>(author, draft)
    }

    it('delivers what is inside to its receiver, claims verified, and to no relay', () => {
      const claim = seal(eve, alive(eve))
      const forward: Message = { type: 'forward', path: [bob.peerId], at: 0, claim: routed(gossip(claim)) }
      const receiver = setUp()
      receiver.ingress.receive(link, encode(forward), start)
      expect(receiver.arrivals).toEqual([
        { type: 'received', link, message: { ...forward, inner: { type: 'gossip', claims: [claim] } } },
      ])
      const relay = setUp({ self: eve.peerId })
      relay.ingress.receive(link, encode(forward), start)
      expect(relay.arrivals).toEqual([{ type: 'received', link, message: forward }])

      // What a relay can see of it without reading it.
      const probing: Message = { type: 'forward', path: [bob.peerId], at: 0, claim: routed(nack(1)) }
      relay.ingress.receive(link, encode(probing), start)
      expect(relay.arrivals.at(-1)).toEqual({ type: 'received', link, message: { ...probing, probe: true } })
    })

    it('blames nobody on the way for what the author put inside', () => {
      const forged = rawGossip(altered(seal(eve, alive(eve)).bytes, 0))
      const another: Message = { type: 'forward', path: [bob.peerId], at: 0, claim: routed(nack(1)) }
      for (const inner of [Uint8Array.of(0xff), forged, encode(another), new Uint8Array(0)]) {
        const { ingress, arrivals } = setUp()
        ingress.receive(link, encode({ type: 'forward', path: [bob.peerId], at: 0, claim: routed(inner) }), start)
        expect(arrivals).toEqual([{ type: 'refused', link, code: 'ERR_ROUTED_PAYLOAD', blame: false }])
      }
    })

    it('has a budget for such payloads, since a neighbour may write them itself', () => {
      const { ingress, codes } = setUp({ budget: { ...nativeBudget, useless: { perSecond: 0, burst: 1 } } })
      const frame = encode({ type: 'forward', path: [bob.peerId], at: 0, claim: routed(Uint8Array.of(0xff)) })
      for (let sent = 0; sent < 3; sent++) ingress.receive(link, frame, start)
      expect(codes()).toEqual(['ERR_ROUTED_PAYLOAD', 'ERR_LINK_STALE_RATE'])
    })

    it('refuses a path that ends elsewhere than the claim', () => {
      const { ingress, codes } = setUp()
      ingress.receive(link, encode({ type: 'forward', path: [eve.peerId], at: 0, claim: routed(nack(1)) }), start)
      expect(codes()).toEqual(['ERR_FRAME_SHAPE'])
    })
  })

  describe('with a signal that is sealed', () => {
    const suite = fastCrypto()
    const [his, hers] = [suite.sealer(new Prng('his')), suite.sealer(new Prng('hers'))]
    const forwardTo = (key: Uint8Array): Message & { type: 'forward' } => {
      let claim: Verified<Routed> | undefined
      const draft = {
        type: 'routed',
        author: ada.peerId,
        issuedAt: wall,
        ttlMs: 30_000,
        to: bob.peerId,
        id: new Uint8Array(16),
        kind: 'signal',
        receipt: true,
        payload: Uint8Array.of(1, 1, 7),
        sealTo: key,
      } as const
      const sealing = new Egress({ meshId, signer: ada, sealer: hers })
      sealing.seal(draft, (answer) => (claim = answer as Verified<Routed>))
      return { type: 'forward', path: [bob.peerId], at: 0, claim: claim! }
    }

    it('delivers what it holds to its receiver, and to no relay', () => {
      const forward = forwardTo(his.publicKey)
      const receiver = setUp({ sealer: his })
      receiver.ingress.receive(link, encode(forward), start)
      const signal = Uint8Array.of(1, 1, 7)
      expect(receiver.arrivals).toEqual([{ type: 'received', link, message: { ...forward, signal } }])
      const relay = setUp({ self: eve.peerId, sealer: hers })
      relay.ingress.receive(link, encode(forward), start)
      expect(relay.arrivals).toEqual([{ type: 'received', link, message: forward }])
    })

    it('blames nobody for what does not open, or where nothing can be opened', () => {
      const refusal = { type: 'refused', link, code: 'ERR_ROUTED_PAYLOAD', blame: false }
      for (const [key, sealer] of [
        [hers.publicKey, his],
        [his.publicKey, undefined],
      ] as const) {
        const { ingress, arrivals } = setUp({ sealer })
        ingress.receive(link, encode(forwardTo(key)), start)
        expect(arrivals).toEqual([refusal])
      }
    })

    it('is opened as often as its link has signature checks left, and no more', () => {
      let opened = 0
      const sealer: Sealer = { ...his, open: (from, sealed, done) => (opened++, his.open(from, sealed, done)) }
      const { ingress } = setUp({ sealer, budget: { ...nativeBudget, verifications: { perSecond: 0, burst: 4 } } })
      const frame = encode(forwardTo(his.publicKey))
      for (let n = 0; n < 10; n++) ingress.receive(link, frame, start)
      expect(opened).toBe(3)
    })
  })

  describe('in a simulation', () => {
    it('reads the same array once for all peers, and still minds the time', () => {
      const verifier = slowVerifier()
      const shared = { verifier, cache: new ClaimCache(meshId), memo: new FrameMemo() }
      const [first, second] = [setUp(shared), setUp(shared)]
      const frame = encode(gossip(seal(ada, alive(ada))))
      first.ingress.receive(link, frame, start)
      verifier.answer()
      second.ingress.receive(link, frame, start)
      expect(second.arrivals[0]).toEqual(first.arrivals[0])
      const message = (arrival: Arrival | undefined) => (arrival?.type === 'received' ? arrival.message : undefined)
      expect(message(second.arrivals[0])).toBe(message(first.arrivals[0]))
      second.ingress.receive(link, frame, (60_000 + clockSkewMsMax + 1) as Millis)
      expect(second.codes()).toEqual(['gossip', 'ERR_CLAIM_EXPIRED', 'gossip'])
    })

    it('shares no cache between rooms', () => {
      expect(() => setUp({ cache: new ClaimCache(meshIdOf('another')) })).toThrow('another room')
    })
  })
})

describe('the budgets that are set', () => {
  /** `count` peers' claims as a newcomer gets them from its first neighbour, 100 to a frame. */
  const stormOf = (count: number) => {
    const claims = Array.from({ length: count }, (_, index) => {
      const seed = new Uint8Array(32)
      new DataView(seed.buffer).setUint32(0, index + 1)
      const signer: Signer = {
        peerId: peerIdFromBytes(seed),
        sign: (_message, done) => done(new Uint8Array(64).fill(index)),
      }
      return seal(signer, alive(signer))
    })
    return Array.from({ length: Math.ceil(count / 100) }, (_, at) => gossip(...claims.slice(100 * at, 100 * at + 100)))
  }
  const believing: Verifier = { verify: (_key, _message, _signature, done) => done(true) }

  it('let 256 strangers’ claims in at once, by engine and by script', () => {
    for (const budget of [nativeBudget, scriptBudget]) {
      const { ingress, codes } = setUp({ budget, verifier: believing })
      for (const message of stormOf(256)) ingress.receive(link, encode(message), start)
      expect(codes()).toEqual(['gossip', 'gossip', 'gossip'])
    }
  })

  it('close no link over which 10,000 entries come that were written at once, and again as they are pulled', () => {
    for (const budget of [nativeBudget, scriptBudget]) {
      const { ingress, arrivals } = setUp({ budget, verifier: believing })
      const frames = Array.from({ length: 100 }, (_, at) => {
        const sketches = Array.from({ length: 100 }, (_, n) => ({ by: at % 10, seq: 100 * at + n + 1, wall }))
        return encode({ type: 'fresh', claims: sketches.map((sketch) => entry(sketch)) })
      })
      for (const frame of frames) ingress.receive(link, frame, start)
      for (const [at, frame] of frames.entries()) ingress.receive(link, frame.slice(), (100 * at) as Millis)
      expect(arrivals.filter((arrival) => arrival.type === 'refused' && arrival.final)).toEqual([])
    }
  })

  it('close no link over which one author’s broadcasts come as fast as members pass them on, and what was lost besides', () => {
    const { ingress, codes } = setUp({ verifier: believing })
    const pace = new NewsPace(passedOn)
    let seq = 0
    const say = (now: number) => {
      const draft = { type: 'news', author: ada.peerId, issuedAt: wall, ttlMs: 60_000, instance, seq: ++seq } as const
      const claim = seal<News>(ada, { ...draft, topic: '', payload: new Uint8Array(1) })
      ingress.receive(link, encode({ type: 'spread', claims: [claim] }), now as Millis)
    }
    for (let now = 0; now < 3000; now += 500) {
      while (pace.take(1, now as Millis)) say(now)
      for (let again = 0; again < 64; again++) say(now)
    }
    expect(seq).toBeGreaterThan(500 + 5 * 125 + 6 * 63)
    expect(new Set(codes())).toEqual(new Set(['spread']))
  })

  it('let a file through at 50 MB a second', () => {
    const { ingress, arrivals } = setUp()
    const frame = encode({ type: 'direct', seq: 1, topic: '', payload: new Uint8Array(16_384) })
    const frames = 20_000 // 328 MB in 6.5 s
    for (let sent = 0; sent < frames; sent++) ingress.receive(link, frame, ((sent * 16_384) / 50_000) as Millis)
    expect(arrivals).toHaveLength(frames)
    expect(arrivals.every((arrival) => arrival.type === 'received')).toBe(true)
  })
})

describe('in a room of capabilities', () => {
  const proofs: Proofs = {
    check: (claim, done) => done(claim.author === ada.peerId ? undefined : 'ERR_CAPABILITY_SHAPE'),
  }

  it('a claim whose proof is refused is the fault of the neighbour, each time that it comes', () => {
    const { ingress, arrivals } = setUp({ proofs })
    for (let time = 0; time < 2; time++) ingress.receive(link, encode(gossip(seal(eve, alive(eve)))), start)
    const refused = { type: 'refused', link, code: 'ERR_CAPABILITY_SHAPE', blame: true }
    expect(arrivals).toEqual([refused, refused])
  })

  it('one whose proof is good is delivered', () => {
    const { ingress, arrivals } = setUp({ proofs })
    ingress.receive(link, encode(gossip(seal(ada, alive(ada)))), start)
    expect(arrivals).toMatchObject([{ type: 'received', message: { type: 'gossip' } }])
  })
})
