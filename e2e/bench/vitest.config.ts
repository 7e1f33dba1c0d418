import { defineConfig } from 'vitest/config'

/** Figures, not tests: nothing here passes or fails by how fast it is. */
export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    name: 'bench',
    include: ['e2e/bench/**/*.bench.ts'],
    maxWorkers: 1,
    testTimeout: 1_800_000,
    hookTimeout: 300_000,
    disableConsoleIntercept: true,
  },
})
