/** What a simulated peer asks of its pipeline, which is the product's own, and the few things that only a simulation needs of it. */
import type { DraftClaim } from '../core/input.ts'
import type { Claim, Message } from '../core/message.ts'
import type { Verified } from '../identity/claim.ts'
import type { Signer, Verifier } from '../identity/keys.ts'
import type { Millis } from '../identity/millis.ts'
import type { MeshId, PeerId } from '../identity/peer-id.ts'
import type { Proofs } from '../identity/proofs.ts'
import type { Sealer } from '../identity/sealer.ts'
import type { ClaimCache } from '../pipeline/claim-cache.ts'
import { Egress } from '../pipeline/egress.ts'
import type { FrameMemo } from '../pipeline/frame-memo.ts'
import { Ingress } from '../pipeline/ingress.ts'
import type { SwimClaim } from '../swim/messages.ts'
import type { End, SimPeer } from './peer.ts'

export interface Pipe {
  encode(message: Message): Uint8Array
  /** Ends in inputs to the peer: `received`, or `refused`. */
  onFrame(end: End, frame: Uint8Array): void
  /** Ends in `sealed`. */
  seal(draft: DraftClaim): void
  /** Signs what the core knows nothing of: for liars. */
  sign(draft: DraftClaim, done: (claim: Verified<Claim>) => void): void
  onLink(end: End): void
  onClose(end: End): void
  /** The newest claims that this peer signed of itself, to warm a world with. */
  ownClaims(): readonly Verified<SwimClaim>[]
}

export interface PipelineOptions {
  readonly meshId: MeshId
  readonly signer: Signer
  readonly verifier: Verifier
  readonly sealer: Sealer
  /** Shared by everyone in a world: what was verified or read for one need not be for the next. */
  readonly cache: ClaimCache
  readonly memo: FrameMemo
  readonly proofs: Proofs | undefined
}

/** Ingress and egress of one peer. Signing and verifying answer at once, so nothing here waits. */
export class Pipeline implements Pipe {
  readonly #peer: SimPeer
  readonly #ingress: Ingress
  readonly #egress: Egress
  #alive: Verified<SwimClaim> | undefined

  constructor(peer: SimPeer, self: PeerId, options: PipelineOptions) {
    const { meshId, signer, verifier, sealer, cache, memo, proofs } = options
    this.#peer = peer
    this.#ingress = new Ingress({
      self,
      meshId,
      verifier,
      sealer,
      cache,
      memo,
      proofs,
      deliver: (arrival) => peer.arrive(arrival),
    })
    this.#egress = new Egress({ meshId, signer, sealer, cache })
    this.#ingress.setClock(peer.wallOffsetMs)
  }

  encode(message: Message): Uint8Array {
    return this.#egress.encode(message)
  }

  onFrame(end: End, frame: Uint8Array): void {
    this.#ingress.receive(end.link, frame, this.#peer.localNow as Millis)
  }

  seal(draft: DraftClaim): void {
    this.sign(draft, (claim) => {
      if (claim.type === 'alive') this.#alive = claim
      this.#peer.arrive({ type: 'sealed', claim })
    })
  }

  sign(draft: DraftClaim, done: (claim: Verified<Claim>) => void): void {
    this.#egress.seal(draft, (claim) => {
      if (claim instanceof Error) throw claim
      done(claim)
    })
  }

  onLink(end: End): void {
    this.#ingress.openLink(end.link, end.other.peer.id)
  }

  onClose(end: End): void {
    this.#ingress.closeLink(end.link)
  }

  ownClaims(): readonly Verified<SwimClaim>[] {
    return this.#alive === undefined ? [] : [this.#alive]
  }
}
