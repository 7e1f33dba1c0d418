/**
 * Two networks of this machine's kernel, `ada` and `bob`, with a cable between them that can be pulled, and a third one
 * with the signaling server, to which each has a cable of its own. Nothing is forwarded there: without the first cable
 * the two share a server and no way to each other. Linux only, and only for root: see `e2e/namespaces.mjs`.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { Program, root } from './program.ts'

const run = promisify(execFile)
const port = 8787
let opened = 0

export type Island = 'ada' | 'bob'

/** Its network's number, which is the third of its addresses' four. */
const nets: Readonly<Record<Island, number>> = { ada: 1, bob: 2 }

export class Islands {
  readonly #prefix = `shoal-${process.pid}-${++opened}`
  readonly #door = `${this.#prefix}-door`
  #server: Program | undefined

  private constructor() {}

  static async open(): Promise<Islands> {
    const islands = new Islands()
    try {
      await islands.#build()
    } catch (error) {
      await islands.close()
      throw error
    }
    return islands
  }

  /** The namespace's name, for `ip netns exec`. */
  network(island: Island): string {
    return `${this.#prefix}-${island}`
  }

  /** The one server, as this island reaches it. */
  signaling(island: Island): string {
    return `ws://10.77.${nets[island]}.1:${port}/`
  }

  /** Pulls the cable between the two, or puts it back. */
  async setConnected(connected: boolean): Promise<void> {
    await run('ip', ['-n', this.network('ada'), 'link', 'set', 'cable', connected ? 'up' : 'down'])
  }

  /** Whether anything at all comes through from one to the other, be it by way of the server's network. */
  async connected(): Promise<boolean> {
    const dial = `const { connect } = require('node:net')
      const trials = ['10.77.0.2', '10.77.2.2'].map((host) => new Promise((resolve) => {
        const socket = connect({ host, port: 9, timeout: 1000 })
        // Refused is an answer, and somebody gave it.
        socket.on('error', ({ code }) => resolve(code === 'ECONNREFUSED'))
        socket.on('timeout', () => (socket.destroy(), resolve(false)))
      }))
      Promise.all(trials).then((answers) => console.log(answers.includes(true)))`
    const { stdout } = await run('ip', ['netns', 'exec', this.network('ada'), process.execPath, '-e', dial])
    return stdout.trim() === 'true'
  }

  async close(): Promise<void> {
    await this.#server?.kill()
    // What is in them goes with them. A network that was never made cannot be deleted, and need not be.
    for (const name of [this.network('ada'), this.network('bob'), this.#door]) {
      await run('ip', ['netns', 'del', name]).catch(() => {})
    }
  }

  async #build(): Promise<void> {
    for (const name of [this.network('ada'), this.network('bob'), this.#door]) {
      await run('ip', ['netns', 'add', name])
      await run('ip', ['-n', name, 'link', 'set', 'lo', 'up'])
    }
    const [ada, bob] = [this.network('ada'), this.network('bob')]
    await run('ip', ['link', 'add', 'cable', 'netns', ada, 'type', 'veth', 'peer', 'name', 'cable', 'netns', bob])
    await this.#address(ada, 'cable', '10.77.0.1/24')
    await this.#address(bob, 'cable', '10.77.0.2/24')
    for (const island of ['ada', 'bob'] as const) {
      const [own, net] = [this.network(island), nets[island]]
      const ends = ['link', 'add', 'door', 'netns', own, 'type', 'veth', 'peer', 'name', island, 'netns', this.#door]
      await run('ip', ends)
      await this.#address(own, 'door', `10.77.${net}.2/24`)
      await this.#address(this.#door, island, `10.77.${net}.1/24`)
      // Without a default route WebRTC finds no address of its own.
      await run('ip', ['-n', own, 'route', 'add', 'default', 'via', `10.77.${net}.1`])
    }
    // A new network inherits this from the machine, and a container's host may forward.
    const forwarding = '/proc/sys/net/ipv4/ip_forward'
    if ((await readFile(forwarding, 'utf8')).trim() !== '0')
      await run('ip', ['netns', 'exec', this.#door, 'sh', '-c', `echo 0 > ${forwarding}`])
    this.#server = new Program(
      [`${root}signaling-server/bin/shoal-signaling.js`, '--port', String(port)],
      {},
      this.#door,
    )
    await this.#server.printed(/"port":\d+/)
  }

  async #address(network: string, device: string, address: string): Promise<void> {
    await run('ip', ['-n', network, 'address', 'add', address, 'dev', device])
    await run('ip', ['-n', network, 'link', 'set', device, 'up'])
  }
}
