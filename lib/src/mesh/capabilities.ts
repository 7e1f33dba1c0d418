/**
 * `shoal/capabilities`: for whoever owns a room, and lets people in. Usually a backend: it holds the owner's secret, and
 * gives each user whom it knows a capability for the id of that user's tab. A page that only joins does not need this.
 */
import { fromBase64Url, toBase64Url } from '../identity/base64url.ts'
import { ownedMeshIdOf, readProof, type Right, rightBits, signCapability } from '../identity/capability.ts'
import type { Signer } from '../identity/keys.ts'
import type { WallMillis } from '../identity/millis.ts'
import { parsePeerId, type PeerId } from '../identity/peer-id.ts'
import { loadScriptEd25519 } from '../identity/webcrypto.ts'
import { ShoalError } from './errors.ts'

export type { Right } from '../identity/capability.ts'
export { readRevocations, revokeCapabilities, type RevocationList, type RevocationsOptions } from './owner-lists.ts'

export interface OwnerKey {
  /** The public half: what everybody who joins is told. */
  readonly owner: PeerId
  /** 32 random bytes as base64url. Whoever has it can let in anybody. */
  readonly secret: string
}

export interface CapabilityOptions {
  /** The owner's secret, or that of a holder of the right to admit. */
  readonly secret: string
  readonly owner: PeerId
  readonly room: string
  /** The id of whoever is let in. */
  readonly to: PeerId
  /** Default: join, write-shared and relay. */
  readonly rights?: readonly Right[]
  /** Milliseconds since 1970, as from `Date.now()`; at most 24 hours from one to the other. */
  readonly from: number
  readonly until: number
  /** The capability that this one takes the place of: its holder keeps its place on the rings, and so its links. */
  readonly renews?: string
  /** The capability with the right to admit, of whoever signs and is not the owner. */
  readonly under?: string
}

/** A new owner's key, from the engine's own randomness. */
export async function makeOwnerKey(): Promise<OwnerKey> {
  const seed = crypto.getRandomValues(new Uint8Array(32))
  const { seedSigner } = await loadScriptEd25519()
  return { owner: seedSigner(seed).peerId, secret: toBase64Url(seed) }
}

/** An identity whose secret is kept as text, for processes that have no IndexedDB; undefined for what is no secret. */
export async function identityOf(secret: string): Promise<Signer | undefined> {
  const seed = fromBase64Url(secret)
  if (seed?.length !== 32) return undefined
  const { seedSigner } = await loadScriptEd25519()
  return seedSigner(seed)
}

/**
 * Signs a capability. Rejects with `ERR_OPTION_INVALID` for one that no member would accept.
 *
 * ```ts
 * const { owner, secret } = await makeOwnerKey()
 * const from = Date.now()
 * const capability = await issueCapability({ secret, owner, room: 'lobby', to: peerId, from, until: from + 3_600_000 })
 * ```
 */
export async function issueCapability(options: CapabilityOptions): Promise<string> {
  const { owner, room, to, rights = ['join', 'write-shared', 'relay'], from, until, under, renews } = options
  const seed = fromBase64Url(options.secret)
  if (seed?.length !== 32) throw invalid('The secret is 32 bytes as base64url, as makeOwnerKey() makes it.')
  if (parsePeerId(to) === undefined) throw invalid('Whoever is let in has an id of 43 characters of base64url.')
  const unknown = rights.filter((right) => !Object.hasOwn(rightBits, right))
  if (unknown.length > 0)
    throw invalid(`There are the rights ${Object.keys(rightBits).join(', ')}, and no ${unknown[0]}.`)
  const { seedSigner } = await loadScriptEd25519()
  const signer = seedSigner(seed)
  const chain = under === undefined ? [] : readProof(under)
  if (chain === undefined || chain.length > 1 || (chain[0]?.subject ?? owner) !== signer.peerId)
    throw invalid('The secret is not the owner’s, nor that of whom `under` lets admit.')
  const [parent] = chain
  if (parent !== undefined) {
    const more = rights.find((right) => right === 'admit' || !parent.rights.includes(right))
    if (!parent.rights.includes('admit') || more !== undefined || from < parent.notBefore || until > parent.expiresAt)
      throw invalid('A capability under another has none of its time before or after, no other rights, and not admit.')
  }
  const before = renews === undefined ? undefined : readProof(renews)?.at(-1)
  if (renews !== undefined && before?.subject !== to)
    throw invalid('What is renewed is a capability of the same member.')
  const random = () => crypto.getRandomValues(new Uint8Array(16))
  const [notBefore, expiresAt] = [Math.floor(from) as WallMillis, Math.floor(until) as WallMillis]
  const capability = {
    subject: to,
    rights,
    ringSeed: before?.ringSeed ?? random(),
    notBefore,
    expiresAt,
    serial: random(),
  }
  const own = await new Promise<Uint8Array>((resolve, reject) => {
    try {
      signCapability(signer, ownedMeshIdOf(owner, room), capability, (bytes) =>
        bytes instanceof Error ? reject(bytes) : resolve(bytes),
      )
    } catch (cause) {
      reject(invalid('A capability includes join, and lasts at most 24 hours.', { cause }))
    }
  })
  return (under ?? '') === '' ? toBase64Url(own) : toBase64Url(Uint8Array.from([...fromBase64Url(under!)!, ...own]))
}

function invalid(message: string, options?: ErrorOptions): ShoalError {
  return new ShoalError('ERR_OPTION_INVALID', message, options)
}

/** A capability, as it reads. */
export interface CapabilityText {
  readonly issuer: PeerId
  readonly to: PeerId
  readonly rights: readonly Right[]
  readonly from: number
  readonly until: number
  /** What a list of revocations names it by. */
  readonly serial: string
}

/**
 * What a capability says: one, or the one that lets admit and then the one that it signed. Signatures are not looked at.
 * Throws `ERR_OPTION_INVALID` for what is no capability.
 */
export function readCapability(text: string): readonly CapabilityText[] {
  const chain = readProof(text)
  if (chain === undefined) throw invalid('A capability is text, as issueCapability() makes it.')
  return chain.map(({ issuer, subject, rights, notBefore, expiresAt, serial }) => ({
    issuer,
    to: subject,
    rights,
    from: notBefore,
    until: expiresAt,
    serial: toBase64Url(serial),
  }))
}
