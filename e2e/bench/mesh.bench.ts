/**
 * `npm run bench:e2e`: how long a join, a crash and a leave take with real tabs, and what a mesh at rest
 * costs. `SHOAL_BENCH_REPEATS` (5), `SHOAL_BENCH_REST_S` (60) and `SHOAL_BENCH_SIZES` (4,8) change how much is
 * measured. On a busy machine the figures are the machine's: each line shows the load beside it.
 */
import { afterAll, beforeAll, test } from 'vitest'
import { eventually } from '../src/eventually.ts'
import type { Noted, Peer } from '../src/peer.ts'
import { allAgree, Sea } from '../src/sea.ts'
import type { Tab } from '../src/tab.ts'
import { Figures } from './figures.ts'

const repeats = Number(process.env['SHOAL_BENCH_REPEATS'] ?? 5)
const restS = Number(process.env['SHOAL_BENCH_REST_S'] ?? 60)
const sizes = (process.env['SHOAL_BENCH_SIZES'] ?? '4,8').split(',').map(Number)

/** Peers of other meshes, one tab joining N − 1 others: median of the best. */
const joinBars: Readonly<Record<number, string>> = { 4: '130 ms', 8: '225 ms', 12: '350 ms', 16: '460 ms' }

const figures = new Figures()
let sea: Sea
beforeAll(async () => void (sea = await Sea.open('chromium', 'firefox')))
afterAll(async () => {
  figures.print()
  await sea.close()
})

/** When each of these first noted this of that peer, since `from`; the last of them. */
async function lastToNote(peers: readonly Peer[], type: string, subject: string, from: number): Promise<number> {
  const times = await Promise.all(
    peers.map(async (peer) => {
      const found = await eventually(
        `${peer.name} to note ${type}`,
        async () => (await peer.notes()).find((note) => note.type === type && note.peer === subject && note.at >= from),
        (note) => note !== undefined,
      )
      return found!.at
    }),
  )
  return Math.max(...times)
}

/** When the newcomer's own view was full: join() resolved, and the last of the others had turned up. */
function fullAt(notes: readonly Noted[], from: number): number {
  const own = notes.filter(({ type, at }) => at >= from && (type === 'joined' || type === 'member-joined'))
  return Math.max(...own.map(({ at }) => at))
}

async function rejoin(tab: Tab, others: readonly Peer[], before?: () => Promise<void>): Promise<number> {
  await tab.call('leave')
  await tab.page.getByTestId('rejoin').waitFor()
  for (const other of others)
    await eventually('the leave', async () => (await other.members())[tab.id]?.status === 'left')
  await before?.()
  const from = await tab.page.evaluate(() => {
    const now = Date.now()
    document.querySelector<HTMLElement>('[data-testid=rejoin]')!.click()
    return now
  })
  await tab.joined()
  await allAgree([tab, ...others])
  return Math.max(fullAt(await tab.notes(), from), await lastToNote(others, 'member-joined', tab.id, from)) - from
}

async function many(work: () => Promise<number>): Promise<number[]> {
  const values: number[] = []
  for (let i = 0; i < repeats; i++) values.push(await work())
  return values
}

