/** Hostile input by the million, in a page of a real browser. */
import { readFileSync } from 'node:fs'
import type { CDPSession, Page } from 'playwright'
import type { Figures, Seeds } from '../../../lib/test/fuzz/fuzz.mjs'
import type {} from '../../pages/fuzz.ts'
import { type BrowserName, launch } from '../browsers.ts'
import type { Pages } from '../pages.ts'

export interface Outcome {
  readonly figures: readonly Figures[]
  /** What the page's heap held before and after, in MB; Firefox does not tell. */
  readonly heap: { readonly before: number; readonly after: number } | undefined
}

const vectors = new URL('../../../lib/test/vectors/protocol.json', import.meta.url)
/** So many at a time: the page answers in between, and no browser asks whether to stop a script. */
const pieceMax = 20_000

export async function fuzzIn(name: BrowserName, pages: Pages, inputs: number, seed: number): Promise<Outcome> {
  const seeds = JSON.parse(readFileSync(vectors, 'utf8')) as Seeds
  const browser = await launch[name]()
  try {
    const page = await browser.newPage()
    await page.goto(`${pages.origin}fuzz.html`)
    await page.waitForFunction(() => 'fuzz' in window)
    const devtools = name === 'chromium' ? await page.context().newCDPSession(page) : undefined
    // Compiled code and caches are no leak: they are there before the heap is looked at.
    await feed(page, seeds, Math.min(inputs, pieceMax), seed + 1)
    const before = await heapOf(devtools)
    const figures = await feed(page, seeds, inputs, seed)
    const after = await heapOf(devtools)
    return { figures, heap: before === undefined || after === undefined ? undefined : { before, after } }
  } finally {
    await browser.close()
  }
}

async function feed(page: Page, seeds: Seeds, inputs: number, seed: number): Promise<readonly Figures[]> {
  await page.evaluate(([given, number]) => window.fuzz.begin(given, number), [seeds, seed] as const)
  for (let fed = 0; fed < inputs; fed += pieceMax)
    await page.evaluate((count) => window.fuzz.feed(count), Math.min(pieceMax, inputs - fed))
  return page.evaluate(() => window.fuzz.end())
}

async function heapOf(devtools: CDPSession | undefined): Promise<number | undefined> {
  if (devtools === undefined) return undefined
  await devtools.send('HeapProfiler.collectGarbage')
  const { usedSize } = await devtools.send('Runtime.getHeapUsage')
  return usedSize / 2 ** 20
}
