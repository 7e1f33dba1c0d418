/** Every scenario by its name on the command line. */
import type { Scenario } from '../experiment.ts'
import { bootstrap } from './bootstrap.ts'
import { broadcast } from './broadcast.ts'
import { chatter } from './chatter.ts'
import { churn } from './churn.ts'
import { collusion } from './collusion.ts'
import { crash } from './crash.ts'
import { freshClaim } from './fresh-claim.ts'
import { freshWrite } from './fresh-write.ts'
import { leave } from './leave.ts'
import { liars } from './liars.ts'
import { lifeguard } from './lifeguard.ts'
import { loss80 } from './loss80.ts'
import { oneContact } from './one-contact.ts'
import { partition } from './partition.ts'
import { rings } from './rings.ts'
import { state } from './state.ts'
import { steady } from './steady.ts'
import { turnover } from './turnover.ts'
import { zone } from './zone.ts'

export const scenarios: readonly Scenario[] = [
  bootstrap,
  oneContact,
  steady,
  crash,
  leave,
  freshClaim,
  freshWrite,
  broadcast,
  chatter,
  state,
  churn,
  turnover,
  partition,
  rings,
  loss80,
  lifeguard,
  liars,
  collusion,
  zone,
]
