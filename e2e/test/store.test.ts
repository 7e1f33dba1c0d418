/** What is kept of maps, in the IndexedDB of real browsers. */
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { storeCases } from '../../lib/test/store/compliance.ts'
import { browserNames, launch } from '../src/browsers.ts'

let server: ViteDevServer
beforeAll(async () => {
  const root = fileURLToPath(new URL('../pages', import.meta.url))
  server = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    server: { port: 0, fs: { strict: false } },
  })
  await server.listen()
})
afterAll(() => server?.close())

describe.each(browserNames)('a store in %s', (name) => {
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    browser = await launch[name]()
    page = await (await browser.newContext()).newPage()
    await page.goto(`${server.resolvedUrls!.local[0]}store.html`)
    await page.waitForFunction(() => 'runStoreCase' in window)
  })
  afterAll(() => browser?.close())

  test.each(storeCases.map(({ name: sentence }) => sentence))('%s', (sentence) =>
    page.evaluate((each) => window.runStoreCase(each), sentence),
  )

  test('lets its database be deleted, and refuses what is written after that', async () => {
    const refused = await page.evaluate(async () => {
      const store = await window.openIndexedStore({ room: 'room', map: 'deleted', trouble: () => {} })
      await new Promise((resolve, reject) => {
        const deleting = indexedDB.deleteDatabase('shoal/room/deleted')
        deleting.onsuccess = resolve
        deleting.onerror = reject
        deleting.onblocked = reject
      })
      return store.write([{ name: 'a', bytes: new Uint8Array(1) }], []).then(
        () => 'written',
        (error: Error) => error.name,
      )
    })
    expect(refused).toBe('InvalidStateError')
  })

  // Others have no way to bound what a page may keep.
  if (name !== 'chromium') return
  test('says that there is no room, keeps nothing of the batch, and goes on', async () => {
    const unheard: string[] = []
    // A page of its own, since for a while Chromium goes by the room that it found before.
    const fresh = await (await browser.newContext()).newPage()
    fresh.on('pageerror', (error) => unheard.push(String(error)))
    await fresh.goto(page.url())
    await fresh.waitForFunction(() => 'openIndexedStore' in window)
    const session = await fresh.context().newCDPSession(fresh)
    const { origin } = new URL(page.url())
    const write = (bytes: number) =>
      fresh.evaluate(async (size) => {
        const store = await window.openIndexedStore({ room: 'room', map: 'full', trouble: () => {} })
        const puts = ['a', 'b', 'c'].map((each) => ({
          name: each,
          bytes: crypto.getRandomValues(new Uint8Array(size)),
        }))
        const said = await store.write(puts, []).then(
          () => 'written',
          (error: Error) => error.name,
        )
        let kept = 0
        for await (const part of store.read()) kept += part.length
        await store.close()
        return [said, kept]
      }, bytes)
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1000 })
    expect(await write(60_000)).toEqual(['QuotaExceededError', 0])
    await session.send('Storage.overrideQuotaForOrigin', { origin })
    await expect.poll(() => write(60_000), { timeout: 20_000 }).toEqual(['written', 3])
    expect(unheard).toEqual([])
    await fresh.context().close()
  })
})
