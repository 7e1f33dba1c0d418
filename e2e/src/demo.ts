/** The demo as it was built, on a port of its own: it stands while signaling servers come and go. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import sirv from 'sirv'

export class Demo {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async serve(): Promise<Demo> {
    const files = sirv(new URL('../../demo/dist', import.meta.url).pathname, { etag: true })
    const server = createServer((request, response) =>
      files(request, response, () => void response.writeHead(404).end()),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new Demo(server)
  }

  /** `localhost` is a secure context. */
  url(parameters: Readonly<Record<string, string>>): string {
    const { port } = this.#server.address() as AddressInfo
    return `http://localhost:${port}/?${new URLSearchParams(parameters)}`
  }

  close(): Promise<unknown> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(resolve))
  }
}
