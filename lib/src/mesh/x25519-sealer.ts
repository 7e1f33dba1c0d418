/**
 * Seals signals to their receiver, so that the members who relay an offer or an answer do not read the addresses in
 * it: X25519 between a key that is made for one payload and the receiver's, HKDF-SHA-256 (RFC 5869) with both keys and
 * both ids bound in, AES-256-GCM under a key that is used once. Who speaks is for the claim's signature to say.
 */
import type { PeerId } from '../identity/peer-id.ts'
import { sealedHead, type Sealer, sealingKeyBytes } from '../identity/sealer.ts'

export type X25519Crypto = Pick<
  SubtleCrypto,
  'generateKey' | 'exportKey' | 'importKey' | 'deriveBits' | 'deriveKey' | 'encrypt' | 'decrypt'
>

const curve = { name: 'X25519' }
/** The key is used once, so its nonce may be anything. */
const cipher = { name: 'AES-GCM', iv: new Uint8Array(12) }

/** Undefined where the engine has no X25519 (Chromium before 133, Firefox before 130): then relays can read our signals. */
export async function openSealer(subtle: X25519Crypto | undefined, self: PeerId): Promise<Sealer | undefined> {
  if (subtle === undefined) return undefined
  let own: CryptoKeyPair
  let publicKey: Uint8Array<ArrayBuffer>
  try {
    own = await newKeyPair(subtle)
    publicKey = new Uint8Array(await subtle.exportKey('raw', own.publicKey))
  } catch {
    return undefined
  }
  return {
    publicKey,
    seal(receiver, payload, done) {
      sealTo(subtle, self, receiver.id, new Uint8Array(receiver.key), payload).then(done, () => done(undefined))
    },
    open(from, sealed, done) {
      openFrom(subtle, from, self, own.privateKey, publicKey, sealed).then(done, () => done(undefined))
    },
  }
}

async function sealTo(
  subtle: X25519Crypto,
  from: PeerId,
  to: PeerId,
  receiverKey: Uint8Array<ArrayBuffer>,
  payload: Uint8Array,
): Promise<Uint8Array> {
  const theirs = await subtle.importKey('raw', receiverKey, curve, false, [])
  const once = await newKeyPair(subtle)
  const onceKey = new Uint8Array(await subtle.exportKey('raw', once.publicKey))
  const key = await sharedKey(subtle, once.privateKey, theirs, info(from, to), concat(onceKey, receiverKey))
  return concat(sealedHead, onceKey, new Uint8Array(await subtle.encrypt(cipher, key, new Uint8Array(payload))))
}

async function openFrom(
  subtle: X25519Crypto,
  from: PeerId,
  to: PeerId,
  ownKey: CryptoKey,
  ownPublicKey: Uint8Array,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  const body = new Uint8Array(sealed.subarray(sealedHead.length))
  const onceKey = body.slice(0, sealingKeyBytes)
  const theirs = await subtle.importKey('raw', onceKey, curve, false, [])
  const key = await sharedKey(subtle, ownKey, theirs, info(from, to), concat(onceKey, ownPublicKey))
  return new Uint8Array(await subtle.decrypt(cipher, key, body.slice(sealingKeyBytes)))
}

async function newKeyPair(subtle: X25519Crypto): Promise<CryptoKeyPair> {
  return (await subtle.generateKey(curve, false, ['deriveBits'])) as CryptoKeyPair
}

/** Rejects for a key of low order, whose secret everybody knows (RFC 7748 §6.1). */
async function sharedKey(
  subtle: X25519Crypto,
  ours: CryptoKey,
  theirs: CryptoKey,
  info: Uint8Array<ArrayBuffer>,
  salt: Uint8Array<ArrayBuffer>,
): Promise<CryptoKey> {
  const secret = await subtle.deriveBits({ ...curve, public: theirs }, ours, 256)
  const material = await subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey'])
  const aes = { name: 'AES-GCM', length: 256 }
  return subtle.deriveKey({ name: 'HKDF', hash: 'SHA-256', salt, info }, material, aes, false, ['encrypt', 'decrypt'])
}

function info(from: PeerId, to: PeerId): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`shoal/1/signal\0${from}${to}`)
}

function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}
