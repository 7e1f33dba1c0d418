/**
 * Large messages: bytes that go over a link in many frames, no faster than the link takes them and the receiver gives
 * credit, and that are whole or not there at all. One at a time to each member; what a receiver holds is bounded by one
 * number. The protocol is docs/protocol/messages.md §4.
 */
import { creditBytes, creditEveryBytes, type StopWord, type TransferMessage } from '../core/effect.ts'
import { type Hasher, sha256Hasher } from '../identity/hash.ts'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { Alarm, Alarms } from './alarms.ts'
import { type ErrorCode, errorCodes, ShoalError } from './errors.ts'
import { Pace } from './pace.ts'

export interface SendOptions {
  /** Called as a large message goes, with what the receiver has. */
  readonly onProgress?: (bytes: number, ofBytes: number) => void
  /** Aborting it stops a large message on its way. */
  readonly signal?: AbortSignal
}

export interface TransfersPort {
  readonly alarms: Alarms
  /** The largest that is taken, and the most that is held of what comes. */
  readonly receiveBytesMax: number
  now(): Millis
  isLinked(peer: PeerId): boolean
  whenRoomy(to: PeerId, resume: () => void): void
  say(to: PeerId, message: TransferMessage): void
  deliver(from: PeerId, bytes: Uint8Array): void
  progress(from: PeerId, bytes: number, ofBytes: number): void
}

/** 1 GiB: what a page can hold at once, about. */
export const transferBytesMax = 1 << 30
/** A transfer in which nothing happens for so long is given up: as long as the failure detector may take, and longer. A guess. */
const stillMsMax = 30_000
/** The application is told of progress each time that so much has come. */
const tellEveryBytes = 1 << 18
/** Half of what a frame may hold, since a probe waits for the one that is on its way. measured: npm run bench:transfer */
const chunkBytes = 1 << 13
/** Read at once from a Blob. */
const blockBytes = 1 << 18

interface Outgoing {
  readonly transfer: number
  readonly to: PeerId
  readonly source: Uint8Array | Blob
  readonly size: number
  readonly options: SendOptions
  readonly hash: Hasher
  readonly resolve: () => void
  readonly reject: (error: ShoalError) => void
  readonly alarm: Alarm
  readonly onAbort: () => void
  readonly pace: Pace
  sent: number
  /** What the application was told. */
  told: number
  /** As the receiver said; undefined until it took the offer. */
  received: number | undefined
  block: Uint8Array
  /** Waits for room, or for its source. */
  waiting: boolean
}

interface Incoming {
  readonly transfer: number
  readonly size: number
  /** Of its full size from the start: what is not written yet costs no memory, and nothing is copied in the end. */
  readonly bytes: Uint8Array
  readonly hash: Hasher
  readonly alarm: Alarm
  received: number
  credited: number
  /** What the application was told. */
  told: number
}

export class Transfers {
  readonly #port: TransfersPort
  /** The first of each is under way, the others wait. */
  readonly #outgoing = new Map<PeerId, Outgoing[]>()
  readonly #incoming = new Map<PeerId, Incoming>()
  #transfer = 0
  #closed: ShoalError | undefined

  constructor(port: TransfersPort) {
    this.#port = port
  }

  send(to: PeerId, source: Uint8Array | Blob, options: SendOptions): Promise<void> {
    const size = sizeOf(source)
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#closed)
      if (options.signal?.aborted === true) return reject(errorOf('ERR_ABORTED'))
      if (!this.#port.isLinked(to)) return reject(errorOf('ERR_NOT_LINKED'))
      const outgoing: Outgoing = {
        transfer: (this.#transfer = (this.#transfer + 1) % 2 ** 32),
        to,
        source,
        size,
        options,
        hash: sha256Hasher(),
        resolve,
        reject,
        alarm: this.#port.alarms.create(() => this.#abandon(outgoing, errorOf('ERR_CONGESTED'))),
        onAbort: () => this.#abandon(outgoing, errorOf('ERR_ABORTED')),
        pace: new Pace(creditBytes),
        sent: 0,
        told: 0,
        received: undefined,
        block: none,
        waiting: false,
      }
      options.signal?.addEventListener('abort', outgoing.onAbort)
      const lane = this.#outgoing.get(to) ?? []
      this.#outgoing.set(to, lane)
      lane.push(outgoing)
      if (lane.length === 1) this.#offer(outgoing)
    })
  }

  onMessage(from: PeerId, message: TransferMessage): void {
    switch (message.type) {
      case 'offer':
        return this.#onOffer(from, message.transfer, message.bytes)
      case 'chunk':
        return this.#onChunk(from, message.transfer, message.payload)
      case 'finish':
        return this.#onFinish(from, message.transfer, message.sha256)
      case 'credit':
        return this.#onCredit(from, message.transfer, message.received)
      case 'stop':
        return message.sender ? this.#drop(from, message.transfer) : this.#onStop(from, message.transfer, message.word)
    }
  }

