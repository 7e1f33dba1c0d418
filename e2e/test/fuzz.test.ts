/** Hostile input in the engines that people have: the same that Node gets, since engines differ in text, numbers and patterns. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { refusals, report } from '../../lib/test/fuzz/fuzz.mjs'
import { browserNames } from '../src/browsers.ts'
import { heapGrowthMb } from '../src/fuzz/cli.ts'
import { fuzzIn } from '../src/fuzz/fuzz.ts'
import { type Pages, servePages } from '../src/pages.ts'

let pages: Pages
beforeAll(async () => void (pages = await servePages()))
afterAll(() => pages?.close())

test.each(browserNames)(
  'in %s, hostile input crashes no parser, holds nothing up and leaves nothing behind',
  async (name) => {
    const { figures, heap } = await fuzzIn(name, pages, 20_000, 1)
    const { text, good } = report(figures)
    expect(good, text).toBe(true)
    // What is refused at the first byte proves nothing.
    for (const { name: parser, taken } of figures) expect([parser, taken > 10]).toEqual([parser, true])
    expect(refusals(figures).length).toBeGreaterThan(40)
    if (heap !== undefined) expect(heap.after - heap.before).toBeLessThan(heapGrowthMb)
  },
)
