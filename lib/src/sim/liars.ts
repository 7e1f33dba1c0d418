/** Peers that run the product and lie. */
import type { Message } from '../core/message.ts'
import type { End, SimPeer } from './peer.ts'
import type { World } from './world.ts'

export interface Liar {
  readonly name: string
  /** What it says instead of what its core would say. */
  onSend(message: Message, end: End): readonly Message[]
  begin?(self: SimPeer, world: World): void
}
