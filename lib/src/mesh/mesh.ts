/** The thing that an application holds. `join()` makes one. */
import type { PeerId } from '../identity/peer-id.ts'
import type { Member, Metadata } from './member.ts'
import type { MapOptions, ReplicatedMap } from './replicated-map.ts'
import type { Query, QueryOptions, Responder } from './queries.ts'
import type { Topic } from './topics.ts'
import type { SendOptions } from './transfers.ts'

export type { Member, Metadata } from './member.ts'

/** Every event is a `CustomEvent`; this is its `detail`. */
export interface MeshEventMap {
  'member-joined': { readonly member: Member }
  'member-suspected': { readonly member: Member }
  'member-recovered': { readonly member: Member }
  'member-failed': { readonly member: Member }
  'member-left': { readonly member: Member }
  'member-updated': { readonly member: Member }
  /** The room's owner has taken back what let it in. */
  'member-revoked': { readonly member: Member }
  /** A newer list of revocations is known. */
  'revocations-changed': { readonly seq: number; readonly expiresAt: number }
  /** The time of the newest list that we know is over: there may be a newer one that is kept from us. */
  'revocations-stale': { readonly seq: number; readonly expiresAt: number }
  'zone-unreachable': { readonly zone: string; readonly members: readonly PeerId[] }
  'zone-recovered': { readonly zone: string; readonly members: readonly PeerId[] }
  isolated: Record<string, never>
  reconnected: Record<string, never>
  'link-opened': { readonly peer: PeerId }
  'link-closed': { readonly peer: PeerId; readonly code: string }
  /**
   * Something that came in was refused: from whom (the link's peer) and why (a stable code). The first at once, with a
   * `count` of 1; those like it that follow within a second come together, with their number.
   */
  'claim-rejected': { readonly from: PeerId | undefined; readonly code: string; readonly count: number }
  /**
   * A message to us (`broadcast: false`) or to all. `hops`: how many links one to us has crossed, 1 over a link of its
   * author's own; undefined for broadcasts, which find their way to everybody by themselves.
   */
  message: {
    readonly from: PeerId
    readonly data: unknown
    readonly broadcast: boolean
    readonly hops: number | undefined
  }
  /** A large message is on its way to us. */
  'receive-progress': { readonly from: PeerId; readonly bytes: number; readonly ofBytes: number }
  /** Broadcasts (topics included) of this member that were lost, and that no neighbour could give us again. */
  'broadcast-gap': { readonly from: PeerId; readonly missed: number }
  /** What we lacked of the shared state comes from a neighbour; `remaining` is what is known of so far. */
  'sync-progress': {
    readonly from: PeerId
    readonly received: number
    readonly remaining: number
    readonly done: boolean
  }
  'signaling-connected': { readonly url: string }
  'signaling-lost': { readonly url: string; readonly code: string }
  error: { readonly error: Error & { readonly code: string } }
  /** The mesh has ended: `leave()`, an aborted signal, or a newer instance of the same identity. */
  closed: { readonly code: string }
}

export interface LinkStats {
  readonly peer: PeerId
  readonly initiator: boolean
  readonly openedAt: number
  readonly rttMs: number | undefined
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly bufferedBytes: number
  /** The rings on which this peer is next to us, counted from 0. None for a random link, or one on its way out. */
  readonly rings: readonly number[]
}

/** Our place on one ring of the overlay: who comes before us and who after; undefined when we are alone. */
export interface RingStats {
  readonly before: PeerId | undefined
  readonly after: PeerId | undefined
}

/** The shared state as this replica has it. */
export interface StateStats {
  /** The root of the tree: equal where all entries are. */
  readonly digest: string
  readonly entries: number
  /** Of signed entries. */
  readonly bytes: number
  /** The roots that our neighbours showed last. */
  readonly neighbours: ReadonlyMap<PeerId, string>
  /** The sixteen places below the root. */
  readonly places: readonly { readonly entries: number; readonly hash: string }[]
}

export interface MeshStats {
  readonly links: readonly LinkStats[]
  /** Application bytes on data channels since the start, closed links included. */
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly framesSent: number
  readonly framesReceived: number
  /** Frames and bytes sent to the signaling server since the start. */
  readonly signalingFramesSent: number
  /** Refusals by code. */
  readonly rejected: Readonly<Record<string, number>>
  /** Lifeguard's local health: 0 is well, 8 is the worst. */
  readonly localHealth: number
  readonly isolated: boolean
  readonly signaling: 'connecting' | 'connected' | 'closed'
  /** The overlay's graph as computed from the member list: pairs of ids that should be linked. */
  readonly edges: readonly (readonly [PeerId, PeerId])[]
  /** Our neighbours, ring by ring: with them we are to be linked. */
  readonly rings: readonly RingStats[]
  readonly state: StateStats
}

