/** `npm run attack:claims`: the attack is TypeScript, which Node 20 does not read by itself. */
import { createServer } from 'vite'
import { root, tool } from './bootstrap.mjs'

const { code, text } = await tool('typescript/bin/tsc', ['-b', 'lib/tsconfig.world.json'])
if (code !== 0) {
  console.log(text)
  process.exit(1)
}
const vite = await createServer({
  root,
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  server: { middlewareMode: true, ws: false, watch: null },
})
const { main } = /** @type {typeof import('../e2e/attacker/cli.ts')} */ (
  await vite.ssrLoadModule('/e2e/attacker/cli.ts')
)
const outcome = main(process.argv.slice(2))
await vite.close()
process.exit(outcome)
