/** Who lives in a world: how the keys, the pipeline and the core of a new peer are made. */
import type { CoreOptions } from '../core/config.ts'
import { Core } from '../core/core.ts'
import { signCapability } from '../identity/capability.ts'
import { CapabilityRoom } from '../identity/capability-room.ts'
import { sha256 } from '../identity/hash.ts'
import type { Signer } from '../identity/keys.ts'
import type { WallMillis } from '../identity/millis.ts'
import { instanceIdFromBytes, type MeshId, meshIdOf, type PeerId } from '../identity/peer-id.ts'
import { Revocations } from '../identity/revocation.ts'
import { Positions } from '../overlay/rings.ts'
import { recallEntry } from '../pipeline/recall.ts'
import { ClaimCache } from '../pipeline/claim-cache.ts'
import { FrameMemo } from '../pipeline/frame-memo.ts'
import type { SwimConfig } from '../swim/config.ts'
import { swimDefaults } from '../swim/config.ts'
import { ActorPeer, type MakeActor } from './actor.ts'
import { cryptoSuite, type CryptoSuite } from './crypto.ts'
import type { Door } from './door.ts'
import type { Liar } from './liars.ts'
import { SimPeer } from './peer.ts'
import { Pipeline } from './pipe.ts'
import { Prng } from './prng.ts'
import type { World } from './world.ts'

export interface SpawnOptions {
  readonly liar?: Liar
  /** Not the product at all: it speaks bytes of its own. */
  readonly actor?: MakeActor
  readonly zone?: string
  /** The key of this peer's earlier run. */
  readonly again?: SimPeer
}

export interface Population {
  /** The room's owner, where it has one: no peer, only a key. */
  readonly owner?: Signer | undefined
  create(world: World, door: Door, index: number, options: SpawnOptions): SimPeer
}

export interface PopulationOptions {
  readonly crypto: 'fast' | 'real'
  readonly swim: Partial<SwimConfig>
  /**
   * As in a mesh of this many that has run for hours: the first lease of each peer ends at any time
   * of the whole cycle. Without it all of a young mesh's leases are renewed in the same minute.
   */
  readonly oldLeases: number | undefined
  /** A room of capabilities: everybody has one, but liars and actors. */
  readonly owned?: boolean
}

/** A machine's uptime is up to a week when a peer starts on it. */
const uptimeMaxMs = 7 * 24 * 3600 * 1000

export function population(options: PopulationOptions): Population {
  const suite = cryptoSuite(options.crypto)
  const meshId = meshIdOf('simulation')
  const room = options.owned === true ? new OwnedRoom(suite, meshId) : undefined
  const cache = new ClaimCache(meshId, 65_536)
  const memo = new FrameMemo()
  const positions = new Positions(sha256)
  const signers = new Map<SimPeer, Signer>()
  return {
    owner: room?.owner,
    create(world, door, index, { liar, actor, zone = '', again }) {
      const prng = world.prng.split(`peer ${index}`)
      const signer = (again && signers.get(again)) ?? suite.signer(prng)
      const sealer = suite.sealer(prng.split('sealer'))
      let stranger: ActorPeer | undefined
      const peer = new SimPeer(world, door, {
        index,
        id: signer.peerId,
        instance: instanceIdFromBytes(prng.bytes(16)),
        // A new run under an old key is on the same machine.
        skewMs: again?.skewMs ?? Math.round(prng.between(-1, 1) * world.options.clockSkewMs),
        uptimeMs: Math.round(prng.between(0, uptimeMaxMs)),
        liar: actor === undefined ? liar : { name: 'actor' },
        pipe: (self) =>
          actor === undefined
            ? new Pipeline(self, signer.peerId, {
                meshId,
                signer,
                verifier: suite.verifier,
                sealer,
                // What it signs itself without a proof nobody else may find verified.
                cache: room !== undefined && liar !== undefined ? new ClaimCache(meshId) : cache,
                memo,
                proofs: room?.rule,
              })
            : (stranger = new ActorPeer(self, world, signer, actor)),
        machine: (self) =>
          stranger ??
          new Core(
            {
              id: signer.peerId,
              meshId,
              recall: recallEntry,
              instance: self.instance,
              startedAt: Math.round(self.wallNow) as WallMillis,
              seed: prng.words(),
              metadata: new Uint8Array([0xa0]), // an empty map
              zone,
              sealingKey: sealer.publicKey,
              wallOffsetMs: self.wallOffsetMs,
              swim: { ...options.swim, ...oldLease(options, prng.float()) },
              positions,
              ...(room !== undefined && liar === undefined ? room.admit(signer.peerId, index, self.wallNow) : {}),
            },
            self.localNow,
          ),
      })
      signers.set(peer, signer)
      return peer
    },
  }
}

/** What an owner brings into a simulation: its key, the room's rule, and a capability for each peer, all of one world. */
class OwnedRoom {
  readonly owner: Signer
  readonly rule: CapabilityRoom
  readonly #meshId: MeshId

  constructor(suite: CryptoSuite, meshId: MeshId) {
    this.owner = suite.signer(new Prng('the owner of a room'))
    this.rule = new CapabilityRoom({ verifier: suite.verifier, meshId, owner: this.owner.peerId })
    this.#meshId = meshId
  }

  /** For half a day on either side of now. The serial is the peer's number, so that a test can name it. */
  admit(
    subject: PeerId,
    index: number,
    wall: number,
  ): Pick<CoreOptions, 'admission' | 'admittedUntil' | 'revocations'> {
    const serial = new Uint8Array(16)
    new DataView(serial.buffer).setUint32(12, index)
    const [notBefore, expiresAt] = [Math.floor(wall) - halfDayMs, Math.floor(wall) + halfDayMs] as [
      WallMillis,
      WallMillis,
    ]
    let admission: Uint8Array | Error | undefined
    signCapability(
      this.owner,
      this.#meshId,
      { subject, rights: ['join', 'write-shared', 'relay'], ringSeed: serial, notBefore, expiresAt, serial },
      (bytes) => (admission = bytes),
    )
    if (admission === undefined || admission instanceof Error)
      throw admission ?? new Error('signers here answer at once')
    return { admission, admittedUntil: expiresAt, revocations: new Revocations() }
  }
}

const halfDayMs = 12 * 3_600_000

function oldLease({ swim, oldLeases }: PopulationOptions, phase: number): Partial<SwimConfig> {
  if (oldLeases === undefined) return {}
  const { leasePerMemberMs, leaseRenewMinMs } = { ...swimDefaults, ...swim }
  const cycleMs = Math.max(leaseRenewMinMs, oldLeases * leasePerMemberMs)
  // At start a peer knows only itself, so its first renewal is due after the least time.
  return { leaseRenewMinMs: Math.max(1000, phase * cycleMs) }
}
