/** What the parts of this machine share. */
import type { Millis } from '../identity/millis.ts'
import type { Accusers } from './accusers.ts'
import type { Awareness } from './awareness.ts'
import type { SwimConfig } from './config.ts'
import type { Dissemination } from './dissemination.ts'
import type { SwimPort } from './port.ts'
import type { Reliability } from './reliability.ts'
import type { RoundTrips } from './rtt.ts'
import type { MemberTable } from './table.ts'
import type { WallClock } from './wall-clock.ts'

export interface SwimContext {
  readonly config: SwimConfig
  readonly port: SwimPort
  readonly table: MemberTable
  readonly accusers: Accusers
  readonly awareness: Awareness
  readonly roundTrips: RoundTrips
  readonly reliability: Reliability
  readonly wall: WallClock
  readonly dissemination: Dissemination
  /** How coarse our own timers are (a hidden tab without a Worker: 1000 ms). */
  granularityMs: number
  /** When we last heard anything from a peer over its own link. */
  readonly heardAt: Map<string, Millis>
}

export const earliest = (...times: readonly (Millis | undefined)[]): Millis | undefined => {
  let least: Millis | undefined
  for (const time of times) if (time !== undefined && (least === undefined || time < least)) least = time
  return least
}