  /** The link is another one, or none: what was on its way on the last one is not whole any more. */
  onLinkChanged(peer: PeerId): void {
    this.#drop(peer)
    for (const outgoing of [...(this.#outgoing.get(peer) ?? [])]) this.#settle(outgoing, errorOf('ERR_UNREACHABLE'))
  }

  close(error: ShoalError): void {
    this.#closed = error
    this.restart(error)
  }

  /** Everything on its way ends. */
  restart(error: ShoalError): void {
    for (const peer of [...this.#incoming.keys()]) this.#drop(peer)
    for (const lane of [...this.#outgoing.values()]) for (const outgoing of [...lane]) this.#settle(outgoing, error)
  }

  // ── The side that sends. ──

  #offer(outgoing: Outgoing): void {
    this.#stir(outgoing.alarm)
    this.#port.say(outgoing.to, { type: 'offer', transfer: outgoing.transfer, bytes: outgoing.size })
  }

  #onCredit(from: PeerId, transfer: number, received: number): void {
    const outgoing = this.#outgoing.get(from)?.[0]
    // Of one that has ended; or more than was sent.
    if (outgoing?.transfer !== transfer || received > outgoing.sent) return
    if (outgoing.received !== undefined && received <= outgoing.received) return
    outgoing.received = received
    this.#stir(outgoing.alarm)
    outgoing.pace.onReceived(received, this.#port.now())
    if (received - outgoing.told >= tellEveryBytes) {
      outgoing.told = received
      outgoing.options.onProgress?.(received, outgoing.size)
    }
    // Not within the driver's turn, in which nothing is sent and so every link seems to have room.
    void Promise.resolve().then(() => this.#pump(outgoing))
  }

  #pump(outgoing: Outgoing): void {
    if (outgoing.waiting || !this.#isUnderWay(outgoing)) return
    if (outgoing.received === undefined || outgoing.sent >= outgoing.received + outgoing.pace.bytes) return
    outgoing.waiting = true
    if (outgoing.block.length > 0) return this.#port.whenRoomy(outgoing.to, () => this.#sendNext(outgoing))
    if (outgoing.sent === outgoing.size) return this.#finish(outgoing)
    const { source, sent } = outgoing
    if (source instanceof Uint8Array) return this.#onBlock(outgoing, source.subarray(sent, sent + blockBytes))
    source
      .slice(sent, sent + blockBytes)
      .arrayBuffer()
      .then(
        (buffer) => this.#onBlock(outgoing, new Uint8Array(buffer)),
        (cause: unknown) =>
          this.#abandon(outgoing, new ShoalError('ERR_DATA_INVALID', 'The Blob could not be read.', { cause })),
      )
  }

  #onBlock(outgoing: Outgoing, block: Uint8Array): void {
    outgoing.waiting = false
    outgoing.block = block
    this.#pump(outgoing)
  }

  #sendNext(outgoing: Outgoing): void {
    outgoing.waiting = false
    if (!this.#isUnderWay(outgoing)) return
    const payload = outgoing.block.subarray(0, chunkBytes)
    outgoing.block = outgoing.block.subarray(payload.length)
    outgoing.hash.update(payload)
    outgoing.sent += payload.length
    outgoing.pace.onSent(outgoing.sent, this.#port.now())
    this.#port.say(outgoing.to, { type: 'chunk', transfer: outgoing.transfer, payload })
    this.#pump(outgoing)
  }

  #finish(outgoing: Outgoing): void {
    this.#port.say(outgoing.to, { type: 'finish', transfer: outgoing.transfer, sha256: outgoing.hash.digest() })
  }

  #onStop(from: PeerId, transfer: number, word: StopWord): void {
    const outgoing = this.#outgoing.get(from)?.[0]
    if (outgoing?.transfer !== transfer) return
    // It cannot have what was not sent.
    if (word === 'done' && outgoing.sent === outgoing.size) return this.#settle(outgoing, undefined)
    this.#settle(outgoing, errorOf(stopCodes[word]))
  }

  /** We end it. */
  #abandon(outgoing: Outgoing, error: ShoalError): void {
    if (this.#isUnderWay(outgoing))
      this.#port.say(outgoing.to, { type: 'stop', transfer: outgoing.transfer, sender: true, word: 'cancelled' })
    this.#settle(outgoing, error)
  }

  #settle(outgoing: Outgoing, error: ShoalError | undefined): void {
    const lane = this.#outgoing.get(outgoing.to)
    const at = lane?.indexOf(outgoing) ?? -1
    if (lane === undefined || at < 0) return
    lane.splice(at, 1)
    outgoing.alarm.cancel()
    outgoing.options.signal?.removeEventListener('abort', outgoing.onAbort)
    if (error === undefined) {
      outgoing.options.onProgress?.(outgoing.size, outgoing.size)
      outgoing.resolve()
    } else outgoing.reject(error)
    const next = lane[0]
    if (next === undefined) this.#outgoing.delete(outgoing.to)
    else if (at === 0 && this.#closed === undefined) this.#offer(next)
  }

  #isUnderWay(outgoing: Outgoing): boolean {
    return this.#outgoing.get(outgoing.to)?.[0] === outgoing
  }

  // ── The side that receives. ──

  #onOffer(from: PeerId, transfer: number, size: number): void {
    const { receiveBytesMax } = this.#port
    let held = 0
    for (const incoming of this.#incoming.values()) held += incoming.size
    if (size > receiveBytesMax) return this.#refuse(from, transfer, 'too-large')
    if (size === 0) return this.#refuse(from, transfer, 'broken')
    if (this.#incoming.has(from) || held + size > receiveBytesMax) return this.#refuse(from, transfer, 'busy')
    const bytes = room(size)
    if (bytes === undefined) return this.#refuse(from, transfer, 'busy')
    const alarm = this.#port.alarms.create(() => this.#giveUp(from, 'cancelled'))
    this.#incoming.set(from, {
      transfer,
      size,
      bytes,
      hash: sha256Hasher(),
      alarm,
      received: 0,
      credited: 0,
      told: 0,
    })
    this.#stir(alarm)
    this.#port.say(from, { type: 'credit', transfer, received: 0 })
  }

  #onChunk(from: PeerId, transfer: number, payload: Uint8Array): void {
    const incoming = this.#incoming.get(from)
    if (incoming?.transfer !== transfer) return
    if (payload.length === 0 || incoming.received + payload.length > incoming.size) return this.#giveUp(from, 'broken')
    incoming.bytes.set(payload, incoming.received)
    incoming.hash.update(payload)
    incoming.received += payload.length
    this.#stir(incoming.alarm)
    if (incoming.received - incoming.credited < creditEveryBytes && incoming.received < incoming.size) return
    incoming.credited = incoming.received
    this.#port.say(from, { type: 'credit', transfer, received: incoming.received })
    if (incoming.received - incoming.told < tellEveryBytes && incoming.received < incoming.size) return
    incoming.told = incoming.received
    this.#port.progress(from, incoming.received, incoming.size)
  }

  #onFinish(from: PeerId, transfer: number, sha256: Uint8Array): void {
    const incoming = this.#incoming.get(from)
    if (incoming?.transfer !== transfer) return
    const hash = incoming.hash.digest()
    const whole = incoming.received === incoming.size && hash.every((byte, at) => byte === sha256[at])
    if (!whole) return this.#giveUp(from, 'broken')
    this.#drop(from)
    this.#port.say(from, { type: 'stop', transfer, sender: false, word: 'done' })
    this.#port.deliver(from, incoming.bytes)
  }

  #refuse(from: PeerId, transfer: number, word: StopWord): void {
    this.#port.say(from, { type: 'stop', transfer, sender: false, word })
  }

