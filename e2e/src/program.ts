/** A program of ours in a process of its own: what it printed, and how it ended. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { eventually } from './eventually.ts'

export const root = new URL('../../', import.meta.url).pathname

/** A command, and the first of its arguments, that runs `program` in this network; in ours when there is none. */
export function inNetwork(network: string | undefined, program: string): [command: string, args: string[]] {
  return network === undefined ? [program, []] : ['ip', ['netns', 'exec', network, program]]
}

export class Program {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #ended: Promise<unknown>
  output = ''

  /** `network`: the namespace to run in, by the name that `ip netns` gave it. */
  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}, network?: string) {
    const [command, before] = inNetwork(network, process.execPath)
    this.#child = spawn(command, [...before, ...args], {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1', ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.#ended = once(this.#child, 'exit')
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text))
    }
  }

  get exitCode(): number | null {
    return this.#child.exitCode
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  type(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  /** Waits until it has printed this; answers the match. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    await eventually(
      `${pattern} in what the program prints`,
      () => ({ found: pattern.test(this.output), running: this.running, output: this.output }),
      ({ found, running }) => found || !running,
    )
    const match = pattern.exec(this.output)
    if (match === null) throw new Error(`the program ended without printing ${pattern}:\n${this.output}`)
    return match
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Resolves when it has ended. */
  async ended(): Promise<void> {
    if (this.running) await this.#ended
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.ended()
  }
}
