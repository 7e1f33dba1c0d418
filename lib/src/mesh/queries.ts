/**
 * Questions to everybody under a name, and the answers that come until a deadline. A question travels as a broadcast,
 * answers come straight back to whoever asked. (After Serf's queries: filters, acks, a deadline.)
 */
import type { ReplyWord } from '../core/effect.ts'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { Alarms } from './alarms.ts'
import { errorCodes, ShoalError } from './errors.ts'
import type { Member, Metadata } from './member.ts'

export interface Reply<T> {
  readonly from: PeerId
  readonly data: T
}

/** Compared with the member's metadata, key by key. */
export type Tags = Readonly<Record<string, string | number | boolean>>

export interface QueryOptions {
  /** How long answers are waited for: 1 to 60,000, and 1,000 unless it is said. */
  readonly timeoutMs?: number
  /** Only these are to answer, at most 256. */
  readonly to?: readonly PeerId[]
  /** Only those of whom this is true are to answer: asked here, now, of every member. At most 256 of them. */
  readonly where?: (member: Member) => boolean
  /** Only those are to answer whose metadata has these values: looked at there, by each member itself. */
  readonly tags?: Tags
  /** Everybody who gets the question says so at once, whether or not an answer follows: see `Query.acks`. */
  readonly acks?: boolean
  readonly signal?: AbortSignal
}

/**
 * The answers, as they come. Reading ends at the deadline, or when all who were named have answered. `acks`: those who
 * have said that they got the question.
 */
export interface Query<T> extends AsyncIterableIterator<Reply<T>> {
  readonly acks: ReadonlySet<PeerId>
  return(): Promise<IteratorResult<Reply<T>>>
}

/** What it answers is sent; undefined is no answer. */
export type Responder<Q, A> = (question: Q, from: PeerId) => A | undefined | Promise<A | undefined>

export interface QueriesPort {
  readonly alarms: Alarms
  /** A query's name on the wire is two bytes longer than its own. */
  readonly nameBytesMax: number
  fits(text: string, bytesMax: number): boolean
  now(): Millis
  /** An unguessable number for a question. */
  id(): Uint8Array
  members(): ReadonlyMap<PeerId, Member>
  self(): Member
  decode(bytes: Uint8Array): unknown
  /** Throws `ERR_DATA_INVALID` or `ERR_MESSAGE_TOO_LARGE`. */
  encode(data: unknown): Uint8Array
  /** Never throws: what is wrong comes back as a rejection. */
  broadcast(topic: string, data: unknown): Promise<void>
  reply(to: PeerId, id: Uint8Array, word: ReplyWord, payload: Uint8Array): void
  rejected(from: PeerId, code: string): void
  failed(error: ShoalError): void
}

/** Names of queries among the topics' names: no topic's begins with this. */
export const queryPrefix = '\0?'
const timeoutDefaultMs = 1000
const timeoutMsMax = 60_000
const namedMax = 256
/** Questions of one member that are answered in a second, and at once; and handlers at work for all. Guesses. */
const askedPerSecond = 20
const askedBurst = 40
const workingMax = 64
/** Members whose questions are counted. */
const askersMax = 1024

/** What a question holds on the wire: docs/protocol/messages.md. */
interface Question {
  readonly id: Uint8Array
  readonly ttl: number
  readonly acks: boolean
  readonly to: readonly string[]
  readonly tags: Tags
  readonly data: unknown
}

export class Queries {
  readonly #port: QueriesPort
  readonly #open = new Map<string, OpenQuery<never>>()
  readonly #responders = new Map<string, Responder<never, unknown>>()
  readonly #askers = new Map<PeerId, { tokens: number; at: Millis }>()
  #working = 0

  constructor(port: QueriesPort) {
    this.#port = port
  }

