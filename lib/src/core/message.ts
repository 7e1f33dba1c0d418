/** Everything that can cross a link, and everything that can be signed. */
import type { BroadcastClaim, BroadcastMessage, LinkMessage } from '../broadcast/messages.ts'
import type { Exposure, Fault } from '../identity/fault.ts'
import type { PassedList, Revoke } from '../identity/proofs.ts'
import type { Edge, OverlayClaim, OverlayMessage } from '../overlay/messages.ts'
import type { StateClaim, StateMessage } from '../state/messages.ts'
import type { SwimClaim, SwimMessage } from '../swim/messages.ts'

export type Claim = SwimClaim | OverlayClaim | BroadcastClaim | StateClaim | Revoke | Fault
/**
 * What a routed frame may hold. Not another route: a frame inside a frame inside a frame is an amplifier. Nor
 * anything of the shared state, of the repair of broadcasts or of a large message, which goes from neighbour to neighbour.
 */
export type RoutedMessage = SwimMessage | Edge | Exclude<BroadcastMessage, LinkMessage>
export type Message =
  SwimMessage | OverlayMessage<RoutedMessage> | BroadcastMessage | StateMessage | PassedList | Exposure
