/** An edge peer in a Node process of its own, which can be killed. */
import { Child } from './child.ts'
import type { Answer, MemberNote, Noted, Peer } from './peer.ts'

/** What crosses to `edge-process.mjs`, and what comes back. */
export interface EdgeOptions {
  readonly signaling: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly zone?: string
  /** 32 bytes in hexadecimal: the key, for whoever has to know it. Default: a fresh one. */
  readonly seed?: string
}

export class Edge implements Peer {
  readonly kind = 'node'
  readonly name: string
  readonly #child: Child
  #id = ''

  private constructor(name: string, network: string | undefined) {
    this.name = name
    this.#child = new Child(new URL('edge-process.mjs', import.meta.url), network)
  }

  /** `network`: the namespace to run in, by the name that `ip netns` gave it. Default: ours. */
  static async start(name: string, room: string, options: EdgeOptions, network?: string): Promise<Edge> {
    const edge = new Edge(name, network)
    const { value, code, message } = await edge.#child.ask('join', room, options)
    if (code !== undefined) throw new Error(`${name} could not join: ${code} ${message}\n${edge.#child.output}`)
    edge.#id = String(value)
    return edge
  }

  get id(): string {
    return this.#id
  }

  async members(): Promise<Record<string, MemberNote>> {
    return (await this.#child.ask('members')).value as Record<string, MemberNote>
  }

  async notes(): Promise<readonly Noted[]> {
    return (await this.#child.ask('notes')).value as readonly Noted[]
  }

  call(method: string, ...args: readonly unknown[]): Promise<Answer> {
    return this.#child.ask('call', method, args)
  }

  async troubles(): Promise<readonly string[]> {
    const { connected, output } = this.#child
    if (!connected) return output.includes('Unhandled') ? [output] : []
    return (await this.#child.ask('troubles')).value as readonly string[]
  }

  /** As a power cut ends it. */
  kill(): Promise<void> {
    return this.#child.kill()
  }

  /** Holds the process, as a suspended machine is held, and lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.signal(signal)
  }

  close(): Promise<void> {
    return this.kill()
  }
}
