/** Builds one source file with all that it imports into one module, as a user's bundler would. */
import { readFileSync } from 'node:fs'
import { build } from 'vite'

const root = new URL('../..', import.meta.url).pathname

export interface BundleOptions {
  /** Left as imports: the runtime has them. */
  readonly external: readonly (string | RegExp)[]
  readonly target: 'node' | 'webworker'
}

export async function bundle(entry: string, options: BundleOptions): Promise<string> {
  const manifest = JSON.parse(readFileSync(`${root}lib/package.json`, 'utf8')) as {
    exports: Record<string, { default: string }>
  }
  const alias = Object.entries(manifest.exports).map(([name, { default: file }]) => ({
    find: new RegExp(`^${name.replace('.', 'shoal')}$`),
    replacement: `${root}lib/${file.replace('/dist/', '/src/').replace(/\.js$/, '.ts')}`,
  }))
  const built = await build({
    configFile: false,
    root,
    logLevel: 'error',
    resolve: { alias },
    ssr: { noExternal: true, target: options.target },
    build: {
      ssr: entry,
      write: false,
      minify: false,
      rolldownOptions: { external: [...options.external], output: { codeSplitting: false } },
    },
  })
  const [first] = Array.isArray(built) ? built : [built]
  if (first === undefined || !('output' in first)) throw new Error('nothing was built')
  const chunk = first.output.find((part) => part.type === 'chunk')
  if (chunk === undefined) throw new Error('no module was built')
  return chunk.code
}
