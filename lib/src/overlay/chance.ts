/** Times that are drawn, so that peers which do the same do not do it at the same moment. */
import type { Millis } from '../identity/millis.ts'

/** In [0, 1). */
export type Random = () => number

export function later(now: Millis, ms: number): Millis {
  return (now + ms) as Millis
}

/** Half of it to one and a half. */
export function jitter(random: Random, ms: number): number {
  return ms * (0.5 + random())
}

/** When `among` members each take turns so, one of them acts every `everyMs` on average, and no two agree to. */
export function untilMyTurn(random: Random, everyMs: number, among: number): number {
  return -Math.log(1 - random()) * everyMs * among
}

/** Forgets the oldest entry of a map that has grown by one. */
export function trim<K>(map: Map<K, unknown>, entriesMax: number): void {
  if (map.size <= entriesMax) return
  const oldest = map.keys().next()
  if (!oldest.done) map.delete(oldest.value)
}
