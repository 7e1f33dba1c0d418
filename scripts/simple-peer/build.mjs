/**
 * simple-peer for pages, in `lib/dist`: the same file of the same version as `simple-peer/simplepeer.min.js`, which
 * brings Node's streams along, without them. 7 kB to load instead of 28; Node gets the original, by `imports` in
 * lib/package.json. The browser tests drive this one.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { build } from 'vite'

const root = new URL('../..', import.meta.url).pathname
const require = createRequire(`${root}lib/package.json`)

/** What simple-peer requires, and what it gets. Not named here: it gets what it asks for. @type {Record<string, string>} */
const standIns = {
  'readable-stream': readFileSync(new URL('readable-stream.mjs', import.meta.url), 'utf8'),
  // It gives up hundreds of lines for each connection, to nobody.
  debug: 'module.exports = () => () => {}',
  // Names of channels and of itself in `debug`'s lines.
  randombytes:
    'module.exports = (n) => ({ toString: () => Array.from(crypto.getRandomValues(new Uint8Array(n)), (byte) => byte.toString(16).padStart(2, "0")).join("") })',
  buffer: 'export const Buffer = { from: (data) => new Uint8Array(data) }',
}

await build({
  root,
  configFile: false,
  logLevel: 'warn',
  plugins: [
    {
      name: 'stand-ins',
      enforce: 'pre',
      resolveId: (id) => (Object.hasOwn(standIns, id) ? `\0${id}` : undefined),
      load: (id) => (id.startsWith('\0') ? standIns[id.slice(1)] : undefined),
    },
  ],
  build: {
    outDir: 'lib/dist/transport',
    emptyOutDir: false,
    minify: false,
    lib: { entry: require.resolve('simple-peer'), formats: ['es'], fileName: () => 'simple-peer-lean.js' },
  },
})
