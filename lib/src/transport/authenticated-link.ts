/** A link: an authenticated connection, with the limits that hold for whatever crosses it. */
import type { PeerId } from '../identity/peer-id.ts'
import type { ConnectionSink } from './attempt.ts'
import type { Connection } from './connection.ts'
import type { TransportLimits } from './limits.ts'
import type { Link } from './port.ts'

export interface LinkOptions {
  readonly peer: PeerId
  readonly initiator: boolean
  readonly session: Uint8Array
  readonly connection: Connection
  readonly sink: ConnectionSink
  readonly limits: TransportLimits
  /** Runs a callback when the caller of `send` or `close` has returned. */
  later(run: () => void): void
  /** Called before the link's own `onClose`. */
  onClosed(link: AuthenticatedLink): void
}

export class AuthenticatedLink implements Link {
  readonly peer: PeerId
  readonly initiator: boolean
  readonly session: Uint8Array
  onDrain: (() => void) | undefined
  onFrame: ((frame: Uint8Array) => void) | undefined
  onClose: ((code: string) => void) | undefined
  readonly #options: LinkOptions
  /** Undefined once closed: a closed link holds no connection alive. */
  #connection: Connection | undefined

  constructor(options: LinkOptions) {
    this.#options = options
    this.peer = options.peer
    this.initiator = options.initiator
    this.session = options.session
    this.#connection = options.connection
    options.sink.onMessage = (data) => this.#onMessage(data)
    options.sink.onDrain = () => {
      if (this.#connection !== undefined) this.onDrain?.()
    }
    options.sink.onClose = (code) => this.#closed(code)
  }

  /** Throws a RangeError for a frame that is empty or over `frameBytesMax`: that is the caller's mistake. */
  send(frame: Uint8Array): void {
    const { frameBytesMax, bufferedBytesMax } = this.#options.limits
    if (frame.length === 0 || frame.length > frameBytesMax)
      throw new RangeError(`a frame has 1 … ${frameBytesMax} bytes`)
    const connection = this.#connection
    if (connection === undefined) return
    if (connection.bufferedBytes + frame.length > bufferedBytesMax) {
      connection.destroy()
      return this.#closed('ERR_LINK_BACKPRESSURE', 'later')
    }
    connection.send(frame)
  }

  get bufferedBytes(): number {
    return this.#connection?.bufferedBytes ?? 0
  }

  close(): void {
    const connection = this.#connection
    if (connection === undefined) return
    // What was sent still leaves; nothing is taken in any more.
    connection.close()
    this.#closed('ERR_LINK_CLOSED', 'later')
  }

  /** Ends at once: what waits is dropped. */
  destroy(code: string): void {
    this.#connection?.destroy()
    this.#closed(code)
  }

  /** Lets out what was sent, and calls nothing back. */
  abandon(): void {
    this.onClose = this.onFrame = this.onDrain = undefined
    this.#connection?.close()
    this.#connection = undefined
  }

  #onMessage(data: Uint8Array | undefined): void {
    if (this.#connection === undefined) return
    if (data === undefined || data.length === 0) return this.destroy('ERR_FRAME_MALFORMED')
    if (data.length > this.#options.limits.frameBytesMax) return this.destroy('ERR_FRAME_TOO_LARGE')
    this.onFrame?.(data)
  }

  #closed(code: string, when: 'now' | 'later' = 'now'): void {
    if (this.#connection === undefined) return
    this.#connection = undefined
    this.onFrame = this.onDrain = undefined
    this.#options.onClosed(this)
    const tell = (): void => {
      const onClose = this.onClose
      this.onClose = undefined
      onClose?.(code)
    }
    if (when === 'later') this.#options.later(tell)
    else tell()
  }
}
