/**
 * The rule of one room of capabilities: who may come in, and which claims show that their author may make them. A proof
 * is judged without a clock, and the claim that it comes with has to lie within its time: so whoever passes on a bad one
 * is at fault, whatever the time is. What the owner has taken back is judged apart (`revocation.ts`), since not
 * everybody knows of it at once.
 */
import { toBase64Url } from './base64url.ts'
import { type Capability, capabilityBodyBytes, capabilityBytes, readChain } from './capability.ts'
import type { ClaimBase } from './claim.ts'
import { signedBytes } from './envelope.ts'
import type { Verifier } from './keys.ts'
import type { MeshId, PeerId } from './peer-id.ts'
import type { ProofFault, Proofs } from './proofs.ts'
import { Revocations } from './revocation.ts'

/** How far two honest clocks may differ. SECURITY A.7. */
const skewMs = 60_000

/** What was verified before. Twice as many as a mesh of a thousand needs: a guess. */
const knownMax = 2_048

/** The rule of one room, for every claim and every handshake in it. */
export class CapabilityRoom implements Proofs {
  readonly #verifier: Verifier
  readonly #meshId: MeshId
  readonly #owner: PeerId
  /** What the owner has taken back. It is asked at the door and by the core, not of claims: views of it differ. */
  readonly revocations = new Revocations()
  /** Proofs whose signatures are good, the oldest first. */
  readonly #known = new Set<string>()

  constructor(options: { readonly verifier: Verifier; readonly meshId: MeshId; readonly owner: PeerId }) {
    this.#verifier = options.verifier
    this.#meshId = options.meshId
    this.#owner = options.owner
  }

  check(claim: ClaimBase & Partial<{ admission: Uint8Array; key: string }>, done: (fault?: ProofFault) => void): void {
    if (claim.type === 'revoke') return done(claim.author === this.#owner ? undefined : 'ERR_REVOKE_ISSUER')
    if (claim.type !== 'alive' && claim.type !== 'entry') return done()
    const { author, issuedAt, ttlMs, admission } = claim
    this.prove(author, admission ?? new Uint8Array(0), (fault, held) => {
      if (held === undefined) return done(fault)
      // A lease ends with what allows it. An entry stays, if it was written in time.
      const until = claim.type === 'alive' ? issuedAt + ttlMs : issuedAt - skewMs
      if (issuedAt < held.notBefore - skewMs || until > held.expiresAt) return done('ERR_CAPABILITY_TIME')
      const own = claim.type === 'alive' || claim.key!.startsWith(`o/${author}/`)
      done(own || held.rights.includes('write-shared') ? undefined : 'ERR_CAPABILITY_RIGHT')
    })
  }

  /** Whether the proof names `subject` and leads to the owner, at whatever time. Answers the capability that it holds. */
  prove(subject: PeerId, proof: Uint8Array, done: (fault?: ProofFault, held?: Capability) => void): void {
    const chain = readChain(proof)
    if (chain === undefined) return done('ERR_CAPABILITY_SHAPE')
    const [first, second] = chain
    const held = second ?? first
    if (held.subject !== subject) return done('ERR_CAPABILITY_SUBJECT')
    if (first.issuer !== this.#owner) return done('ERR_CAPABILITY_ISSUER')
    if (second !== undefined && !mayDelegate(first, second)) return done('ERR_CAPABILITY_DELEGATION')
    const name = toBase64Url(proof)
    if (this.#known.has(name)) return done(undefined, held)
    const verify = (at: number): void => {
      if (at === proof.length) {
        this.#known.add(name)
        if (this.#known.size > knownMax) this.#known.delete(this.#known.values().next().value!)
        return done(undefined, held)
      }
      const one = proof.subarray(at, at + capabilityBytes)
      const message = signedBytes(this.#meshId, 'capability', one.subarray(1, 1 + capabilityBodyBytes))
      this.#verifier.verify(one.slice(1, 33), message, one.subarray(1 + capabilityBodyBytes), (valid) =>
        valid ? verify(at + capabilityBytes) : done('ERR_CAPABILITY_SIGNATURE'),
      )
    }
    verify(0)
  }

  /** The handshake's question: the same, and that it holds now. A code refuses. */
  admit(peer: PeerId, proof: Uint8Array, wall: number, done: (refusal: string | undefined) => void): void {
    this.prove(peer, proof, (fault, held) => {
      if (held === undefined) return done(fault)
      if (wall < held.notBefore - skewMs) return done('ERR_CAPABILITY_EARLY')
      if (wall > held.expiresAt) return done('ERR_CAPABILITY_EXPIRED')
      if (this.revocations.revokedAt(proof) !== undefined) return done('ERR_CAPABILITY_REVOKED')
      this.revocations.show(peer, proof)
      done(undefined)
    })
  }
}

/** Not longer, not more, and no further. */
function mayDelegate(parent: Capability, child: Capability): boolean {
  return (
    parent.rights.includes('admit') &&
    child.issuer === parent.subject &&
    !child.rights.includes('admit') &&
    child.rights.every((right) => parent.rights.includes(right)) &&
    child.notBefore >= parent.notBefore &&
    child.expiresAt <= parent.expiresAt
  )
}
