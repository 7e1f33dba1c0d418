/**
 * `npm run mutants [-- the beginning of an attack's name]`: takes the defences out of the product, one at a time and in memory only, and looks
 * whether the attack against it then does harm. Ends with 1 when a mutation fits nowhere or twice, when an
 * attack does harm to the product as it is, and when a mutant survives.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createServer } from 'vite'
import { root } from './bootstrap.mjs'

/** @typedef {import('../e2e/attacker/mutations.ts').Mutation} Mutation */
/** @typedef {import('../e2e/attacker/siege.ts').Attack} Attack */

const sources = join(root, 'lib/src/')
const pathOf = (/** @type {string} */ file) => join(file.startsWith('signaling-server/') ? root : sources, file)

/** What this name leads to is no module: Node has to read it, since Vite would not understand it. */
const simplePeer = '#simple-peer'

/** @param {Mutation | undefined} mutation */
async function product(mutation) {
  return createServer({
    root,
    configFile: false,
    logLevel: 'error',
    appType: 'custom',
    server: { middlewareMode: true, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    resolve: {
      alias: ['sim', 'signaling', 'identity'].map((entry) => ({
        find: `shoal/${entry}`,
        replacement: join(sources, entry, 'index.ts'),
      })),
    },
    plugins: [
      {
        name: 'mutation',
        enforce: 'pre',
        resolveId: (id) => (id === simplePeer ? `\0${simplePeer}` : undefined),
        load(id) {
          if (id === `\0${simplePeer}`)
            return `import { createRequire } from 'node:module'\nexport default createRequire(${JSON.stringify(sources)})('simple-peer')`
          const edits = mutation?.edits.filter(({ file }) => id === pathOf(file)) ?? []
          if (edits.length === 0) return undefined
          return edits.reduce((text, edit) => text.replace(edit.text, () => edit.without), readFileSync(id, 'utf8'))
        },
      },
    ],
  })
}

/** @param {Mutation | undefined} mutation @param {(attack: Attack) => boolean} wanted */
async function harmDone(mutation, wanted) {
  const vite = await product(mutation)
  try {
    const { attacks } = /** @type {typeof import('../e2e/attacker/attacks.ts')} */ (
      await vite.ssrLoadModule('/e2e/attacker/attacks.ts')
    )
    const seen = []
    for (const { name, run } of attacks.filter(wanted)) {
      try {
        seen.push({ name, harm: (await run('1'))[0] })
      } catch (reason) {
        seen.push({ name, harm: `it threw: ${/** @type {Error} */ (reason).message}` })
      }
    }
    return seen
  } finally {
    await vite.close()
  }
}

const plain = await product(undefined)
const { mutations: all } = /** @type {typeof import('../e2e/attacker/mutations.ts')} */ (
  await plain.ssrLoadModule('/e2e/attacker/mutations.ts')
)
await plain.close()
const [, , only = ''] = process.argv
const mutations = all.filter(({ attack }) => attack.startsWith(only))

const faults = []
for (const { defence, edits } of mutations) {
  for (const { file, text } of edits) {
    const found = readFileSync(pathOf(file), 'utf8').split(text).length - 1
    if (found !== 1) faults.push(`${defence}: its text stands ${found} times in ${file}`)
  }
}
for (const { name, harm } of await harmDone(undefined, ({ name }) => name.startsWith(only))) {
  if (harm !== undefined) faults.push(`${name} does harm to the product as it is: ${harm}`)
}
const rows = []
if (faults.length === 0) {
  for (const mutation of mutations) {
    const [seen] = await harmDone(mutation, ({ name }) => name.startsWith(mutation.attack))
    if (seen?.harm === undefined)
      faults.push(`${mutation.defence}: without it, ${seen?.name ?? mutation.attack} does no harm`)
    rows.push({
      'without this defence': mutation.defence,
      'this attack goes red': seen?.harm === undefined ? '—' : seen.name.split(':')[0],
      harm: seen?.harm?.slice(0, 90) ?? 'none: the mutant survives',
    })
  }
  console.table(rows)
}
for (const fault of faults) console.log(fault)
console.log(
  `${mutations.length} defences taken out, ${rows.filter(({ harm }) => !harm.startsWith('none')).length} noticed`,
)
process.exit(faults.length === 0 ? 0 : 1)
