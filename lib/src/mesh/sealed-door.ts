/**
 * What goes through the signaling server of a room with a secret, sealed: AES-256-GCM under a key that only members
 * can derive, with the receiver's and the sender's ids bound in, so that the server can neither read addresses and
 * fingerprints nor hand a payload to somebody else. A farewell is signed and holds no secret, and has no time to be
 * sealed when a page closes: it goes as it is.
 */
import type { PeerId } from '../identity/peer-id.ts'
import type { Door } from './driver.ts'

export type SealingCrypto = Pick<SubtleCrypto, 'importKey' | 'encrypt' | 'decrypt'>

export interface SealedDoorOptions {
  readonly subtle: SealingCrypto
  readonly self: PeerId
  /** 32 bytes each: the first seals, all open. */
  readonly keys: readonly Uint8Array[]
  random(bytes: number): Uint8Array
}

/** Version 1, kind 6 of signaling payloads (docs/protocol/handshake.md). */
const head = [1, 6] as const
const farewellKind = 5
const ivBytes = 12
/** One peer may make us try so many payloads at once: opening costs more than sending. */
const openingMax = 64

export class SealedDoor implements Door {
  readonly #inner: Door
  readonly #options: SealedDoorOptions
  readonly #keys: Promise<readonly CryptoKey[]>
  /** What is sealed and what is opened leaves in the order in which it came, whatever the engine does. */
  #sealing: Promise<unknown> = Promise.resolve()
  #openings: Promise<unknown> = Promise.resolve()
  #opening = 0
  #stopped = false

  constructor(inner: Door, options: SealedDoorOptions) {
    this.#inner = inner
    this.#options = options
    this.#keys = Promise.all(
      options.keys.map((key) =>
        options.subtle.importKey('raw', new Uint8Array(key), 'AES-GCM', false, ['encrypt', 'decrypt']),
      ),
    )
    // Awaited with the first payload; until then nobody may take it for unhandled.
    this.#keys.catch(() => {})
  }

  setWanted(wanted: boolean): void {
    this.#inner.setWanted(wanted)
  }

  signal(to: PeerId, payload: Uint8Array): boolean {
    if (payload[1] === farewellKind) return this.#inner.signal(to, payload)
    this.#sealing = this.#sealing
      .then(() => this.#seal(to, payload))
      // Not taken or not sealed: the dial that it belongs to ends by its own deadline.
      .then((sealed) => !this.#stopped && this.#inner.signal(to, sealed))
      .catch(() => false)
    return true
  }

  /** Opens what came from somebody; what is not sealed under one of the keys is dropped. */
  receive(from: PeerId, payload: Uint8Array, deliver: (opened: Uint8Array) => void): void {
    if (payload[1] === farewellKind) return deliver(payload)
    if (payload[0] !== head[0] || payload[1] !== head[1] || this.#opening >= openingMax) return
    this.#opening += 1
    const opened = this.#open(from, payload)
    this.#openings = this.#openings
      .then(() => opened)
      .then((bytes) => bytes !== undefined && !this.#stopped && deliver(bytes))
      .finally(() => (this.#opening -= 1))
  }

  stop(): void {
    this.#stopped = true
    this.#inner.stop()
  }

  async #seal(to: PeerId, payload: Uint8Array): Promise<Uint8Array> {
    const [key] = await this.#keys
    if (key === undefined) throw new Error('no key to seal with')
    const iv = new Uint8Array(this.#options.random(ivBytes))
    const additionalData = bound(this.#options.self, to)
    const sealed = await this.#options.subtle.encrypt(
      { name: 'AES-GCM', iv, additionalData },
      key,
      new Uint8Array(payload),
    )
    return Uint8Array.of(...head, ...iv, ...new Uint8Array(sealed))
  }

  async #open(from: PeerId, payload: Uint8Array): Promise<Uint8Array | undefined> {
    const iv = payload.slice(head.length, head.length + ivBytes)
    const additionalData = bound(from, this.#options.self)
    for (const key of await this.#keys) {
      try {
        const sealed = payload.slice(head.length + ivBytes)
        return new Uint8Array(await this.#options.subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, key, sealed))
      } catch {
        // Under another key, or altered: the next key, or nobody, will tell.
      }
    }
    return undefined
  }
}

/** From whom to whom. */
function bound(from: PeerId, to: PeerId): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`shoal/1/seal\0${from}${to}`)
}