  #giveUp(from: PeerId, word: StopWord): void {
    const incoming = this.#incoming.get(from)
    if (incoming === undefined) return
    this.#refuse(from, incoming.transfer, word)
    this.#drop(from)
  }

  #drop(from: PeerId, transfer?: number): void {
    const incoming = this.#incoming.get(from)
    if (incoming === undefined || (transfer !== undefined && incoming.transfer !== transfer)) return
    incoming.alarm.cancel()
    this.#incoming.delete(from)
  }

  #stir(alarm: Alarm): void {
    alarm.set((this.#port.now() + stillMsMax) as Millis)
  }
}

const none = new Uint8Array(0)

const stopCodes: Readonly<Record<StopWord, ErrorCode & keyof typeof errorCodes>> = {
  done: 'ERR_TRANSFER_BROKEN',
  'too-large': 'ERR_RECEIVER_LIMIT',
  busy: 'ERR_RECEIVER_BUSY',
  cancelled: 'ERR_CONGESTED',
  broken: 'ERR_TRANSFER_BROKEN',
}

/** Undefined where there is not that much memory. */
function room(bytes: number): Uint8Array | undefined {
  try {
    return new Uint8Array(bytes)
  } catch {
    return undefined
  }
}

export function sizeOf(source: Uint8Array | Blob): number {
  return source instanceof Uint8Array ? source.length : source.size
}

function errorOf(code: ErrorCode & keyof typeof errorCodes): ShoalError {
  return new ShoalError(code, errorCodes[code])
}
