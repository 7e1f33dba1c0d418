/** Attacks on what is kept: memory that large messages take up, and bytes that come back from a disk. */
import { createHash } from 'node:crypto'
import type { Millis } from '../../lib/src/identity/millis.ts'
import { type MeshId, type PeerId, peerIdFromBytes } from '../../lib/src/identity/peer-id.ts'
import type { Alarm, Alarms } from '../../lib/src/mesh/alarms.ts'
import { Transfers } from '../../lib/src/mesh/transfers.ts'
import { openKept } from '../../lib/src/pipeline/kept.ts'
import { recallEntry } from '../../lib/src/pipeline/recall.ts'
import { stateDefaults } from '../../lib/src/state/config.ts'
import { Replica } from '../../lib/src/state/replica.ts'
import type { TransferMessage } from '../../lib/src/core/effect.ts'
import { claim, type Key, keyOf, meshIdOf } from './claims.ts'
import { verifier } from './handshake-attacks.ts'
import { type Attack, room } from './siege.ts'

const peer = (fill: number): PeerId => peerIdFromBytes(Buffer.alloc(32, fill))
const roomBytes = 1_000_000

/** A receiver that takes a million bytes at once, and its clock. */
class Receiver {
  readonly said: { readonly to: PeerId; readonly message: TransferMessage }[] = []
  readonly delivered: Uint8Array[] = []
  readonly transfers: Transfers
  readonly #alarms = new Map<object, { at: Millis | undefined; ring: () => void }>()
  #now = 0

  constructor() {
    const create = (ring: () => void): Alarm => {
      const alarm: Alarm = {
        at: undefined,
        set: (at) => void this.#alarms.set(alarm, { at, ring }),
        cancel: () => void this.#alarms.delete(alarm),
      }
      return alarm
    }
    this.transfers = new Transfers({
      alarms: { create } as unknown as Alarms,
      receiveBytesMax: roomBytes,
      now: () => this.#now as Millis,
      isLinked: () => true,
      whenRoomy: (_to, resume) => resume(),
      say: (to, message) => void this.said.push({ to, message }),
      deliver: (_from, bytes) => void this.delivered.push(bytes),
      progress: () => {},
    })
  }

  offer(from: PeerId, bytes: number): boolean {
    this.said.length = 0
    this.transfers.onMessage(from, { type: 'offer', transfer: 1, bytes })
    return this.said.some(({ message }) => message.type === 'credit')
  }

