/**
 * An identity that outlives the page. The key is made so that script cannot read it, and IndexedDB keeps
 * the engine's handle of it: a page that is taken over can sign while it is open, and can carry nothing away.
 *
 * The only file that knows idb-keyval.
 */
import { createStore, get, type UseStore, update } from 'idb-keyval'
import type { Signer } from '../identity/keys.ts'
import {
  type KeyPairHandle,
  loadScriptEd25519,
  nativeKeyPair,
  nativeSigner,
  type SubtleLike,
} from '../identity/webcrypto.ts'
import { ShoalError } from './errors.ts'

const namePattern = /^[\w.-]{1,64}$/

/** What is kept: the engine's key pair, or the 32 bytes of a key where the engine has no Ed25519. */
type Kept = KeyPairHandle | Uint8Array

/**
 * The identity of this name at this origin, made at the first call and the same ever after, for
 * `join(…, { identity: await loadIdentity() })`. Names have 1 to 64 letters, digits, `_`, `-` or `.`.
 *
 * It is one identity in every tab: where two tabs join one room with it, the newer one stays, and the
 * older is told by `closed` with `ERR_DUPLICATE_IDENTITY`. In browsers without Ed25519 in WebCrypto the
 * key is kept as bytes, which script of this origin can read.
 *
 * Rejects with `ERR_OPTION_INVALID` for a name that is none, and with `ERR_UNSUPPORTED` where nothing can
 * be kept (Node, private windows of some browsers).
 */
export async function loadIdentity(name = 'default'): Promise<Signer> {
  if (!namePattern.test(name)) {
    throw new ShoalError('ERR_OPTION_INVALID', 'The name of an identity has 1 to 64 letters, digits, "_", "-" or ".".')
  }
  if (typeof indexedDB === 'undefined') {
    throw new ShoalError('ERR_UNSUPPORTED', 'A kept identity needs IndexedDB, which is missing here.')
  }
  try {
    return await signerOf(await keep(createStore('shoal', 'identities'), name))
  } catch (cause) {
    throw new ShoalError('ERR_UNSUPPORTED', `This browser would not keep an identity: ${String(cause)}`, { cause })
  }
}

async function keep(store: UseStore, name: string): Promise<Kept> {
  const known = await get<Kept>(name, store)
  if (known) return known
  const made = await makeKey()
  // Two tabs may be at this at the same time: the first one's stays, in one transaction.
  await update<Kept>(name, (now) => now ?? made, store)
  return (await get<Kept>(name, store)) ?? made
}

async function makeKey(): Promise<Kept> {
  const subtle = webCrypto()
  try {
    if (subtle) return await nativeKeyPair(subtle)
  } catch {
    // No Ed25519 in this engine (Chrome before 137, Firefox before 129, Safari before 17).
  }
  return crypto.getRandomValues(new Uint8Array(32))
}

async function signerOf(kept: Kept): Promise<Signer> {
  if (kept instanceof Uint8Array) return (await loadScriptEd25519()).seedSigner(kept)
  return nativeSigner(webCrypto()!, kept)
}

function webCrypto(): SubtleLike | undefined {
  return globalThis.crypto?.subtle as SubtleLike | undefined
}
