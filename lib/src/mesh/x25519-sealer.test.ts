import {
  createCipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { PeerId } from '../identity/peer-id.ts'
import { isSealed, type Sealer } from '../identity/sealer.ts'
import { openSealer, type X25519Crypto } from './x25519-sealer.ts'

const [ada, bob, eve] = ['A', 'B', 'E'].map((letter) => letter.repeat(43) as PeerId) as [PeerId, PeerId, PeerId]
const { subtle } = crypto

const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes))
const sealerOf = async (id: PeerId): Promise<Sealer> => (await openSealer(subtle, id, random))!
const seal = (sealer: Sealer, id: PeerId, key: Uint8Array, payload: Uint8Array) =>
  new Promise<Uint8Array | undefined>((resolve) => sealer.seal({ id, key }, payload, resolve))
const open = (sealer: Sealer, from: PeerId, sealed: Uint8Array) =>
  new Promise<Uint8Array | undefined>((resolve) => sealer.open(from, sealed, resolve))

describe('what is sealed to a member', () => {
  const offer = new TextEncoder().encode('a=candidate:1 1 udp 1 192.0.2.7 5000 typ host')

  test('is opened by it, and shows nothing of itself on the way', async () => {
    const [hers, his] = [await sealerOf(ada), await sealerOf(bob)]
    const sealed = (await seal(hers, bob, his.publicKey, offer))!
    expect(isSealed(sealed)).toBe(true)
    expect(sealed.length).toBe(2 + 32 + 12 + offer.length + 16)
    expect(Buffer.from(sealed).includes('192.0.2.7')).toBe(false)
    expect(await open(his, ada, sealed)).toEqual(offer)
    expect(await seal(hers, bob, his.publicKey, offer), 'another nonce each time').not.toEqual(sealed)
  })

  test('is opened by nobody else, not in another’s name, and not when a bit was changed', async () => {
    const [hers, his, theirs] = [await sealerOf(ada), await sealerOf(bob), await sealerOf(eve)]
    const sealed = (await seal(hers, bob, his.publicKey, offer))!
    expect(await open(theirs, ada, sealed)).toBeUndefined()
    expect(await open(his, eve, sealed)).toBeUndefined()
    for (const at of [2, 33, 34, 46, sealed.length - 1]) {
      const altered = Uint8Array.from(sealed)
      altered[at]! ^= 1
      expect(await open(his, ada, altered)).toBeUndefined()
    }
    for (const length of [2, 33, 34, 46, sealed.length - 1]) {
      expect(await open(his, ada, sealed.subarray(0, length))).toBeUndefined()
    }
  })

  test('is not sealed to a key that everybody knows the secret of', async () => {
    const hers = await sealerOf(ada)
    // RFC 7748 §6.1: points of low order.
    for (const first of [0, 1]) {
      const key = new Uint8Array(32)
      key[0] = first
      expect(await seal(hers, bob, key, offer)).toBeUndefined()
    }
  })
})

test('another implementation of the protocol’s page seals what ours opens', async () => {
  const his = await sealerOf(bob)
  const hers = generateKeyPairSync('x25519')
  const raw = (key: KeyObject): Buffer => Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url')
  const theirs = createPublicKey({
    key: { kty: 'OKP', crv: 'X25519', x: Buffer.from(his.publicKey).toString('base64url') },
    format: 'jwk',
  })
  const secret = diffieHellman({ privateKey: hers.privateKey, publicKey: theirs })
  const salt = Buffer.concat([raw(hers.publicKey), his.publicKey])
  const key = hkdfSync('sha256', secret, salt, `shoal/1/signal\0${ada}${bob}`, 32)
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(key), Buffer.alloc(12, 9))
  const text = Buffer.concat([cipher.update('an offer'), cipher.final(), cipher.getAuthTag()])
  const sealed = Buffer.concat([Uint8Array.of(1, 7), raw(hers.publicKey), Buffer.alloc(12, 9), text])
  expect(Buffer.from((await open(his, ada, sealed))!).toString()).toBe('an offer')
})

test('an engine without X25519 has no sealer, and no error', async () => {
  const without = { generateKey: () => Promise.reject(new Error('not supported')) } as unknown as X25519Crypto
  expect(await openSealer(without, ada, random)).toBeUndefined()
  expect(await openSealer(undefined, ada, random)).toBeUndefined()
})
