/**
 * `npm run fuzz -- --frames 1000000 [--seed 1]`: hostile frames against what was built, in a heap of 256 MB.
 * Prints the figures, and ends with 1 when anything crashed, held the thread for 100 ms when fed again, or
 * left the heap larger than it was.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { fuzz } from './fuzz.mjs'

const { values } = parseArgs({
  options: { frames: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
})
const [frames, seed] = [Number(values.frames), Number(values.seed)]
if (!Number.isSafeInteger(frames) || frames < 1 || !Number.isSafeInteger(seed)) {
  console.error('--frames is a whole number from 1, --seed a whole number')
  process.exit(2)
}

const vectors = /** @type {{ meshId: string, frames: { bytes: string }[], claims: { envelope: string }[] }} */ (
  JSON.parse(readFileSync(new URL('../vectors/protocol.json', import.meta.url), 'utf8'))
)
const built = async (/** @type {string} */ file) => import(new URL(`../../dist/${file}`, import.meta.url).href)
const product = {
  pipeline: await built('pipeline/index.js'),
  identity: await built('identity/index.js'),
}
const seeds = vectors.frames.map((frame) => frame.bytes)

const heap = () => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}
fuzz(product, { meshId: vectors.meshId, seeds, frames: 20_000, seed: seed + 1 }) // warm: compiled code and caches are no leak
const heapBefore = heap()
const from = process.cpuUsage()
const started = performance.now()
const figures = fuzz(product, { meshId: vectors.meshId, seeds, frames, seed })
const cpu = process.cpuUsage(from)
const heapAfter = heap()

const count = new Intl.NumberFormat('en')
console.log(`frames          ${count.format(figures.frames)} (seed ${seed})`)
console.log(`delivered       ${count.format(figures.delivered)}`)
console.log(`refused         ${count.format(figures.refused)}`)
for (const [code, times] of Object.entries(figures.codes).sort(([, left], [, right]) => right - left)) {
  console.log(`  ${code.padEnd(26)} ${count.format(times)}`)
}
console.log(`crashes         ${figures.crashes.length}`)
console.log(`hangs           ${figures.slowestAgainMs < 100 ? 'none' : 'yes'} over 100 ms`)
console.log(`slowest frame   ${figures.slowestMs.toFixed(2)} ms; fed again ${figures.slowestAgainMs.toFixed(2)} ms`)
console.log(`heap            ${heapBefore.toFixed(1)} MB before, ${heapAfter.toFixed(1)} MB after`)
console.log(
  `time            ${((performance.now() - started) / 1000).toFixed(0)} s; ${((cpu.user + cpu.system) / frames).toFixed(1)} µs of a processor per frame, mutation included`,
)
for (const crash of figures.crashes.slice(0, 5)) console.log(crash)
process.exitCode = figures.crashes.length > 0 || figures.slowestAgainMs >= 100 || heapAfter > heapBefore + 20 ? 1 : 0
