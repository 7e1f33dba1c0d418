/** An identity that outlives its page, in browsers that keep it themselves. */
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserNames, launch } from '../src/browsers.ts'
import { type Pages, servePages } from '../src/pages.ts'

let pages: Pages
beforeAll(async () => void (pages = await servePages()))
afterAll(() => pages?.close())

describe.each(browserNames)('a kept identity in %s', (name) => {
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    browser = await launch[name]()
    page = await (await browser.newContext()).newPage()
    await show(page)
  })
  afterAll(() => browser?.close())

  async function show(where: Page): Promise<void> {
    await where.goto(`${pages.origin}identity.html`)
    await where.waitForFunction(() => 'loadIdentity' in window)
  }

  const idOf = (where: Page, identity?: string) =>
    where.evaluate(async (given) => (await window.loadIdentity(given)).peerId, identity)

  test('is one for two who ask at once, the same after a reload, and another under another name', async () => {
    const ids = await page.evaluate(async () => {
      const both = await Promise.all([window.loadIdentity(), window.loadIdentity()])
      return both.map(({ peerId }) => peerId as string)
    })
    expect(ids[0]).toMatch(/^[\w-]{43}$/)
    expect(ids[1]).toBe(ids[0])
    await show(page)
    expect(await idOf(page)).toBe(ids[0])
    expect(await idOf(page, 'work')).not.toBe(ids[0])
  })

  test('signs, and its key cannot be carried away', async () => {
    const { verified, exported } = await page.evaluate(async () => {
      const signer = await window.loadIdentity()
      const message = new Uint8Array([1, 2, 3])
      const signature = await new Promise<Uint8Array<ArrayBuffer> | Error>((resolve) =>
        signer.sign(message, (answer) => resolve(answer as Uint8Array<ArrayBuffer> | Error)),
      )
      if (signature instanceof Error) throw signature
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open('shoal')
        opening.onsuccess = () => resolve(opening.result)
        opening.onerror = () => reject(opening.error ?? new Error('not opened'))
      })
      const keys = await new Promise<CryptoKeyPair>((resolve) => {
        const getting = database.transaction('identities').objectStore('identities').get('default')
        getting.onsuccess = () => resolve(getting.result as CryptoKeyPair)
      })
      return {
        verified: await crypto.subtle.verify('Ed25519', keys.publicKey, signature, message),
        exported: await crypto.subtle.exportKey('pkcs8', keys.privateKey).then(
          () => true,
          () => false,
        ),
      }
    })
    expect([verified, exported]).toEqual([true, false])
  })
})
