/**
 * Pinging on somebody's behalf, and answering when somebody else is asked about us. The target signs
 * its answer over the asker's nonce, so a helper can be lazy but cannot lie a dead peer alive.
 */
import type { Verified } from '../identity/claim.ts'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { earliest, type SwimContext } from './context.ts'
import type { AckClaim, PingReq } from './messages.ts'

/** No peer needs more of us at once; what is over it is dropped, and the asker has two other helpers. */
const helpingMax = 256

interface Helping {
  readonly origin: PeerId
  readonly target: PeerId
  readonly nonce: Uint8Array
  readonly nackAt: Millis
  nacked: boolean
  readonly forgetAt: Millis
}

const key = (nonce: Uint8Array): string => nonce.join()

export class Helper {
  readonly #context: SwimContext
  readonly #helping = new Map<string, Helping>()
  /** Helpers that wait for our signature, by nonce. */
  readonly #waiting = new Map<string, PeerId[]>()

  constructor(context: SwimContext) {
    this.#context = context
  }

  deadline(): Millis | undefined {
    let next: Millis | undefined
    for (const each of this.#helping.values()) next = earliest(next, each.nacked ? each.forgetAt : each.nackAt)
    return next
  }

  /** Answers who was silent: targets that somebody doubts and that did not answer us either. */
  tick(now: Millis): PeerId[] {
    const silent: PeerId[] = []
    for (const [nonce, each] of this.#helping) {
      if (!each.nacked && now >= each.nackAt) {
        each.nacked = true
        silent.push(each.target)
        this.#context.port.send(each.origin, { type: 'nack', nonce: each.nonce }, 'probe', each.target)
      }
      if (now >= each.forgetAt) this.#helping.delete(nonce)
    }
    return silent
  }

  onPingReq(origin: PeerId, request: PingReq, now: Millis): void {
    const { port, config, accusers } = this.#context
    if (this.#helping.size >= helpingMax || accusers.discounted(origin, now)) return
    if (!port.linked(request.target)) {
      if (this.#shouldBeLinked(request.target, now))
        port.send(origin, { type: 'nack', nonce: request.nonce }, 'probe', request.target)
      return
    }
    this.#helping.set(key(request.nonce), {
      origin,
      target: request.target,
      nonce: request.nonce,
      nacked: false,
      nackAt: (now + request.timeoutMs * config.nackFraction) as Millis,
      forgetAt: (now + 2 * request.timeoutMs) as Millis,
    })
    port.send(request.target, { type: 'indirect-ping', origin, nonce: request.nonce }, 'probe')
  }

  /**
   * We have heard this run of it, or have known of it for longer than it takes to be linked. Not to be linked yet is no
   * silence of the target's: in a mesh that is just forming all helpers would say so at once, and whoever asked them
   * would accuse. But of one that nobody here ever met it is all that anybody can say.
   */
  #shouldBeLinked(target: PeerId, now: Millis): boolean {
    const { heardAt, table, awareness, config } = this.#context
    const record = table.get(target)
    if (record === undefined) return false
    const met = (heardAt.get(target) ?? -Infinity) >= record.runAt
    return met || now >= record.runAt + awareness.scale(config.unmetGraceMs)
  }

  /** Somebody asks through `helper` whether we live. */
  onIndirectPing(helper: PeerId, nonce: Uint8Array, draft: () => AckClaim): void {
    const waiting = this.#waiting.get(key(nonce))
    if (waiting !== undefined) {
      if (!waiting.includes(helper)) waiting.push(helper)
      return
    }
    if (this.#waiting.size >= helpingMax) return
    this.#waiting.set(key(nonce), [helper])
    this.#context.port.seal(draft())
  }

  onSealed(claim: Verified<AckClaim>): void {
    const helpers = this.#waiting.get(key(claim.nonce)) ?? []
    this.#waiting.delete(key(claim.nonce))
    for (const helper of helpers) this.#context.port.send(helper, { type: 'indirect-ack', claim }, 'probe')
  }

  /** A target answered us for somebody else: pass it on. */
  onIndirectAck(claim: Verified<AckClaim>): void {
    const each = this.#helping.get(key(claim.nonce))
    if (each === undefined || each.target !== claim.author || each.origin !== claim.origin) return
    this.#helping.delete(key(claim.nonce))
    this.#context.port.send(each.origin, { type: 'indirect-ack', claim }, 'probe')
  }
}
