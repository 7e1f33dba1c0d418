/** How the shared state reads what it kept: entries that were verified on their way in. */
import type { Verified } from '../identity/claim.ts'
import { recall } from '../identity/envelope.ts'
import type { Claim } from '../core/message.ts'
import { decodeClaim } from '../wire/claims.ts'

type Entry = Extract<Claim, { readonly type: 'entry' }>

/** Throws a WireError for bytes that are no entry: then they are not what was kept. */
export function recallEntry(bytes: Uint8Array): Verified<Entry> {
  return recall(bytes, decodeClaim) as Verified<Entry>
}
