import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { noNamespaces } from './e2e/namespaces.mjs'

const here = (path: string) => new URL(path, import.meta.url).pathname

/**
 * `shoal` and `shoal/…` mean the sources in unit and simulation tests, so that nobody tests a stale
 * build. The browser tests use what is built, as an application does.
 */
const sources = Object.entries(
  (JSON.parse(readFileSync(here('lib/package.json'), 'utf8')) as { exports: Record<string, { default: string }> })
    .exports,
).map(([name, { default: file }]) => ({
  find: new RegExp(`^${name.replace('.', 'shoal')}$`),
  replacement: here(`lib/${file.replace('/dist/', '/src/').replace(/\.js$/, '.ts')}`),
}))

const simulation = ['lib/src/sim/**/*.test.ts', 'lib/test/sim/**/*.test.ts', 'e2e/attacker/**/*.test.ts']

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias: sources },
        test: {
          name: 'unit',
          include: ['{lib,signaling-server,demo}/{src,test}/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: simulation,
          // Seconds on a machine of its own; the ceiling is for one that is shared.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: { alias: sources },
        test: { name: 'sim', include: simulation, testTimeout: 120_000 },
      },
      {
        // Browsers want the machine for themselves: one file at a time.
        test: {
          name: 'e2e',
          include: ['e2e/test/**/*.test.ts'],
          exclude: process.env[noNamespaces.name] === noNamespaces.value ? ['e2e/test/networks.test.ts'] : [],
          maxWorkers: 1,
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
