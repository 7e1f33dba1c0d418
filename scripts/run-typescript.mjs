/** Commands that are written in TypeScript, which Node 20 does not read by itself. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createServer } from 'vite'
import { root } from './bootstrap.mjs'

const built = join(root, 'lib/dist/')

/**
 * Runs the `main` of a file with this process's arguments, and ends with what it answers.
 *
 * @param {string} path from the root of the repository, with a slash before it
 */
export async function runTypeScript(path) {
  const vite = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    appType: 'custom',
    server: { middlewareMode: true, ws: false, watch: null },
    plugins: [
      {
        // What is built is loaded by Node, as in real life: vite would run simple-peer, which is CommonJS, as
        // a module, and find nothing in it that can be constructed. A function's own `import` is Node's.
        name: 'built-by-node',
        async load(id) {
          if (!id.startsWith(built)) return undefined
          const url = pathToFileURL(id).href
          const names = Object.keys(await import(url))
          return `export const { ${names.join()} } = await new Function('url', 'return import(url)')('${url}')`
        },
      },
    ],
  })
  const { main } = /** @type {{ main(args: readonly string[]): number | Promise<number> }} */ (
    await vite.ssrLoadModule(path)
  )
  const outcome = await main(process.argv.slice(2))
  await vite.close()
  process.exit(outcome)
}
