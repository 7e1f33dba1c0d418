/**
 * `npm run fuzz -- --frames 1000000 [--seed 1]`: hostile input against what was built, in a heap of 256 MB.
 * Prints the figures, and ends with 1 when anything crashed, held the thread for 100 ms when fed again, or
 * left the heap larger than it was.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { fuzzer, refusals, report } from './fuzz.mjs'

const { values } = parseArgs({
  options: { frames: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
})
const [frames, seed] = [Number(values.frames), Number(values.seed)]
if (!Number.isSafeInteger(frames) || frames < 1 || !Number.isSafeInteger(seed)) {
  console.error('--frames is a whole number from 1, --seed a whole number')
  process.exit(2)
}

const seeds = /** @type {import('./parsers.mjs').Seeds} */ (
  JSON.parse(readFileSync(new URL('../vectors/protocol.json', import.meta.url), 'utf8'))
)
const built = async (/** @type {string} */ file) => import(new URL(`../../dist/${file}`, import.meta.url).href)
const product = {
  pipeline: await built('pipeline/index.js'),
  identity: await built('identity/index.js'),
  capability: { ...(await built('identity/capability.js')), ...(await built('identity/capability-room.js')) },
  handshake: await built('transport/handshake.js'),
  signal: await built('transport/signal.js'),
  sdp: await built('transport/sdp.js'),
  messages: await built('signaling/messages.js'),
  door: await built('mesh/door-words.js'),
}

const heap = () => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}
fuzzer(product, seeds, seed + 1).feed(20_000) // warm: compiled code and caches are no leak
const heapBefore = heap()
const from = process.cpuUsage()
const started = performance.now()
const run = fuzzer(product, seeds, seed)
run.feed(frames)
const figures = run.figures()
const cpu = process.cpuUsage(from)
const heapAfter = heap()

const { text, good } = report(figures)
const number = new Intl.NumberFormat('en')
console.log(`${number.format(frames)} hostile inputs, seed ${seed}`)
console.log(text)
for (const [code, times] of refusals(figures)) console.log(`  ${code.padEnd(30)} ${number.format(times)}`)
console.log(`heap  ${heapBefore.toFixed(1)} MB before, ${heapAfter.toFixed(1)} MB after`)
console.log(
  `time  ${((performance.now() - started) / 1000).toFixed(0)} s; ${((cpu.user + cpu.system) / frames).toFixed(1)} µs of a processor for each, mutation included`,
)
process.exitCode = good && heapAfter < heapBefore + 20 ? 0 : 1
