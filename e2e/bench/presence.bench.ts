/**
 * `npx vitest run --config e2e/bench/vitest.config.ts presence`, after `npm run build`: what it costs eight real tabs that one
 * of them points at the reef, and that all do, each for ten seconds. `SHOAL_BENCH_TABS` (8) changes how many they are.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allAgree, Sea } from '../src/sea.ts'
import type { Tab } from '../src/tab.ts'
import { Figures } from './figures.ts'

const count = Number(process.env['SHOAL_BENCH_TABS'] ?? 8)
const phaseMs = 10_000

let sea: Sea
beforeAll(async () => void (sea = await Sea.open('chromium')))
afterAll(() => sea.close())

interface Watched {
  heard: number
  longTasks: number
}

/** Runs in a page that has joined. */
function watch(): void {
  const watched: Watched = { heard: 0, longTasks: 0 }
  Object.assign(window, { watched })
  window.mesh!.topic('presence').subscribe(() => (watched.heard += 1))
  new PerformanceObserver((list) => (watched.longTasks += list.getEntries().length)).observe({ type: 'longtask' })
}

/** Moves the pointer over the reef for so long, as often as a screen is drawn. */
function point(forMs: number): Promise<void> {
  const reef = document.querySelector('[data-testid="reef"]')!
  const end = performance.now() + forMs
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now()
      const { left, top, width, height } = reef.getBoundingClientRect()
      const clientX = left + width * (0.5 + 0.4 * Math.cos(now / 700))
      const clientY = top + height * (0.5 + 0.4 * Math.sin(now / 900))
      reef.dispatchEvent(new PointerEvent('pointermove', { clientX, clientY, bubbles: true }))
      if (now < end) return
      clearInterval(timer)
      resolve()
    }, 16)
  })
}

const watched = (tab: Tab): Promise<Watched> =>
  tab.page.evaluate(() => ({ ...(window as unknown as { watched: Watched }).watched }))

/** Processor time that the tabs have had, all threads of theirs: what they took, however busy the machine is with others. */
async function processorMs(): Promise<number> {
  const session = await (await sea.browser('chromium')).newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  return processInfo.reduce((sum, { type, cpuTime }) => sum + (type === 'renderer' ? cpuTime * 1000 : 0), 0)
}

test('many tabs point at one board', async () => {
  const figures = new Figures()
  sea.newRoom()
  const tabs: Tab[] = []
  for (let i = 0; i < count; i++) tabs.push(await sea.tab('chromium'))
  await allAgree(tabs)
  await Promise.all(tabs.map((tab) => tab.page.evaluate(watch)))
  await tabs[0]!.page.waitForTimeout(5000)

  for (const [who, pointing] of [
    ['nobody points', 0],
    ['one points', 1],
    ['all point', count],
  ] as const) {
    const begun = performance.now()
    const [cpuBefore, before] = [await processorMs(), await Promise.all(tabs.map(watched))]
    await Promise.all(tabs.slice(0, pointing).map((tab) => tab.page.evaluate(point, phaseMs)))
    if (pointing === 0) await tabs[0]!.page.waitForTimeout(phaseMs)
    const [cpuAfter, after] = [await processorMs(), await Promise.all(tabs.map(watched))]
    const seconds = (performance.now() - begun) / 1000
    figures.add(`${who}: processor of a tab, all threads`, '% of a core', [
      (cpuAfter - cpuBefore) / count / seconds / 10,
    ])
    figures.add(
      `${who}: messages heard by each tab`,
      'per s',
      after.map(({ heard }, i) => (heard - before[i]!.heard) / seconds),
    )
    figures.add(
      `${who}: long tasks of each tab`,
      '',
      after.map(({ longTasks }, i) => longTasks - before[i]!.longTasks),
    )
    if (pointing > 1) {
      const cursors = await Promise.all(tabs.map((tab) => tab.page.locator('[data-testid="reef"] .cursor').count()))
      expect(cursors).toEqual(tabs.map(() => count - 1))
    }
  }
  figures.print()
  await sea.clear()
})
