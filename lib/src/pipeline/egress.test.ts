import { describe, expect, it } from 'vitest'
import type { Draft, Verified } from '../identity/claim.ts'
import { isSealed } from '../identity/sealer.ts'
import type { Signer } from '../identity/keys.ts'
import type { DraftClaim } from '../core/input.ts'
import type { Claim, Message } from '../core/message.ts'
import type { Routed } from '../overlay/messages.ts'
import { fastCrypto } from '../sim/crypto.ts'
import { Prng } from '../sim/prng.ts'
import { decodeFrame } from '../wire/frames.ts'
import { ada, alive, bob, leave, meshId, routedFrame } from '../../test/vectors/samples.ts'
import { ClaimCache } from './claim-cache.ts'
import { Egress } from './egress.ts'

type Answer = Verified<Claim> | Error

/** What was sealed, as the draft it was. */
function draftOf(claim: Verified<Claim>): DraftClaim {
  const { bytes: _bytes, digest: _digest, ...draft } = claim
  return draft
}

/** A signer whose answers wait, so that they can be given in any order. */
function slowSigner(): Signer & { readonly waiting: (() => void)[] } {
  const waiting: (() => void)[] = []
  return {
    peerId: ada.signer.peerId,
    waiting,
    sign: (message, done) => void waiting.push(() => ada.signer.sign(message, done)),
  }
}

describe('egress', () => {
  it('encodes a message once, however many links it goes to', () => {
    const egress = new Egress({ meshId, signer: ada.signer })
    const message: Message = { type: 'gossip', claims: [alive] }
    expect(egress.encode(message)).toBe(egress.encode(message))
    expect(egress.encode({ ...message })).toEqual(egress.encode(message))
  })

  it('gives claims back in the order in which their drafts came, whatever the signer does', () => {
    const signer = slowSigner()
    const egress = new Egress({ meshId, signer })
    const answers: Answer[] = []
    egress.seal(draftOf(alive), (claim) => answers.push(claim))
    egress.seal(draftOf(leave), (claim) => answers.push(claim))
    signer.waiting[1]!()
    expect(answers).toEqual([])
    signer.waiting[0]!()
    expect(answers).toEqual([alive, leave])
  })

  describe('a signal that is for one', () => {
    const sealer = fastCrypto().sealer(new Prng('egress'))
    const signal = (sealTo: Uint8Array): DraftClaim => ({
      ...(draftOf(routedFrame) as Draft<Routed>),
      kind: 'signal',
      payload: Uint8Array.of(1, 2, 3),
      sealTo,
    })

    it('is sealed before it is signed, in its turn', () => {
      const egress = new Egress({ meshId, signer: ada.signer, sealer })
      const answers: Answer[] = []
      egress.seal(signal(sealer.publicKey), (claim) => answers.push(claim))
      egress.seal(draftOf(alive), (claim) => answers.push(claim))
      const [claim, next] = answers as [Verified<Routed>, Answer]
      expect(isSealed(claim.payload)).toBe(true)
      expect('sealTo' in claim).toBe(false)
      expect(next).toEqual(alive)
      let opened: Uint8Array | undefined
      sealer.open(claim.author, claim.payload, (payload) => (opened = payload))
      expect(opened).toEqual(Uint8Array.of(1, 2, 3))
    })

    it('holds up nothing when its receiver’s key is none', () => {
      const egress = new Egress({ meshId, signer: ada.signer, sealer })
      const answers: Answer[] = []
      egress.seal(signal(new Uint8Array(32)), (claim) => answers.push(claim))
      egress.seal(draftOf(alive), (claim) => answers.push(claim))
      expect(answers).toEqual([alive])
    })
  })

  it('answers a signer’s error in its turn, and goes on', () => {
    let failing = true
    const signer: Signer = {
      peerId: ada.signer.peerId,
      sign: (message, done) => (failing ? done(new Error('no key')) : ada.signer.sign(message, done)),
    }
    const egress = new Egress({ meshId, signer })
    const answers: Answer[] = []
    egress.seal(draftOf(alive), (claim) => answers.push(claim))
    failing = false
    egress.seal(draftOf(alive), (claim) => answers.push(claim))
    expect(answers).toEqual([new Error('no key'), alive])
  })

  it('throws for a draft that no receiver would take, signs nothing, and goes on', () => {
    const signer = slowSigner()
    const egress = new Egress({ meshId, signer })
    const answers: Answer[] = []
    expect(() => egress.seal({ ...alive, ttlMs: 1e12 }, (claim) => answers.push(claim))).toThrow(
      'longer than its type allows',
    )
    expect(signer.waiting).toEqual([])
    egress.seal({ ...draftOf(alive), author: bob.signer.peerId } as DraftClaim, (claim) => answers.push(claim))
    expect(answers.splice(0)).toEqual([expect.objectContaining({ message: expect.stringContaining('written by') })])
    egress.seal(draftOf(alive), (claim) => answers.push(claim))
    signer.waiting[0]!()
    expect(answers).toEqual([alive])
  })

  it('answers the claim as every receiver reads it: moments in whole milliseconds', () => {
    const egress = new Egress({ meshId, signer: ada.signer })
    let sealed: Answer | undefined
    const fraction = { ...draftOf(alive), issuedAt: alive.issuedAt + 0.7, ttlMs: alive.ttlMs + 0.7 } as DraftClaim
    egress.seal(fraction, (claim) => (sealed = claim))
    expect(sealed).toEqual(alive)
  })

  it('encodes what a routed frame holds on the way to its signature', () => {
    const inner: Message = { type: 'nack', nonce: new Uint8Array(16) }
    const { payload: _payload, kind: _kind, ...route } = draftOf(routedFrame) as typeof routedFrame
    const egress = new Egress({ meshId, signer: ada.signer })
    let sealed: Answer | undefined
    egress.seal({ ...route, kind: 'frame', inner }, (claim) => (sealed = claim))
    expect(sealed).not.toHaveProperty('inner')
    expect(decodeFrame((sealed as typeof routedFrame).payload).partial).toEqual(inner)
  })

  it('shares what it sealed, so that an own claim that comes back is known', () => {
    const cache = new ClaimCache(meshId)
    new Egress({ meshId, signer: ada.signer, cache }).seal(draftOf(alive), () => {})
    expect(cache.find(alive.bytes)).toEqual(alive)
  })
})
