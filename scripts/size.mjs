/**
 * `npm run size`: what a page loads that imports `join` from `shoal`, built as a bare Vite application
 * builds it: minified, gzip, each chunk, first what is loaded at once, then what comes when it is needed; and
 * what of the first is whose, each part minified and compressed by itself, so that together they are a little more.
 * `--json` for machines. Run `npm run build` first.
 */
import { gzipSync } from 'node:zlib'
import { build, minify } from 'vite'
import { bold, dim, root } from './bootstrap.mjs'

const entry = 'virtual:application'

/** @param {boolean} minified */
async function bundle(minified) {
  const result = await build({
    root,
    configFile: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'application',
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) => (id === entry ? `import { join } from 'shoal'\nglobalThis.join = join\n` : undefined),
      },
    ],
    build: {
      write: false,
      minify: minified,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rolldownOptions: { input: entry },
    },
  })
  if (!('output' in result)) throw new Error('Vite was asked for one build and made several, or none.')
  return result.output.filter((item) => item.type === 'chunk')
}

const gzipped = (/** @type {string} */ code) => gzipSync(code, { level: 9 }).length

/** Whose a module is: a package's, or a room's of ours. @param {string} id */
function ownerOf(id) {
  if (id.endsWith('simple-peer-lean.js')) return 'simple-peer'
  const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id) ?? /lib\/dist\/([a-z]+)\//.exec(id) ?? []
  if (name === undefined) return 'the bundler'
  return id.includes('node_modules') ? name : `shoal: ${name}`
}

const chunks = await bundle(true)
const byFile = new Map(chunks.map((chunk) => [chunk.fileName, chunk]))
/** @type {Set<string>} */
const initial = new Set()
/** @param {string} file */
const follow = (file) => {
  if (initial.has(file)) return
  initial.add(file)
  for (const next of byFile.get(file)?.imports ?? []) follow(next)
}
for (const chunk of chunks) if (chunk.isEntry) follow(chunk.fileName)

const rows = chunks
  .map(({ fileName, name, code, moduleIds }) => ({
    name,
    when: initial.has(fileName) ? 'at once' : 'lazily',
    minified: Buffer.byteLength(code),
    gzip: gzipped(code),
    packages: [...new Set(moduleIds.map((id) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? 'shoal'))].sort(),
  }))
  .sort((a, b) => a.when.localeCompare(b.when) || b.gzip - a.gzip)

/** @param {string} when */
const sum = (when) => rows.reduce((total, row) => total + (row.when === when ? row.gzip : 0), 0)
const totals = { initialGzip: sum('at once'), lazyGzip: sum('lazily') }

/** @type {Map<string, string>} */
const sources = new Map()
for (const chunk of await bundle(false)) {
  if (!chunk.isEntry) continue
  for (const [id, module] of Object.entries(chunk.modules)) {
    sources.set(ownerOf(id), `${sources.get(ownerOf(id)) ?? ''}\n{${module.code ?? ''}\n}`)
  }
}
const parts = await Promise.all(
  [...sources].map(async ([owner, code]) => ({ owner, gzip: gzipped((await minify('part.js', code)).code) })),
)
parts.sort((one, other) => other.gzip - one.gzip)

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ ...totals, chunks: rows, parts }, null, 2))
} else {
  const kB = (/** @type {number} */ bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(9)
  console.log("A page that imports `join` from 'shoal' loads, minified and gzipped:\n")
  for (const { when, gzip, name, packages } of rows) {
    console.log(`  ${kB(gzip)}  ${when.padEnd(7)}  ${name}  ${dim(packages.join(', '))}`)
  }
  console.log('\nWhose it is that is loaded at once:\n')
  for (const { owner, gzip } of parts) console.log(`  ${kB(gzip)}  ${owner}`)
  console.log(
    `\n  ${bold(kB(totals.initialGzip))}  at once${totals.lazyGzip > 0 ? `, and ${kB(totals.lazyGzip).trim()} lazily` : ''}`,
  )
}
