/** Serves e2e/pages from their sources, over what was built of the library. */
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'

export interface Pages {
  /** Ends with a slash. `localhost` is a secure context. */
  readonly origin: string
  close(): Promise<void>
}

export async function servePages(): Promise<Pages> {
  const server = await createServer({
    root: fileURLToPath(new URL('../pages', import.meta.url)),
    configFile: false,
    logLevel: 'error',
    // A page that is under test must not be loaded anew because somebody saves a file.
    server: { port: 0, fs: { strict: false }, hmr: false, watch: null },
  })
  await server.listen()
  return { origin: server.resolvedUrls!.local[0]!, close: () => server.close() }
}
