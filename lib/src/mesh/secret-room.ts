/** A room with a secret, as `join` enters it. Loaded only by those who join one. */
import { roomKeysOf, secretMeshIdOf } from '../identity/room-secret.ts'
import type { MeshId, PeerId } from '../identity/peer-id.ts'
import type { Door } from './driver.ts'
import { SealedDoor, type SealingCrypto } from './sealed-door.ts'

export class SecretRoom {
  readonly meshId: MeshId
  /** What the server sees in place of the room's name. */
  readonly door: string
  /** What each link proves, and accepts. */
  readonly psk: { readonly prove: Uint8Array; readonly accept: readonly Uint8Array[] }
  readonly #seals: readonly Uint8Array[]
  readonly #self: PeerId
  readonly #subtle: SealingCrypto

  /** Of the secrets the first is proven, any is accepted. There is at least one. */
  constructor(room: string, secrets: readonly Uint8Array[], self: PeerId, subtle: SealingCrypto) {
    const keys = secrets.map((secret) => roomKeysOf(room, secret))
    const first = keys[0]!
    this.meshId = secretMeshIdOf(room)
    this.door = first.door
    this.psk = { prove: first.link, accept: keys.map(({ link }) => link) }
    this.#seals = keys.map(({ seal }) => seal)
    this.#self = self
    this.#subtle = subtle
  }

  seal(door: Door, random: (bytes: number) => Uint8Array): SealedDoor {
    return new SealedDoor(door, { subtle: this.#subtle, self: this.#self, keys: this.#seals, random })
  }
}
