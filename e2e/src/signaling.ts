/** The signaling server as one runs it, in a process that can be killed, and started again on its port. */
import { eventually } from './eventually.ts'
import { Program, root } from './program.ts'

export class Signaling {
  #program: Program
  readonly port: number

  private constructor(program: Program, port: number) {
    this.#program = program
    this.port = port
  }

  static async start(): Promise<Signaling> {
    const program = run(0)
    const [, port] = await program.printed(/"port":(\d+)/)
    return new Signaling(program, Number(port))
  }

  get url(): string {
    return `ws://localhost:${this.port}/`
  }

  /** As a power cut ends it. */
  kill(): Promise<void> {
    return this.#program.kill()
  }

  /** On the same port, knowing nobody. */
  async restart(): Promise<void> {
    this.#program = run(this.port)
    await eventually('the server to be back', () =>
      fetch(`http://localhost:${this.port}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    )
  }
}

function run(port: number): Program {
  return new Program([
    `${root}signaling-server/bin/shoal-signaling.js`,
    '--port',
    String(port),
    '--host',
    '127.0.0.1',
    // Many tabs on one machine are the point here, not an attack.
    '--exempt-loopback',
  ])
}
