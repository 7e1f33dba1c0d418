/**
 * `npm start`: installs and builds what is missing, then serves the demo and the signaling server on
 * one port (`PORT`, 8787 unless set; 0 picks a free one). It opens nothing by itself.
 */
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { bold, build, dim, green, install, installIsDue, red, root, seconds } from './bootstrap.mjs'

/** @param {string} reason @returns {never} */
function giveUp(reason) {
  console.error(`${red('✗')} ${reason}`)
  process.exit(1)
}

/** @param {string} doing @param {() => Promise<{ code: number, text: string }>} work */
async function prepare(doing, work) {
  const started = performance.now()
  process.stdout.write(dim(`${doing} … `))
  const { code, text } = await work()
  console.log(dim(seconds(started)))
  if (code !== 0) giveUp(`${doing} failed.\n\n${text.trimEnd()}`)
}

/** The address under which others on the same network see this machine, if it has one. */
function lanAddress() {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return all.find(({ family, internal, address }) => family === 'IPv4' && !internal && !address.startsWith('169.254.'))
    ?.address
}

const wanted = process.env['PORT'] || '8787'
if (!/^\d{1,5}$/.test(wanted) || Number(wanted) > 65_535)
  giveUp(`PORT must be a number from 0 to 65535, not ${wanted}.`)

if (installIsDue()) await prepare('Installing', install)
await prepare('Building', build)

const { default: sirv } = await import('sirv')
const { startSignalingServer } = await import('shoal-signaling')

const files = sirv(join(root, 'demo', 'dist'), { etag: true })
const server = await startSignalingServer({
  port: Number(wanted),
  // Many tabs on one machine are the point here, not an attack.
  exemptLoopback: true,
  drainMs: 500,
  drainSpreadMs: 0,
  fallback: (request, response) => files(request, response, () => void response.writeHead(404).end('Not here.\n')),
}).catch((error) => {
  if (error.code === 'EADDRINUSE')
    giveUp(`Port ${wanted} is taken. Choose another: PORT=8788 npm start, or PORT=0 for any.`)
  return giveUp(String(error.message))
})

const lan = lanAddress()
console.log(`
${green('●')} ${bold('Shoal')} is here. Open it in several tabs:

    ${bold(`http://localhost:${server.port}/`)}${lan === undefined ? '' : `\n    http://${lan}:${server.port}/   ${dim('from the same network')}`}

  A peer in the terminal:
    npx shoal-peer --room lobby --signaling ws://localhost:${server.port}

  ${dim('Ctrl-C stops the server. The mesh goes on without it.')}`)

let stopping = false
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => {
    if (stopping) process.exit(1)
    stopping = true
    void server.close().then(() => process.exit(0))
  })
}