export interface Mesh<M extends Metadata = Metadata> extends AsyncDisposable {
  /** Our own id: our ed25519 public key, base64url, 43 characters. */
  readonly id: PeerId
  readonly room: string
  readonly self: Member<M>
  /** Everybody known, ourselves included, keyed by id; `dead` and `left` stay for a while. A new map only when something changed. */
  readonly members: ReadonlyMap<PeerId, Member<M>>
  addEventListener<K extends keyof MeshEventMap>(
    type: K,
    listener: (event: CustomEvent<MeshEventMap[K]>) => void,
    options?: AddEventListenerOptions | boolean,
  ): void
  removeEventListener<K extends keyof MeshEventMap>(
    type: K,
    listener: (event: CustomEvent<MeshEventMap[K]>) => void,
    options?: EventListenerOptions | boolean,
  ): void
  /**
   * Messages to everybody under a name, told only to those who have it open. Throws `ERR_OPTION_INVALID`,
   * `ERR_CLOSED`.
   */
  topic<T>(name: string): Topic<T>
  /**
   * The replicated map of this name, the same for everybody in the room. Every call with one name answers the same
   * map, and needs the same `conflict`. Throws `ERR_OPTION_INVALID`, `ERR_CLOSED`.
   *
   * ```ts
   * const todos = mesh.map<{ text: string; done: boolean }>('todos')
   * todos.subscribe(({ keys }) => console.log('changed', keys, todos.size))
   * await todos.set('milk', { text: 'Buy milk', done: false })
   * ```
   */
  map<T>(name: string, options?: MapOptions<T>): ReplicatedMap<T>
  /**
   * Asks everybody else, or those whom the options name. Throws `ERR_OPTION_INVALID`, `ERR_CLOSED`; reading rejects with
   * what `broadcast` rejects with, or `ERR_ABORTED`.
   *
   * ```ts
   * for await (const { from, data } of mesh.query<number>('load', {}, { timeoutMs: 500 })) console.log(from, data)
   * ```
   */
  query<A>(name: string, data: unknown, options?: QueryOptions): Query<A>
  /**
   * Answers the questions that others ask under a name; one function for each name. Answers what ends that. Throws
   * `ERR_OPTION_INVALID`, `ERR_CLOSED`.
   */
  respond<Q, A>(name: string, responder: Responder<Q, A>): () => void
  /** Replaces our metadata; at most 512 bytes as CBOR. Throws `ERR_METADATA_TOO_LARGE`. */
  setMetadata(metadata: M): void
  /**
   * Resolves when the message was handed to a link; a `Uint8Array` of more than 16 KiB and a `Blob`, of up to 1 GiB, when
   * the receiver has all of it. Rejects with `ERR_UNKNOWN_PEER`, `ERR_MESSAGE_TOO_LARGE`, `ERR_CLOSED`, `ERR_UNREACHABLE`;
   * large ones also with `ERR_NOT_LINKED`, `ERR_RECEIVER_LIMIT`, `ERR_RECEIVER_BUSY`, `ERR_ABORTED`, `ERR_TRANSFER_BROKEN`.
   */
  send(to: PeerId, data: unknown, options?: SendOptions): Promise<void>
  /** To everyone but ourselves. */
  broadcast(data: unknown): Promise<void>
  /**
   * In a room with an owner: hands everybody a list of revocations that the owner signed (`shoal/capabilities`). Rejects
   * with `ERR_REVOCATIONS_INVALID`, with `ERR_REVOCATIONS_OLD` when a newer one is known, with `ERR_CLOSED`.
   */
  revoke(list: string): Promise<void>
  /**
   * In a room with an owner: another capability for us in place of the one that we joined with, before that ends. Links and
   * membership stay. Rejects with `ERR_CAPABILITY_INVALID`, `ERR_CAPABILITY_EXPIRED`, `ERR_CAPABILITY_REVOKED`, `ERR_CLOSED`;
   * then the old one goes on standing.
   */
  renewCapability(capability: string): Promise<void>
  stats(): MeshStats
  /**
   * The way that a message to this member would take now: the relays in order, then the member, which stands alone where
   * there is a link to it. Undefined for ourselves, for whoever is not here, and where no way of at most 8 links is known.
   */
  route(to: PeerId): readonly PeerId[] | undefined
  /** Tells everyone, closes every link and the signaling connection. Safe to call twice. */
  leave(): Promise<void>
}
