/**
 * Bytes that only one member can read, whoever carries them: what the pipeline asks of whoever holds the keys. An
 * ed25519 key cannot do it, since an engine that keeps it does nothing but sign with it; so every run of a member has
 * an X25519 key beside it, and states it in what it signs of itself.
 */
import type { PeerId } from './peer-id.ts'

export const sealingKeyBytes = 32

export interface Receiver {
  readonly id: PeerId
  /** Its X25519 key, 32 bytes. */
  readonly key: Uint8Array
}

export interface Sealer {
  /** Of this run, 32 bytes. */
  readonly publicKey: Uint8Array
  /** Answers undefined for a key that is none. */
  seal(receiver: Receiver, payload: Uint8Array, done: (sealed: Uint8Array | undefined) => void): void
  /** Answers undefined for what was not sealed to us by that peer. */
  open(from: PeerId, sealed: Uint8Array, done: (payload: Uint8Array | undefined) => void): void
}

/** Version 1, kind 7 of signaling payloads (docs/protocol/handshake.md). */
export const sealedHead: readonly [version: number, kind: number] = [1, 7]

export function isSealed(payload: Uint8Array): boolean {
  return payload[0] === sealedHead[0] && payload[1] === sealedHead[1]
}
