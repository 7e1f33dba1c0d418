/** A room with an owner, among two real browsers and a Node process: who was let in is taken out again, live. */
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { identityOf, issueCapability, makeOwnerKey, revokeCapabilities } from 'shoal/capabilities'
import { join, type Mesh } from 'shoal/node'
import { launch } from '../src/browsers.ts'
import { eventually } from '../src/eventually.ts'
import { type Pages, servePages } from '../src/pages.ts'
import { Signaling } from '../src/signaling.ts'

let pages: Pages
let signaling: Signaling
const browsers: Browser[] = []
beforeAll(async () => {
  pages = await servePages()
  signaling = await Signaling.start()
  browsers.push(await launch.chromium(), await launch.firefox())
})
afterAll(async () => {
  for (const browser of browsers) await browser.close()
  await signaling?.kill()
  await pages?.close()
})

const hour = 3_600_000
const room = `owned ${process.pid}`

async function open(browser: Browser): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  await page.goto(`${pages.origin}owned.html`)
  await page.waitForFunction(() => 'enter' in window)
  return page
}

test('Chromium, Firefox and Node meet by their capabilities; the one that is revoked is gone, and what it wrote before stays', async () => {
  const { owner, secret } = await makeOwnerKey()
  const grant = (to: string, renews?: string) => {
    const from = Date.now()
    const wish = { secret, owner, room, to: to as Mesh['id'], from, until: from + hour }
    return issueCapability(renews === undefined ? wish : { ...wish, renews })
  }
  const [chromium, firefox] = [await open(browsers[0]!), await open(browsers[1]!)]
  const enter = async (page: Page) => {
    const id = await page.evaluate(() => window.whoAmI())
    const capability = await grant(id)
    await page.evaluate(
      ([name, url, key, text]) => window.enter(name!, url!, key!, text!),
      [room, signaling.url, owner, capability],
    )
    return { id, capability }
  }
  const [ada, bob] = [await enter(chromium), await enter(firefox)]
  const identity = (await identityOf((await makeOwnerKey()).secret))!
  const own = await grant(identity.peerId)
  const mesh = await join(room, { signaling: signaling.url, identity, admission: { owner, capability: own } })
  try {
    const alive = () => [...mesh.members.values()].filter(({ status }) => status === 'alive').length
    await eventually('Node to see three', alive, (count) => count === 3)
    const livingIn = (page: Page) =>
      page.evaluate(() => [...window.entered.members.values()].filter(({ status }) => status === 'alive').length)
    for (const page of [chromium, firefox])
      await eventually(
        'a tab to see three',
        () => livingIn(page),
        (n) => n === 3,
      )

    await firefox.evaluate(() => window.entered.map('todos').set('milk', 'before'))
    await eventually(
      'the write',
      () => mesh.map('todos').get('milk'),
      (value) => value === 'before',
    )
    const renewed = await grant(ada.id, ada.capability)
    await chromium.evaluate((capability) => window.entered.renewCapability(capability), renewed)

    const from = Date.now()
    const list = await revokeCapabilities({ secret, room, capabilities: [bob.capability], from, until: from + hour })
    const said: string[] = []
    mesh.addEventListener('member-revoked', ({ detail }) => said.push(detail.member.id))
    await mesh.revoke(list)
    await eventually(
      'Firefox to end',
      () => firefox.evaluate(() => window.happened),
      (all) => all.includes('closed ERR_CAPABILITY_REVOKED'),
    )
    await eventually(
      'Chromium to hear of it',
      () => chromium.evaluate(() => window.happened),
      (all) => all.includes(`member-revoked ${bob.id}`),
    )
    expect(said).toEqual([bob.id])
    expect(await livingIn(chromium)).toBe(2)
    await eventually(
      'no link to be left',
      () => mesh.stats().links.map(({ peer }) => peer as string),
      (peers) => peers.join() === ada.id,
    )
    expect(mesh.members.get(bob.id as Mesh['id'])?.status).toBe('dead')
    expect(await chromium.evaluate(() => window.entered.map('todos').get('milk'))).toBe('before')

    // It comes back with the same capability, and gets nowhere.
    await firefox.reload()
    await firefox.waitForFunction(() => 'enter' in window)
    await firefox.evaluate(
      ([name, url, key, text]) => window.enter(name!, url!, key!, text!),
      [room, signaling.url, owner, bob.capability],
    )
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    expect([alive(), await livingIn(chromium), await livingIn(firefox)]).toEqual([2, 2, 1])
  } finally {
    await mesh.leave()
  }
})
