/** The shared state among real tabs of two browsers and a Node peer, as the demo shows it. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'
import { allAgree, Sea } from '../src/sea.ts'
import type { Tab } from '../src/tab.ts'

let sea: Sea
beforeAll(async () => void (sea = await Sea.open('chromium', 'firefox')))
afterEach(async () => sea.clear())
afterAll(async () => sea?.close())

const digest = (tab: Tab): Promise<string> => tab.page.evaluate(() => window.mesh!.stats().state.digest)

async function allEqual(tabs: readonly Tab[]): Promise<void> {
  await eventually(
    'all replicas to be equal',
    async () => new Set(await Promise.all(tabs.map(digest))),
    (digests) => digests.size === 1,
  )
}

test('a Chromium tab and a Firefox tab write one slate at once: both texts stand, and one click settles it', async () => {
  sea.newRoom()
  const [chromium, firefox] = [await sea.tab('chromium'), await sea.tab('firefox')]
  await allAgree([chromium, firefox])
  // Neither has heard of the other's write when it writes: both are asked before either is awaited.
  await Promise.all(
    [chromium, firefox].map((tab) =>
      tab.page.evaluate(async () => {
        const slates = window.mesh!.map<string>('slates', { conflict: 'siblings' })
        await slates.set('meeting', `by ${window.mesh!.id.slice(0, 6)}`)
      }),
    ),
  )
  await allEqual([chromium, firefox])
  const siblings = (tab: Tab) => tab.page.getByTestId('slate').getAttribute('data-siblings')
  const shown = await Promise.all([siblings(chromium), siblings(firefox)])
  // One may have heard of the other's in time, and then its write took the other's place: the same in both tabs.
  expect(shown[0]).toBe(shown[1])
  if (shown[0] === '2') await firefox.page.getByTestId('merge').click()
  else await firefox.page.getByTestId('slate').getByRole('textbox').fill('settled')
  await firefox.page.getByTestId('new-slate').focus()
  await eventually(
    'the conflict to be settled',
    () => siblings(chromium),
    (count) => count === '1',
  )
  await allEqual([chromium, firefox])
})

test('many strokes at once, from both browsers, end the same everywhere, a newcomer included', async () => {
  sea.newRoom()
  const [ada, bob] = [await sea.tab('chromium'), await sea.tab('firefox')]
  const edge = await sea.edge()
  await allAgree([ada, bob, edge])
  await ada.page.locator('[data-cell="5"]').click()
  await eventually(
    'the stroke to be seen',
    () => bob.page.locator('[data-cell="5"]').getAttribute('data-colour'),
    (colour) => colour === '1',
  )
  await Promise.all(
    [ada, bob].map((tab, at) =>
      tab.page.evaluate(async (offset) => {
        const reef = window.mesh!.map<number>('reef')
        await Promise.all(Array.from({ length: 40 }, (_, n) => reef.set(`${(n * 2 + offset) % 96}`, 1 + (n % 6))))
      }, at),
    ),
  )
  const cyd = await sea.tab('chromium')
  await allAgree([ada, bob, cyd, edge])
  await allEqual([ada, bob, cyd])
  expect(await cyd.page.evaluate(() => window.mesh!.map('reef').size)).toBeGreaterThan(70)
  // The page says so too: every neighbour's root is the tab's own.
  await eventually(
    'the table to show equal digests',
    () => cyd.page.getByTestId('root').evaluateAll((roots) => roots.map((root) => root.getAttribute('data-equal'))),
    (equal) => equal.length === 4 && equal.every((each) => each === 'true'),
  )
})
