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

/** Both write under one key, and the second has no turn in which it could hear of the first. Answers how many stand. */
async function writeAtOnce(first: Tab, second: Tab, key: string): Promise<number> {
  const write = (tab: Tab, blockMs: number, waitMs: number) =>
    tab.page.evaluate(
      async ([name, block, wait]) => {
        await new Promise((resolve) => setTimeout(resolve, wait))
        for (const until = performance.now() + block; performance.now() < until;);
        await window.mesh!.map<string>('slates', { conflict: 'siblings' }).set(name, `by ${window.mesh!.id}`)
      },
      [key, blockMs, waitMs] as const,
    )
  await Promise.all([write(second, 3000, 0), write(first, 0, 1000)])
  await allEqual([first, second])
  return second.page.evaluate((name) => window.mesh!.map('slates', { conflict: 'siblings' }).siblings(name).length, key)
}

test('a Chromium tab and a Firefox tab write one slate at once: both texts stand, and one click settles it', async () => {
  sea.newRoom()
  const [chromium, firefox] = [await sea.tab('chromium'), await sea.tab('firefox')]
  await allAgree([chromium, firefox])
  // On a machine that is late by more than the block one may hear of the other after all: then once more.
  let key = ''
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    key = `meeting ${attempt}`
    if ((await writeAtOnce(chromium, firefox, key)) === 2) break
  }
  const slate = (tab: Tab) => tab.page.locator(`[data-testid="slate"][data-key="${key}"]`)
  const siblings = (tab: Tab) => slate(tab).getAttribute('data-siblings')
  for (const tab of [chromium, firefox]) {
    await eventually(
      'both texts to be shown',
      () => siblings(tab),
      (count) => count === '2',
    )
    expect(await slate(tab).locator('.versions li').count()).toBe(2)
  }
  await slate(firefox).getByTestId('merge').click()
  await eventually(
    'the conflict to be settled',
    () => siblings(chromium),
    (count) => count === '1',
  )
  await allEqual([chromium, firefox])
  const text = await slate(chromium).getByRole('textbox').inputValue()
  for (const { id } of [chromium, firefox]) expect(text).toContain(`by ${id}`)
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
