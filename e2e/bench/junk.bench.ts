/**
 * `npm run bench:junk`: ten thousand junk claims in a second from one neighbour, into a real tab. What its main
 * thread was kept from (long tasks, as the browser itself reports them, and its own time), whether the attacker still has its
 * link, and whether the others have theirs. `SHOAL_JUNK_SECONDS` (10) is how long it goes on where nothing
 * ends it sooner.
 */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, test } from 'vitest'
import { claim, claimTypes, envelope } from '../attacker/claims.ts'
import { write } from '../attacker/bytes.ts'
import { frame } from '../attacker/frames.ts'
import type { Member } from '../attacker/member.ts'
import { attackerIn } from '../attacker/tabs.ts'
import { eventually } from '../src/eventually.ts'
import { allAgree, Sea } from '../src/sea.ts'

const seconds = Number(process.env['SHOAL_JUNK_SECONDS'] ?? 10)
const perSecond = 10_000
const tickMs = 10

let sea: Sea
beforeAll(async () => void (sea = await Sea.open('chromium')))
afterAll(() => sea.close())

/** Kinds of junk: `many` frames for so many claims. */
const junk: Readonly<Record<string, (by: Member, many: number) => Uint8Array[]>> = {
  'none, for comparison': () => [],
  'forged, one in a frame': (by, many) => Array.from({ length: many }, () => frame('spread', [forged(by)])),
  'expired, one in a frame': (by, many) => Array.from({ length: many }, () => frame('spread', [expired(by)])),
  'expired, a hundred in a frame': (by, many) =>
    Array.from({ length: many / 100 }, () =>
      frame(
        'spread',
        Array.from({ length: 100 }, () => expired(by)),
      ),
    ),
  'genuine and new, ten in a frame': (by, many) =>
    Array.from({ length: many / 10 }, () =>
      frame(
        'spread',
        Array.from({ length: 10 }, () => fresh(by)),
      ),
    ),
}

let number = 0
const newsBody = (by: Member, issuedAt: number) =>
  [by.host.publicKey, issuedAt, 60_000, by.instance, ++number, '', Buffer.of(1)] as const
const forged = (by: Member) => envelope(claimTypes.news, write(newsBody(by, by.host.wall())), shape())
const expired = (by: Member) => envelope(claimTypes.news, write(newsBody(by, by.host.wall() - 600_000)), shape())
const fresh = (by: Member) => claim('news', newsBody(by, by.host.wall()), by.host, by.meshId)
/** Bytes of a signature's size whose S is below the order. */
const shape = () => Buffer.concat([randomBytes(63), Buffer.of(0x0f)])

test('what junk costs a tab', async () => {
  const rows: Record<string, object> = {}
  for (const [name, make] of Object.entries(junk)) {
    sea.newRoom()
    const tab = await sea.tab('chromium')
    const others = [await sea.edge(), await sea.edge()]
    await allAgree([tab, ...others])
    const attacker = attackerIn(sea.room).enter(sea.signaling.url, [tab])
    await eventually('the attacker to be linked', () => attacker.linked.includes(tab.id))
    // Made before it is sent, so that the attacker's own work is not what is measured.
    const volleys = Array.from({ length: (seconds * 1000) / tickMs }, () =>
      make(attacker.actor, (perSecond * tickMs) / 1000),
    )
    // By the thread's own time: what others have of the processor meanwhile is not the junk's doing.
    const cdp = await tab.page.context().newCDPSession(tab.page)
    await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
    const busyMs = async (): Promise<number> => {
      const { metrics } = await cdp.send('Performance.getMetrics')
      return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN)
    }
    await tab.page.evaluate(() => {
      const longTasks: number[] = []
      new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
        type: 'longtask',
      })
      Object.assign(window, { longTasks })
    })
    const busyBefore = await busyMs()
    const begun = performance.now()
    let told = 0
    for (const volley of volleys) {
      const link = attacker.linkTo(tab.id)
      if (link === undefined) break
      for (const bytes of volley) attacker.actor.host.send(link, bytes)
      told++
      const wait = begun + told * tickMs - performance.now()
      if (wait > 0 || told % 20 === 0) await new Promise((resolve) => setTimeout(resolve, Math.max(0, wait)))
    }
    const tookMs = performance.now() - begun
    // Whatever is on its way is still to be borne.
    await new Promise((resolve) => setTimeout(resolve, 2000))
    const busyAfter = await busyMs()
    const longTasks = await tab.page.evaluate(
      () => (window as Window & typeof globalThis & { longTasks: number[] }).longTasks,
    )
    const notes = await tab.notes()
    const longMs = longTasks.reduce((sum, each) => sum + each, 0)
    const members = await tab.members()
    rows[name] = {
      'claims told': make === junk['none, for comparison'] ? 0 : told * perSecond * (tickMs / 1000),
      'in s': Number((tookMs / 1000).toFixed(1)),
      'busy, %': Number(((100 * (busyAfter - busyBefore)) / (tookMs + 2000)).toFixed(1)),
      'long tasks, %': Number(((100 * longMs) / (tookMs + 2000)).toFixed(1)),
      'longest, ms': Math.round(Math.max(0, ...longTasks)),
      'its link closed': attacker.closedBy.has(tab.id),
      'other links': `${others.filter(({ id }) => members[id]?.linked).length} of ${others.length}`,
      refusals: [...new Set(notes.filter(({ from }) => from === attacker.id).map(({ code }) => code))].join(' '),
    }
    attacker.leave()
    await sea.clear()
  }
  console.table(rows)
})
