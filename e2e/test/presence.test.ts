/** Where others point, and what they are at, among real tabs, as the demo shows it. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'
import { allAgree, allSee, Sea } from '../src/sea.ts'
import type { Tab } from '../src/tab.ts'

let sea: Sea
beforeAll(async () => void (sea = await Sea.open('chromium', 'firefox')))
afterEach(async () => sea.clear())
afterAll(async () => sea?.close())

const cursorOf = (other: Tab, seenBy: Tab) =>
  seenBy.page.locator(`[data-testid="reef"] [data-testid="cursor"][data-peer-id="${other.id}"]`)

/** Where the tip of an arrow is, in parts of the reef. */
const tipOf = (other: Tab, seenBy: Tab): Promise<readonly [number, number]> =>
  cursorOf(other, seenBy).evaluate((cursor) => {
    const reef = document.querySelector('[data-testid="reef"]')!.getBoundingClientRect()
    const { left, top } = cursor.getBoundingClientRect()
    return [(left - reef.left) / reef.width, (top - reef.top) / reef.height] as const
  })

async function pointAt(tab: Tab, x: number, y: number): Promise<void> {
  const reef = tab.page.getByTestId('reef')
  await reef.scrollIntoViewIfNeeded()
  const box = await reef.boundingBox()
  if (box === null) throw new Error(`${tab.name} shows no reef`)
  await tab.page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 8 })
}

test('where one points the other sees a cursor with its name, until its tab is closed', async () => {
  sea.newRoom()
  const ada = await sea.tab('chromium', { name: 'Ada' })
  const bob = await sea.tab('firefox', { name: 'Bob' })
  await bob.page.setViewportSize({ width: 360, height: 780 })
  await allAgree([ada, bob])

  const bobSees = (x: number, y: number, within: number) =>
    eventually(
      `Bob's narrow window to show Ada's cursor at ${x}, ${y}`,
      async () => ((await cursorOf(ada, bob).count()) === 1 ? tipOf(ada, bob) : undefined),
      (tip) => tip !== undefined && Math.abs(tip[0] - x) < within && Math.abs(tip[1] - y) < within,
    )
  for (const [x, y] of [
    [0.25, 0.75],
    [0.9, 0.1],
  ] as const) {
    await pointAt(ada, x, y)
    await bobSees(x, y, 0.01)
    expect(await cursorOf(ada, bob).textContent()).toBe('Ada')
  }
  // With the keys: to the board, and to its third column and second row.
  await ada.page.getByRole('radio', { name: 'coral' }).focus()
  for (const key of ['Tab', 'ArrowRight', 'ArrowRight', 'ArrowDown']) await ada.page.keyboard.press(key)
  await bobSees(2.5 / 12, 1.5 / 8, 0.03)
  expect(await cursorOf(bob, ada).count()).toBe(0)

  await ada.close()
  await allSee([bob], ada, 'left')
  // It rests for shorter than it would take to go by itself.
  expect(await cursorOf(ada, bob).count()).toBe(0)
})

test('a slate bears the name of whoever writes on it, and who comes later is told so too', async () => {
  sea.newRoom()
  const ada = await sea.tab('chromium', { name: 'Ada' })
  const bob = await sea.tab('chromium', { name: 'Bob' })
  await allAgree([ada, bob])
  await ada.page.getByTestId('new-slate').fill('Low tide at 16:40')
  await ada.page.keyboard.press('Enter')
  await ada.page.getByTestId('slate').getByRole('textbox').focus()
  const holdersIn = (tab: Tab) => tab.page.getByTestId('slate').getByTestId('holders').textContent()
  const seeAda = async (tab: Tab) => {
    await tab.page.getByTestId('slate').waitFor()
    await eventually(
      `${tab.name} to see Ada at it`,
      () => holdersIn(tab),
      (text) => text === 'Ada at it',
    )
  }
  await seeAda(bob)
  const cyd = await sea.tab('chromium', { name: 'Cyd' })
  await seeAda(cyd)
  await ada.page.getByTestId('slate').getByRole('textbox').blur()
  for (const tab of [bob, cyd])
    await eventually(
      `${tab.name} to see that nobody is at it`,
      () => holdersIn(tab),
      (text) => text === 'Ada',
    )
})

test('whatever a member says of where it points, a page shows it or does not, and goes on', async () => {
  sea.newRoom()
  const ada = await sea.tab('chromium', { name: 'Ada' })
  const mal = await sea.tab('chromium', { name: 'Mal' })
  await allAgree([ada, mal])
  await ada.page.evaluate(() => {
    const places = new Set<string>()
    const look = () =>
      document
        .querySelectorAll<HTMLElement>('[data-testid="cursor"]')
        .forEach(({ style }) => places.add(style.transform))
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true })
    Object.assign(window, { places })
  })
  await mal.page.evaluate(async () => {
    const topic = window.mesh!.topic<unknown>('presence')
    const place = { on: null, x: 1, y: 1 }
    const wrong = [null, 'k', 7, [], {}, new Uint8Array(9), { points: place }, { points: 'here', holds: null }]
    for (const data of wrong) await topic.publish(data)
    await topic.publish({ points: { ...place, on: 'k'.repeat(8000) }, holds: 'k'.repeat(8000) })
    for (const x of [null, '1', 0.5, -1, 1001]) await topic.publish({ points: { ...place, x }, holds: null })
    await window.mesh!.broadcast('all of it was said')
  })
  // What one says comes in the order in which it was said.
  await ada.page.getByText('all of it was said').waitFor()
  await mal.page.evaluate(() =>
    window.mesh!.topic('presence').publish({ points: { on: null, x: 500, y: 500 }, holds: 'no such slate' }),
  )
  await cursorOf(mal, ada).waitFor({ state: 'attached' })
  expect((await tipOf(mal, ada)).map((part) => Math.round(part * 10))).toEqual([5, 5])
  expect(await ada.page.evaluate(() => (window as unknown as { places: Set<string> }).places.size)).toBe(1)
})
