/**
 * A signaling server without a network: it says what the real one says, believes whatever it is told,
 * and does to a test's peers what a server may do: refuse, keep silent, die, come back.
 */
import type { PeerId } from '../../src/identity/peer-id.ts'
import type { SocketLike } from '../../src/signaling/client.ts'
import type { ManualTime } from './manual-host.ts'

type Frame = { readonly t: string; readonly [key: string]: unknown }

export class FakeDoor {
  readonly #time: ManualTime
  readonly #sockets = new Set<FakeSocket>()
  /** What happens to whoever dials: let in, no socket at all, nothing ever, or a refusal with this code. */
  mood: 'open' | 'down' | 'silent' | { readonly refuse: string } = 'open'
  latencyMs = 2

  constructor(time: ManualTime) {
    this.#time = time
  }

  /** Sockets that are open, or about to be. */
  get size(): number {
    return this.#sockets.size
  }

  open(url: string): SocketLike {
    const socket = new FakeSocket(new URL(url).searchParams.get('room') ?? '', (frame) => this.#onFrame(socket, frame))
    socket.onGone = () => this.#sockets.delete(socket)
    this.#sockets.add(socket)
    const { mood } = this
    this.#later(() => {
      if (mood === 'down') return socket.drop()
      socket.onopen?.(undefined as never)
      if (mood === 'silent') return
      if (mood !== 'open') return socket.say({ t: 'error', code: mood.refuse, message: 'no' })
      socket.say({ t: 'challenge', version: 1, nonce: 'A'.repeat(43) })
    })
    return socket
  }

  /** Every connection breaks, and nobody gets in until `mood` is `open` again. */
  die(): void {
    this.mood = 'down'
    for (const socket of this.#sockets) socket.drop()
  }

  #onFrame(socket: FakeSocket, frame: Frame): void {
    this.#later(() => {
      if (!this.#sockets.has(socket)) return
      if (frame.t === 'join') {
        socket.id = frame.id as PeerId
        const sample = [...this.#sockets]
          .filter((other) => other !== socket && other.room === socket.room)
          .flatMap(({ id }) => id ?? [])
        return socket.say({ t: 'welcome', sample: sample.slice(0, 16), heartbeatMs: 30_000 })
      }
      if (frame.t === 'ping') return socket.say({ t: 'pong' })
      if (frame.t === 'leave') return socket.drop()
      if (frame.t !== 'signal') return
      const target = [...this.#sockets].find(({ id, room }) => id === frame.to && room === socket.room)
      if (target) target.say({ t: 'signal', from: socket.id, data: frame.data })
      else socket.say({ t: 'absent', to: frame.to })
    })
  }

  #later(run: () => void): void {
    this.#time.after(this.latencyMs, run)
  }
}

class FakeSocket implements SocketLike {
  readonly room: string
  readonly #onFrame: (frame: Frame) => void
  readonly bufferedAmount = 0
  id: PeerId | undefined
  onGone: () => void = () => {}
  onopen: ((event: never) => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  onerror: ((event: never) => void) | null = null

  constructor(room: string, onFrame: (frame: Frame) => void) {
    this.room = room
    this.#onFrame = onFrame
  }

  send(text: string): void {
    this.#onFrame(JSON.parse(text) as Frame)
  }

  close(): void {
    this.onGone()
  }

  say(frame: Frame): void {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }

  /** Closed by the other side, or by the network. */
  drop(): void {
    this.onGone()
    this.onclose?.({ code: 1006 })
  }
}
