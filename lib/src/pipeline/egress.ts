/**
 * From what the core wants said to bytes. A message is encoded once, however many links it goes to; a draft
 * is signed once, and from then on is the bytes that were signed. Claims come back in the order in which
 * their drafts went in, whatever the signer does.
 */
import type { Draft, Verified } from '../identity/claim.ts'
import { seal } from '../identity/envelope.ts'
import type { Signer } from '../identity/keys.ts'
import type { MeshId } from '../identity/peer-id.ts'
import type { DraftClaim } from '../core/input.ts'
import type { Claim, Message } from '../core/message.ts'
import { decodeClaim, encodeBody } from '../wire/claims.ts'
import { encodeFrame } from '../wire/frames.ts'
import type { ClaimCache } from './claim-cache.ts'

export interface EgressOptions {
  readonly meshId: MeshId
  readonly signer: Signer
  /** Ingress's, so that an own claim that comes back is known. */
  readonly cache?: ClaimCache
}

type Sealed = (claim: Verified<Claim> | Error) => void

interface Sealing {
  readonly done: Sealed
  answer: Verified<Claim> | Error | undefined
}

export class Egress {
  readonly #options: EgressOptions
  /** Encoded messages, for as long as somebody holds the message. */
  readonly #encoded = new WeakMap<Message, Uint8Array>()
  readonly #sealing: Sealing[] = []

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
   * draft that no receiver would accept: our own mistake.
   */
  seal(draft: DraftClaim, done: Sealed): void {
    const { meshId, signer } = this.#options
    const whole = this.#whole(draft)
    const body = encodeBody(whole)
    const sealing: Sealing = { done, answer: undefined }
    const settle: Sealed = (answer) => {
      sealing.answer = answer
      while (this.#sealing[0]?.answer) {
        const { done, answer } = this.#sealing.shift()!
        if (!(answer instanceof Error)) this.#options.cache?.add(answer!)
        done(answer!)
      }
    }
    this.#sealing.push(sealing)
    try {
      seal(signer, meshId, whole.type, body, decodeClaim, settle)
    } catch (reason) {
      if (sealing.answer === undefined) this.#sealing.splice(this.#sealing.indexOf(sealing), 1)
      throw reason
    }
  }

  #whole(draft: DraftClaim): Draft<Claim> {
    if (draft.type !== 'routed' || !('inner' in draft)) return draft
    const { inner, ...rest } = draft
    return { ...rest, payload: this.encode(inner) }
  }
}
