/**
 * Claims that nobody may believe: forged, altered, of another room or type, replayed out of their time, put
 * where they have no place, or hidden in a routed claim. For every type of claim, each as a whole frame.
 */
import { frame, carry, misplace } from './frames.ts'
import { type Item, read } from './bytes.ts'
import {
  aliveFields,
  authorOf,
  bodyOf,
  claim,
  claimNames,
  type ClaimType,
  claimTypes,
  envelope,
  incarnationDigest,
  meshIdOf,
  readAlive,
  signatureOf,
} from './claims.ts'
import { listFields } from './capabilities.ts'
import type { Host } from './port.ts'

/** What a replayer may have: whatever was ever signed in this room, by type. */
export type Hoard = Readonly<Record<ClaimType, readonly Uint8Array[]>>

/** Faults that need neither clock nor view, so that the link pays for them. */
export const blamed = ['forged', 'altered', 'elsewhere', 'renamed', 'misplaced'] as const
/** Those that an honest neighbour could pass on, so that nobody does. */
export const blameless = ['replayed', 'inside'] as const
export type Manner = (typeof blamed)[number] | (typeof blameless)[number]

export interface Lie {
  readonly manner: Manner
  readonly type: ClaimType
  readonly frame: Uint8Array
}

const dayMs = 86_400_000

export class Lies {
  readonly #host: Host
  readonly #meshId: Uint8Array
  readonly #hoard: Hoard
  readonly #abroad: readonly Uint8Array[]

  /** `abroad`: lists that the owner of this room signed for another of its rooms. */
  constructor(host: Host, room: string, hoard: Hoard, abroad: readonly Uint8Array[]) {
    this.#host = host
    this.#meshId = meshIdOf(room)
    this.#hoard = hoard
    this.#abroad = abroad
  }

  /** One for the peer at the other end of a link. Throws when the hoard has nothing of the type. */
  tell(manner: Manner, type: ClaimType, to: Uint8Array): Lie {
    return { manner, type, frame: this.#frame(manner, type, to) }
  }

  #frame(manner: Manner, type: ClaimType, to: Uint8Array): Uint8Array {
    switch (manner) {
      case 'forged':
        return this.#carried(type, this.#forged(type, to), to)
      case 'altered':
        return this.#carried(type, this.#altered(this.#pick(this.#hoard[type])), to)
      case 'elsewhere': {
        if (type === 'revoke') return this.#carried(type, this.#pick(this.#abroad), to)
        // In its own name, and good in another room.
        const fields = this.#fields(type, this.#host.publicKey, to)
        return this.#carried(type, claim(type, fields, this.#host, meshIdOf('another room')), to)
      }
      case 'renamed': {
        // The same bytes under the name of another type.
        const genuine = this.#pick(this.#hoard[type])
        const other = this.#pick(claimNames.filter((name) => name !== type))
        const renamed = envelope(claimTypes[other], bodyOf(genuine), signatureOf(genuine))
        return this.#carried(other, renamed, to)
      }
      case 'misplaced':
        return misplace(type, this.#pick(this.#hoard[type]))
      case 'replayed':
        return this.#carried(type, this.#pick(this.#hoard[type]), to)
      case 'inside': {
        // No relay looks inside, so a lie in a routed claim is its author's fault: it is dropped, and costs no link.
        const payload = this.#carried(type, this.#forged(type, to), to)
        const { publicKey } = this.#host
        const fields = [publicKey, this.#host.wall(), 20_000, to, this.#bytes(16), 0, false, payload]
        return frame('forward', [to], 0, claim('routed', fields, this.#host, this.#meshId))
      }
    }
  }

  /** Said of an honest member, signed by us. */
  #forged(type: ClaimType, to: Uint8Array): Uint8Array {
    const overheard = this.#pick(this.#hoard.alive.filter((alive) => !same(authorOf(alive), to)))
    const victim = authorOf(overheard)
    // In its author's name; or in our own, which is no better: we own no room, and are believed about nobody else.
    const own = this.#host.random() < 0.5
    if (type === 'revoke') {
      const author = own ? this.#host.publicKey : authorOf(this.#pick(this.#hoard.revoke))
      return claim(type, this.#fields(type, author, to), this.#host, this.#meshId)
    }
    if (type === 'fault' && own) {
      const made = aliveFields({ ...readAlive(overheard), zone: 'elsewhere' })
      const evidence = [overheard, claim('alive', made, this.#host, this.#meshId)]
      const fields = [this.#host.publicKey, this.#host.wall(), dayMs, ...evidence]
      return claim(type, fields, this.#host, this.#meshId)
    }
    return claim(type, this.#fields(type, victim, to), this.#host, this.#meshId)
  }

  #fields(type: ClaimType, author: Uint8Array, to: Uint8Array): Item[] {
    const now = this.#host.wall()
    const alive = this.#hoard.alive.findLast((each) => same(authorOf(each), author)) ?? this.#hoard.alive.at(-1)!
    const known = readAlive(alive)
    switch (type) {
      case 'alive':
        return aliveFields({
          ...known,
          author,
          incarnation: known.incarnation + 1 + Math.floor(this.#host.random() * 1000),
          issuedAt: now,
          ttlMs: 300_000,
        })
      case 'accuse': {
        const subject = this.#pick(this.#hoard.alive)
        return [author, now, 60_000, authorOf(subject), incarnationDigest(subject)]
      }
      case 'leave':
        return [author, now, dayMs, known.instance, known.startedAt]
      case 'ack':
        return [author, now, 10_000, to, this.#bytes(16), known.instance, known.incarnation]
      case 'routed':
        return [author, now, 20_000, to, this.#bytes(16), 0, false, frame('direct', 1, '', this.#bytes(8))]
      case 'news':
        return [author, now, 60_000, known.instance, this.#u32(), '', this.#bytes(8)]
      case 'entry': {
        const value = Buffer.of(0x01)
        const proof = known.admission.length === 0 ? [] : [known.admission]
        const key = `key ${this.#u32()}`
        return [author, now, dayMs, known.instance, 1 + this.#u32(), 'map', key, 0, false, [], value, ...proof]
      }
      case 'revoke':
        // Everybody is out, and no later list of the owner's would count.
        return listFields(author, 1000 + this.#u32(), now, { members: unique(this.#hoard.alive.map(authorOf)) })
      case 'fault': {
        const [, , , one, other] = read(bodyOf(this.#pick(this.#hoard.fault))) as readonly Item[]
        return [author, now, dayMs, one!, other!]
      }
    }
  }

  #carried(type: ClaimType, bytes: Uint8Array, to: Uint8Array): Uint8Array {
    return carry(type, [bytes], [to])
  }

  /** One bit, anywhere in body or signature. */
  #altered(genuine: Uint8Array): Uint8Array {
    const bytes = Uint8Array.from(genuine)
    const at = 1 + Math.floor(this.#host.random() * (bytes.length - 1))
    bytes[at]! ^= 1 << Math.floor(this.#host.random() * 8)
    return bytes
  }

  #pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new Error('nothing of this kind was overheard')
    return from[Math.floor(this.#host.random() * from.length)]!
  }

  #bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => Math.floor(this.#host.random() * 256)))
  }

  #u32(): number {
    return Math.floor(this.#host.random() * 0xffff_ffff)
  }
}

const unique = (ids: readonly Uint8Array[]): Uint8Array[] =>
  ids.filter((id, at) => ids.findIndex((other) => same(id, other)) === at)

export const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
