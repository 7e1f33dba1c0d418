/**
 * `npm run bench:writes`: eight real tabs, each of which writes to a map 20 times a second for half a minute. How soon
 * after the last write all replicas are equal, and what the main threads were kept from meanwhile.
 * `SHOAL_BENCH_TABS` (8), `SHOAL_BENCH_WRITES` (20) and `SHOAL_BENCH_SECONDS` (30) change how much is written.
 * `SHOAL_BENCH_PROFILE=<file>` also says where the first tab's main thread was.
 */
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'
import { allAgree, Sea } from '../src/sea.ts'
import type { Tab } from '../src/tab.ts'
import { Figures } from './figures.ts'

const count = Number(process.env['SHOAL_BENCH_TABS'] ?? 8)
const perSecond = Number(process.env['SHOAL_BENCH_WRITES'] ?? 20)
const seconds = Number(process.env['SHOAL_BENCH_SECONDS'] ?? 30)
const profileTo = process.env['SHOAL_BENCH_PROFILE']
/** Of each writer; then it begins anew, as a board with so many cells. */
const keys = 100

let sea: Sea
beforeAll(async () => void (sea = await Sea.open('chromium')))
afterAll(() => sea.close())

interface Watched {
  longTasks: number[]
}

/** Runs in a page before anything else. */
function watch(): void {
  const watched: Watched = { longTasks: [] }
  Object.assign(window, { watched })
  new PerformanceObserver((list) =>
    watched.longTasks.push(...list.getEntries().map(({ duration }) => duration)),
  ).observe({ type: 'longtask' })
}

interface Written {
  /** When the last own write was made, and when its promise was kept. */
  readonly lastAt: number
  readonly doneAt: number
  readonly lateMs: number
}

/** Writes in a page at this pace; by the calendar, which all tabs of a machine share. */
function write([perSecond, seconds, keys]: readonly [number, number, number]): Promise<Written> {
  const map = window.mesh!.map<{ by: string; n: number }>('board')
  const seen = { at: 0 }
  Object.assign(window, { seen })
  map.subscribe(() => (seen.at = Date.now()))
  const by = window.mesh!.id.slice(0, 8)
  const total = perSecond * seconds
  const begun = performance.now()
  let n = 0
  let lateMs = 0
  const all: Promise<void>[] = []
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      lateMs = Math.max(lateMs, performance.now() - begun - (n + 1) * (1000 / perSecond))
      all.push(map.set(`${by} ${n % keys}`, { by, n }))
      if (++n < total) return
      clearInterval(timer)
      const lastAt = Date.now()
      void Promise.all(all).then(() => resolve({ lastAt, doneAt: Date.now(), lateMs }))
    }, 1000 / perSecond)
  })
}

const longTasks = (tab: Tab): Promise<number[]> =>
  tab.page.evaluate(() => (window as unknown as { watched: Watched }).watched.longTasks.splice(0))

/** Processor time that the tabs have had, all threads of theirs, in ms: what they took, however busy the machine is with others. */
async function processorMs(): Promise<number> {
  const session = await (await sea.browser('chromium')).newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  return processInfo.reduce((sum, { type, cpuTime }) => sum + (type === 'renderer' ? cpuTime * 1000 : 0), 0)
}

const framesSent = (tab: Tab): Promise<number> => tab.page.evaluate(() => window.mesh!.stats().framesSent)

/** Where a page's main thread is while `work` runs, as a `.cpuprofile` for a browser's tools. */
async function profiled<T>(tab: Tab, work: () => Promise<T>): Promise<T> {
  if (profileTo === undefined) return work()
  const session = await tab.page.context().newCDPSession(tab.page)
  await session.send('Profiler.enable')
  await session.send('Profiler.setSamplingInterval', { interval: 500 })
  await session.send('Profiler.start')
  const result = await work()
  const { profile } = await session.send('Profiler.stop')
  writeFileSync(profileTo, JSON.stringify(profile))
  return result
}

test('many tabs write to one map', async () => {
  const figures = new Figures()
  sea.newRoom()
  const tabs: Tab[] = []
  for (let i = 0; i < count; i++) tabs.push(await sea.openTab('chromium', {}, watch))
  await Promise.all(tabs.map((tab) => tab.joined()))
  await allAgree(tabs)
  await tabs[0]!.page.waitForTimeout(5000)
  await Promise.all(tabs.map(longTasks))
  await tabs[0]!.page.waitForTimeout(10_000)
  const before = (await Promise.all(tabs.map(longTasks))).flat()
  const [processorBefore, framesBefore] = [await processorMs(), await Promise.all(tabs.map(framesSent))]
  const written = await profiled(tabs[0]!, () =>
    Promise.all(tabs.map((tab) => tab.page.evaluate(write, [perSecond, seconds, keys] as const))),
  )
  const [processorAfter, framesAfter] = [await processorMs(), await Promise.all(tabs.map(framesSent))]
  const digests = (): Promise<string[]> =>
    Promise.all(tabs.map((tab) => tab.page.evaluate(() => window.mesh!.stats().state.digest)))
  await eventually(
    'equal replicas',
    async () => new Set(await digests()).size,
    (size) => size === 1,
  )
  const seen = await Promise.all(
    tabs.map((tab) => tab.page.evaluate(() => (window as unknown as { seen: { at: number } }).seen.at)),
  )
  const during = await Promise.all(tabs.map(longTasks))
  const lastAt = Math.max(...written.map((each) => each.lastAt))
  figures.add('last write → last replica equal', 'ms', [Math.max(...seen) - lastAt], '≤ 1000 ms')
  figures.add(
    'last write of a tab → signed and kept there',
    'ms',
    written.map(({ doneAt, lastAt }) => doneAt - lastAt),
  )
  figures.add(
    'latest of a tab’s writes',
    'ms',
    written.map(({ lateMs }) => lateMs),
  )
  figures.add('long tasks in ten quiet seconds before', 'ms', [0, ...before], 'none over 50 ms')
  figures.add('long tasks while writing', 'ms', [0, ...during.flat()], 'none over 50 ms')
  figures.add(
    'long tasks of each tab',
    '',
    during.map((each) => each.length),
    '0',
  )
  figures.add('processor of a tab, all threads, for each write of anybody', 'ms', [
    (processorAfter - processorBefore) / count / (count * perSecond * seconds),
  ])
  figures.add(
    'frames sent by each tab for each write of anybody',
    '',
    framesAfter.map((frames, at) => (frames - framesBefore[at]!) / (count * perSecond * seconds)),
  )
  const notes = (await Promise.all(tabs.map((tab) => tab.notes()))).flat()
  figures.add('suspicions', '', [notes.filter(({ type }) => /suspected|failed|isolated/.test(type)).length], '0')
  figures.print()
  expect(await tabs[0]!.page.evaluate(() => window.mesh!.map('board').size)).toBe(
    count * Math.min(keys, perSecond * seconds),
  )
  await sea.clear()
})