  ask<A>(name: string, data: unknown, options: QueryOptions = {}): Query<A> {
    this.#checkName(name)
    const { timeoutMs, to, tags, acks, signal } = checkQuery(options, this.#port.members())
    const id = this.#port.id()
    const key = id.join('.')
    const forget = (): void => {
      this.#open.delete(key)
      cancel()
      signal?.removeEventListener('abort', abort)
    }
    const query = new OpenQuery<A>(to, forget)
    const cancel = this.#port.alarms.after(timeoutMs, () => query.end())
    const abort = (): void => query.fail(new ShoalError('ERR_ABORTED', errorCodes.ERR_ABORTED))
    this.#open.set(key, query as unknown as OpenQuery<never>)
    signal?.addEventListener('abort', abort)
    if (signal?.aborted === true) abort()
    else if (to !== undefined && to.size === 0) query.end()
    else {
      const question: Question = { id, ttl: timeoutMs, acks, to: [...(to ?? [])], tags, data }
      this.#port.broadcast(queryPrefix + name, question).catch((error: unknown) => query.fail(error as ShoalError))
    }
    return query
  }

  respond<Q, A>(name: string, responder: Responder<Q, A>): () => void {
    this.#checkName(name)
    if (typeof responder !== 'function')
      throw new ShoalError('ERR_OPTION_INVALID', 'respond() takes a function that answers.')
    if (this.#responders.has(name))
      throw new ShoalError(
        'ERR_OPTION_INVALID',
        `There is a responder for ${JSON.stringify(name)} already: end it first.`,
      )
    const mine = responder as unknown as Responder<never, unknown>
    this.#responders.set(name, mine)
    return () => {
      if (this.#responders.get(name) === mine) this.#responders.delete(name)
    }
  }

  /** Somebody asks. */
  onQuestion(name: string, from: PeerId, payload: Uint8Array): void {
    const responder = this.#responders.get(name)
    if (!this.#mayAsk(from)) return this.#port.rejected(from, 'ERR_QUERY_RATE')
    const question = readQuestion(this.#port.decode(payload))
    if (question === undefined) return this.#port.rejected(from, 'ERR_DATA_INVALID')
    if (!this.#isForUs(question)) return
    if (question.acks) this.#port.reply(from, question.id, 'ack', none)
    if (responder === undefined) return
    if (this.#working >= workingMax) return this.#port.rejected(from, 'ERR_QUERY_RATE')
    void this.#answer(responder, question, from)
  }

  onReply(from: PeerId, id: Uint8Array, word: ReplyWord, payload: Uint8Array): void {
    const query = this.#open.get(id.join('.'))
    // It came too late, or was asked by nobody.
    if (query === undefined || !this.#port.members().has(from)) return
    if (word === 'ack') return query.onAck(from)
    const data = this.#port.decode(payload)
    if (data === undefined) this.#port.rejected(from, 'ERR_DATA_INVALID')
    else query.onAnswer(from, data as never)
  }

  close(): void {
    for (const query of [...this.#open.values()]) query.end()
    this.#responders.clear()
  }

  async #answer(responder: Responder<never, unknown>, { id, ttl, data }: Question, from: PeerId): Promise<void> {
    const until = this.#port.now() + ttl
    this.#working += 1
    try {
      const answer = await responder(data as never, from)
      if (answer !== undefined && this.#port.now() < until)
        this.#port.reply(from, id, 'answer', this.#port.encode(answer))
    } catch (cause) {
      const error = cause instanceof ShoalError ? cause : undefined
      this.#port.failed(error ?? new ShoalError('ERR_RESPONDER', errorCodes.ERR_RESPONDER, { cause }))
    } finally {
      this.#working -= 1
    }
  }

  #isForUs({ to, tags }: Question): boolean {
    const { id, metadata } = this.#port.self()
    if (to.length > 0 && !to.includes(id)) return false
    return Object.entries(tags).every(([key, value]) => Object.hasOwn(metadata, key) && metadata[key] === value)
  }

  #mayAsk(from: PeerId): boolean {
    const now = this.#port.now()
    const asker = this.#askers.get(from) ?? { tokens: askedBurst, at: now }
    asker.tokens = Math.min(askedBurst, asker.tokens + ((now - asker.at) * askedPerSecond) / 1000)
    asker.at = now
    this.#askers.delete(from)
    this.#askers.set(from, asker)
    if (this.#askers.size > askersMax) this.#askers.delete(this.#askers.keys().next().value!)
    if (asker.tokens < 1) return false
    asker.tokens -= 1
    return true
  }

  #checkName(name: string): void {
    const bytesMax = this.#port.nameBytesMax - queryPrefix.length
    if (typeof name !== 'string' || name === '' || !this.#port.fits(name, bytesMax))
      throw new ShoalError('ERR_OPTION_INVALID', `A query's name is a string of 1 to ${bytesMax} bytes as UTF-8.`)
  }
}

const none = new Uint8Array(0)

class OpenQuery<A> implements Query<A> {
  readonly acks = new Set<PeerId>()
  readonly #to: ReadonlySet<PeerId> | undefined
  readonly #onEnd: () => void
  readonly #answered = new Set<PeerId>()
  readonly #replies: Reply<A>[] = []
  readonly #waiting: { resolve(result: IteratorResult<Reply<A>>): void; reject(error: ShoalError): void }[] = []
  #ended = false
  #error: ShoalError | undefined

  constructor(to: ReadonlySet<PeerId> | undefined, onEnd: () => void) {
    this.#to = to
    this.#onEnd = onEnd
  }

  onAck(from: PeerId): void {
    if (this.#to?.has(from) !== false) this.acks.add(from)
  }

  onAnswer(from: PeerId, data: A): void {
    if (this.#ended || this.#to?.has(from) === false || this.#answered.has(from)) return
    this.#answered.add(from)
    const reply = { from, data }
    const waiting = this.#waiting.shift()
    if (waiting === undefined) this.#replies.push(reply)
    else waiting.resolve({ value: reply, done: false })
    if (this.#answered.size === this.#to?.size) this.end()
  }

  next(): Promise<IteratorResult<Reply<A>>> {
    const reply = this.#replies.shift()
    if (reply !== undefined) return Promise.resolve({ value: reply, done: false })
    const error = this.#error
    this.#error = undefined
    if (error !== undefined) return Promise.reject(error)
    if (this.#ended) return Promise.resolve({ value: undefined, done: true })
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  return(): Promise<IteratorResult<Reply<A>>> {
    this.end()
    this.#replies.length = 0
    return Promise.resolve({ value: undefined, done: true })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** What has come is still read. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd()
    for (const { resolve } of this.#waiting.splice(0)) resolve({ value: undefined, done: true })
  }

  /** What has come is still read; then reading rejects, once. */
  fail(error: ShoalError): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd()
    const first = this.#waiting.shift()
    if (first === undefined) this.#error = error
    else first.reject(error)
    for (const { resolve } of this.#waiting.splice(0)) resolve({ value: undefined, done: true })
  }
}

interface CheckedQuery {
  readonly timeoutMs: number
  readonly to: ReadonlySet<PeerId> | undefined
  readonly tags: Tags
  readonly acks: boolean
  readonly signal: AbortSignal | undefined
}

function checkQuery(options: QueryOptions, members: ReadonlyMap<PeerId, Member>): CheckedQuery {
  const { timeoutMs = timeoutDefaultMs, to, where, tags = {}, acks = false, signal } = options
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 1 && timeoutMs <= timeoutMsMax))
    throw invalid(`timeoutMs is a number from 1 to ${timeoutMsMax}; this is ${String(timeoutMs)}.`)
  if (to !== undefined && !Array.isArray(to)) throw invalid('to is a list of ids.')
  if (where !== undefined && typeof where !== 'function') throw invalid('where is a function of a member.')
  if (!isTags(tags)) throw invalid('tags is an object of strings, numbers and booleans, at most 16 of them.')
  let named = to === undefined ? undefined : new Set(to)
  if (where !== undefined) {
    const candidates = [...members.values()].filter(({ id, self }) => !self && named?.has(id) !== false)
    named = new Set(candidates.filter((member) => where(member)).map(({ id }) => id))
  }
  if (named !== undefined && named.size > namedMax)
    throw invalid(
      `to and where name at most ${namedMax} members; these are ${named.size}. Use tags, which have no limit.`,
    )
  return { timeoutMs: Math.ceil(timeoutMs), to: named, tags, acks, signal }
}

/** What somebody else sent, of the right shape, or undefined. */
function readQuestion(value: unknown): Question | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { id, ttl, acks, to, tags, data } = value as Partial<Record<keyof Question, unknown>>
  const fits =
    id instanceof Uint8Array &&
    id.length === 8 &&
    typeof ttl === 'number' &&
    ttl >= 1 &&
    ttl <= timeoutMsMax &&
    typeof acks === 'boolean' &&
    Array.isArray(to) &&
    to.length <= namedMax &&
    isTags(tags) &&
    data !== undefined
  return fits ? { id, ttl, acks, to: to as string[], tags, data } : undefined
}

function isTags(tags: unknown): tags is Tags {
  if (typeof tags !== 'object' || tags === null || Array.isArray(tags)) return false
  const values = Object.values(tags as Metadata)
  return values.length <= 16 && values.every((value) => ['string', 'number', 'boolean'].includes(typeof value))
}

function invalid(message: string): ShoalError {
  return new ShoalError('ERR_OPTION_INVALID', message)
}
