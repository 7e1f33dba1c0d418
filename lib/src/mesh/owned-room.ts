/** A room with an owner, as `join` enters it. Loaded only by those who join one. */
import { fromBase64Url, toBase64Url } from '../identity/base64url.ts'
import { CapabilityRoom, ownedMeshIdOf } from '../identity/capability.ts'
import type { Signer, Verifier } from '../identity/keys.ts'
import type { MeshId } from '../identity/peer-id.ts'
import type { CoreOptions } from '../core/config.ts'
import { errorCodes, ShoalError } from './errors.ts'
import type { Ownership } from './join-options.ts'

export interface OwnedRoom {
  readonly meshId: MeshId
  /** What the server sees: it need not know the name of a room that nobody enters by its name. */
  readonly door: string
  readonly rule: CapabilityRoom
  readonly proof: Uint8Array
  readonly core: Pick<CoreOptions, 'admission' | 'admittedUntil' | 'sharesKeys'>
  /** Others would hold a claim from outside its capability's time against whoever passes it on. */
  checkTime(wall: number): void
}

/** Rejects with `ERR_CAPABILITY_INVALID` for what is no capability of ours in this room. */
export async function openOwnedRoom(
  room: string,
  { owner, capability }: Ownership,
  { peerId }: Signer,
  verifier: Verifier,
): Promise<OwnedRoom> {
  const meshId = ownedMeshIdOf(owner, room)
  const rule = new CapabilityRoom({ verifier, meshId, owner })
  const proof = fromBase64Url(capability) ?? new Uint8Array(0)
  return new Promise((resolve, reject) =>
    rule.prove(peerId, proof, (fault, held) => {
      if (held === undefined) {
        const message = `${errorCodes.ERR_CAPABILITY_INVALID} (${fault}) Our id is ${peerId}.`
        return reject(new ShoalError('ERR_CAPABILITY_INVALID', message))
      }
      const { notBefore, expiresAt, rights } = held
      resolve({
        meshId,
        door: toBase64Url(meshId),
        rule,
        proof,
        core: { admission: proof, admittedUntil: expiresAt, sharesKeys: rights.includes('write-shared') },
        checkTime(wall) {
          if (wall >= expiresAt) throw new ShoalError('ERR_CAPABILITY_EXPIRED', errorCodes.ERR_CAPABILITY_EXPIRED)
          if (wall >= notBefore) return
          const message = `The capability holds in ${notBefore - wall} ms, by our clock.`
          throw new ShoalError('ERR_CAPABILITY_INVALID', message)
        },
      })
    }),
  )
}
