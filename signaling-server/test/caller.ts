/** A client by hand, for tests: says exactly what it is told to, well-formed or not, and keeps what it hears. */
import { freshSigner, toBase64Url, type Signer } from 'shoal/identity'
import { audienceOf, joinBytes, parseServerMessage, type PeerId, type ServerMessage } from 'shoal/signaling'
import { vi } from 'vitest'
import { WebSocket, type ClientOptions } from 'ws'

/** No test waits longer for any one thing; a busy machine needs a part of it, an idle one almost nothing. */
const ceilingMs = 30_000
vi.setConfig({ testTimeout: 2 * ceilingMs, hookTimeout: 4 * ceilingMs })

type Kind = ServerMessage['t']
type Of<K extends Kind> = Extract<ServerMessage, { t: K }>

export interface CallerOptions {
  readonly room?: string
  readonly signer?: Signer
  readonly token?: string
  /** Sign for another server than the one that is dialled. */
  readonly audience?: string
  readonly socket?: ClientOptions
}

export function newSigner(): Promise<Signer> {
  return freshSigner(globalThis.crypto.subtle, () => {
    throw new Error('Node has Ed25519')
  })
}

/** Resolves when `condition` holds; rejects with what was waited for when it never does. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + ceilingMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${ceilingMs} ms for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 3))
  }
}

export class Caller {
  readonly socket: WebSocket
  readonly url: string
  readonly signer: Signer
  readonly heard: ServerMessage[] = []
  closeCode: number | undefined
  /** The HTTP status of a refused upgrade. */
  status: number | undefined
  #read = 0

  constructor(url: string, signer: Signer, options: ClientOptions = {}) {
    this.url = url
    this.signer = signer
    this.socket = new WebSocket(url, options)
    this.socket.on('message', (data: Buffer) => {
      const message = parseServerMessage(data.toString())
      if (!('t' in message)) throw new Error(`the server said ${data.toString().slice(0, 200)}`)
      this.heard.push(message)
    })
    this.socket.on('unexpected-response', (request, response) => {
      this.status = response.statusCode
      request.destroy()
    })
    // A refused or broken connection is what some tests are about; its close says which.
    this.socket.on('error', () => {})
    this.socket.on('close', (code) => (this.closeCode = code))
  }

  get id(): PeerId {
    return this.signer.peerId
  }

  /** Waits for the next message of this kind, passing over others. */
  async next<K extends Kind>(kind: K): Promise<Of<K>> {
    let found: ServerMessage | undefined
    await until(`${kind} (heard ${JSON.stringify(this.heard.slice(-3))})`, () => {
      while (found === undefined && this.#read < this.heard.length) {
        const message = this.heard[this.#read++]!
        if (message.t === kind) found = message
      }
      return found !== undefined || (this.closeCode !== undefined && this.#read >= this.heard.length)
    })
    if (found === undefined)
      throw new Error(`closed (${this.closeCode}) before ${kind}; heard ${JSON.stringify(this.heard)}`)
    return found as Of<K>
  }

  async closed(): Promise<number> {
    await until('the socket to close', () => this.closeCode !== undefined)
    return this.closeCode!
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** Answers the challenge, honestly unless told otherwise. */
  async join(options: CallerOptions = {}, change: object = {}): Promise<void> {
    const { nonce } = await this.next('challenge')
    const room = options.room ?? 'lobby'
    const audience = options.audience ?? audienceOf(this.url)
    const bytes = joinBytes(nonce, audience, room, this.id)
    const signature = await new Promise<Uint8Array>((resolve, reject) => {
      this.signer.sign(bytes, (signed) => (signed instanceof Error ? reject(signed) : resolve(signed)))
    })
    const join = { t: 'join', version: 1, room, id: this.id, audience, signature: toBase64Url(signature) }
    this.say({ ...join, ...(options.token !== undefined && { token: options.token }), ...change })
  }

  end(): void {
    this.socket.terminate()
  }
}

/** All the callers of one test, ended together. */
export class Callers {
  readonly #all: Caller[] = []

  async open(url: string, options: CallerOptions = {}): Promise<Caller> {
    const address = new URL(url)
    if (options.room !== undefined) address.searchParams.set('room', options.room)
    const caller = new Caller(address.href, options.signer ?? (await newSigner()), options.socket)
    this.#all.push(caller)
    return caller
  }

  /** Opens a socket and joins with it. */
  async join(url: string, options: CallerOptions = {}): Promise<Caller & { sample: readonly PeerId[] }> {
    const caller = await this.open(url, { room: 'lobby', ...options })
    await caller.join(options)
    const { sample } = await caller.next('welcome')
    return Object.assign(caller, { sample })
  }

  async end(): Promise<void> {
    for (const caller of this.#all) caller.end()
    await Promise.all(this.#all.map((caller) => caller.closed()))
    this.#all.length = 0
  }
}
