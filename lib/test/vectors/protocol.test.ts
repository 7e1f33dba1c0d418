import { createHash, createPublicKey, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readChain } from '../../src/identity/capability.ts'
import { CapabilityRoom } from '../../src/identity/capability-room.ts'
import { claimTypes } from '../../src/identity/claim.ts'
import { scriptVerifier } from '../../src/identity/ed25519.ts'
import { bodyOf, signedBytes } from '../../src/identity/envelope.ts'
import type { Millis } from '../../src/identity/millis.ts'
import { peerIdToBytes } from '../../src/identity/peer-id.ts'
import type { Message } from '../../src/core/message.ts'
import type { LinkId } from '../../src/core/input.ts'
import { type Arrival, Ingress } from '../../src/pipeline/index.ts'
import { encodeFrame, frameKinds } from '../../src/wire/frames.ts'
import { wireTypes } from '../../src/wire/claims.ts'
import { ada, bob, claims, cyd, frames, meshId, ownedMeshId, proofs, room } from './samples.ts'

const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** Bytes as hex; a claim inside a message by its digest; what is not transmitted left out. */
function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  if (Array.isArray(value)) return value.map(readable)
  if (typeof value !== 'object' || value === null) return value
  if ('bytes' in value && 'digest' in value) return { claim: value.digest }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, readable(each)]))
}

function document() {
  return {
    about:
      'One claim of each type and one frame of each kind, in hex. Made from lib/test/vectors/samples.ts by `npm run vectors`.',
    room,
    meshId: toHex(meshId),
    keys: Object.entries({ ada, bob, cyd }).map(([name, { seed, publicKey, signer }]) => ({
      name,
      seed: toHex(seed),
      publicKey: toHex(publicKey),
      peerId: signer.peerId,
    })),
    claims: Object.entries(claims).map(([name, claim]) => {
      const { bytes, digest, ...fields } = claim
      const body = bodyOf(bytes)
      return {
        name,
        type: claimTypes[claim.type],
        says: readable(fields),
        body: toHex(body),
        signed: toHex(signedBytes(meshId, claim.type, body)),
        envelope: toHex(bytes),
        digest,
      }
    }),
    capabilities: {
      room,
      owner: cyd.signer.peerId,
      meshId: toHex(ownedMeshId),
      proofs: Object.entries(proofs).map(([name, { subject, bytes }]) => ({
        name,
        subject,
        says: readChain(bytes)?.map(readable),
        bytes: toHex(bytes),
      })),
    },
    frames: Object.entries(frames).map(([name, message]) => ({
      name,
      kind: frameKinds[message.type],
      says: readable(message),
      bytes: toHex(encodeFrame(message)),
    })),
  }
}

describe('protocol.json', () => {
  it('shows every claim and every frame as this version writes them', async () => {
    await expect(`${JSON.stringify(document(), undefined, 2)}\n`).toMatchFileSnapshot('./protocol.json')
  })

  it('leaves out no type and no kind', () => {
    expect(new Set(Object.values(claims).map(({ type }) => type))).toEqual(new Set(wireTypes))
    expect(new Set(Object.values(frames).map(({ type }) => type))).toEqual(new Set(Object.keys(frameKinds)))
  })

  it('holds claims that somebody else’s ed25519 accepts', () => {
    for (const { type, author, bytes, digest } of Object.values(claims)) {
      const x = Buffer.from(peerIdToBytes(author)).toString('base64url')
      const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } })
      const signed = Buffer.concat([Buffer.from(`shoal/1/${type}\0`), meshId, bytes.subarray(1, -64)])
      expect(verify(null, signed, key, bytes.subarray(-64))).toBe(true)
      expect(createHash('sha256').update(bytes.subarray(0, -64)).digest().subarray(0, 16).toString('base64url')).toBe(
        digest,
      )
    }
  })

  it('holds proofs that a room of their owner accepts', () => {
    const rule = new CapabilityRoom({ verifier: scriptVerifier, meshId: ownedMeshId, owner: cyd.signer.peerId })
    for (const { subject, bytes } of Object.values(proofs)) {
      let fault: string | undefined = 'nothing said'
      rule.prove(subject, bytes, (said) => (fault = said))
      expect(fault).toBeUndefined()
    }
  })

  it('is read back as it was written', () => {
    for (const [name, message] of Object.entries(frames)) {
      const arrivals: Arrival[] = []
      const ingress = new Ingress({
        self: bob.signer.peerId,
        meshId,
        verifier: scriptVerifier,
        deliver: (arrival) => arrivals.push(arrival),
      })
      ingress.setClock(1_800_000_000_000)
      ingress.openLink(1 as LinkId)
      ingress.receive(1 as LinkId, encodeFrame(message), 0 as Millis)
      expect([name, arrivals]).toEqual([name, [{ type: 'received', link: 1, message }]])
    }
  })

  it('costs a mesh at rest 14 to 18 bytes for a ping and 23 to 27 for an ack', () => {
    const size = (name: string, seq: number) => encodeFrame({ ...frames[name], seq } as Message).length
    expect([size('ping, quiet', 0), size('ping, quiet', 0xffff_ffff)]).toEqual([14, 18])
    expect([size('ack, quiet', 0), size('ack, quiet', 0xffff_ffff)]).toEqual([23, 27])
  })
})
