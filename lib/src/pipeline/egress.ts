/**
 * From what the core wants said to bytes. A message is encoded once, however many links it goes to; a draft
 * is signed once, and from then on is the bytes that were signed. Claims come back in the order in which
 * their drafts went in, whatever the signer does.
 */
import type { Draft, Verified } from '../identity/claim.ts'
import { seal } from '../identity/envelope.ts'
import type { Signer } from '../identity/keys.ts'
import type { MeshId } from '../identity/peer-id.ts'
import type { Sealer } from '../identity/sealer.ts'
import type { DraftClaim, SealedSignalDraft } from '../core/input.ts'
import type { Claim, Message } from '../core/message.ts'
import { decodeClaim, encodeBody } from '../wire/claims.ts'
import { encodeFrame } from '../wire/frames.ts'
import type { ClaimCache } from './claim-cache.ts'

export interface EgressOptions {
  readonly meshId: MeshId
  readonly signer: Signer
  /** Ingress's, so that an own claim that comes back is known. */
  readonly cache?: ClaimCache
  /** Needed for drafts that are to be sealed. */
  readonly sealer?: Sealer | undefined
}

type Sealed = (claim: Verified<Claim> | Error) => void

/** A draft's place in the queue, and what to do once it is at the front. */
interface Place {
  end: (() => void) | undefined
}

export class Egress {
  readonly #options: EgressOptions
  /** Encoded messages, for as long as somebody holds the message. */
  readonly #encoded = new WeakMap<Message, Uint8Array>()
  readonly #places: Place[] = []

  constructor(options: EgressOptions) {
    this.#options = options
  }

  /**
   * The frame that says this message; the same array for the same message, so nobody may write to it. Throws
   * a RangeError or a WireError for a message that no receiver would accept: our own mistake.
   */
  encode(message: Message): Uint8Array {
    let bytes = this.#encoded.get(message)
    if (!bytes) {
      bytes = encodeFrame(message)
      this.#encoded.set(message, bytes)
    }
    return bytes
  }

  /**
   * Signs a draft, and answers the claim as every receiver will read it, or the signer's error. Throws for a
   * draft that no receiver would accept: our own mistake. Does not answer for a signal whose receiver states a key
   * that is none: nobody could open it.
   */
  seal(draft: DraftClaim, done: Sealed): void {
    const place: Place = { end: undefined }
    const settle = (end: () => void): void => {
      place.end = end
      while (this.#places[0]?.end) this.#places.shift()!.end!()
    }
    this.#places.push(place)
    if ('sealTo' in draft) return this.#sealSignal(draft, done, settle)
    try {
      this.#sign(draft, done, settle)
    } catch (reason) {
      if (place.end === undefined) this.#places.splice(this.#places.indexOf(place), 1)
      throw reason
    }
  }

  #sealSignal({ sealTo: key, ...draft }: SealedSignalDraft, done: Sealed, settle: (end: () => void) => void): void {
    const { sealer } = this.#options
    if (sealer === undefined) throw new Error('a signal is to be sealed, and there is nothing to seal it with')
    sealer.seal({ id: draft.to, key }, draft.payload, (payload) => {
      if (payload === undefined) settle(() => {})
      else this.#sign({ ...draft, payload }, done, settle)
    })
  }

  #sign(draft: DraftClaim, done: Sealed, settle: (end: () => void) => void): void {
    const { meshId, signer, cache } = this.#options
    const whole = this.#whole(draft)
    seal(signer, meshId, whole.type, encodeBody(whole), decodeClaim, (answer) =>
      settle(() => {
        if (!(answer instanceof Error)) cache?.add(answer)
        done(answer)
      }),
    )
  }

  #whole(draft: DraftClaim): Draft<Claim> {
    if (draft.type !== 'routed' || !('inner' in draft)) return draft
    const { inner, ...rest } = draft
    return { ...rest, payload: this.encode(inner) }
  }
}
