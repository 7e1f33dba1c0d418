/**
 * `npm run bench:transfer`: 100 MB from one real tab to another, three times, while both probe each other. How fast, how
 * late each probe's answer came compared with a quiet link, what the main threads were kept from, and whether anybody
 * was suspected.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'
import { allAgree, Sea } from '../src/sea.ts'
import type { Tab } from '../src/tab.ts'
import { Figures } from './figures.ts'

const megabytes = 100
const times = 3
const quietMs = 20_000

interface Watched {
  rtts: number[]
  longTasks: number[]
}

let sea: Sea
beforeAll(async () => void (sea = await Sea.open('chromium')))
afterAll(() => sea.close())

/** Notes in a page how long each of its probes waited for its answer, at the channel itself, and its long tasks. */
function watch(): void {
  const watched: Watched = { rtts: [], longTasks: [] }
  Object.assign(window, { watched })
  const asked = new Map<string, number>()
  /** Of a ping (kind 1) and an ack (kind 2): the bytes of its number. */
  const numberOf = (bytes: Uint8Array, kind: number): string | undefined => {
    if ((bytes[0]! & 0xe0) !== 0x80 || bytes[1] !== kind) return undefined
    const extra = bytes[2]! < 24 ? 0 : 1 << (bytes[2]! - 24)
    return bytes.subarray(2, 3 + extra).join('.')
  }
  const channels = RTCDataChannel.prototype
  const send = Object.getOwnPropertyDescriptor(channels, 'send')!.value as (data: Uint8Array) => void
  const heard = new WeakSet<RTCDataChannel>()
  channels.send = function (this: RTCDataChannel, data: unknown) {
    if (!heard.has(this)) {
      heard.add(this)
      this.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
        if (!(data instanceof ArrayBuffer)) return
        const number = numberOf(new Uint8Array(data), 2)
        const at = number === undefined ? undefined : asked.get(number)
        if (at !== undefined) watched.rtts.push(performance.now() - at)
        asked.delete(number ?? '')
      })
    }
    const bytes = data instanceof Uint8Array ? data : new Uint8Array(data as ArrayBuffer)
    const number = numberOf(bytes, 1)
    if (number !== undefined) asked.set(number, performance.now())
    send.call(this, bytes)
  } as RTCDataChannel['send']
  new PerformanceObserver((list) =>
    watched.longTasks.push(...list.getEntries().map(({ duration }) => duration)),
  ).observe({ type: 'longtask' })
}

/** What was noted since the last call. */
const taken = (tab: Tab): Promise<Watched> =>
  tab.page.evaluate(() => {
    const { watched } = window as unknown as { watched: Watched }
    const { rtts, longTasks } = watched
    return { rtts: rtts.splice(0), longTasks: longTasks.splice(0) }
  })

test('a hundred megabytes between two tabs that probe each other', async () => {
  const figures = new Figures()
  sea.newRoom()
  const tabs = [await sea.openTab('chromium', {}, watch), await sea.openTab('chromium', {}, watch)] as const
  await Promise.all(tabs.map((tab) => tab.joined()))
  await allAgree(tabs)
  const [from, to] = tabs
  await eventually('both to be linked', async () => (await from.members())[to.id]?.linked === true)
  await from.page.waitForTimeout(3000)
  for (const tab of tabs) await taken(tab)
  await from.page.waitForTimeout(quietMs)
  const quiet = (await Promise.all(tabs.map(taken))).flatMap(({ rtts }) => rtts)
  await to.page.evaluate(() => {
    Object.assign(window, { heard: [] as number[] })
    window.mesh!.addEventListener('message', ({ detail: { data } }) =>
      (window as unknown as { heard: number[] }).heard.push((data as Uint8Array).length),
    )
  })
  const rates: number[] = []
  for (let time = 0; time < times; time++) {
    const ms = await from.page.evaluate(
      async ([peer, bytes]) => {
        const data = new Uint8Array(bytes)
        for (let at = 0; at < data.length; at += 4096) data[at] = at >>> 12
        const begun = performance.now()
        await window.mesh!.send(peer, data)
        return performance.now() - begun
      },
      [to.id as never, megabytes * 1_000_000] as const,
    )
    rates.push((megabytes * 1000) / ms)
  }
  const busy = await Promise.all(tabs.map(taken))
  const late = busy.flatMap(({ rtts }) => rtts)
  const quietMost = Math.max(...quiet)
  figures.add('quiet probe, there and back', 'ms', quiet)
  figures.add('probe while 100 MB go', 'ms', late, `≤ ${(2 * quietMost).toFixed(1)} ms: twice a quiet one`)
  figures.add('rate', 'MB/s', rates)
  figures.add('long tasks', 'ms', [0, ...busy.flatMap(({ longTasks }) => longTasks)])
  const notes = (await Promise.all(tabs.map((tab) => tab.notes()))).flat()
  const suspicions = notes.filter(({ type }) => /suspected|failed|isolated/.test(type))
  figures.add('suspicions', '', [suspicions.length], '0')
  figures.print()
  expect(await to.page.evaluate(() => (window as unknown as { heard: number[] }).heard)).toEqual(
    Array.from({ length: times }, () => megabytes * 1_000_000),
  )
  expect(suspicions).toEqual([])
  expect(late.length).toBeGreaterThan(0)
})
