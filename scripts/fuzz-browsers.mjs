/** `npm run fuzz:browsers` */
import { build } from './bootstrap.mjs'
import { runTypeScript } from './run-typescript.mjs'

const { code, text } = await build()
if (code !== 0) {
  console.log(text)
  process.exit(1)
}
await runTypeScript('/e2e/src/fuzz/cli.ts')
