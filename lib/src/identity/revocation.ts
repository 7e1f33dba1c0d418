/**
 * How the owner of a room takes back what it signed: a list, signed by the owner, that names capabilities and members,
 * each with the moment from which it counts for nothing. There is one list at a time, the one with the highest number:
 * it says all that is revoked, so whoever has it needs none before it, and an older one is never taken in its place.
 *
 * A list goes on counting after its own time is over, since what it takes back stays taken back. What ends is the
 * certainty that there is no newer one: somebody may be keeping that from us.
 */
import { toBase64Url } from './base64url.ts'
import { type Capability, readChain } from './capability.ts'
import type { Verified } from './claim.ts'
import type { WallMillis } from './millis.ts'
import { type PeerId, peerIdBytes, peerIdFromBytes } from './peer-id.ts'
import { momentBytes, type Proven, type RevocationBook, type Revoke, serialBytes } from './proofs.ts'

/** Whose proofs are remembered: as many as there are good signatures known in `capability.ts`. */
const shownMax = 2_048

export class Revocations implements RevocationBook {
  #newest: Verified<Revoke> | undefined
  /** It was said of the newest list that its time is over. */
  #saidStale = false
  readonly #serials = new Map<string, WallMillis>()
  readonly #members = new Map<PeerId, WallMillis>()
  /** What each peer showed in its last handshake, the oldest first: a link may have no member at its end yet. */
  readonly #shown = new Map<PeerId, Uint8Array>()

  get newest(): Verified<Revoke> | undefined {
    return this.#newest
  }

  get staleAt(): WallMillis | undefined {
    const newest = this.#newest
    return newest === undefined || this.#saidStale ? undefined : ((newest.issuedAt + newest.ttlMs) as WallMillis)
  }

  staleBy(wall: WallMillis): Verified<Revoke> | undefined {
    if (this.staleAt === undefined || wall < this.staleAt) return undefined
    this.#saidStale = true
    return this.#newest
  }

  /** Answers whether it is newer than what was known. Its signature and its issuer were checked. */
  take(list: Verified<Revoke>): boolean {
    if (this.#newest !== undefined && compareLists(list, this.#newest) <= 0) return false
    this.#newest = list
    this.#saidStale = false
    this.#serials.clear()
    this.#members.clear()
    for (const { name, since } of readRevoked(list.serials, serialBytes)) this.#serials.set(toBase64Url(name), since)
    for (const { name, since } of readRevoked(list.members, peerIdBytes))
      this.#members.set(peerIdFromBytes(name), since)
    return true
  }

  /**
   * From when on a proof counts for nothing, by the newest list; undefined for one that stands. A capability takes along
   * those that its holder has signed.
   */
  revokedAt(proof: Uint8Array): WallMillis | undefined {
    if (this.#newest === undefined) return undefined
    const moments = (readChain(proof) ?? []).flatMap((capability) => this.#revokedAt(capability))
    return moments.length === 0 ? undefined : (Math.min(...moments) as WallMillis)
  }

  /**
   * What was taken back lets nobody in, whenever it says that it was signed. What was written before stands. That is
   * judged here and not with the proof, because not everybody has a list at once: whoever passes on what it voids may
   * not have heard of it, and is blamed for nothing.
   */
  refuses({ type, issuedAt, admission }: Proven): string | undefined {
    const since = this.revokedAt(admission ?? new Uint8Array(0))
    return since !== undefined && (type === 'alive' || issuedAt > since) ? 'ERR_CAPABILITY_REVOKED' : undefined
  }

  voids(proof: Uint8Array): boolean {
    return this.revokedAt(proof) !== undefined
  }

  bans(peer: PeerId): boolean {
    return this.#members.has(peer)
  }

  outcast(peer: PeerId, admission: Uint8Array | undefined): boolean {
    const proof = admission ?? this.#shown.get(peer)
    return this.bans(peer) || (proof !== undefined && this.voids(proof))
  }

  shown(peer: PeerId): Uint8Array | undefined {
    return this.#shown.get(peer)
  }

  show(peer: PeerId, proof: Uint8Array): void {
    this.#shown.delete(peer)
    this.#shown.set(peer, proof)
    if (this.#shown.size > shownMax) this.#shown.delete(this.#shown.keys().next().value!)
  }

  #revokedAt({ serial, subject, notBefore }: Capability): WallMillis[] {
    const { minIssuedAt } = this.#newest!
    return [
      this.#serials.get(toBase64Url(serial)),
      this.#members.get(subject),
      notBefore < minIssuedAt ? minIssuedAt : undefined,
    ].filter((moment) => moment !== undefined)
  }
}

/** The higher number is the newer. Of two with one number, an owner's mistake, everybody takes the same. */
export function compareLists(a: Verified<Revoke>, b: Verified<Revoke>): number {
  if (a.seq !== b.seq) return a.seq - b.seq
  return a.digest === b.digest ? 0 : a.digest < b.digest ? -1 : 1
}

/** One line of a list. */
export interface Revoked {
  readonly name: Uint8Array
  readonly since: WallMillis
}

/** The lines of a list: name and moment, one after the other. */
export function readRevoked(bytes: Uint8Array, nameBytes: number): Revoked[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const lines: Revoked[] = []
  for (let at = 0; at + nameBytes + momentBytes <= bytes.length; at += nameBytes + momentBytes) {
    const momentAt = at + nameBytes
    const since = view.getUint16(momentAt) * 2 ** 32 + view.getUint32(momentAt + 2)
    lines.push({ name: bytes.slice(at, momentAt), since: since as WallMillis })
  }
  return lines
}

export function writeRevoked(lines: readonly Revoked[], nameBytes: number): Uint8Array {
  const bytes = new Uint8Array(lines.length * (nameBytes + momentBytes))
  const view = new DataView(bytes.buffer)
  lines.forEach(({ name, since }, index) => {
    const at = index * (nameBytes + momentBytes)
    bytes.set(name, at)
    view.setUint16(at + nameBytes, Math.floor(since / 2 ** 32))
    view.setUint32(at + nameBytes + 2, since % 2 ** 32)
  })
  return bytes
}
