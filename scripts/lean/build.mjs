/**
 * What pages get in place of two dependencies, in `lib/dist`; Node gets the originals, by `imports` in lib/package.json.
 *
 * simple-peer: the same file of the same version as its own browser build, without Node's streams: 8 kB to load instead of 28.
 * SHA-512: from a module of its own, since it is needed only where the engine has no Ed25519. A bundler puts a module that
 * a page needs at once (SHA-256 is in the same one) at once into it, whole.
 *
 * The browser tests drive what is made here.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { build } from 'vite'

const root = new URL('../..', import.meta.url).pathname
const require = createRequire(`${root}lib/package.json`)

/** What is asked for, and what is given. Who is not named here gets what it asks for. @type {Record<string, string>} */
const standIns = {
  'readable-stream': readFileSync(new URL('readable-stream.mjs', import.meta.url), 'utf8'),
  // It gives up hundreds of lines for each connection, to nobody.
  debug: 'module.exports = () => () => {}',
  // Names of channels and of itself in `debug`'s lines.
  randombytes:
    'module.exports = (n) => ({ toString: () => Array.from(crypto.getRandomValues(new Uint8Array(n)), (byte) => byte.toString(16).padStart(2, "0")).join("") })',
  buffer: 'export const Buffer = { from: (data) => new Uint8Array(data) }',
}

/** @param {string} entry @param {string} folder in lib/dist @param {string} name */
async function lean(entry, folder, name) {
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
      outDir: `lib/dist/${folder}`,
      emptyOutDir: false,
      minify: false,
      lib: { entry, formats: ['es'], fileName: () => name },
    },
  })
}

await lean(require.resolve('simple-peer'), 'transport', 'simple-peer-lean.js')
await lean(`${root}scripts/lean/sha512.mjs`, 'identity', 'sha512-lean.js')
