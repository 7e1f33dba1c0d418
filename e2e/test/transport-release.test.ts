/** What is over is over: processes end, and pages do not run out of connections. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Laboratory } from '../src/transport/engines.ts'

let laboratory: Laboratory
beforeAll(async () => void (laboratory = await Laboratory.open()))
afterAll(() => laboratory.close())

test.each(['closed', 'open'])('a Node process whose links are %s ends without a fault', async (links) => {
  const script = new URL('../src/transport/exit.mjs', import.meta.url).pathname
  // Rejects for any exit code but 0, and for a signal: a crash at the end is one.
  for (let i = 0; i < 5; i++) {
    const { stdout } = await promisify(execFile)(process.execPath, [script, links], { timeout: 30_000 })
    expect(stdout).toBe('linked\n')
  }
})

test(
  'a Chromium page can make and drop three times the 500 connections that it may have',
  { timeout: 180_000 },
  async () => {
    const engine = await laboratory.engine('chromium')
    const page = engine.page!
    const devtools = await page.context().newCDPSession(page)
    let made = 0
    while (made < 1_500) {
      const more = await page.evaluate(() => window.lab.churn(100))
      expect(more).toBe(200)
      made += more
      // Closed connections count until they are collected; one that we still point at never is.
      await devtools.send('HeapProfiler.collectGarbage')
    }
    await engine.close()
  },
)
