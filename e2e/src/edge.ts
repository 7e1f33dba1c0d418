/** An edge peer in a Node process of its own, which can be killed. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Answer, MemberNote, Noted, Peer } from './peer.ts'

/** What crosses to `edge-process.mjs`, and what comes back. */
export interface EdgeOptions {
  readonly signaling: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly zone?: string
  /** 32 bytes in hexadecimal: the key, for whoever has to know it. Default: a fresh one. */
  readonly seed?: string
}

interface Reply extends Answer {
  readonly ref: number
}

export class Edge implements Peer {
  readonly kind = 'node'
  readonly name: string
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (reply: Reply) => void>()
  #id = ''
  #next = 0
  #output = ''

  private constructor(name: string, child: ChildProcess) {
    this.name = name
    this.#child = child
    child.on('message', (reply: Reply) => this.#waiting.get(reply.ref)?.(reply))
    // What waits for an answer from a process that has gone gets this one.
    child.on('exit', (code, signal) => {
      for (const [ref, answer] of this.#waiting) answer({ ref, code: 'gone', message: `exit ${code ?? signal}` })
    })
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (this.#output += String(text)))
  }

  static async start(name: string, room: string, options: EdgeOptions): Promise<Edge> {
    const child = fork(new URL('edge-process.mjs', import.meta.url), { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    const edge = new Edge(name, child)
    const { value, code, message } = await edge.#ask('join', room, options)
    if (code !== undefined) throw new Error(`${name} could not join: ${code} ${message}\n${edge.#output}`)
    edge.#id = String(value)
    return edge
  }

  get id(): string {
    return this.#id
  }

  async members(): Promise<Record<string, MemberNote>> {
    return (await this.#ask('members')).value as Record<string, MemberNote>
  }

  async notes(): Promise<readonly Noted[]> {
    return (await this.#ask('notes')).value as readonly Noted[]
  }

  call(method: string, ...args: readonly unknown[]): Promise<Answer> {
    return this.#ask('call', method, args)
  }

  async troubles(): Promise<readonly string[]> {
    if (!this.#child.connected) return this.#output.includes('Unhandled') ? [this.#output] : []
    return (await this.#ask('troubles')).value as readonly string[]
  }

  /** As a power cut ends it. */
  async kill(): Promise<void> {
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }

  /** Holds the process, as a suspended machine is held, and lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.kill()
  }

  #ask(what: string, ...args: readonly unknown[]): Promise<Reply> {
    const ref = this.#next++
    return new Promise((resolve) => {
      this.#waiting.set(ref, (reply) => {
        this.#waiting.delete(ref)
        resolve(reply)
      })
      if (this.#child.connected) this.#child.send({ ref, what, args })
      else this.#waiting.get(ref)?.({ ref, code: 'gone', message: this.#output })
    })
  }
}
