/**
 * Signatures for a thousand peers on one core. `fast` stands in for ed25519: a signature is a keyed
 * hash under a secret that the suite keeps for each peer, so it costs microseconds, and a liar, who
 * is handed its own signer and nobody else's, cannot make another's. `real` is ed25519 in script,
 * the acceptance rule that the product falls back to where an engine has none.
 */
import { scriptVerifier, seedSigner } from '../identity/ed25519.ts'
import { sha256 } from '../identity/hash.ts'
import type { Signer, Verifier } from '../identity/keys.ts'
import { peerIdFromBytes } from '../identity/peer-id.ts'
import { sealedHead, type Sealer, sealingKeyBytes } from '../identity/sealer.ts'
import type { Prng } from './prng.ts'

export interface CryptoSuite {
  readonly name: 'fast' | 'real'
  readonly verifier: Verifier
  /** A new key, with the one signer that speaks for it. */
  signer(prng: Prng): Signer
  /** A new sealing key, with the one sealer that opens what is sealed to it. */
  sealer(prng: Prng): Sealer
}

export function fastCrypto(): CryptoSuite {
  /** By public key, as latin-1 text: the suite's alone. */
  const secrets = new Map<string, Uint8Array>()
  const sealer = sealers()
  const name = (publicKey: Uint8Array): string => String.fromCharCode(...publicKey)
  return {
    name: 'fast',
    sealer,
    signer(prng) {
      const publicKey = prng.bytes(32)
      const secret = prng.bytes(32)
      secrets.set(name(publicKey), secret)
      return { peerId: peerIdFromBytes(publicKey), sign: (message, done) => done(keyedHash(secret, message)) }
    },
    verifier: {
      verify(publicKey, message, signature, done) {
        const secret = secrets.get(name(publicKey))
        if (secret === undefined || signature.length !== 64) return done(false)
        const expected = keyedHash(secret, message)
        done(expected.every((byte, at) => byte === signature[at]))
      },
    },
  }
}

/** Keys come from the seed here, so they are worth nothing outside a simulation. */
export function realCrypto(): CryptoSuite {
  return { name: 'real', verifier: scriptVerifier, sealer: sealers(), signer: (prng) => seedSigner(prng.bytes(32)) }
}

export function cryptoSuite(name: 'fast' | 'real'): CryptoSuite {
  return name === 'fast' ? fastCrypto() : realCrypto()
}

/**
 * Stands in for X25519 and AES, in both suites: no engine here has either in script. Whoever knows a public key can
 * seal to it, and who has not its sealer can neither open that nor alter it. As long as the real thing.
 */
function sealers(): (prng: Prng) => Sealer {
  const secrets = new Map<string, Uint8Array>()
  const name = (publicKey: Uint8Array): string => String.fromCharCode(...publicKey)
  return (prng) => {
    const publicKey = prng.bytes(sealingKeyBytes)
    const secret = prng.bytes(32)
    secrets.set(name(publicKey), secret)
    return {
      publicKey,
      seal({ key }, payload, done) {
        const theirs = secrets.get(name(key))
        if (theirs === undefined) return done(undefined)
        const tag = keyedHash(theirs, payload).subarray(0, sealTagBytes)
        done(Uint8Array.from([...sealedHead, ...tag, ...masked(theirs, payload)]))
      },
      open(_from, sealed, done) {
        const start = sealedHead.length + sealTagBytes
        const payload = masked(secret, sealed.subarray(start))
        const tag = keyedHash(secret, payload)
        done(sealed.subarray(sealedHead.length, start).every((byte, at) => byte === tag[at]) ? payload : undefined)
      },
    }
  }
}

/** A key, a nonce, and AES-GCM's tag. */
const sealTagBytes = sealingKeyBytes + 12 + 16

function masked(secret: Uint8Array, bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, at) => byte ^ (secret[at % secret.length] ?? 0))
}

/** As long as a signature, so that every frame has its true size. */
function keyedHash(secret: Uint8Array, message: Uint8Array): Uint8Array {
  const input = new Uint8Array(secret.length + message.length)
  input.set(secret)
  input.set(message, secret.length)
  const half = sha256(input)
  const out = new Uint8Array(64)
  out.set(half)
  out.set(half, 32)
  return out
}
