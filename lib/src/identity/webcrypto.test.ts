import { beforeEach, describe, expect, it } from 'vitest'
import { verifyStrict } from './ed25519.ts'
import type { Verifier } from './keys.ts'
import { peerIdToBytes } from './peer-id.ts'
import { freshSigner, nativeKeyPair, nativeSigner, nativeVerifier, type SubtleLike } from './webcrypto.ts'

const subtle: SubtleLike = globalThis.crypto.subtle
const message = new Uint8Array(200).fill(7)

describe('signing by the engine', () => {
  it('makes signatures that the script accepts, with a key that nobody can read', async () => {
    const keys = await nativeKeyPair(subtle)
    await expect(crypto.subtle.exportKey('pkcs8', keys.privateKey as CryptoKey)).rejects.toThrow()
    const signer = await nativeSigner(subtle, keys)
    const signature = await new Promise<Uint8Array | Error>((resolve) => signer.sign(message, resolve))
    expect(signature).toBeInstanceOf(Uint8Array)
    expect(verifyStrict(peerIdToBytes(signer.peerId), message, signature as Uint8Array)).toBe(true)
  })

  it('answers an error when the engine fails, and only once', async () => {
    const failing: SubtleLike = {
      importKey: subtle.importKey.bind(subtle),
      exportKey: subtle.exportKey.bind(subtle),
      generateKey: subtle.generateKey.bind(subtle),
      verify: subtle.verify.bind(subtle),
      sign: () => Promise.reject(new Error('the key is gone')),
    }
    const signer = await nativeSigner(failing, await nativeKeyPair(subtle))
    const answer = await new Promise<Uint8Array | Error>((resolve) => signer.sign(message, resolve))
    expect(answer).toEqual(new Error('the key is gone'))
  })

  it('falls back to a seed where the engine has no Ed25519', async () => {
    const seed = new Uint8Array(32).fill(5)
    const ignorant = { generateKey: () => Promise.reject(new Error('NotSupportedError')) } as unknown as SubtleLike
    for (const engine of [undefined, ignorant]) {
      const signer = await freshSigner(engine, () => seed)
      const signature = await new Promise<Uint8Array | Error>((resolve) => signer.sign(message, resolve))
      expect(verifyStrict(peerIdToBytes(signer.peerId), message, signature as Uint8Array)).toBe(true)
    }
    expect((await freshSigner(subtle, () => seed)).peerId).not.toBe((await freshSigner(undefined, () => seed)).peerId)
  })
})

describe('verifying by the engine', () => {
  let imports = 0
  const counting: SubtleLike = {
    importKey: (...question) => (imports++, subtle.importKey(...question)),
    exportKey: subtle.exportKey.bind(subtle),
    generateKey: subtle.generateKey.bind(subtle),
    sign: subtle.sign.bind(subtle),
    verify: subtle.verify.bind(subtle),
  }
  beforeEach(() => (imports = 0))

  it('forgets the key that it imported first when it may keep no more, and keeps none where told so', async () => {
    const someone = async () => {
      const signer = await nativeSigner(subtle, await nativeKeyPair(subtle))
      const signature = await new Promise<Uint8Array | Error>((resolve) => signer.sign(message, resolve))
      return (verifier: Verifier) =>
        new Promise<boolean>((resolve) =>
          verifier.verify(peerIdToBytes(signer.peerId), message, signature as Uint8Array, resolve),
        )
    }
    const [first, second, third] = [await someone(), await someone(), await someone()]
    const two = nativeVerifier(counting, 2)
    for (const ask of [first, second, third, second, third]) expect(await ask(two)).toBe(true)
    expect(imports).toBe(3)
    expect(await first(two)).toBe(true)
    expect(imports).toBe(4)
    const none = nativeVerifier(counting, 0)
    for (const ask of [first, first]) expect(await ask(none)).toBe(true)
    expect(imports).toBe(6)
  })

  it('imports a key once, and answers no to a key that is none', async () => {
    const verifier = nativeVerifier(counting)
    const signer = await nativeSigner(subtle, await nativeKeyPair(subtle))
    const signature = await new Promise<Uint8Array | Error>((resolve) => signer.sign(message, resolve))
    const ask = (key: Uint8Array) =>
      new Promise<boolean>((resolve) => verifier.verify(key, message, signature as Uint8Array, resolve))
    expect(await ask(peerIdToBytes(signer.peerId))).toBe(true)
    expect(await ask(peerIdToBytes(signer.peerId))).toBe(true)
    expect(imports).toBe(1)
    expect(await ask(Uint8Array.of(2, ...new Uint8Array(31)))).toBe(false)
  })
})
