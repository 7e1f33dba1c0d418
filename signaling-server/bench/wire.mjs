/**
 * A WebSocket client that costs next to nothing, so that two cores measure servers and not their load:
 * frames out are built once, frames in are counted, and only the first few are read.
 */
import { connect } from 'node:net'

/** A text frame with a mask of zeros: valid, and its payload is itself. */
export function frame(text, opcode = 1, fin = true) {
  const body = Buffer.from(text)
  const first = (fin ? 0x80 : 0) | opcode
  const head =
    body.length < 126
      ? Buffer.from([first, 0x80 | body.length])
      : Buffer.from([first, 0x80 | 126, body.length >> 8, body.length & 255])
  return Buffer.concat([head, Buffer.alloc(4), body])
}

export class Wire {
  /** Frames received so far, control frames apart. */
  received = 0
  closed = false
  #buffer = Buffer.alloc(0)
  #upgraded = false
  /** Called with each text, until it is unset. */
  onText
  /** Called with the number of frames that came in at once. */
  onFrames

  constructor(port, path, onOpen, headers = '') {
    this.socket = connect(port, '127.0.0.1')
    this.socket.setNoDelay(true)
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.closed = true
      this.onClose?.()
    })
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n' +
        `${headers}\r\n`,
    )
    this.socket.on('data', (chunk) => {
      this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk])
      if (!this.#upgraded) {
        const end = this.#buffer.indexOf('\r\n\r\n')
        if (end < 0) return
        this.#upgraded = true
        this.#buffer = this.#buffer.subarray(end + 4)
        onOpen?.()
      }
      this.#read()
    })
  }

  send(text) {
    this.socket.write(frame(text))
  }

  #read() {
    let at = 0
    let frames = 0
    const buffer = this.#buffer
    while (buffer.length - at >= 2) {
      const opcode = buffer[at] & 15
      let length = buffer[at + 1] & 127
      let head = 2
      if (length === 126) {
        if (buffer.length - at < 4) break
        length = buffer.readUInt16BE(at + 2)
        head = 4
      }
      if (buffer.length - at < head + length) break
      const body = buffer.subarray(at + head, at + head + length)
      at += head + length
      if (opcode === 9) this.socket.write(frame(body, 10))
      if (opcode !== 1) continue
      frames++
      this.onText?.(body.toString())
    }
    this.#buffer = at === buffer.length ? Buffer.alloc(0) : buffer.subarray(at)
    this.received += frames
    if (frames > 0) this.onFrames?.(frames)
  }
}

/** Opens a socket and registers it. Resolves with how long that took. `headers` go into its request. */
export function registered(running, id, room, headers) {
  const { kind, port } = running
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const wire = new Wire(
      port,
      kind.path(id, room),
      () => {
        const step = kind.register((text) => wire.send(text), id, room)
        wire.onText = (text) => {
          if (!step(text)) return
          wire.onText = undefined
          resolve({ wire, ms: performance.now() - began })
        }
      },
      headers,
    )
    wire.onClose = () => reject(new Error('closed before it was registered'))
  })
}

export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}
