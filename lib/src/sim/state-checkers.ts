/** What must hold of the shared state in every simulation, once whatever was broken has been whole for long enough. */
import type { Input } from '../core/input.ts'
import type { Digest, Verified } from '../identity/claim.ts'
import type { Entry } from '../state/messages.ts'
import { covers } from '../state/order.ts'
import { Watcher, label } from './checkers.ts'
import type { SimPeer } from './peer.ts'

/** Keeps what was written: what honest peers signed, and who did. */
abstract class Ledger extends Watcher {
  protected readonly written = new Map<Digest, { readonly entry: Verified<Entry>; readonly writer: SimPeer }>()

  onInput(peer: SimPeer, input: Input): void {
    if (input.type === 'sealed' && input.claim.type === 'entry')
      this.written.set(input.claim.digest, { entry: input.claim, writer: peer })
  }

  protected keys(): { readonly map: string; readonly key: string }[] {
    const keys = new Map<string, { readonly map: string; readonly key: string }>()
    for (const { entry } of this.written.values()) keys.set(`${entry.map}\0${entry.key}`, entry)
    return [...keys.values()]
  }
}

/** In the end all honest replicas are the same, and the same write stands under each key. */
export class ReplicasAgree extends Ledger {
  readonly name = 'replicas converge'

  atEnd(): void {
    const [first, ...others] = this.world.honest
    if (first === undefined) return
    for (const other of others) {
      if (other.machine.state.root === first.machine.state.root) continue
      const differing = this.keys().filter(({ map, key }) => {
        const [a, b] = [first, other].map((peer) =>
          peer.machine.state
            .read(map, key)
            .map(({ digest }) => digest)
            .join(),
        )
        return a !== b
      })
      this.breach(`${label(other)} and ${label(first)} differ, in ${differing.length} keys that honest peers wrote`)
    }
  }
}

/** What a writer that still runs was told to be written stands, or something stands that had seen it. */
export class NoWriteLost extends Ledger {
  readonly name = 'no write lost'

  atEnd(): void {
    for (const peer of this.world.honest) {
      for (const { entry, writer } of this.written.values()) {
        if (!writer.running || writer.liar !== undefined) continue
        const stand = peer.machine.state.read(entry.map, entry.key)
        if (stand.some((each) => each.digest === entry.digest || covers(each, entry))) continue
        this.breach(`${label(peer)} lost what ${label(writer)} wrote under ${entry.map}/${entry.key}`)
      }
    }
  }
}

/** What stands side by side is concurrent: no write had seen another. And all of it was written by somebody. */
export class SiblingsAreConcurrent extends Ledger {
  readonly name = 'siblings are concurrent'

  atEnd(): void {
    for (const peer of this.world.honest) {
      for (const { map, key } of this.keys()) {
        const stand = peer.machine.state.read(map, key)
        for (const each of stand) {
          const known = this.written.has(each.digest) || this.world.find(each.author)?.liar !== undefined
          if (!known) this.breach(`${label(peer)} holds under ${map}/${key} what nobody wrote`)
          if (stand.some((other) => other !== each && covers(other, each)))
            this.breach(`${label(peer)} holds under ${map}/${key} a write beside one that had seen it`)
        }
      }
    }
  }
}
