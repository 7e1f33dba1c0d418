/**
 * Photographs the gallery in light and dark, wide and narrow, with 1, 3 and 30 peers, and in each of
 * its other states, into `demo/screenshots/`, to be looked at. Words after the command choose among
 * them: `npm run screenshots -- dark narrow`.
 */
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright'
import { createServer } from 'vite'
import { findBrowser } from '../e2e/browsers.mjs'

const root = fileURLToPath(new URL('.', import.meta.url))
const folder = `${root}screenshots/`
const widths = { wide: { width: 1440, height: 1000 }, narrow: { width: 360, height: 780 } }
const scenes = [
  'peers=1',
  'peers=3',
  'peers=30',
  'peers=8&state=isolated',
  'peers=3&state=refused',
  'peers=3&state=closed',
]
const wanted = process.argv.slice(2)

const found = findBrowser('chromium')
if (found === undefined) throw new Error('No Chromium to photograph with. `npm test` finds or installs one.')

const server = await createServer({ root, configFile: false, logLevel: 'warn', server: { port: 0, host: '127.0.0.1' } })
await server.listen()
const address = server.resolvedUrls?.local[0]
const browser = await chromium.launch({ executablePath: found.path, args: ['--no-sandbox', '--disable-gpu'] })
try {
  await mkdir(folder, { recursive: true })
  for (const scene of scenes)
    for (const [width, viewport] of Object.entries(widths))
      for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
        const name = `${scene.replaceAll(/[&=]/g, '-')}-${width}-${colorScheme}`
        if (!wanted.every((word) => name.split('-').includes(word))) continue
        const page = await browser.newPage({ viewport, colorScheme, deviceScaleFactor: 1, reducedMotion: 'reduce' })
        page.on('pageerror', (error) => console.error(`${name}: ${error.stack ?? error.message}`))
        await page.goto(`${address}gallery.html?${scene}`)
        await page.locator('main .panel').first().waitFor()
        await page.waitForTimeout(300)
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        if (overflow > 0) console.error(`${name}: wider than the screen by ${overflow} px`)
        await page.screenshot({ path: `${folder}${name}.png`, fullPage: true })
        console.log(`${name}.png`)
        await page.close()
      }
} finally {
  await browser.close()
  await server.close()
}
