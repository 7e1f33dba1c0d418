/**
 * What must hold in every simulation, whatever happens in it. A checker watches, and answers each
 * breach in a sentence. Safety checkers speak at once; liveness checkers are asked at the end of a
 * run, after whatever was broken has been whole for long enough.
 */
import type { CoreEvent, CoreMember } from '../core/effect.ts'
import type { Input } from '../core/input.ts'
import type { Message } from '../core/message.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { End, SimPeer } from './peer.ts'
import type { Observer, World } from './world.ts'

export interface Checker extends Observer {
  readonly name: string
  readonly breaches: string[]
  /** Called once, when the run is over. */
  atEnd?(): void
}

/** Breaches beyond this many are counted and no more told: the first ones are what is read. */
const toldMax = 20

export abstract class Watcher implements Checker {
  abstract readonly name: string
  readonly breaches: string[] = []
  protected readonly world: World

  constructor(world: World) {
    this.world = world
  }

  protected breach(text: string): void {
    if (this.breaches.length < toldMax) this.breaches.push(`${(this.world.now / 1000).toFixed(3)} s: ${text}`)
  }
}

/** Whether a peer's failure could honestly be believed: it is gone, cut off, slow or starved. */
export type Excuse = (observer: SimPeer, subject: SimPeer) => boolean

/** In a quiet network nobody who runs is declared dead. */
export class NoFalseDeath extends Watcher {
  readonly name = 'no false death'
  readonly #excused: Excuse

  constructor(world: World, excused: Excuse) {
    super(world)
    this.#excused = excused
  }

  onNotify(peer: SimPeer, event: CoreEvent): void {
    if (event.type !== 'member-failed' || peer.liar !== undefined) return
    const subject = this.world.find(event.member.id)
    if (subject === undefined || !isRunningAs(subject, event.member) || this.#excused(peer, subject)) return
    this.breach(`${label(peer)} declared ${label(subject)} dead, which runs and can be reached`)
  }
}

/** Who was seen to leave or to be dead comes back only by what it alone can sign: a newer incarnation or another run. */
export class DeadStaysDead extends Watcher {
  readonly name = 'dead stays dead'
  readonly #ends = new Map<SimPeer, Map<PeerId, { member: CoreMember; left: boolean }>>()

  onNotify(peer: SimPeer, event: CoreEvent): void {
    if (!('member' in event)) return
    const { member } = event
    let ends = this.#ends.get(peer)
    if (ends === undefined) this.#ends.set(peer, (ends = new Map()))
    if (event.type === 'member-failed' || event.type === 'member-left') {
      ends.set(member.id, { member, left: event.type === 'member-left' })
      return
    }
    if (member.status !== 'alive' && member.status !== 'suspect') return
    const end = ends.get(member.id)
    if (end === undefined) return
    const newer = compareRuns(member, end.member)
    // A lease that ran out is the one death that a renewal of the same incarnation undoes.
    const renewed = !end.left && newer === 0 && member.issuedAt > end.member.issuedAt
    const otherRun = member.startedAt !== end.member.startedAt || member.instance !== end.member.instance
    if (end.left ? !(otherRun && newer > 0) : !(newer > 0 || renewed)) {
      this.breach(
        `${label(peer)} took ${event.type} of ${short(member.id)} at incarnation ${member.incarnation}, ` +
          `which had ${end.left ? 'left' : 'died'} at ${end.member.incarnation}`,
      )
    }
    ends.delete(member.id)
  }
}

/** Whatever a peer believes of another, that other signed. */
export class NoForgery extends Watcher {
  readonly name = 'no forged claim applied'
  readonly #said = new Set<string>()
  readonly #left = new Set<string>()

  onInput(_peer: SimPeer, input: Input): void {
    if (input.type !== 'sealed') return
    const { claim } = input
    if (claim.type === 'alive') this.#said.add(saying(claim.author, claim))
    if (claim.type === 'leave') this.#left.add(`${claim.author}/${claim.instance}`)
  }

  onNotify(peer: SimPeer, event: CoreEvent): void {
    if (!('member' in event) || peer.liar !== undefined) return
    const { member } = event
    // What a liar signs in its own name is its own to say.
    if (this.world.find(member.id)?.liar !== undefined) return
    if (!this.#said.has(saying(member.id, member))) {
      this.breach(`${label(peer)} believes what ${short(member.id)} never signed (incarnation ${member.incarnation})`)
    }
    if (event.type === 'member-left' && !this.#left.has(`${member.id}/${member.instance}`)) {
      this.breach(`${label(peer)} saw ${short(member.id)} leave, which signed no leave`)
    }
  }
}

/** Nobody who is honest is blamed for what it sent. */
export class NoHonestBlamed extends Watcher {
  readonly name = 'no one honest blamed'

