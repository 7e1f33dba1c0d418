/** What a mesh is put together from, and what a test or another platform may replace. */
import type { CoreEvent } from '../core/effect.ts'
import type { Entry, StateReader } from '../core/state.ts'
import type { Verified } from '../identity/claim.ts'
import type { Signer, Verifier } from '../identity/keys.ts'
import type { Millis } from '../identity/millis.ts'
import type { MeshId, PeerId } from '../identity/peer-id.ts'
import type { TransportFactory } from '../transport/port.ts'
import type { Alarms } from './alarms.ts'
import type { Driver } from './driver.ts'
import type { ShoalError } from './errors.ts'
import type { Host } from './host.ts'
import type { IceServer, Limits } from './join-options.ts'
import type { MeshStats } from './mesh.ts'
import type { OwnedRoom } from './owned-room.ts'
import type { MapLimits } from './replicated-map.ts'

/** What a transport is told once identity and room are known. */
export interface TransportContext {
  readonly credentials: {
    readonly meshId: MeshId
    readonly signer: Signer
    readonly verifier: Verifier
    /** In rooms with a secret: 32-byte keys, the one that is proven and those that are accepted. */
    readonly psk?: { readonly prove: Uint8Array; readonly accept: readonly Uint8Array[] } | undefined
    /** Asked of a peer that proved its key. Calls back once: a code refuses. */
    readonly admit?:
      ((peer: PeerId, capability: Uint8Array, done: (refusal: string | undefined) => void) => void) | undefined
    /** What we show, in rooms of capabilities. */
    readonly capability?: Uint8Array | undefined
  }
  /** Asked anew for every link: credentials change. */
  readonly iceServers: () => readonly IceServer[]
  /** Clock, timers and dice: a transport has none of its own. */
  readonly host: {
    now(): Millis
    after(delayMs: number, callback: () => void): () => void
    random(bytes: number): Uint8Array
  }
}

export type TransportMaker = (context: TransportContext) => TransportFactory

/** The application's values as bytes. */
export interface ValueCodec {
  /** Canonical CBOR. Throws for what it does not carry. */
  encode(value: unknown): Uint8Array
  /** Undefined for bytes that are no acceptable value. No value is undefined. */
  decode(bytes: Uint8Array): unknown
}

/** What one run tells the mesh that owns it. */
export interface RunEvents {
  onEvent(event: CoreEvent): void
  /** Our claim to be here is signed: from now on we are among the members. Again at each renewal. */
  onAnnounced(): void
  onSignalingConnected(url: string): void
  onSignalingLost(url: string, error: ShoalError): void
  /** The core threw: a broken invariant. The run has stopped. */
  onBroken(error: unknown): void
}

/** One run: one instance of our identity, from its first claim to its leave. */
export interface Run {
  readonly driver: Driver
  /** What only the core and the door know of `stats()`. */
  readonly state: StateReader
  vitals(): Pick<MeshStats, 'localHealth' | 'isolated' | 'edges' | 'rings' | 'signaling' | 'signalingFramesSent'>
  route(to: PeerId): readonly PeerId[] | undefined
}

export interface MeshParts {
  readonly id: PeerId
  readonly room: string
  readonly host: Host
  readonly alarms: Alarms
  readonly limits: Limits
  readonly values: ValueCodec
  /** The application's data in one message, encoded. */
  readonly messageBytesMax: number
  /** A member's metadata, encoded. */
  readonly metadataBytesMax: number
  readonly mapLimits: MapLimits
  /** The room as a disk may know it. */
  readonly storeRoom: string
  /** Reads and verifies an entry that a store had, or answers why it is none. */
  openKept(bytes: Uint8Array, done: (entry: Verified<Entry> | string) => void): void
  /** In a room of capabilities. */
  readonly owned?: Pick<OwnedRoom, 'openList' | 'renew' | 'failClosed'> | undefined
  /** Starts a run with this metadata. Called again when the page comes back from the back/forward cache. */
  openRun(metadata: Uint8Array, events: RunEvents): Run
}