test('six Chromium tabs, two Firefox tabs and a Node peer', async () => {
  sea.newRoom()
  const peers: Peer[] = [await sea.edge()]
  for (const kind of ['chromium', 'chromium', 'chromium', 'chromium', 'chromium', 'firefox', 'firefox'] as const) {
    peers.push(await sea.tab(kind))
  }
  await allAgree(peers)

  const joins: number[] = []
  const loads: number[] = []
  const leaves: number[] = []
  const suspicions: number[] = []
  const crashes: number[] = []
  for (let i = 0; i < repeats; i++) {
    const eighth = await sea.tab('chromium')
    const opened = await eighth.page.evaluate(() => performance.timeOrigin)
    await allAgree([...peers, eighth])
    const full = Math.max(fullAt(await eighth.notes(), 0), await lastToNote(peers, 'member-joined', eighth.id, 0))
    loads.push(full - opened)
    joins.push(await rejoin(eighth, peers))
    const leftFrom = await eighth.page.evaluate(() => {
      const now = Date.now()
      void window.mesh!.leave()
      return now
    })
    leaves.push((await lastToNote(peers, 'member-left', eighth.id, leftFrom)) - leftFrom)
    await eighth.close()

    const victim = await sea.tab('chromium')
    await allAgree([...peers, victim])
    const crashedFrom = Date.now()
    await victim.crash()
    crashes.push((await lastToNote(peers, 'member-failed', victim.id, crashedFrom)) - crashedFrom)
    suspicions.push((await lastToNote(peers, 'member-suspected', victim.id, crashedFrom)) - crashedFrom)
    await victim.close()
  }
  figures.add('8th tab opened (navigation starts) → all 9 views full', 'ms', loads)
  figures.add('join() by the 8th tab → all 9 views full', 'ms', joins)
  figures.add('leave() → last survivor’s member-left, 9 peers', 'ms', leaves, '25 ms')
  figures.add('renderer crashes → last survivor’s member-suspected, 9 peers', 'ms', suspicions)
  figures.add('renderer crashes → last survivor’s member-failed, 9 peers', 'ms', crashes, '5,300 ms')
  await sea.clear()
})

test('a mesh of eight at rest', async () => {
  sea.newRoom()
  const peers: Peer[] = [await sea.edge()]
  for (const kind of ['chromium', 'chromium', 'chromium', 'chromium', 'chromium', 'firefox', 'firefox'] as const) {
    peers.push(await sea.tab(kind))
  }
  await allAgree(peers)
  const totals = async (): Promise<readonly { sent: number; received: number; frames: number }[]> =>
    Promise.all(
      peers.map(async (peer) => {
        const { bytesSent, bytesReceived, framesSent } = (await peer.call('stats')).value as Record<string, number>
        return { sent: bytesSent!, received: bytesReceived!, frames: framesSent! }
      }),
    )
  // What a join stirs up settles first.
  await new Promise((resolve) => setTimeout(resolve, 10_000))
  const [before, started] = [await totals(), performance.now()]
  await new Promise((resolve) => setTimeout(resolve, restS * 1000))
  const [after, seconds] = [await totals(), (performance.now() - started) / 1000]
  const rate = (key: 'sent' | 'received' | 'frames'): number[] =>
    after.map((end, i) => (end[key] - before[i]![key]) / seconds)
  figures.add('sent at rest, each of 8 peers', 'B/s', rate('sent'), '316 B/s (Serf, IP level)')
  figures.add('received at rest, each of 8 peers', 'B/s', rate('received'))
  figures.add('frames sent at rest, each of 8 peers', '/s', rate('frames'), '2.0 /s (Serf)')

  const last = peers.at(-2) as Tab
  const others = peers.filter((peer) => peer !== last)
  figures.add(
    'join() into a room that is minutes old, 8 peers',
    'ms',
    await many(() => rejoin(last, others)),
    joinBars[8],
  )
  const restart = async (): Promise<void> => {
    await sea.signaling.kill()
    await sea.signaling.restart()
  }
  figures.add(
    'join() just after the server is back, 8 peers',
    'ms',
    await many(() => rejoin(last, others, restart)),
    joinBars[8],
  )
  await sea.clear()
})

test.each(sizes)('one Chromium tab joins a room of %i', async (size) => {
  sea.newRoom()
  const tabs: Tab[] = []
  for (let i = 0; i < size; i++) tabs.push(await sea.tab('chromium'))
  await allAgree(tabs)
  const [newcomer, ...others] = tabs
  figures.add(
    `join() by one of ${size} Chromium tabs → all views full`,
    'ms',
    await many(() => rejoin(newcomer!, others)),
    joinBars[size],
  )
  await sea.clear()
})
