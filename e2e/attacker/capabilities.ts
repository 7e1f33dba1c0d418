/** What docs/protocol/claims.md §6 and §7 tell of rooms with an owner: proofs and lists, by whoever signs. */
import { write } from './bytes.ts'
import { envelope, type Key, signed } from './claims.ts'
import { frame } from './frames.ts'

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

/** A list that takes back capabilities by their serials, and members by their ids, from `wall` on; as its frame. */
export function revocations(
  by: Key,
  seq: number,
  wall: number,
  meshId: Uint8Array,
  names: { readonly serials?: readonly Uint8Array[]; readonly members?: readonly Uint8Array[] },
): Buffer {
  const lines = (of: readonly Uint8Array[] = []) => Buffer.concat(of.flatMap((name) => [name, moment(wall)]))
  const body = write([by.publicKey, Math.floor(wall), 3_600_000, seq, 0, lines(names.serials), lines(names.members)])
  return frame('revocations', envelope(9, body, by.sign(signed('revoke', meshId, body))))
}
