/** The demo's page over a mesh without a network: can everybody use it, and does it fit? */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium } from '../src/browsers.ts'

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

declare global {
  /** axe-core, once it is in the page. */
  var axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
}

let server: ViteDevServer
let browser: Browser

beforeAll(async () => {
  const root = fileURLToPath(new URL('../../demo', import.meta.url))
  server = await createServer({ root, configFile: false, logLevel: 'error', server: { port: 0, host: '127.0.0.1' } })
  await server.listen()
  browser = await launchChromium()
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
})

async function openGallery(query: string, options: Parameters<Browser['newPage']>[0] = {}): Promise<Page> {
  const page = await browser.newPage({ reducedMotion: 'reduce', ...options })
  await page.goto(`${server.resolvedUrls?.local[0]}gallery.html?${query}`)
  await page.locator('main .panel').first().waitFor()
  return page
}

const states = ['peers=1', 'peers=12', 'peers=8&state=isolated', 'peers=3&state=refused', 'peers=3&state=closed']

test.each(states)('nobody is shut out, and nothing is wider than the screen: %s', async (state) => {
  for (const [colorScheme, width] of [
    ['light', 360],
    ['dark', 1440],
  ] as const) {
    const page = await openGallery(state, { colorScheme, viewport: { width, height: 800 } })
    await page.addScriptTag({ path: axePath })
    const runOnly = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']
    const { violations } = await page.evaluate((tags) => axe.run({ runOnly: tags }), runOnly)
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
    await page.close()
  }
})

test('the reef is painted with the keyboard alone', async () => {
  const page = await openGallery('peers=1')
  await page.getByRole('radio', { name: 'urchin' }).focus()
  await page.keyboard.press('Space')
  await page.keyboard.press('Tab')
  for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight', 'Space']) await page.keyboard.press(key)
  const cell = page.getByRole('button', { name: 'Column 3, row 2: urchin, by Silver Herring' })
  expect(await cell.evaluate((element) => element === document.activeElement)).toBe(true)
  await page.close()
})

test('one stroke of the pointer paints every cell that it crosses', async () => {
  const page = await openGallery('peers=1')
  const centreOf = async (index: number) => {
    const box = await page.locator(`[data-cell="${index}"]`).boundingBox()
    if (box === null) throw new Error(`cell ${index} is not on the page`)
    return [box.x + box.width / 2, box.y + box.height / 2] as const
  }
  await page.locator('[data-cell="0"]').scrollIntoViewIfNeeded()
  await page.mouse.move(...(await centreOf(0)))
  await page.mouse.down()
  await page.mouse.move(...(await centreOf(3)), { steps: 20 })
  await page.mouse.up()
  await page.mouse.move(...(await centreOf(5)), { steps: 10 })
  const colours = [0, 1, 2, 3, 4, 5].map((index) => page.locator(`[data-cell="${index}"]`).getAttribute('data-colour'))
  expect(await Promise.all(colours)).toEqual(['1', '1', '1', '1', '0', '0'])
  await page.close()
})

test.each([
  ['wide', 1440, 15],
  ['narrow', 360, 8],
] as const)(
  'of thirty who point at once, many are named on a %s screen, and no name is over another',
  async (_, width, named) => {
    const page = await openGallery('peers=30', { viewport: { width, height: 900 } })
    const reef = page.getByTestId('reef')
    await reef
      .locator('.cursor-name')
      .nth(named - 1)
      .waitFor()
    const { outside, overlapping, hidden } = await reef.evaluate((board) => {
      const within = board.getBoundingClientRect()
      const names = [...board.querySelectorAll('.cursor-name')].map((name) => name.getBoundingClientRect())
      return {
        outside: names.filter(
          ({ left, right, top, bottom }) =>
            left < within.left - 1 || right > within.right + 1 || top < within.top - 1 || bottom > within.bottom + 1,
        ).length,
        overlapping: names.filter((a, i) =>
          names.some((b, j) => i < j && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom),
        ).length,
        hidden: board.querySelector('.cursors')?.getAttribute('aria-hidden'),
      }
    })
    expect({ outside, overlapping, hidden }).toEqual({ outside: 0, overlapping: 0, hidden: 'true' })
    await page.close()
  },
)

test('whose row is pointed at in the table, its cursor is named before all others', async () => {
  const page = await openGallery('peers=30', { viewport: { width: 360, height: 900 } })
  const nameless = page.locator('[data-testid="reef"] .cursor:not(:has(.cursor-name))').first()
  const id = await nameless.getAttribute('data-peer-id')
  await page.locator(`[data-testid="member"][data-peer-id="${id}"]`).hover()
  await page.locator(`[data-testid="reef"] .cursor[data-peer-id="${id}"] .cursor-name`).waitFor()
  await page.close()
})

test('of whom there is no link to it is told and drawn over whom they are reached, and the rings can be read', async () => {
  const page = await openGallery('peers=20')
  const route = page.getByTestId('route').first()
  expect(await route.textContent()).toMatch(/^[2-8] hops over /)
  await route.hover()
  const hops = Number((await route.textContent())?.[0])
  expect(await page.locator('.line.on-route').count()).toBe(hops)
  await page.getByText('My places on the rings').click()
  expect(await page.getByTestId('rings').locator('li').count()).toBe(4)
  await page.close()
})

test('who has gone lingers in the table, and is then named among the gone', async () => {
  const page = await browser.newPage({ reducedMotion: 'reduce' })
  await page.clock.install()
  await page.goto(`${server.resolvedUrls?.local[0]}gallery.html?peers=8`)
  const dead = page.locator('[data-testid="member"][data-status="dead"]')
  await dead.waitFor()
  expect(await page.title()).toBe('(6) lobby · Shoal')
  await page.clock.runFor(16_000)
  await page.locator('[data-testid="gone"][data-status="dead"]').waitFor()
  expect(await dead.count()).toBe(0)
  expect(await page.getByTestId('gone').count()).toBe(2)
  await page.close()
})

test('a new name is shown, and stays in the address', async () => {
  const page = await openGallery('peers=3')
  await page.getByLabel('My name').fill('  Ada   Lovelace ')
  await page.keyboard.press('Enter')
  await page.locator('[data-testid="member"][data-self="true"]', { hasText: 'Ada Lovelace' }).waitFor()
  expect(new URL(page.url()).searchParams.get('name')).toBe('Ada Lovelace')
  await page.close()
})

test('the colours are the system’s until they are chosen, and then those chosen', async () => {
  const page = await openGallery('peers=1', { colorScheme: 'dark' })
  const theme = () => page.evaluate(() => document.documentElement.dataset['theme'])
  expect(await theme()).toBe('dark')
  await page.getByRole('button', { name: 'Switch to light colours' }).click()
  expect(await theme()).toBe('light')
  await page.reload()
  await page.getByRole('button', { name: 'Switch to dark colours' }).waitFor()
  expect(await theme()).toBe('light')
  await page.close()
})

test('a refusal says what is wrong and what to do, and leaves room and server to be changed', async () => {
  const page = await openGallery('peers=3&state=refused')
  const refused = page.getByTestId('refused')
  expect(await refused.getAttribute('data-code')).toBe('ERR_SIGNALING_UNREACHABLE')
  expect(await refused.getByRole('alert').innerText()).toContain('ws://localhost:8787/')
  await refused.getByLabel('Room').fill('other')
  await refused.getByRole('button', { name: 'Go there' }).click()
  await page.waitForURL((url) => url.searchParams.get('room') === 'other')
  await page.close()
})
