/**
 * Signatures by the engine, off the caller's thread: 15,000 to 20,000 verifications a second where
 * `ed25519.ts` does 1,000, and keys that script cannot read. Only the part of WebCrypto that is used is
 * named here, so that this room compiles without a browser and a test can hand in a stand-in.
 *
 * An engine is not believed: before its first use it must accept one published signature and refuse
 * another that differs only in what the cofactor forgives. An engine that fails is not used.
 */
import type { Signer, Verifier } from './keys.ts'
import { type PeerId, peerIdFromBytes } from './peer-id.ts'
import { publicKeyShapeOk, signatureShapeOk } from './signature-shape.ts'

const algorithm = { name: 'Ed25519' } as const

/** An engine's handle of a key. */
export type KeyHandle = object

/** The part of `SubtleCrypto` that is used; `globalThis.crypto.subtle` fits. */
export interface SubtleLike {
  importKey(
    format: 'raw',
    key: Uint8Array<ArrayBuffer>,
    algorithm: { readonly name: string },
    extractable: boolean,
    usages: ('verify' | 'sign')[],
  ): Promise<KeyHandle>
  exportKey(format: 'raw', key: never): Promise<ArrayBuffer>
  generateKey(
    algorithm: { readonly name: string },
    extractable: boolean,
    usages: ('verify' | 'sign')[],
  ): Promise<object>
  sign(algorithm: { readonly name: string }, key: never, message: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer>
  verify(
    algorithm: { readonly name: string },
    key: never,
    signature: Uint8Array<ArrayBuffer>,
    message: Uint8Array<ArrayBuffer>,
  ): Promise<boolean>
}

/** A key pair as the engine holds it. */
export interface KeyPairHandle {
  readonly privateKey: KeyHandle
  readonly publicKey: KeyHandle
}

/** Imported keys kept: an import costs as much as a third of a verification. More than a mesh has members. */
const keysKeptMaxOfMesh = 4096

/**
 * Verifies with the engine, after the byte pre-check that makes all engines agree. Answers later, in any order.
 * `keysKeptMax`: 0 where every key is seen once, as at a door that strangers come through.
 */
export function nativeVerifier(subtle: SubtleLike, keysKeptMax = keysKeptMaxOfMesh): Verifier {
  const imported = new Map<PeerId, Promise<KeyHandle>>()
  return {
    verify(publicKey, message, signature, done) {
      if (!publicKeyShapeOk(publicKey) || !signatureShapeOk(signature)) return done(false)
      const id = peerIdFromBytes(publicKey)
      let key = imported.get(id)
      if (!key) {
        key = subtle.importKey('raw', owned(publicKey), algorithm, false, ['verify'])
        imported.set(id, key)
        // The one imported first goes: emptying it all would have a large mesh import everybody anew, at once.
        if (imported.size > keysKeptMax) imported.delete(imported.keys().next().value!)
      }
      key
        .then((handle) => subtle.verify(algorithm, handle as never, owned(signature), owned(message)))
        // An engine says "no" to a key that is no point by rejecting its import.
        .then(done, () => done(false))
    },
  }
}

/** A fresh key pair that script cannot read, as a signer. Rejects when the engine has no Ed25519. */
export async function nativeKeyPair(subtle: SubtleLike): Promise<KeyPairHandle> {
  return (await subtle.generateKey(algorithm, false, ['sign', 'verify'])) as KeyPairHandle
}

/** Signs with the engine as the owner of a key pair, fresh or kept. */
export async function nativeSigner(subtle: SubtleLike, keys: KeyPairHandle): Promise<Signer> {
  const publicKey = new Uint8Array(await subtle.exportKey('raw', keys.publicKey as never))
  return {
    peerId: peerIdFromBytes(publicKey),
    sign(message, done) {
      subtle.sign(algorithm, keys.privateKey as never, owned(message)).then(
        (signature) => done(new Uint8Array(signature)),
        (reason: unknown) => done(reason instanceof Error ? reason : new Error(String(reason))),
      )
    },
  }
}

/** What `ed25519.ts` offers, loaded only when it is needed. */
export interface ScriptEd25519 {
  readonly scriptVerifier: Verifier
  seedSigner(seed: Uint8Array): Signer
}

/** Loads `ed25519.ts`. A bundler makes it a chunk of its own. */
export function loadScriptEd25519(): Promise<ScriptEd25519> {
  return import('./ed25519.ts')
}

export interface ChosenVerifier {
  readonly verifier: Verifier
  /** Verifies off the thread. False: each verification holds the caller for about a millisecond. */
  readonly native: boolean
}

/** The engine's verifier where there is one that passes the self-test, the script's where not. */
export async function chooseVerifier(
  subtle: SubtleLike | undefined,
  load: () => Promise<ScriptEd25519> = loadScriptEd25519,
  keysKeptMax?: number,
): Promise<ChosenVerifier> {
  if (subtle && (await passesSelfTest(subtle))) return { verifier: nativeVerifier(subtle, keysKeptMax), native: true }
  return { verifier: (await load()).scriptVerifier, native: false }
}

/**
 * A fresh identity for this run: the engine's, with a key that script cannot read, or one from 32 random
 * bytes of `randomSeed` where the engine has no Ed25519.
 */
export async function freshSigner(
  subtle: SubtleLike | undefined,
  randomSeed: () => Uint8Array,
  load: () => Promise<ScriptEd25519> = loadScriptEd25519,
): Promise<Signer> {
  if (subtle) {
    try {
      return await nativeSigner(subtle, await nativeKeyPair(subtle))
    } catch {
      // No Ed25519 in this engine (Chrome before 137, Firefox before 129, Safari before 17).
    }
  }
  return (await load()).seedSigner(randomSeed())
}

/** Whether the engine accepts what all accept, and refuses what only the cofactor forgives. */
export async function passesSelfTest(subtle: SubtleLike): Promise<boolean> {
  const verifier = nativeVerifier(subtle)
  const judge = ([publicKey, message, signature]: readonly [string, string, string]) =>
    new Promise<boolean>((resolve) =>
      verifier.verify(fromHex(publicKey), fromHex(message), fromHex(signature), resolve),
    )
  try {
    return (await judge(mustAccept)) && !(await judge(mustRefuse))
  } catch {
    return false // `importKey` is missing or throws at once: an engine of another kind
  }
}

/**
 * Cases 3 and 4 of ed25519-speccheck (https://github.com/novifinancial/ed25519-speccheck, Apache-2.0): key,
 * message, signature. Both have mixed-order A and R; only in the first do the torsion parts cancel.
 */
const mustAccept = [
  'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
  '9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79',
  '9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009',
] as const
const mustRefuse = [
  'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
  'e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c',
  '160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09',
] as const

function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2)
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16)
  return bytes
}

/** The engine takes no bytes that another thread may write. Ours are never of that kind. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>
}
