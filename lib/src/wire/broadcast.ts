/** What the application's own messages look like in bytes. */
import { instanceIdToBytes, peerIdToBytes } from '../identity/peer-id.ts'
import {
  type BroadcastClaim,
  type BroadcastMessage,
  type HadStream,
  type ReplyWord,
  replyWords,
} from '../broadcast/messages.ts'
import { type StopWord, stopWords } from '../broadcast/transfer-messages.ts'
import { uint } from './cbor.ts'
import type { ClaimRows } from './claims.ts'
import { type Fields, uint32Max, wholeMs } from './fields.ts'
import type { FrameRows } from './frames.ts'
import { nameBytesMax, payloadBytesMax } from './limits.ts'

/** A `had` of this many fits a frame many times over. */
const streamsMax = 128
const numbersMax = 64
const questionIdBytes = 8
const sha256Bytes = 32
const stops: readonly StopWord[] = ['done', 'too-large', 'busy', 'cancelled', 'broken']
/** In the order of their codes. */
const words: readonly ReplyWord[] = ['ack', 'answer']

export const broadcastClaims: ClaimRows<BroadcastClaim> = {
  news: {
    write: (claim) => [
      peerIdToBytes(claim.author),
      wholeMs(claim.issuedAt),
      wholeMs(claim.ttlMs),
      instanceIdToBytes(claim.instance),
      claim.seq,
      claim.topic,
      claim.payload,
    ],
    read: (fields) => ({
      type: 'news',
      author: fields.peer(),
      issuedAt: fields.wall(),
      ttlMs: fields.uint(),
      instance: fields.instance(),
      seq: fields.uint(uint32Max),
      topic: fields.text(nameBytesMax),
      payload: fields.bytesUpTo(payloadBytesMax),
    }),
  },
}

export const broadcastFrames: FrameRows<BroadcastMessage> = {
  spread: {
    kind: 32,
    claims: ['news'],
    write: () => [],
    read: () => ({ type: 'spread' }),
  },
  direct: {
    kind: 33,
    write: (message) => [message.seq, message.topic, message.payload],
    read: (fields) => ({
      type: 'direct',
      seq: fields.uint(uint32Max),
      topic: fields.text(nameBytesMax),
      payload: fields.bytesUpTo(payloadBytesMax),
    }),
  },
  reply: {
    kind: 36,
    write: (message) => [message.id, replyWords[message.word], message.payload],
    read(fields) {
      const reply = {
        type: 'reply',
        id: fields.bytes(questionIdBytes),
        word: fields.choice(words),
        payload: fields.bytesUpTo(payloadBytesMax),
      } as const
      fields.expect(reply.word === 'answer' || reply.payload.length === 0, 'an ack with a payload')
      return reply
    },
  },
  offer: {
    kind: 37,
    write: (message) => [message.transfer, uint(message.bytes)],
    read: (fields) => ({ type: 'offer', transfer: fields.uint(uint32Max), bytes: fields.uint() }),
  },
  chunk: {
    kind: 38,
    write: (message) => [message.transfer, message.payload],
    read: (fields) => ({
      type: 'chunk',
      transfer: fields.uint(uint32Max),
      payload: fields.bytesUpTo(payloadBytesMax),
    }),
  },
  credit: {
    kind: 39,
    write: (message) => [message.transfer, uint(message.received)],
    read: (fields) => ({ type: 'credit', transfer: fields.uint(uint32Max), received: fields.uint() }),
  },
  finish: {
    kind: 40,
    write: (message) => [message.transfer, message.sha256],
    read: (fields) => ({ type: 'finish', transfer: fields.uint(uint32Max), sha256: fields.bytes(sha256Bytes) }),
  },
  stop: {
    kind: 41,
    write: (message) => [message.transfer, message.sender, stopWords[message.word]],
    read: (fields) => ({
      type: 'stop',
      transfer: fields.uint(uint32Max),
      sender: fields.boolean(),
      word: fields.choice(stops),
    }),
  },
  had: {
    kind: 34,
    write: (message) => [
      message.answer,
      message.streams.map((had) => [
        peerIdToBytes(had.author),
        instanceIdToBytes(had.instance),
        had.oldest,
        had.oldestAgeMs,
        had.fresh,
        had.last,
      ]),
    ],
    read: (fields) => ({
      type: 'had',
      answer: fields.boolean(),
      streams: fields.list(streamsMax, readHad),
    }),
  },
  'want-news': {
    kind: 35,
    write: (message) => [peerIdToBytes(message.author), instanceIdToBytes(message.instance), message.numbers],
    read: (fields) => ({
      type: 'want-news',
      author: fields.peer(),
      instance: fields.instance(),
      numbers: fields.list(numbersMax, (number) => number.uint(uint32Max)),
    }),
  },
}

function readHad(list: Fields): HadStream {
  const fields = list.group(6)
  const had = {
    author: fields.peer(),
    instance: fields.instance(),
    oldest: fields.uint(uint32Max),
    oldestAgeMs: fields.uint(uint32Max),
    fresh: fields.uint(uint32Max),
    last: fields.uint(uint32Max),
  }
  fields.expect(had.oldest <= had.last, 'the oldest is after the last')
  return had
}