  /** So long nothing happens. */
  wait(ms: number): void {
    this.#now += ms
    for (const [alarm, { at, ring }] of this.#alarms) {
      if (at === undefined || at > this.#now) continue
      this.#alarms.delete(alarm)
      ring()
    }
  }
}

const [ada, mallory] = [keyOf(Buffer.alloc(32, 1)), keyOf(Buffer.alloc(32, 6))]
const wall = 1_800_000_000_000

/** What a store holds for an entry of Ada's, dated and signed by whoever. */
const kept = (changes: { at?: number; by?: typeof ada; room?: string }): Uint8Array => {
  const { at = wall, by = ada, room: name = room } = changes
  const fields = [ada.publicKey, at, 3_600_000, Buffer.alloc(16), 1, 'map', 'key', 0, false, [], Buffer.of(7)]
  return claim('entry', fields, { publicKey: ada.publicKey, sign: (message) => by.sign(message) }, meshIdOf(name))
}

const isTaken = (bytes: Uint8Array): boolean => {
  let taken = false
  const meshId = Uint8Array.from(meshIdOf(room)) as MeshId
  openKept(
    { verifier, meshId, proofs: undefined },
    'entry',
    bytes,
    wall,
    (entry) => (taken = typeof entry !== 'string'),
  )
  return taken
}

/** An entry of whoever signs it, the first of its map. */
const opening = (by: Key, map: string, at: number): Uint8Array =>
  claim(
    'entry',
    [by.publicKey, at, 3_600_000, by.publicKey.subarray(0, 16), 1, map, 'key', 0, false, [], Buffer.of(7)],
    by,
    meshIdOf(room),
  )

const mapsMax = 50

export const keepingAttacks: readonly Attack[] = [
  {
    name: 'fill: twenty writers open two hundred maps in a room that holds fifty',
    run() {
      const meshId = Uint8Array.from(meshIdOf(room)) as MeshId
      const replica = new Replica({ ...stateDefaults, mapsMax }, meshId, recallEntry, () => {})
      const take = (bytes: Uint8Array): void =>
        openKept({ verifier, meshId, proofs: undefined }, 'entry', bytes, wall, (entry) => {
          if (typeof entry === 'string') throw new Error(`an entry that is in order was refused: ${entry}`)
          replica.apply(entry)
        })
      take(opening(ada, 'of somebody honest', wall))
      const names: string[] = []
      for (let i = 0; i < 200; i++) {
        const [name, by] = [`map ${i}`, keyOf(Buffer.alloc(32, 100 + (i % 20)))]
        // Half of them pretend to be older than they are: no map has a place for having been there first.
        take(opening(by, name, i % 2 === 0 ? wall - 60_000 : wall - 1 - i))
        names.push(name)
      }
      const maps = names.filter((name) => replica.of(name).length > 0).length
      const harm: string[] = []
      if (maps > mapsMax) harm.push(`${maps} maps are kept`)
      if (maps < mapsMax - 1) harm.push(`only ${maps} maps are kept`)
      if (replica.of('of somebody honest').length === 0) harm.push('the map that was written to last is gone')
      return harm
    },
  },
  {
    name: 'hoard: ten neighbours at once each offer nearly half of what fits',
    run() {
      const receiver = new Receiver()
      const bytes = 400_000
      const credited = Array.from({ length: 10 }, (_, i) => receiver.offer(peer(i + 1), bytes)).filter(Boolean).length
      return credited * bytes <= roomBytes && credited > 0 ? [] : [`room was made for ${credited * bytes} bytes`]
    },
  },
  {
    name: 'stay: a transfer that takes up all the room, and never goes on',
    run() {
      const receiver = new Receiver()
      if (!receiver.offer(peer(1), roomBytes)) return ['an offer that fits was refused']
      receiver.wait(31_000)
      return receiver.offer(peer(2), roomBytes) ? [] : ['there is no room for others after half a minute']
    },
  },
  {
    name: 'swap: other bytes than those whose hash is told',
    run() {
      const receiver = new Receiver()
      const [from, payload] = [peer(1), Buffer.alloc(1_000, 1)]
      receiver.offer(from, payload.length)
      receiver.transfers.onMessage(from, { type: 'chunk', transfer: 1, payload })
      const sha256 = createHash('sha256').update(Buffer.alloc(1_000, 2)).digest()
      receiver.transfers.onMessage(from, { type: 'finish', transfer: 1, sha256 })
      return receiver.delivered.length === 0 ? [] : ['bytes were delivered that nobody vouches for']
    },
  },
  {
    name: 'tamper: whoever writes to the disk puts an entry under the name of somebody else, or of another room',
    run() {
      if (!isTaken(kept({}))) return ['what was kept is not taken back']
      const lies = { forged: kept({ by: mallory }), elsewhere: kept({ room: 'another room' }) }
      return Object.entries(lies).flatMap(([how, bytes]) => (isTaken(bytes) ? [`${how}, an entry was taken back`] : []))
    },
  },
  {
    name: 'tamper: what comes back from a disk is dated tomorrow, or was over yesterday',
    run() {
      const dayMs = 86_400_000
      return [wall + dayMs, wall - dayMs].flatMap((at) =>
        isTaken(kept({ at })) ? [`taken back at ${at - wall} ms`] : [],
      )
    },
  },
]
