/** Claims as docs/protocol/claims.md tells them: whatever body, under whatever name, signed by whoever signs. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { type Item, read, write } from './bytes.ts'

/** §2 of the page: codes and names, but for capabilities, which travel inside others. */
export const claimTypes = {
  alive: 1,
  accuse: 2,
  leave: 3,
  ack: 4,
  routed: 5,
  news: 6,
  entry: 7,
  revoke: 9,
  fault: 10,
} as const
export type ClaimType = keyof typeof claimTypes
export const claimNames = Object.keys(claimTypes) as ClaimType[]

export interface Key {
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

/** RFC 8410: an ed25519 seed in the one form that node:crypto reads. */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')

export function keyOf(seed: Uint8Array): Key {
  const key: KeyObject = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' })
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  return { publicKey: Buffer.from(x!, 'base64url'), sign: (message) => sign(null, message, key) }
}

export function meshIdOf(room: string): Buffer {
  return createHash('sha256').update(`shoal/1/mesh\0${room}`).digest()
}

/** What is signed; never transmitted as a whole. */
export function signed(type: string, meshId: Uint8Array, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`shoal/1/${type}\0`), meshId, body])
}

export function envelope(code: number, body: Uint8Array, signature: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(code), body, signature])
}

export function claim(type: ClaimType, fields: readonly Item[], by: Key, meshId: Uint8Array): Buffer {
  const body = write(fields)
  return envelope(claimTypes[type], body, by.sign(signed(type, meshId, body)))
}

export const bodyOf = (bytes: Uint8Array): Uint8Array => bytes.subarray(1, -64)
export const signatureOf = (bytes: Uint8Array): Uint8Array => bytes.subarray(-64)
export const typeOf = (bytes: Uint8Array): ClaimType | undefined =>
  claimNames.find((name) => claimTypes[name] === bytes[0])

/** The incarnation digest of an `alive`: what an accusation names. */
export function incarnationDigest(alive: Uint8Array): Buffer {
  const [stable] = read(bodyOf(alive)) as [Uint8Array]
  return createHash('sha256').update(stable).digest().subarray(0, 16)
}

export interface Alive {
  readonly author: Uint8Array
  readonly instance: Uint8Array
  readonly startedAt: number
  readonly incarnation: number
  readonly metadata: Uint8Array
  readonly zone: string
  readonly admission: Uint8Array
  readonly sealingKey: Uint8Array
  readonly issuedAt: number
  readonly ttlMs: number
}

export function aliveFields(of: Alive): Item[] {
  const { author, instance, startedAt, incarnation, metadata, zone, admission, sealingKey, issuedAt, ttlMs } = of
  return [write([author, instance, startedAt, incarnation, metadata, zone, admission, sealingKey]), issuedAt, ttlMs]
}

export function readAlive(bytes: Uint8Array): Alive {
  const [stable, issuedAt, ttlMs] = read(bodyOf(bytes)) as [Uint8Array, number, number]
  const [author, instance, startedAt, incarnation, metadata, zone, admission, sealingKey] = read(stable) as [
    Uint8Array,
    Uint8Array,
    number,
    number,
    Uint8Array,
    string,
    Uint8Array,
    Uint8Array,
  ]
  return { author, instance, startedAt, incarnation, metadata, zone, admission, sealingKey, issuedAt, ttlMs }
}

export function authorOf(bytes: Uint8Array): Uint8Array {
  const [first] = read(bodyOf(bytes)) as [Uint8Array]
  return typeOf(bytes) === 'alive' ? (read(first) as [Uint8Array])[0] : first
}
