/**
 * A room with an owner, as `join` enters it and as a mesh lives in it: what lets us in, what takes its place when we
 * renew it, and the owner's lists of what is revoked. Loaded only by those who join one.
 */
import { fromBase64Url, toBase64Url } from '../identity/base64url.ts'
import { type Capability, ownedMeshIdOf } from '../identity/capability.ts'
import { CapabilityRoom } from '../identity/capability-room.ts'
import type { Verified } from '../identity/claim.ts'
import type { Signer, Verifier } from '../identity/keys.ts'
import type { MeshId, PeerId } from '../identity/peer-id.ts'
import type { Revoke } from '../identity/proofs.ts'
import { compareLists } from '../identity/revocation.ts'
import type { CoreOptions } from '../core/config.ts'
import type { Renewal } from '../core/input.ts'
import { openKept } from '../pipeline/index.ts'
import { type ErrorCode, errorCodes, ShoalError } from './errors.ts'
import type { Ownership } from './join-options.ts'

const nothing = new Uint8Array(0)

/** A capability that names us, and the proof that it is the end of. */
type Held = Capability & { readonly proof: Uint8Array }

/** Rejects with `ERR_CAPABILITY_INVALID` for what is no capability of ours in this room. */
export async function openOwnedRoom(
  room: string,
  ownership: Ownership,
  { peerId }: Signer,
  verifier: Verifier,
): Promise<OwnedRoom> {
  const { revocations, whenStale } = ownership
  if (revocations !== undefined && typeof revocations !== 'string')
    throw new ShoalError('ERR_OPTION_INVALID', 'admission.revocations is text, as revokeCapabilities() makes it.')
  if (whenStale !== undefined && whenStale !== 'failOpen' && whenStale !== 'failClosed')
    throw new ShoalError('ERR_OPTION_INVALID', "admission.whenStale is 'failOpen' or 'failClosed'.")
  const owned = new OwnedRoom(room, ownership, peerId, verifier)
  await owned.hold(ownership.capability)
  return owned
}

export class OwnedRoom {
  readonly meshId: MeshId
  /** What the server sees: it need not know the name of a room that nobody enters by its name. */
  readonly door: string
  readonly rule: CapabilityRoom
  readonly #self: PeerId
  readonly #verifier: Verifier
  readonly #ownership: Ownership
  #held!: Held

  constructor(room: string, ownership: Ownership, self: PeerId, verifier: Verifier) {
    const { owner } = ownership
    this.meshId = ownedMeshIdOf(owner, room)
    this.door = toBase64Url(this.meshId)
    this.rule = new CapabilityRoom({ verifier, meshId: this.meshId, owner })
    this.#self = self
    this.#verifier = verifier
    this.#ownership = ownership
  }

  /** What we show. */
  get proof(): Uint8Array {
    return this.#held.proof
  }

  get core(): Pick<CoreOptions, 'admission' | 'admittedUntil' | 'sharesKeys' | 'revocations'> {
    return { ...this.#renewal, revocations: this.rule.revocations }
  }

  get failClosed(): boolean {
    return this.#ownership.whenStale === 'failClosed'
  }

  /** Takes a capability of ours for the one that we show from now on; not if it fails `fits`. */
  async hold(capability: string, fits: (held: Held) => void = () => {}): Promise<void> {
    const proof = fromBase64Url(capability) ?? nothing
    const held = await new Promise<Held>((resolve, reject) =>
      this.rule.prove(this.#self, proof, (fault, own) => {
        if (own === undefined) reject(fail('ERR_CAPABILITY_INVALID', `(${fault}) Our id is ${this.#self}.`))
        else resolve({ ...own, proof })
      }),
    )
    fits(held)
    this.#held = held
  }

  /** Whether we may be here at this moment. Others would hold a claim from outside that against whoever passes it on. */
  async enter(wall: number): Promise<void> {
    const { revocations } = this.#ownership
    if (revocations !== undefined) this.rule.revocations.take(await this.openList(revocations, wall))
    this.#checkTime(this.#held, wall)
    const { newest } = this.rule.revocations
    if (this.failClosed && (newest === undefined || wall >= newest.issuedAt + newest.ttlMs))
      throw fail('ERR_REVOCATIONS_STALE', 'Give one whose time is not over as admission.revocations.')
  }

  /** Another capability in place of the one that we have, which goes on standing when this rejects. */
  async renew(capability: string, wall: number): Promise<Renewal> {
    await this.hold(capability, (held) => this.#checkTime(held, wall))
    return this.#renewal
  }

  /** Reads a list of the owner's. Rejects for what is none, and for one that is older than what is known. */
  openList(list: string, wall: number): Promise<Verified<Revoke>> {
    const room = { verifier: this.#verifier, meshId: this.meshId, proofs: this.rule }
    const envelope = fromBase64Url(list) ?? nothing
    return new Promise((resolve, reject) =>
      openKept(room, 'revoke', envelope, wall, (claim) => {
        if (typeof claim === 'string') return reject(fail('ERR_REVOCATIONS_INVALID', `(${claim})`))
        const { newest } = this.rule.revocations
        if (newest !== undefined && compareLists(claim, newest) < 0)
          return reject(fail('ERR_REVOCATIONS_OLD', `Known: ${newest.seq}. This one: ${claim.seq}.`))
        resolve(claim)
      }),
    )
  }

  get #renewal(): Renewal {
    const { proof, expiresAt, rights } = this.#held
    return { admission: proof, admittedUntil: expiresAt, sharesKeys: rights.includes('write-shared') }
  }

  #checkTime({ proof, notBefore, expiresAt }: Held, wall: number): void {
    if (wall >= expiresAt) throw fail('ERR_CAPABILITY_EXPIRED', `It ended ${Math.ceil(wall - expiresAt)} ms ago.`)
    if (wall < notBefore)
      throw fail('ERR_CAPABILITY_INVALID', `It holds in ${Math.ceil(notBefore - wall)} ms, by our clock.`)
    if (this.rule.revocations.revokedAt(proof) !== undefined) throw fail('ERR_CAPABILITY_REVOKED')
  }
}

function fail(code: ErrorCode & keyof typeof errorCodes, detail = ''): ShoalError {
  return new ShoalError(code, `${errorCodes[code]} ${detail}`.trim())
}
