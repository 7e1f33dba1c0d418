/** What a core is made of: who we are, what randomness we have, and the machines' parameters. */
import type { InstanceId, PeerId } from '../identity/peer-id.ts'
import type { RevocationBook } from '../identity/proofs.ts'
import type { WallMillis } from '../identity/millis.ts'
import type { OverlayOptions } from '../overlay/overlay.ts'
import type { Positions } from '../overlay/rings.ts'
import type { SwimConfig } from '../swim/config.ts'
import type { MeshId } from '../identity/peer-id.ts'
import type { StateConfig } from '../state/config.ts'
import type { Recall } from '../state/replica.ts'
import type { Seed } from './prng.ts'

export { type OverlayConfig, overlayDefaults } from '../overlay/overlay.ts'
export { type SwimConfig, swimDefaults } from '../swim/config.ts'

export interface CoreOptions {
  readonly id: PeerId
  readonly meshId: MeshId
  /** Random for each run. */
  readonly instance: InstanceId
  readonly startedAt: WallMillis
  readonly seed: Seed
  /** Canonical CBOR, at most 512 bytes. */
  readonly metadata: Uint8Array
  readonly zone: string
  /** Calendar time is `now + wallOffsetMs`. */
  readonly wallOffsetMs: number
  /**
   * The proof that admits us, in a room of capabilities: then ingress has seen to it that every `alive` and every entry
   * carries one, and whoever is no member is not listened to. Empty in all other rooms.
   */
  readonly admission?: Uint8Array
  /** When that runs out. */
  readonly admittedUntil?: WallMillis
  /** What the owner of such a room has taken back. */
  readonly revocations?: RevocationBook
  /** False when it lets us write no shared keys. */
  readonly sharesKeys?: boolean
  /** What signals to us are sealed to; none where the engine cannot. */
  readonly sealingKey?: Uint8Array | undefined
  readonly swim?: Partial<SwimConfig>
  readonly overlay?: OverlayOptions
  readonly state?: Partial<StateConfig>
  /** Reads an entry that was verified before: the codec's business. */
  readonly recall: Recall
  /** Who may be in the room, where not everybody may. Asked of every claim's author. */
  readonly admits?: (peer: PeerId) => boolean
  /** Ring positions, shared by many cores in one process. */
  readonly positions?: Positions
}
