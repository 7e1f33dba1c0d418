/**
 * `npm run bench:closing`: how often the tab that a visitor closes is known to have left, in a real mesh.
 * `SHOAL_CLOSES` (50) and `SHOAL_CLOSING_BROWSERS` (firefox,chromium).
 */
import { afterAll, beforeAll, test } from 'vitest'
import type { BrowserName } from '../src/browsers.ts'
import { eventually } from '../src/eventually.ts'
import { allAgree, Sea } from '../src/sea.ts'

const closes = Number(process.env['SHOAL_CLOSES'] ?? 50)
const browsers = (process.env['SHOAL_CLOSING_BROWSERS'] ?? 'firefox,chromium').split(',') as BrowserName[]
const rows: Record<string, Record<string, number>> = {}
let sea: Sea
beforeAll(async () => void (sea = await Sea.open('chromium', 'firefox')))
afterAll(async () => {
  console.log(
    `\nClosing a tab, seen by a Chromium tab and a Node process: members with two different ends count as failed`,
  )
  console.table(rows)
  await sea.close()
})

test.each(browsers)('a closed tab of %s', async (kind) => {
  sea.newRoom()
  const survivors = await sea.peers('chromium', 'node')
  const row = { closes: 0, left: 0, failed: 0 }
  rows[kind] = row
  for (let n = 0; n < closes; n++) {
    const tab = await sea.tab(kind)
    await allAgree([...survivors, tab])
    await tab.closeTab()
    const ends = await eventually(
      'both survivors to see it go',
      () => Promise.all(survivors.map(async (survivor) => (await survivor.members())[tab.id]?.status)),
      (all) => all.every((status) => status === 'left' || status === 'dead'),
    )
    row.closes++
    row[ends.every((status) => status === 'left') ? 'left' : 'failed']++
    await tab.close()
  }
  await sea.clear()
})
