/** What must hold of broadcasts in every simulation. */
import type { CoreEvent } from '../core/effect.ts'
import type { Input } from '../core/input.ts'
import type { Verified } from '../identity/claim.ts'
import type { News } from '../broadcast/messages.ts'
import { Watcher, label } from './checkers.ts'
import type { SimPeer } from './peer.ts'

interface Said {
  readonly seq: number
  readonly at: number
}

/** What one peer was told of one author's run. */
interface Told {
  last: number
  first: number
  /** Numbers that were passed over, and those that a gap was told for. */
  skipped: number
  gaps: number
}

/** Keeps what honest peers said, by what was said: payloads of a simulation are made to differ. */
abstract class Listener extends Watcher {
  protected readonly said = new Map<SimPeer, Map<string, Said>>()
  protected readonly told = new Map<SimPeer, Map<SimPeer, Told>>()

  onInput(peer: SimPeer, input: Input): void {
    if (input.type !== 'sealed' || input.claim.type !== 'news') return
    this.#of(peer).set(keyOf(input.claim), { seq: input.claim.seq, at: this.world.now })
  }

  onNotify(peer: SimPeer, event: CoreEvent): void {
    if (event.type !== 'broadcast' && event.type !== 'broadcast-gap') return
    const author = this.authorOf(event)
    if (author === undefined || author.liar !== undefined || peer.liar !== undefined) return
    const byAuthor = this.told.get(peer) ?? new Map<SimPeer, Told>()
    this.told.set(peer, byAuthor)
    const told = byAuthor.get(author)
    if (event.type === 'broadcast-gap') {
      if (told !== undefined) told.gaps += event.missed
      this.onGap(peer, author, event.missed)
      return
    }
    const said = this.#of(author).get(keyOf(event))
    if (said === undefined) return
    this.onTold(peer, author, said.seq, told)
    if (told === undefined) byAuthor.set(author, { first: said.seq, last: said.seq, skipped: 0, gaps: 0 })
    else {
      told.skipped += Math.max(0, said.seq - told.last - 1)
      told.last = Math.max(told.last, said.seq)
    }
  }

  protected onTold(_peer: SimPeer, _author: SimPeer, _seq: number, _before: Told | undefined): void {}

  protected onGap(_peer: SimPeer, _author: SimPeer, _missed: number): void {}

  /** Who said it: of the runs under one key, the one that said these very words. */
  protected authorOf(event: Extract<CoreEvent, { type: 'broadcast' | 'broadcast-gap' }>): SimPeer | undefined {
    if (event.type === 'broadcast-gap') return this.world.peers.find(({ instance }) => instance === event.instance)
    const key = keyOf(event)
    for (const [peer, said] of this.said) if (peer.id === event.from && said.has(key)) return peer
    return undefined
  }

  #of(peer: SimPeer): Map<string, Said> {
    const said = this.said.get(peer) ?? new Map<string, Said>()
    this.said.set(peer, said)
    return said
  }
}

function keyOf({ topic, payload }: Pick<Verified<News>, 'topic' | 'payload'>): string {
  return `${topic}\0${payload.join('.')}`
}

/** What a peer is told of an author comes once and in the order in which it was said. */
export class BroadcastsInOrder extends Listener {
  readonly name = 'broadcasts in order, once'

  protected override onTold(peer: SimPeer, author: SimPeer, seq: number, before: Told | undefined): void {
    if (before !== undefined && seq <= before.last)
      this.breach(`${label(peer)} was told ${seq} of ${label(author)} after ${before.last}`)
  }
}

/** What a peer was not told between two broadcasts of an author, it was told the lack of; and all ends are reached. */
export class NoBroadcastLost extends Listener {
  readonly name = 'no broadcast lost in silence'

  atEnd(): void {
    for (const peer of this.world.honest) {
      for (const [author, told] of this.told.get(peer) ?? []) {
        if (told.skipped > told.gaps)
          this.breach(`${label(peer)} lacks ${told.skipped} of ${label(author)} and knows of ${told.gaps}`)
        const last = [...(this.said.get(author)?.values() ?? [])].at(-1)
        const settled = last !== undefined && this.world.now - last.at > patienceMs
        if (settled && author.running && told.last < last.seq)
          this.breach(`${label(peer)} was told ${told.last} of ${last.seq} of ${label(author)}`)
      }
    }
  }
}

/** Longer than a gap is chased. */
const patienceMs = 20_000
