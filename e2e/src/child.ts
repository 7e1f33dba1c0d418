/** A Node process of ours that answers questions, and can be killed, held and let go on. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Answer } from './peer.ts'
import { inNetwork } from './program.ts'

interface Reply extends Answer {
  readonly ref: number
}

export class Child {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, (reply: Reply) => void>()
  #next = 0
  /** What it printed. */
  output = ''

  /** `network`: the namespace to run in, by the name that `ip netns` gave it. Default: ours. */
  constructor(script: URL, network?: string) {
    const [execPath, execArgv] = inNetwork(network, process.execPath)
    const child = fork(script, { execPath, execArgv, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    this.#process = child
    child.on('message', (reply: Reply) => this.#waiting.get(reply.ref)?.(reply))
    // What waits for an answer from a process that has gone gets this one.
    child.on('exit', (code, signal) => {
      for (const [ref, answer] of this.#waiting) answer({ ref, code: 'gone', message: `exit ${code ?? signal}` })
    })
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (this.output += String(text)))
  }

  get connected(): boolean {
    return this.#process.connected
  }

  ask(what: string, ...args: readonly unknown[]): Promise<Answer> {
    const ref = this.#next++
    return new Promise((resolve) => {
      this.#waiting.set(ref, (reply) => {
        this.#waiting.delete(ref)
        resolve(reply)
      })
      if (this.connected) this.#process.send({ ref, what, args })
      else this.#waiting.get(ref)?.({ ref, code: 'gone', message: this.output })
    })
  }

  /** As a power cut ends it. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const gone = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await gone
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(signal)
  }
}
