/** A stranger in good standing: it says who it is, answers pings, and keeps what it overhears. */
import { type Item, read } from './bytes.ts'
import { aliveFields, authorOf, type Alive, claim, incarnationDigest, meshIdOf, readAlive, typeOf } from './claims.ts'
import { frame, kinds } from './frames.ts'
import { same } from './lies.ts'
import type { Actor, Host } from './port.ts'

export class Member implements Actor {
  readonly host: Host
  readonly room: string
  readonly meshId: Uint8Array
  /** By link, who is at its other end. */
  readonly links = new Map<number, Uint8Array>()
  /** The last alive claim of each that it heard of. */
  readonly heard = new Map<string, Uint8Array>()
  readonly startedAt: number
  incarnation = 0

  constructor(host: Host, room: string) {
    this.host = host
    this.room = room
    this.meshId = meshIdOf(room)
    this.startedAt = host.wall()
  }

  onLink(link: number, peer: Uint8Array): void {
    this.links.set(link, peer)
    this.greet(link)
  }

  onClose(link: number): void {
    this.links.delete(link)
  }

  onFrame(link: number, bytes: Uint8Array): void {
    const [kind, first, table, extra, ...rest] = read(bytes) as readonly Item[]
    if (kind === kinds.ping) this.host.send(link, frame('ack', first!, table!, extra!, this.host.wall(), []))
    const claims = kind === kinds.gossip ? first : kind === kinds.ping || kind === kinds.ack ? rest.at(-1) : undefined
    if (!Array.isArray(claims)) return
    for (const each of claims as Uint8Array[]) {
      if (typeOf(each) === 'alive') this.heard.set(Buffer.from(authorOf(each)).toString('hex'), each)
      this.overheard(each)
    }
  }

  /** For those who want to say something at once. */
  greet(link: number): void {
    this.host.send(link, frame('gossip', [this.alive()]))
  }

  overheard(_claim: Uint8Array): void {}

  get instance(): Uint8Array {
    return this.host.publicKey.subarray(0, 16)
  }

  alive(changes: Partial<Alive> = {}): Uint8Array {
    const own: Alive = {
      author: this.host.publicKey,
      instance: this.instance,
      startedAt: this.startedAt,
      incarnation: this.incarnation,
      metadata: new Uint8Array(0),
      zone: '',
      admission: new Uint8Array(0),
      sealingKey: new Uint8Array(0),
      issuedAt: this.host.wall(),
      ttlMs: 300_000,
    }
    return claim('alive', aliveFields({ ...own, ...changes }), this.host, this.meshId)
  }

  leave(): Uint8Array {
    const fields = [this.host.publicKey, this.host.wall(), 300_000, this.instance, this.startedAt]
    return claim('leave', fields, this.host, this.meshId)
  }

  accuse(alive: Uint8Array): Uint8Array {
    const fields = [this.host.publicKey, this.host.wall(), 60_000, authorOf(alive), incarnationDigest(alive)]
    return claim('accuse', fields, this.host, this.meshId)
  }

  /** The others, as last heard. */
  others(): Uint8Array[] {
    return [...this.heard.values()].filter((each) => !same(readAlive(each).author, this.host.publicKey))
  }

  say(bytes: Uint8Array): void {
    for (const link of this.links.keys()) this.host.send(link, bytes)
  }
}
