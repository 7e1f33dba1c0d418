/** The engines in which links are tested: this process, and pages of real browsers. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright'
import { build, type Plugin } from 'vite'
import { simplePeerTransport } from '../../../lib/dist/transport/simple-peer.js'
import { loadWrtc } from '../../../lib/dist/adapters/node/wrtc.js'
import { type LabEvent, realHost } from '../../../lib/test/transport/lab.ts'
import { type Engine, localEngine } from '../../../lib/test/transport/rig.ts'
import { type BrowserName, launch } from '../browsers.ts'

export type EngineName = BrowserName | 'node'

/** The pairs that have to link, and that a hostile server has to leave alone. */
export const pairs: readonly (readonly [EngineName, EngineName])[] = [
  ['chromium', 'chromium'],
  ['firefox', 'firefox'],
  ['chromium', 'firefox'],
  ['node', 'chromium'],
  ['node', 'firefox'],
]

/** Serves the lab's page, bundled as an application is, and opens engines; closes all it opened. */
export class Laboratory {
  readonly #server: Server
  readonly #origin: string
  readonly #browsers = new Map<BrowserName, Promise<Browser>>()

  private constructor(server: Server) {
    this.#server = server
    // `localhost` is a secure context.
    this.#origin = `http://localhost:${(server.address() as AddressInfo).port}`
  }

  /** `naive`: with a transport that believes the first fingerprint it reads, to see that an attack can succeed. */
  static async open({ naive = false } = {}): Promise<Laboratory> {
    const files = await bundle(naive ? [gullible] : [])
    const server = createServer((request, response) => {
      const file = files.get(request.url ?? '')
      if (file === undefined) response.writeHead(404).end()
      else response.setHeader('content-type', file.type).end(file.body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new Laboratory(server)
  }

  /** A fresh page each time, or this process. */
  async engine(name: EngineName): Promise<Engine & { readonly page?: Page }> {
    if (name === 'node') {
      const wrtc = await loadWrtc()
      return localEngine('node', (credentials, limits) =>
        simplePeerTransport({ credentials, limits, host: realHost, wrtc }),
      )
    }
    const browser = this.#browsers.get(name) ?? launch[name]()
    this.#browsers.set(name, browser)
    return pageEngine(name, await (await browser).newPage(), `${this.#origin}/transport.html`)
  }

  async close(): Promise<void> {
    for (const browser of this.#browsers.values()) await (await browser).close()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

async function pageEngine(name: string, page: Page, url: string): Promise<Engine & { readonly page: Page }> {
  const listeners = new Map<number, (event: LabEvent) => void>()
  const early = new Map<number, LabEvent[]>()
  await page.exposeBinding('labEvent', (_source, index: number, event: LabEvent) => {
    const listener = listeners.get(index)
    if (listener !== undefined) listener(event)
    else early.set(index, [...(early.get(index) ?? []), event])
  })
  await page.goto(url)
  await page.waitForFunction(() => 'lab' in window)
  return {
    name,
    page,
    open: async (options, tell) => {
      const { index, id } = await page.evaluate((given) => window.lab.open(given), options)
      listeners.set(index, tell)
      for (const event of early.get(index) ?? []) tell(event)
      return {
        id,
        call: (command, ...args) =>
          page.evaluate(([peer, name, given]) => window.lab.call(peer, name, given), [index, command, args] as const),
      }
    },
    close: () => page.close(),
  }
}

/** Puts code in the place of two files that check fingerprints. */
const gullible: Plugin = {
  name: 'gullible',
  enforce: 'pre',
  resolveId(source, importer) {
    const name = /^\.\/(sdp|fingerprint)\.js$/.exec(source)?.[1]
    if (name === undefined || importer?.includes('/lib/dist/transport/') !== true) return undefined
    return new URL(`./naive/${name}.ts`, import.meta.url).pathname
  },
}

async function bundle(plugins: Plugin[]): Promise<Map<string, { type: string; body: string | Uint8Array }>> {
  const root = new URL('../../pages/', import.meta.url).pathname
  const result = await build({
    root,
    configFile: false,
    logLevel: 'error',
    plugins,
    build: { write: false, target: 'es2022', rolldownOptions: { input: `${root}transport.html` } },
  })
  const outputs = Array.isArray(result) ? result : [result]
  const files = new Map<string, { type: string; body: string | Uint8Array }>()
  for (const output of outputs) {
    if (!('output' in output)) throw new Error('a build that is watched has no output')
    for (const file of output.output) {
      const type = file.fileName.endsWith('.html') ? 'text/html' : 'text/javascript'
      files.set(`/${file.fileName}`, { type, body: file.type === 'chunk' ? file.code : file.source })
    }
  }
  return files
}
