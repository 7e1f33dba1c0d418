/** Entries for tests of the shared state, as if verified: by made-up writers, with digests from their bodies. */
import { recall } from '../../src/identity/envelope.ts'
import type { Verified } from '../../src/identity/claim.ts'
import { instanceIdFromBytes, peerIdFromBytes, meshIdOf } from '../../src/identity/peer-id.ts'
import type { WallMillis } from '../../src/identity/millis.ts'
import type { Context, Entry } from '../../src/state/messages.ts'
import { decodeClaim, encodeBody } from '../../src/wire/claims.ts'

export const meshId = meshIdOf('a room')
export const writer = (n: number) => peerIdFromBytes(new Uint8Array(32).fill(n + 1))
export const instanceOf = (n: number) => instanceIdFromBytes(new Uint8Array(16).fill(n + 1))

export interface Sketch {
  readonly by?: number
  readonly seq?: number
  readonly map?: string
  readonly key?: string
  readonly wall?: number
  readonly counter?: number
  readonly deleted?: boolean
  readonly context?: Context | undefined
  readonly value?: Uint8Array
  readonly ttlMs?: number
}

export const recallEntry = (bytes: Uint8Array): Verified<Entry> => recall(bytes, decodeClaim) as Verified<Entry>

export function entry(sketch: Sketch = {}): Verified<Entry> {
  const { by = 0, seq = 1, deleted = false, wall = 1_000_000 } = sketch
  const body = encodeBody({
    type: 'entry',
    author: writer(by),
    issuedAt: wall as WallMillis,
    ttlMs: sketch.ttlMs ?? 60_000,
    instance: instanceOf(by),
    seq,
    map: sketch.map ?? 'todos',
    key: sketch.key ?? 'milk',
    counter: sketch.counter ?? 0,
    deleted,
    context: sketch.context,
    value: deleted ? new Uint8Array(0) : (sketch.value ?? Uint8Array.of(seq % 24)),
  })
  return recallEntry(Uint8Array.of(7, ...body, ...new Uint8Array(64)))
}
