/** `npm run attack:signaling`: the attack is TypeScript, which Node 20 does not read by itself. */
import { createServer } from 'vite'
import { build, root } from './bootstrap.mjs'

const { code, text } = await build()
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
const { main } = /** @type {typeof import('../e2e/src/transport/attack-cli.ts')} */ (
  await vite.ssrLoadModule('/e2e/src/transport/attack-cli.ts')
)
const outcome = await main(process.argv.slice(2))
await vite.close()
process.exit(outcome)
