/** What the application says to one or to all. */
import type { ClaimBase, Verified } from '../identity/claim.ts'
import type { InstanceId } from '../identity/peer-id.ts'

/** One broadcast, signed by its author. `seq` counts up by one for each broadcast of one instance. */
export interface News extends ClaimBase {
  readonly type: 'news'
  readonly instance: InstanceId
  readonly seq: number
  /** A topic's name, at most 64 bytes of UTF-8; empty for a plain broadcast. */
  readonly topic: string
  readonly payload: Uint8Array
}

/** Claims of news, flooded once. */
export interface Spread {
  readonly type: 'spread'
  readonly claims: readonly Verified<News>[]
}

/** A message to the peer at the other end of a link or a route, whole. */
export interface Direct {
  readonly type: 'direct'
  readonly seq: number
  readonly payload: Uint8Array
}

export type BroadcastClaim = News
export type BroadcastMessage = Spread | Direct
