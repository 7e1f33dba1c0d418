/** The demo. Unit tests have their own, vitest.config.ts. */
import { defineConfig } from 'vite'

export default defineConfig({
  root: 'demo',
  // Relative, so that the built demo runs below any path of any static host.
  base: './',
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2023' },
})
