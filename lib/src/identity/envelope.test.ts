import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type ClaimBase, claimTypes, type Digest, type Verified } from './claim.ts'
import { publicKeyOf, scriptVerifier, seedSigner, verifyStrict } from './ed25519.ts'
import {
  bodyOf,
  digestFromBytes,
  digestToBytes,
  envelopeOverheadBytes,
  open,
  seal,
  signedBytes,
  typeOf,
  unwrap,
} from './envelope.ts'
import type { Signer } from './keys.ts'
import { meshIdOf } from './peer-id.ts'

const meshId = meshIdOf('room')
const seed = new Uint8Array(32).fill(1)
const signer = seedSigner(seed)
const body = Uint8Array.of(1, 2, 3)

/** A claim that says nothing: what is in a body is the business of `wire`. */
const read =
  (type: ClaimBase['type'] = 'leave', author = signer.peerId) =>
  (): ClaimBase =>
    ({ type, author, issuedAt: 0, ttlMs: 0 }) as ClaimBase

function sealed(by: Signer = signer, room = meshId): Verified<ClaimBase> {
  let claim: Verified<ClaimBase> | Error | undefined
  seal(by, room, 'leave', body, read('leave', by.peerId), (answer) => (claim = answer))
  if (!claim || claim instanceof Error) throw claim ?? new Error('no answer')
  return claim
}

function opens(envelope: Uint8Array, room = meshId, type: ClaimBase['type'] = 'leave'): boolean {
  let answer: Verified<ClaimBase> | undefined
  open(scriptVerifier, room, unwrap(envelope, read(type)), (claim) => (answer = claim))
  return answer !== undefined
}

describe('an envelope', () => {
  it('is type, body, and a signature over context, type, room and body', () => {
    const { bytes } = sealed()
    expect(bytes).toHaveLength(body.length + envelopeOverheadBytes)
    expect(bytes[0]).toBe(claimTypes.leave)
    expect(bodyOf(bytes)).toEqual(body)
    const signed = Uint8Array.of(...new TextEncoder().encode('shoal/1/leave\0'), ...meshId, ...body)
    expect(signedBytes(meshId, 'leave', body)).toEqual(signed)
    expect(verifyStrict(publicKeyOf(seed), signed, bytes.subarray(-64))).toBe(true)
  })

  it('opens for the room, the type, the author and the bytes that were signed, and for no other', () => {
    const { bytes } = sealed()
    expect(opens(bytes)).toBe(true)
    expect(opens(bytes, meshIdOf('another'))).toBe(false)
    const otherType = bytes.slice()
    otherType[0] = claimTypes.accuse
    expect(opens(otherType, meshId, 'accuse')).toBe(false)
    for (let at = 1; at < bytes.length; at++) {
      const altered = bytes.slice()
      altered[at]! ^= 1
      expect(opens(altered)).toBe(false)
    }
    expect(opens(sealed(seedSigner(new Uint8Array(32).fill(2))).bytes)).toBe(false)
  })

  it('has a digest over type and body, not over the signature', () => {
    const { bytes, digest } = sealed()
    const expected = createHash('sha256').update(bytes.subarray(0, -64)).digest().subarray(0, 16)
    expect(digest).toBe(expected.toString('base64url'))
    expect(digestFromBytes(digestToBytes(digest))).toBe(digest)
    expect(() => digestToBytes('x' as Digest)).toThrow('not a digest')
    expect(() => digestFromBytes(new Uint8Array(15))).toThrow('16 bytes, not 15')
  })

  it('has a type only when there is one with that code, and a body', () => {
    const envelope = (code: number, length = 66) => Uint8Array.of(code, ...new Uint8Array(length - 1))
    expect(typeOf(envelope(claimTypes.alive))).toBe('alive')
    expect(typeOf(envelope(claimTypes.alive, 65))).toBeUndefined()
    expect(typeOf(envelope(0))).toBeUndefined()
    expect(typeOf(envelope(11))).toBeUndefined()
    expect(typeOf(new Uint8Array(0))).toBeUndefined()
  })

  it('is not sealed for somebody else, nor with what is no signature', () => {
    const answers: unknown[] = []
    const another = seedSigner(new Uint8Array(32).fill(2)).peerId
    seal(signer, meshId, 'leave', body, read('leave', another), (answer) => answers.push(answer))
    const short: Signer = { peerId: signer.peerId, sign: (_, done) => done(new Uint8Array(63)) }
    seal(short, meshId, 'leave', body, read(), (answer) => answers.push(answer))
    const failing: Signer = { peerId: signer.peerId, sign: (_, done) => done(new Error('no key')) }
    seal(failing, meshId, 'leave', body, read(), (answer) => answers.push(answer))
    expect(answers.map(String)).toEqual([
      expect.stringContaining(`written by ${another}`),
      'Error: a signature is 64 bytes, not 63',
      'Error: no key',
    ])
  })

  it('is never read as a claim of another type', () => {
    const { bytes } = sealed()
    expect(() => unwrap(bytes, read('alive'))).toThrow('leave was read as alive')
  })
})
