/** A member as the application sees it. */
import type { PeerId } from '../identity/peer-id.ts'

/** Anything that CBOR carries without tags: the application's own data, at most 512 bytes encoded. */
export type Metadata = { readonly [key: string]: unknown }

export interface Member<M extends Metadata = Metadata> {
  readonly id: PeerId
  /** `alive`, `suspect` (silent, not given up), `dead` (given up), `left` (said so itself). */
  readonly status: 'alive' | 'suspect' | 'dead' | 'left'
  /** This is us. */
  readonly self: boolean
  /** The application's own, as the member set it. */
  readonly metadata: M
  /** Where the member says it is; undefined when it does not say. */
  readonly zone: string | undefined
  /** One run of one tab or process. */
  readonly instance: string
  /** Rises each time the member refutes a suspicion or changes what it says of itself. */
  readonly incarnation: number
  /** When this run started, ms since 1970 by the member's own clock. */
  readonly startedAt: number
  /** When the status was last changed, ms since 1970 by our clock. */
  readonly since: number
  /** An open, authenticated link from us. */
  readonly linked: boolean
  /** Smoothed round-trip time over that link in ms; undefined before the first ack. */
  readonly rttMs: number | undefined
}
