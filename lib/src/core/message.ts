/** Everything that can cross a link, and everything that can be signed. */
import type { BroadcastClaim, BroadcastMessage } from '../broadcast/messages.ts'
import type { OverlayClaim, OverlayMessage } from '../overlay/messages.ts'
import type { SwimClaim, SwimMessage } from '../swim/messages.ts'

export type Claim = SwimClaim | OverlayClaim | BroadcastClaim
export type Message = SwimMessage | OverlayMessage | BroadcastMessage
