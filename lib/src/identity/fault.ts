/**
 * Evidence that whoever holds a key has said two things of which one at most can be true: two claims that it signed,
 * under one number of one run. It speaks for itself, so it does not matter who passes it on.
 */
import type { ClaimBase, Verified } from './claim.ts'
import type { PeerId } from './peer-id.ts'

/** "See for yourselves." Its author is whoever has put the two side by side. */
export interface Fault extends ClaimBase {
  readonly type: 'fault'
  /** Who signed both. Read from the evidence, not transmitted. */
  readonly culprit: PeerId
  /** Both envelopes, as they came. */
  readonly evidence: readonly [Uint8Array, Uint8Array]
}

/** The frame that carries it. */
export interface Exposure {
  readonly type: 'fault'
  readonly claim: Verified<Fault>
}

/** What a machine that met two such claims hands to its parent. */
export type Numbered = Verified<ClaimBase>
