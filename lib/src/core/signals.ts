/**
 * Offers and answers of the transport, on their way: over the mesh where it knows one, and by the server where it does
 * not, or where the mesh gave up. Between two who met at the server they go both ways: one of them may have lost the mesh
 * and not know it yet. A transport hears the second of two equal signals as silence.
 */
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'

export interface SignalsPort {
  canReach(to: PeerId, now: Millis): boolean
  meetsAtDoor(to: PeerId, now: Millis): boolean
  /** Its end is told to `routed`, under the same ref. */
  route(to: PeerId, payload: Uint8Array, ref: number, now: Millis): void
  byDoor(to: PeerId, payload: Uint8Array): void
}

export class Signals {
  readonly #port: SignalsPort
  /** Below zero, where the application's own messages have theirs above. */
  #ref = 0
  /** Those over the mesh, and what they hold, in case the door must take them. */
  readonly #underWay = new Map<number, { readonly to: PeerId; readonly payload: Uint8Array }>()

  constructor(port: SignalsPort) {
    this.#port = port
  }

  send(to: PeerId, payload: Uint8Array, now: Millis): void {
    if (!this.#port.canReach(to, now)) return this.#port.byDoor(to, payload)
    this.#ref -= 1
    if (this.#port.meetsAtDoor(to, now)) this.#port.byDoor(to, payload)
    else this.#underWay.set(this.#ref, { to, payload })
    this.#port.route(to, payload, this.#ref, now)
  }

  /** What became of it; without a code its receiver has it. */
  routed(ref: number, code: string | undefined): void {
    const signal = this.#underWay.get(ref)
    this.#underWay.delete(ref)
    if (code !== undefined && signal !== undefined) this.#port.byDoor(signal.to, signal.payload)
  }
}
