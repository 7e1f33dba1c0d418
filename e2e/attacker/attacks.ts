/**
 * The attacks of the threat model, each a small world: honest peers, and attackers who speak bytes. An
 * attack answers in sentences what harm it did; where the product holds, there is none. Which check each
 * one stands against is in mutations.ts.
 */
import { admissionAttacks } from './admission-attacks.ts'
import { channelAttacks } from './channel-attacks.ts'
import { claimAttacks } from './claim-attacks.ts'
import { eclipseAttacks } from './eclipse-attacks.ts'
import { floodAttacks } from './flood-attacks.ts'
import { handshakeAttacks } from './handshake-attacks.ts'
import { keepingAttacks } from './keeping-attacks.ts'
import { memberAttacks } from './member-attacks.ts'
import { messageAttacks } from './message-attacks.ts'
import { ownedAttacks } from './owned.ts'
import { signalingAttacks } from './signaling-attacks.ts'
import { stateAttacks } from './state-attacks.ts'
import type { Attack } from './siege.ts'

export type { Attack } from './siege.ts'

export const attacks: readonly Attack[] = [
  ...admissionAttacks,
  ...channelAttacks,
  ...claimAttacks,
  ...eclipseAttacks,
  ...floodAttacks,
  ...handshakeAttacks,
  ...keepingAttacks,
  ...memberAttacks,
  ...messageAttacks,
  ...ownedAttacks,
  ...signalingAttacks,
  ...stateAttacks,
]
