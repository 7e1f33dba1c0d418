/**
 * What an attacker needs of its world, which may be simulated or real. The simulator's own port has the same
 * shape (lib/src/sim/actor.ts); neither imports the other.
 */
export interface Actor {
  onLink(link: number, peer: Uint8Array): void
  onFrame(link: number, frame: Uint8Array): void
  onClose(link: number): void
}

export interface Host {
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
  /** Calendar time. */
  wall(): number
  /** Evenly from 0 to 1, from the seed. */
  random(): number
  send(link: number, frame: Uint8Array): void
  after(delayMs: number, action: () => void): void
}
