/** What the attacker does to real peers: each fault as a frame, told to all that it is linked to. */
import { write } from './bytes.ts'
import { claim, envelope, meshIdOf, signed } from './claims.ts'
import { frame } from './frames.ts'
import { Member } from './member.ts'
import { RealAttacker } from './real.ts'

export interface Fault {
  readonly name: string
  readonly code: string
  tell(attacker: RealAttacker<Member>): void
}

/** Not a member: it says nothing of itself, so that only its faults are to be seen. */
class Stranger extends Member {
  override greet(): void {}
}

/** A member in good standing, which can tell each of its neighbours something else under one number. */
export class Equivocator extends Member {
  /** Enters as any member does, and links to these. */
  static enter(url: string, inRoom: string, peers: readonly { readonly id: string }[]): RealAttacker<Equivocator> {
    const ids = peers.map(({ id }) => id)
    return RealAttacker.enter(url, inRoom, ids, (host) => new Equivocator(host, inRoom))
  }

  tellEachSomethingElse(): void {
    this.incarnation++
    let told = 0
    for (const link of this.links.keys()) {
      this.host.send(link, frame('gossip', [this.alive({ zone: `zone ${++told}` })]))
    }
  }
}

export function attackerIn(room: string) {
  const fault = (
    name: string,
    code: string,
    make: (member: Member, to: Uint8Array, victim: Uint8Array) => Uint8Array,
  ): Fault => ({
    name,
    code,
    tell({ actor }) {
      for (const [link, to] of actor.links) {
        const victim = [...actor.links.values()].find((other) => Buffer.compare(other, to) !== 0)!
        actor.host.send(link, make(actor, to, victim))
      }
    },
  })
  const hour = 3_600_000
  const faults: readonly Fault[] = [
    fault('forge', 'ERR_CLAIM_SIGNATURE', (by, _to, victim) =>
      frame('gossip', [by.alive({ author: victim, incarnation: 9 })]),
    ),
    fault('leave for another', 'ERR_CLAIM_SIGNATURE', (by, _to, victim) =>
      frame('gossip', [claim('leave', [victim, by.host.wall(), hour, by.instance, by.startedAt], by.host, by.meshId)]),
    ),
    fault('another room', 'ERR_CLAIM_SIGNATURE', (by) => {
      const body = write([by.host.publicKey, by.host.wall(), 60_000, by.instance, 1, '', Buffer.of(1)])
      const signature = by.host.sign(signed('news', meshIdOf('another room'), body))
      return frame('spread', [envelope(6, body, signature)])
    }),
    fault('misplaced', 'ERR_CLAIM_TYPE', (by) => frame('spread', [by.alive()])),
    fault('forever', 'ERR_CLAIM_TTL', (by) => frame('gossip', [by.alive({ ttlMs: 48 * hour })])),
    fault('tag', 'ERR_CBOR_TAG', () => Buffer.from('8207c2f6', 'hex')),
    fault('depth', 'ERR_CBOR_DEPTH', () =>
      Buffer.concat([Buffer.of(0x82, 7), Buffer.alloc(40, 0x81), Buffer.of(0x80)]),
    ),
    fault('long form', 'ERR_CBOR_NOT_CANONICAL', () => Buffer.from('82180780', 'hex')),
    fault('kind', 'ERR_FRAME_KIND', () => Buffer.from('821863f6', 'hex')),
    fault('owner', 'ERR_ENTRY_OWNER', (by, _to, victim) => {
      const key = `o/${Buffer.from(victim).toString('base64url')}/name`
      const { host, instance, meshId } = by
      const fields = [host.publicKey, host.wall(), hour, instance, 1, 'map', key, 0, false, [], Buffer.of(1)]
      return frame('fresh', [claim('entry', fields, host, meshId)])
    }),
  ]
  return {
    faults,
    enter: (url: string, peers: readonly { readonly id: string }[]) =>
      RealAttacker.enter(
        url,
        room,
        peers.map(({ id }) => id),
        (host) => new Stranger(host, room),
      ),
  }
}
