import { describe, expect, it } from 'vitest'
import type { LinkId } from '../core/input.ts'
import type { Verified } from '../identity/claim.ts'
import type { Fault } from '../identity/fault.ts'
import { scriptVerifier } from '../identity/ed25519.ts'
import type { Millis } from '../identity/millis.ts'
import { meshIdOf } from '../identity/peer-id.ts'
import type { News } from '../broadcast/messages.ts'
import { encodeFrame } from '../wire/frames.ts'
import { bob, cyd, fault, meshId, news, sealed } from '../../test/vectors/samples.ts'
import { nativeBudget } from './budget.ts'
import { faultChecks } from './evidence.ts'
import { type Arrival, Ingress } from './ingress.ts'
import { Egress } from './egress.ts'

/** How these faults arrive over one link whose budget of checks is this. */
function arrivals(faults: readonly Verified<Fault>[], burst = 100, room = meshId): string[] {
  const heard: Arrival[] = []
  const ingress = new Ingress({
    self: cyd.signer.peerId,
    meshId: room,
    verifier: scriptVerifier,
    deliver: (arrival) => heard.push(arrival),
    budget: { ...nativeBudget, verifications: { perSecond: 0, burst } },
  })
  ingress.setClock(fault.issuedAt)
  ingress.openLink(1 as LinkId)
  for (const claim of faults) ingress.receive(1 as LinkId, encodeFrame({ type: 'fault', claim }), 0 as Millis)
  return heard.map((each) => (each.type === 'refused' ? `${each.code} ${each.blame}` : each.message.type))
}

const holding = (one: Uint8Array, other: Uint8Array) => sealed<Fault>(bob.signer, { ...fault, evidence: [one, other] })
const [one, other] = fault.evidence

describe('a fault', () => {
  it('is taken when it and both of its claims are signed', () => {
    expect(arrivals([fault])).toEqual(['fault'])
  })

  it('with a claim that was altered, whichever of the two, is its bearer’s fault', () => {
    const altered = (bytes: Uint8Array) => bytes.with(-1, bytes.at(-1)! ^ 1)
    const forged = [holding(altered(one), other), holding(one, altered(other))]
    expect(arrivals(forged)).toEqual(['ERR_CLAIM_SIGNATURE true', 'ERR_CLAIM_SIGNATURE true'])
  })

  it('of claims that were signed in another room is its bearer’s fault', () => {
    let elsewhere: Uint8Array | undefined
    new Egress({
      meshId: meshIdOf('another'),
      signer: { peerId: news.author, sign: (_, done) => done(one.subarray(-64)) },
    }).seal(
      { ...news, topic: 'other' } as News,
      (claim) => (elsewhere = claim instanceof Error ? undefined : claim.bytes),
    )
    expect(arrivals([holding(one, elsewhere!)])).toEqual(['ERR_CLAIM_SIGNATURE true'])
    expect(arrivals([fault], 100, meshIdOf('another'))).toEqual(['ERR_CLAIM_SIGNATURE true'])
  })

  it('costs its link three checks', () => {
    expect(faultChecks).toBe(3)
    expect(arrivals([fault], 3)).toEqual(['fault'])
    expect(arrivals([fault], 2)).toEqual(['ERR_VERIFY_RATE false'])
  })
})