  onInput(peer: SimPeer, input: Input): void {
    if (input.type !== 'refused' || !input.blame) return
    const other = peer.ends.get(input.link)?.other.peer
    if (other !== undefined && other.liar === undefined) {
      this.breach(`${label(peer)} blames ${label(other)}, which is honest, for ${input.code}`)
    }
  }
}

export interface Bounds {
  readonly linksMax: number
  readonly frameBytesMax: number
  /** Frames over one link in one direction in one second. */
  readonly framesPerSecondMax: number
}

/** No peer has too many links, and none sends more than its neighbours put up with. */
export class Bounded extends Watcher {
  readonly name = 'bounded links and sends'
  readonly #bounds: Bounds
  #second = 0
  #sent = new Map<End, number>()

  constructor(world: World, bounds: Bounds) {
    super(world)
    this.#bounds = bounds
  }

  onLink(end: End): void {
    if (end.peer.ends.size > this.#bounds.linksMax) {
      this.breach(`${label(end.peer)} holds ${end.peer.ends.size} links, more than ${this.#bounds.linksMax}`)
    }
  }

  onSend(end: End, message: Message, frame: Uint8Array): void {
    if (end.peer.liar !== undefined) return
    if (frame.length > this.#bounds.frameBytesMax) {
      this.breach(`${label(end.peer)} sent a ${message.type} of ${frame.length} bytes`)
    }
    const second = Math.floor(this.world.now / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#sent = new Map()
    }
    const sent = (this.#sent.get(end) ?? 0) + 1
    this.#sent.set(end, sent)
    if (sent === this.#bounds.framesPerSecondMax + 1) {
      this.breach(
        `${label(end.peer)} sent ${label(end.other.peer)} more than ${this.#bounds.framesPerSecondMax} frames in a second`,
      )
    }
  }
}

/** In the end every honest peer's view names exactly those who are here. */
export class ViewsAgree extends Watcher {
  readonly name = 'views converge'
  readonly #expected: () => Expected

  constructor(world: World, expected: () => Expected) {
    super(world)
    this.#expected = expected
  }

  atEnd(): void {
    const expected = this.#expected()
    for (const peer of this.world.honest) {
      if (!expected.here.has(peer)) continue
      const { missing, surplus } = viewDifference(peer, expected)
      if (missing.length > 0) this.breach(`${label(peer)} misses ${tell(missing)}, who are here`)
      if (surplus.length > 0) this.breach(`${label(peer)} still counts ${tell(surplus)}, who are gone`)
    }
  }
}

/** Who should be in every view; of the indifferent it does not matter. */
export interface Expected {
  readonly here: ReadonlySet<SimPeer>
  readonly indifferent: ReadonlySet<SimPeer>
}

/** What a peer's view lacks and has too much of, itself aside. */
export function viewDifference(peer: SimPeer, expected: Expected): { missing: PeerId[]; surplus: PeerId[] } {
  const present = new Set<PeerId>()
  for (const member of peer.machine.present()) if (member !== peer.id) present.add(member)
  for (const other of expected.indifferent) present.delete(other.id)
  const missing: PeerId[] = []
  for (const other of expected.here) if (other.id !== peer.id && !present.delete(other.id)) missing.push(other.id)
  return { missing, surplus: [...present] }
}

/** Later run, or later incarnation of the same run: positive when `a` is newer. */
function compareRuns(a: CoreMember, b: CoreMember): number {
  if (a.startedAt !== b.startedAt) return a.startedAt - b.startedAt
  if (a.instance !== b.instance) return a.instance < b.instance ? -1 : 1
  return a.incarnation - b.incarnation
}

function isRunningAs(subject: SimPeer, member: CoreMember): boolean {
  return subject.running && subject.instance === member.instance
}

function saying(
  author: PeerId,
  said: {
    readonly instance: string
    readonly incarnation: number
    readonly metadata: Uint8Array
    readonly zone: string
  },
): string {
  return `${author}/${said.instance}/${said.incarnation}/${said.zone}/${said.metadata.join('.')}`
}

const short = (id: PeerId): string => id.slice(0, 6)

export const label = (peer: SimPeer): string => `#${peer.index} ${short(peer.id)}`

function tell(ids: readonly PeerId[]): string {
  const named = ids.slice(0, 3).map(short).join(', ')
  return ids.length > 3 ? `${named} and ${ids.length - 3} more` : named
}
