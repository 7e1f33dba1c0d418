/** The pipeline's two streets, as the driver takes them: one ingress and one egress that share what was verified. */
import type { Signer, Verifier } from '../identity/keys.ts'
import type { MeshId } from '../identity/peer-id.ts'
import type { Proofs } from '../identity/proofs.ts'
import type { Sealer } from '../identity/sealer.ts'
import { ClaimCache, Egress, Ingress, nativeBudget, scriptBudget } from '../pipeline/index.ts'
import type { Arrival, Pipeline } from './driver.ts'

export interface StreetOptions {
  readonly meshId: MeshId
  readonly signer: Signer
  readonly verifier: Verifier
  /** The verifier works off this thread. */
  readonly native: boolean
  readonly sealer: Sealer | undefined
  readonly proofs: Proofs | undefined
}

export function openStreets(options: StreetOptions, deliver: (arrival: Arrival) => void): Pipeline {
  const { meshId, signer, verifier, native, sealer, proofs } = options
  const cache = new ClaimCache(meshId)
  const budget = native ? nativeBudget : scriptBudget
  const ingress = new Ingress({ self: signer.peerId, meshId, verifier, deliver, budget, cache, sealer, proofs })
  const egress = new Egress({ meshId, signer, cache, sealer })
  return {
    setClock: (wallOffsetMs) => ingress.setClock(wallOffsetMs),
    openLink: (link, peer) => ingress.openLink(link, peer),
    receive: (link, frame, now) => ingress.receive(link, frame, now),
    endLink: (link, done) => ingress.endLink(link, done),
    encode: (message) => egress.encode(message),
    seal: (draft, done) => egress.seal(draft, done),
  }
}
