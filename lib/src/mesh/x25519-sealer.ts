/**
 * Seals signals to their receiver, so that the members who relay an offer or an answer do not read the addresses in
 * it: X25519 between the keys of two runs, HKDF-SHA-256 (RFC 5869) with both keys and both ids bound in, AES-256-GCM.
 * Who speaks is for the claim's signature to say.
 *
 * A key for each payload would say a little less to whoever steals one later. It was tried: seven turns of the event
 * loop for each payload at either end, and a process of twenty peers did not come to an end with its dials.
 */
import type { PeerId } from '../identity/peer-id.ts'
import { sealedHead, type Sealer, sealingKeyBytes } from '../identity/sealer.ts'

export type X25519Crypto = Pick<
  SubtleCrypto,
  'generateKey' | 'exportKey' | 'importKey' | 'deriveBits' | 'deriveKey' | 'encrypt' | 'decrypt'
>

type Bytes = Uint8Array<ArrayBuffer>

const curve = { name: 'X25519' }
const nonceBytes = 12
/** Keys that are kept, one for each direction and peer: some four times as many as a peer of a thousand dials in an hour. */
const keysMax = 512

/** Undefined where the engine has no X25519 (Chromium before 133, Firefox before 130): then relays can read our signals. */
export async function openSealer(
  subtle: X25519Crypto | undefined,
  self: PeerId,
  random: (bytes: number) => Uint8Array,
): Promise<Sealer | undefined> {
  if (subtle === undefined) return undefined
  try {
    const own = (await subtle.generateKey(curve, false, ['deriveBits'])) as CryptoKeyPair
    return new RunSealer(subtle, self, own.privateKey, bytesOf(await subtle.exportKey('raw', own.publicKey)), random)
  } catch {
    return undefined
  }
}

class RunSealer implements Sealer {
  readonly publicKey: Bytes
  readonly #subtle: X25519Crypto
  readonly #self: PeerId
  readonly #privateKey: CryptoKey
  readonly #random: (bytes: number) => Uint8Array
  readonly #keys = new Map<string, Promise<CryptoKey>>()

  constructor(
    subtle: X25519Crypto,
    self: PeerId,
    privateKey: CryptoKey,
    publicKey: Bytes,
    random: (bytes: number) => Uint8Array,
  ) {
    this.#subtle = subtle
    this.#self = self
    this.#privateKey = privateKey
    this.publicKey = publicKey
    this.#random = random
  }

  seal(
    receiver: { id: PeerId; key: Uint8Array },
    payload: Uint8Array,
    done: (sealed: Bytes | undefined) => void,
  ): void {
    const iv = new Uint8Array(this.#random(nonceBytes))
    const theirs = new Uint8Array(receiver.key)
    this.#key(theirs, `${this.#self}${receiver.id}`, concat(this.publicKey, theirs))
      .then((key) => this.#subtle.encrypt({ name: 'AES-GCM', iv }, key, new Uint8Array(payload)))
      .then((text) => concat(sealedHead, this.publicKey, iv, bytesOf(text)))
      .then(done, () => done(undefined))
  }

  open(from: PeerId, sealed: Uint8Array, done: (payload: Bytes | undefined) => void): void {
    const body = new Uint8Array(sealed.subarray(sealedHead.length))
    const theirs = body.slice(0, sealingKeyBytes)
    const iv = body.slice(sealingKeyBytes, sealingKeyBytes + nonceBytes)
    this.#key(theirs, `${from}${this.#self}`, concat(theirs, this.publicKey))
      .then((key) => this.#subtle.decrypt({ name: 'AES-GCM', iv }, key, body.slice(sealingKeyBytes + nonceBytes)))
      .then(bytesOf)
      .then(done, () => done(undefined))
  }

  /** `direction`: the sender's id, then the receiver's. `keys`: theirs in that order. */
  #key(theirs: Bytes, direction: string, keys: Bytes): Promise<CryptoKey> {
    const name = direction + String.fromCharCode(...theirs)
    const known = this.#keys.get(name)
    if (known !== undefined) return known
    const key = this.#derive(theirs, direction, keys)
    this.#keys.set(name, key)
    if (this.#keys.size > keysMax) this.#keys.delete(this.#keys.keys().next().value!)
    return key
  }

  /** Rejects for a key of low order, whose secret everybody knows (RFC 7748 §6.1). */
  async #derive(theirs: Bytes, direction: string, salt: Bytes): Promise<CryptoKey> {
    const subtle = this.#subtle
    const publicKey = await subtle.importKey('raw', theirs, curve, false, [])
    const secret = await subtle.deriveBits({ ...curve, public: publicKey }, this.#privateKey, 256)
    const material = await subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey'])
    const info = new TextEncoder().encode(`shoal/1/signal\0${direction}`)
    const hkdf = { name: 'HKDF', hash: 'SHA-256', salt, info }
    return subtle.deriveKey(hkdf, material, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  }
}

const bytesOf = (buffer: ArrayBuffer): Bytes => new Uint8Array(buffer)

function concat(...parts: readonly (Uint8Array | readonly number[])[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}
