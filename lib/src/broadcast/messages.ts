/** What the application says to one or to all, and how peers find out what they lack of it. */
import type { ClaimBase, Verified } from '../identity/claim.ts'
import type { InstanceId, PeerId } from '../identity/peer-id.ts'
import type { TransferMessage } from './transfer-messages.ts'

/** One broadcast, signed by its author. `seq` counts up by one for each broadcast of one instance, from 1. */
export interface News extends ClaimBase {
  readonly type: 'news'
  readonly instance: InstanceId
  readonly seq: number
  /** A topic's name, at most 64 bytes of UTF-8; empty for a plain broadcast. */
  readonly topic: string
  readonly payload: Uint8Array
}

/** Claims of news: passed on by whoever had not had them. */
export interface Spread {
  readonly type: 'spread'
  readonly claims: readonly Verified<News>[]
}

/** What a peer has of one author's run. It is believed for nothing but what to ask of that peer, and what not to send it. */
export interface HadStream {
  readonly author: PeerId
  readonly instance: InstanceId
  /** The lowest number that it could send again, and how long ago it got that. */
  readonly oldest: number
  readonly oldestAgeMs: number
  /** Where somebody who has only just met the author should begin: what is younger than a few seconds. */
  readonly fresh: number
  /** The highest number that it has had. */
  readonly last: number
}

/** "This is what I have had lately." */
export interface Had {
  readonly type: 'had'
  /** Said because the other side said it: an answer is not answered. */
  readonly answer: boolean
  readonly streams: readonly HadStream[]
}

/** "Send me these again"; with no numbers, "what have you had of this?", which `had` answers at once. */
export interface WantNews {
  readonly type: 'want-news'
  readonly author: PeerId
  readonly instance: InstanceId
  readonly numbers: readonly number[]
}

/** A message to the peer at the other end of a link or a route, whole. */
export interface Direct {
  readonly type: 'direct'
  readonly seq: number
  /** A topic's name; empty for a message under none. */
  readonly topic: string
  readonly payload: Uint8Array
}

/** The codes are on the wire: never renumber. */
export const replyWords = { ack: 0, answer: 1 } as const
export type ReplyWord = keyof typeof replyWords

/** What comes back for a question that was broadcast. */
export interface Reply {
  readonly type: 'reply'
  /** The question's own, 8 bytes. */
  readonly id: Uint8Array
  readonly word: ReplyWord
  /** Empty in an ack. */
  readonly payload: Uint8Array
}

export type BroadcastClaim = News
export type RepairMessage = Had | WantNews
/** What goes from neighbour to neighbour only. */
export type LinkMessage = RepairMessage | TransferMessage
export type BroadcastMessage = Spread | Direct | Reply | LinkMessage
