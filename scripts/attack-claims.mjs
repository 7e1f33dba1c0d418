/** `npm run attack:claims` */
import { tool } from './bootstrap.mjs'
import { runTypeScript } from './run-typescript.mjs'

const { code, text } = await tool('typescript/bin/tsc', ['-b', 'lib/tsconfig.world.json'])
if (code !== 0) {
  console.log(text)
  process.exit(1)
}
await runTypeScript('/e2e/attacker/cli.ts')
