/**
 * What is believed of one member, and the two tables that decide it: which status follows from which
 * event, and when accusations amount to a verdict. Both are data, and are tested as data.
 */
import type { Verified } from '../identity/claim.ts'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { Accuse, Alive, Leave } from './messages.ts'

export type MemberStatus = 'alive' | 'suspect' | 'dead' | 'left'

/** What can happen to a member, as far as its status is concerned. */
export type MemberEvent =
  /** An alive claim with a greater (startedAt, instance, incarnation). */
  | 'newer-incarnation'
  /** The same, of another run than the one we knew. */
  | 'newer-instance'
  | 'accused'
  /** The accusations lapsed before there were enough of them, or we heard from it ourselves. */
  | 'cleared'
  | 'condemned'
  | 'lease-ended'
  | 'left'

/** The state diagram. `dead` gives way only to a newer incarnation, `left` only to another run. */
export const transitions: Readonly<Record<MemberStatus, Readonly<Record<MemberEvent, MemberStatus>>>> = {
  alive: {
    'newer-incarnation': 'alive',
    'newer-instance': 'alive',
    accused: 'suspect',
    cleared: 'alive',
    condemned: 'dead',
    'lease-ended': 'dead',
    left: 'left',
  },
  suspect: {
    'newer-incarnation': 'alive',
    'newer-instance': 'alive',
    accused: 'suspect',
    cleared: 'alive',
    condemned: 'dead',
    'lease-ended': 'dead',
    left: 'left',
  },
  dead: {
    'newer-incarnation': 'alive',
    'newer-instance': 'alive',
    accused: 'dead',
    cleared: 'dead',
    condemned: 'dead',
    'lease-ended': 'dead',
    left: 'left',
  },
  left: {
    'newer-incarnation': 'left',
    'newer-instance': 'alive',
    accused: 'left',
    cleared: 'left',
    condemned: 'left',
    'lease-ended': 'left',
    left: 'left',
  },
}

/** The accusations held against one incarnation. */
export interface Suspicion {
  readonly accusations: Map<PeerId, Verified<Accuse>>
  readonly firstAt: Millis
  newestAt: Millis
  /** When the accusers became enough; undefined while they are not. */
  enoughAt: Millis | undefined
  /** When the verdict is due; undefined while the accusers are too few. */
  dueAt: Millis | undefined
  /** A reprieve: we stood still, or heard from it ourselves. Further accusers do not shorten it. */
  notBefore: Millis
}

export interface MemberRecord {
  readonly id: PeerId
  alive: Verified<Alive>
  status: MemberStatus
  statusAt: Millis
  /** When we learnt of this run of it. */
  runAt: Millis
  /** When we learnt that it had raised its incarnation; undefined for a run's first. */
  raisedAt: Millis | undefined
  /** When all the raises so far would have been due, had they come at the pace that is passed on at once. */
  pacedAt: Millis
  suspicion: Suspicion | undefined
  /** Dead because its lease ran out: then a renewed lease undoes it. */
  leaseEnded: boolean
  leave: Verified<Leave> | undefined
  /** When a departed member is forgotten. */
  forgetAt: Millis | undefined
}

/** Here, as far as rings, probes and digests are concerned. */
export const present = (status: MemberStatus): boolean => status === 'alive' || status === 'suspect'

/** What tells one run of a member from another. */
export type Run = Pick<Alive, 'startedAt' | 'instance'>

/** Orders the runs of one member: the later start is the newer, and among equals the instance decides. */
export function compareRuns(a: Run, b: Run): number {
  if (a.startedAt !== b.startedAt) return a.startedAt - b.startedAt
  return a.instance === b.instance ? 0 : a.instance < b.instance ? -1 : 1
}

/** Orders two alive claims of one member by what only the member moves: run, then incarnation. */
export function compareIncarnations(a: Alive, b: Alive): number {
  return compareRuns(a, b) || a.incarnation - b.incarnation
}

/** Total order on a member's alive claims: the same claims in any order end in the same one. */
export function compareAlive(a: Verified<Alive>, b: Verified<Alive>): number {
  const byIncarnation = compareIncarnations(a, b)
  if (byIncarnation !== 0) return byIncarnation
  if (a.issuedAt !== b.issuedAt) return a.issuedAt - b.issuedAt
  return a.digest === b.digest ? 0 : a.digest < b.digest ? -1 : 1
}

/** k(m): how many of a member's m monitors must accuse it. Half of the few, three of the many. */
export const accusersNeeded = (monitors: number, max: number): number =>
  Math.max(1, Math.min(max, Math.ceil(monitors / 2)))

/**
 * The suspicion time, counted from the moment when the accusers became enough. It starts at `maxMs`
 * and falls to `minMs` as the remaining monitors join in: Lifeguard's logarithmic decay (§IV.B),
 * with the accusers beyond the needed ones in the place of its independent suspicions.
 */
export function suspicionMs(accusers: number, needed: number, monitors: number, minMs: number, maxMs: number): number {
  const possible = monitors - needed
  if (possible <= 0) return minMs
  const extra = Math.min(Math.max(accusers - needed, 0), possible)
  return Math.max(minMs, maxMs - (maxMs - minMs) * (Math.log(extra + 1) / Math.log(possible + 1)))
}
