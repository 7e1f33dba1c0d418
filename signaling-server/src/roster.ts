/**
 * Who is registered where, when one server is many instances. A host asks; the answers come back later,
 * or not at all while the bus is down. What is lost on the way is lost: signaling is tried again anyway.
 */
import type { PeerId } from 'shoal/signaling'
import type { SocketId } from './rooms.ts'

export interface RosterEvents {
  /** A signal for a peer that is registered with us. */
  onArrived(room: string, to: PeerId, from: PeerId, data: string): void
  /** One of ours joined again on another instance. */
  onDisplaced(room: string, id: PeerId): void
  /** The bus was lost, or is back. When it is back, everybody registered here is enlisted again. */
  onReady(ready: boolean): void
}

export interface Registration {
  readonly room: string
  readonly id: PeerId
  readonly socket: SocketId
}

/** An answer that is not there: the room is full, or the bus is down. */
export type EnlistRefusal = 'ERR_ROOM_FULL' | 'ERR_UNAVAILABLE'

export interface Roster {
  readonly ready: boolean
  /** Registers, and draws a sample of the others. */
  enlist(registration: Registration): Promise<readonly PeerId[] | EnlistRefusal>
  withdraw(registration: Registration): void
  draw(room: string, but: PeerId): Promise<readonly PeerId[]>
  /** False when nobody took it. */
  forward(room: string, to: PeerId, from: PeerId, data: string): Promise<boolean>
  /** Says again that these are here. */
  renew(registrations: Iterable<Registration>): Promise<void>
  close(): Promise<void>
}
