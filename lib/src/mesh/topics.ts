/**
 * Topics: broadcasts under a name, for those in the room who have opened it. Everybody passes them on; only who has
 * opened a topic is told.
 */
import type { PeerId } from '../identity/peer-id.ts'
import { ShoalError } from './errors.ts'

export interface TopicMessage<T> {
  readonly from: PeerId
  readonly data: T
  /** How many came before this one and were dropped, because this reader was more than 1,024 behind. */
  readonly missed: number
  /** To us alone, and not to all. */
  readonly direct: boolean
}

/**
 * Reading it is endless; it ends with the mesh, or with `break`.
 *
 * ```ts
 * const chat = mesh.topic<string>('chat')
 * await chat.publish('hello')
 * for await (const { from, data } of chat) console.log(from, data)
 * ```
 */
export interface Topic<T> extends AsyncIterable<TopicMessage<T>> {
  readonly name: string
  /** To all others who have it open. Rejects as `broadcast` does. */
  publish(data: T): Promise<void>
  /** To one other, if it has it open. Rejects as `send` does. */
  send(to: PeerId, data: T): Promise<void>
  /** Ends all reading and calling back. Whoever opens the name again gets another topic. */
  close(): void
  /** Calls back for each message from now on. Answers what ends that. */
  subscribe(callback: (message: TopicMessage<T>) => void): () => void
}

export interface TopicsPort {
  readonly nameBytesMax: number
  fits(text: string, bytesMax: number): boolean
  /** Never throws: what is wrong comes back as a rejection. */
  publish(topic: string, data: unknown): Promise<void>
  /** The same. */
  send(topic: string, to: PeerId, data: unknown): Promise<void>
}

/** A guess: a second of a busy topic. */
const behindMax = 1024

/** One reader of a topic, with what it has not read yet. */
class Reader<T> implements AsyncIterableIterator<TopicMessage<T>> {
  readonly #messages: TopicMessage<T>[] = []
  readonly #waiting: ((result: IteratorResult<TopicMessage<T>>) => void)[] = []
  readonly #onEnd: () => void
  #missed = 0
  #ended = false

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  push(from: PeerId, data: T, direct: boolean): void {
    if (this.#messages.length >= behindMax) {
      this.#messages.shift()
      this.#missed += 1
    }
    const message = { from, data, missed: 0, direct }
    const waiting = this.#waiting.shift()
    if (waiting === undefined) this.#messages.push(message)
    else waiting({ value: this.#counted(message), done: false })
  }

  next(): Promise<IteratorResult<TopicMessage<T>>> {
    const message = this.#messages.shift()
    if (message !== undefined) return Promise.resolve({ value: this.#counted(message), done: false })
    if (this.#ended) return Promise.resolve({ value: undefined, done: true })
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  return(): Promise<IteratorResult<TopicMessage<T>>> {
    this.end()
    this.#messages.length = 0
    return Promise.resolve({ value: undefined, done: true })
  }

  /** What has come is still read. */
  end(): void {
    this.#ended = true
    this.#onEnd()
    for (const resolve of this.#waiting.splice(0)) resolve({ value: undefined, done: true })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #counted(message: TopicMessage<T>): TopicMessage<T> {
    const missed = this.#missed
    this.#missed = 0
    return missed === 0 ? message : { ...message, missed }
  }
}

class OpenTopic<T> implements Topic<T> {
  readonly name: string
  readonly #port: TopicsPort
  readonly #onClose: () => void
  readonly #readers = new Set<Reader<T>>()
  #messages = new EventTarget()
  #closed = false

  constructor(name: string, port: TopicsPort, onClose: () => void) {
    this.name = name
    this.#port = port
    this.#onClose = onClose
  }

  publish(data: T): Promise<void> {
    return this.#closed ? closed(this.name) : this.#port.publish(this.name, data)
  }

  send(to: PeerId, data: T): Promise<void> {
    return this.#closed ? closed(this.name) : this.#port.send(this.name, to, data)
  }

  subscribe(callback: (message: TopicMessage<T>) => void): () => void {
    // A listener that throws is reported by the event target itself, and the others are still called.
    const listener = (event: Event): void => callback((event as CustomEvent<TopicMessage<T>>).detail)
    this.#messages.addEventListener('message', listener)
    return () => this.#messages.removeEventListener('message', listener)
  }

  [Symbol.asyncIterator](): AsyncIterator<TopicMessage<T>> {
    const reader: Reader<T> = new Reader(() => this.#readers.delete(reader))
    this.#readers.add(reader)
    // Nothing will come any more, and nobody will end it later.
    if (this.#closed) reader.end()
    return reader
  }

  deliver(from: PeerId, data: T, direct: boolean): void {
    for (const reader of this.#readers) reader.push(from, data, direct)
    this.#messages.dispatchEvent(new CustomEvent('message', { detail: { from, data, missed: 0, direct } }))
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#onClose()
    this.#messages = new EventTarget()
    for (const reader of [...this.#readers]) reader.end()
  }
}

export class Topics {
  readonly #port: TopicsPort
  readonly #open = new Map<string, OpenTopic<never>>()

  constructor(port: TopicsPort) {
    this.#port = port
  }

  open<T>(name: string): Topic<T> {
    const { nameBytesMax } = this.#port
    if (typeof name !== 'string' || name === '' || !this.#port.fits(name, nameBytesMax) || name.startsWith('\0'))
      throw new ShoalError(
        'ERR_OPTION_INVALID',
        `A topic's name is a string of 1 to ${nameBytesMax} bytes as UTF-8 that does not begin with U+0000.`,
      )
    const known = this.#open.get(name) as OpenTopic<T> | undefined
    if (known !== undefined) return known
    const topic = new OpenTopic<T>(name, this.#port, () => this.#open.delete(name))
    this.#open.set(name, topic as unknown as OpenTopic<never>)
    return topic
  }

  isOpen(name: string): boolean {
    return this.#open.has(name)
  }

  deliver(name: string, from: PeerId, data: unknown, direct: boolean): void {
    this.#open.get(name)?.deliver(from, data as never, direct)
  }

  close(): void {
    for (const topic of [...this.#open.values()]) topic.close()
  }
}

function closed(name: string): Promise<never> {
  return Promise.reject(new ShoalError('ERR_CLOSED', `The topic ${JSON.stringify(name)} was closed.`))
}
