/** What docs/protocol/claims.md §6 and §7 tell of rooms with an owner: proofs and lists, by whoever signs. */
import type { Item } from './bytes.ts'
import { claim, envelope, type Key, signed } from './claims.ts'
import { carry } from './frames.ts'

/** Six bytes, the most significant first. */
function moment(ms: number): Buffer {
  const bytes = Buffer.alloc(6)
  bytes.writeUIntBE(Math.floor(ms), 0, 6)
  return bytes
}

/** To join and to write, for an hour on either side of `wall`. */
export function capability(
  by: Key,
  subject: Uint8Array,
  serial: Uint8Array,
  wall: number,
  meshId: Uint8Array,
  rights = 3,
): Buffer {
  const [from, until] = [moment(wall - 3_600_000), moment(wall + 3_600_000)]
  const body = Buffer.concat([by.publicKey, subject, Buffer.of(rights), serial, from, until, serial])
  return envelope(8, body, by.sign(signed('capability', meshId, body)))
}

export interface Names {
  readonly serials?: readonly Uint8Array[]
  readonly members?: readonly Uint8Array[]
}

/** The fields of a list that takes back capabilities by their serials, and members by their ids, from `wall` on. */
export function listFields(author: Uint8Array, seq: number, wall: number, names: Names): Item[] {
  const lines = (of: readonly Uint8Array[] = []) => Buffer.concat(of.flatMap((name) => [name, moment(wall)]))
  return [author, Math.floor(wall), 3_600_000, seq, 0, lines(names.serials), lines(names.members)]
}

/** Such a list, signed, as its frame. */
export function revocations(by: Key, seq: number, wall: number, meshId: Uint8Array, names: Names): Buffer {
  return carry('revoke', [claim('revoke', listFields(by.publicKey, seq, wall, names), by, meshId)])
}
