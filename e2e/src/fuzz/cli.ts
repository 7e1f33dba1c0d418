/** `npm run fuzz:browsers -- --frames 1000000 [--seed 1] [--browser chromium]` */
import { parseArgs } from 'node:util'
import { report } from '../../../lib/test/fuzz/fuzz.mjs'
import { browserNames } from '../browsers.ts'
import { servePages } from '../pages.ts'
import { fuzzIn } from './fuzz.ts'

const usage = `Hostile input for every parser, in pages of real browsers.

  npm run fuzz:browsers -- [--frames 1000000] [--seed 1] [--browser ${browserNames.join(' | ')} | all]

Ends with 1 when anything crashed, held the page for 100 ms when fed again, or left a heap larger than it was.`

/** What a heap may grow by and be called the same: some MB are the engine's own. As in Node. */
export const heapGrowthMb = 20

/** Answers the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      frames: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      browser: { type: 'string', default: 'all' },
    },
  })
  const [inputs, seed] = [Number(values.frames), Number(values.seed)]
  const chosen = browserNames.filter((name) => values.browser === 'all' || values.browser === name)
  if (!Number.isSafeInteger(inputs) || inputs < 1 || !Number.isSafeInteger(seed) || chosen.length === 0) {
    console.error(usage)
    return 2
  }
  const number = new Intl.NumberFormat('en')
  const pages = await servePages()
  let outcome = 0
  try {
    for (const name of chosen) {
      const started = performance.now()
      const { figures, heap } = await fuzzIn(name, pages, inputs, seed)
      const { text, good } = report(figures)
      console.log(`${name}: ${number.format(inputs)} hostile inputs, seed ${seed}`)
      console.log(text)
      console.log(
        heap === undefined
          ? 'heap  not told by this engine'
          : `heap  ${heap.before.toFixed(1)} MB before, ${heap.after.toFixed(1)} MB after`,
      )
      console.log(`time  ${((performance.now() - started) / 1000).toFixed(0)} s\n`)
      if (!good || (heap !== undefined && heap.after > heap.before + heapGrowthMb)) outcome = 1
    }
  } finally {
    await pages.close()
  }
  return outcome
}
