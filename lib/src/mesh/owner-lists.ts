/**
 * The owner's side of revocation: the next list, made of the last one and of what is to be taken back now. Part of
 * `shoal/capabilities`.
 */
import { fromBase64Url, toBase64Url } from '../identity/base64url.ts'
import { ownedMeshIdOf, readProof } from '../identity/capability.ts'
import type { WallMillis } from '../identity/millis.ts'
import { parsePeerId, type PeerId, peerIdBytes, peerIdFromBytes, peerIdToBytes } from '../identity/peer-id.ts'
import { type Revoke, serialBytes } from '../identity/proofs.ts'
import { type Revoked, readRevoked, writeRevoked } from '../identity/revocation.ts'
import { loadScriptEd25519 } from '../identity/webcrypto.ts'
import { listMsMax, readList, revokedMax, signList } from '../pipeline/lists.ts'
import { ShoalError } from './errors.ts'

export interface RevocationsOptions {
  /** The owner's: nobody else can take anything back. */
  readonly secret: string
  readonly room: string
  /** The last list, which the new one adds to. Without it the list begins anew, with number 1. */
  readonly list?: string
  /** Capabilities that count for nothing from now on, with all that their holders signed: as text, or by serial. */
  readonly capabilities?: readonly string[]
  /** Ids that are let in by no capability any more. */
  readonly members?: readonly PeerId[]
  /** Capabilities that hold from before this moment count for nothing after it. Rises from list to list. */
  readonly before?: number
  /** Now, and when a newer list is due at the latest: milliseconds since 1970, at most 24 hours apart. */
  readonly from: number
  readonly until: number
}

/** A list of revocations, as it reads. */
export interface RevocationList {
  readonly owner: PeerId
  readonly seq: number
  readonly from: number
  readonly until: number
  /** 0 for none. */
  readonly before: number
  readonly capabilities: readonly { readonly serial: string; readonly since: number }[]
  readonly members: readonly { readonly id: PeerId; readonly since: number }[]
}

/**
 * Signs the next list of what is taken back; `mesh.revoke()` and `admission.revocations` take it. Rejects with
 * `ERR_OPTION_INVALID` for one that no member would accept.
 *
 * ```ts
 * const from = Date.now()
 * const list = await revokeCapabilities({ secret, room: 'lobby', capabilities: [capability], from, until: from + 3_600_000 })
 * ```
 */
export async function revokeCapabilities(options: RevocationsOptions): Promise<string> {
  const { room, from, until, capabilities = [], members = [], before = 0 } = options
  const seed = fromBase64Url(options.secret)
  if (seed?.length !== 32) throw invalid('The secret is 32 bytes as base64url, as makeOwnerKey() makes it.')
  const { seedSigner } = await loadScriptEd25519()
  const signer = seedSigner(seed)
  const last = options.list === undefined ? undefined : listOf(options.list)
  if (last !== undefined && last.author !== signer.peerId)
    throw invalid('The last list is of another owner than the secret.')
  if (!(until > from && until - from <= listMsMax))
    throw invalid('A list holds for at most 24 hours, and for more than none: until is when the next one is due.')
  const since = Math.floor(from) as WallMillis
  const claim: Revoke = {
    type: 'revoke',
    author: signer.peerId,
    issuedAt: since,
    ttlMs: Math.floor(until - from),
    seq: (last?.seq ?? 0) + 1,
    minIssuedAt: Math.max(last?.minIssuedAt ?? 0, Math.floor(before)) as WallMillis,
    serials: added(last?.serials, capabilities.map(serialOf), serialBytes, since),
    members: added(last?.members, members.map(memberOf), peerIdBytes, since),
  }
  return new Promise((resolve, reject) =>
    signList(signer, ownedMeshIdOf(signer.peerId, room), claim, (bytes) =>
      bytes instanceof Error ? reject(bytes) : resolve(toBase64Url(bytes)),
    ),
  )
}

/** What a list says. Signatures are not looked at. Throws `ERR_OPTION_INVALID` for what is no list. */
export function readRevocations(text: string): RevocationList {
  const { author, seq, issuedAt, ttlMs, minIssuedAt, serials, members } = listOf(text)
  return {
    owner: author,
    seq,
    from: issuedAt,
    until: issuedAt + ttlMs,
    before: minIssuedAt,
    capabilities: readRevoked(serials, serialBytes).map(({ name, since }) => ({ serial: toBase64Url(name), since })),
    members: readRevoked(members, peerIdBytes).map(({ name, since }) => ({ id: peerIdFromBytes(name), since })),
  }
}

function listOf(text: string): Revoke {
  const list = readList(fromBase64Url(text) ?? new Uint8Array(0))
  if (list !== undefined) return list
  throw invalid('A list of revocations is text, as revokeCapabilities() makes it.')
}

/** The lines before stay as they were: what was taken back once counts from then on. */
function added(
  before: Uint8Array | undefined,
  names: readonly Uint8Array[],
  bytes: number,
  since: WallMillis,
): Uint8Array {
  const lines = new Map<string, Revoked>()
  for (const line of readRevoked(before ?? new Uint8Array(0), bytes)) lines.set(toBase64Url(line.name), line)
  for (const name of names) if (!lines.has(toBase64Url(name))) lines.set(toBase64Url(name), { name, since })
  if (lines.size > revokedMax)
    throw invalid(
      `A list names at most ${revokedMax} capabilities and ${revokedMax} members; these are ${lines.size}. Begin a new one with \`before\`.`,
    )
  return writeRevoked([...lines.values()], bytes)
}

function serialOf(text: string): Uint8Array {
  const serial = readProof(text)?.at(-1)?.serial ?? fromBase64Url(text)
  if (serial?.length === serialBytes) return serial
  throw invalid('A capability is named by its text, or by its serial: 16 bytes as base64url.')
}

function memberOf(id: string): Uint8Array {
  const member = parsePeerId(id)
  if (member === undefined) throw invalid('A member is named by its id, 43 characters of base64url.')
  return peerIdToBytes(member)
}

function invalid(message: string): ShoalError {
  return new ShoalError('ERR_OPTION_INVALID', message)
}
