/**
 * The members as the application sees them, made from the core's: decoded metadata, names for what
 * is absent, and since when. Nothing is made anew that did not change, so that `===` tells a change.
 */
import type { CoreMember } from '../core/effect.ts'
import type { WallMillis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { Member, Metadata } from './member.ts'

interface Seen {
  readonly source: CoreMember
  readonly member: Member
}

export class MemberView {
  readonly #selfId: PeerId
  readonly #decode: (metadata: Uint8Array) => Metadata
  readonly #wall: () => WallMillis
  readonly #seen = new Map<PeerId, Seen>()
  #members: ReadonlyMap<PeerId, Member> = new Map()

  constructor(selfId: PeerId, decode: (metadata: Uint8Array) => Metadata, wall: () => WallMillis) {
    this.#selfId = selfId
    this.#decode = decode
    this.#wall = wall
  }

  /** The members now: the same map as before when nothing in it changed. */
  read(core: ReadonlyMap<PeerId, CoreMember>): ReadonlyMap<PeerId, Member> {
    let changed = core.size !== this.#members.size
    for (const source of core.values()) if (this.#see(source)) changed = true
    if (!changed) return this.#members
    const members = new Map<PeerId, Member>()
    for (const id of core.keys()) members.set(id, this.#seen.get(id)!.member)
    for (const id of this.#seen.keys()) if (!core.has(id)) this.#seen.delete(id)
    return (this.#members = members)
  }

  /** One member, as an event shows it. */
  of(source: CoreMember): Member {
    this.#see(source)
    return this.#seen.get(source.id)!.member
  }

  /** Answers whether it is another than before. */
  #see(source: CoreMember): boolean {
    const before = this.#seen.get(source.id)
    if (before && same(before.source, source)) return this.#members.get(source.id) !== before.member
    const sameMetadata = before !== undefined && sameBytes(before.source.metadata, source.metadata)
    const metadata = sameMetadata ? before.member.metadata : this.#decode(source.metadata)
    const since = before?.source.status === source.status ? before.member.since : this.#wall()
    this.#seen.set(source.id, { source, member: this.#member(source, metadata, since) })
    return true
  }

  #member(source: CoreMember, metadata: Metadata, since: number): Member {
    const { id, status, zone, instance, incarnation, startedAt, linked, rttMs } = source
    return Object.freeze({
      id,
      status,
      self: id === this.#selfId,
      metadata,
      zone: zone === '' ? undefined : zone,
      instance,
      incarnation,
      startedAt,
      since,
      linked,
      rttMs,
    })
  }
}

function same(a: CoreMember, b: CoreMember): boolean {
  if (a === b) return true
  const keys = ['status', 'incarnation', 'instance', 'startedAt', 'zone', 'linked', 'rttMs'] as const
  return keys.every((key) => a[key] === b[key]) && sameBytes(a.metadata, b.metadata)
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && a.every((byte, at) => byte === b[at]))
}
