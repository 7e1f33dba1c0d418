/** A mesh in a page that is closed, kept in the back/forward cache, hidden and shown. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { settle } from './manual-host.ts'
import { alive, record, Waters } from './waters.ts'

let page: EventTarget
let shown: EventTarget

beforeEach(() => {
  page = new EventTarget()
  shown = new EventTarget()
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('document', Object.assign(shown, { hidden: false }))
})
afterEach(() => vi.unstubAllGlobals())

function pageEvent(type: string, persisted: boolean): Event {
  return Object.assign(new Event(type), { persisted })
}

/** One peer in the page, the others elsewhere. */
async function pageAmongOthers(): Promise<{ waters: Waters; mine: Mesh; others: readonly Mesh[] }> {
  const waters = new Waters()
  const mine = await waters.join({ metadata: { name: 'page' } })
  vi.stubGlobal('document', undefined)
  const others = [await waters.join(), await waters.join()]
  await waters.until(() => [mine, ...others].every((mesh) => alive(mesh) === 3))
  await waters.until(() => mine.stats().links.length === 2)
  return { waters, mine, others }
}

test('a closing page says that it leaves before its handler returns', async () => {
  const { waters, others } = await pageAmongOthers()
  const said = others.map((mesh) => record(mesh, ['member-left', 'member-suspected', 'member-failed']))
  page.dispatchEvent(pageEvent('pagehide', false))
  // The page is gone: whatever it has not said by now it will never say.
  waters.hub.latencyMs = 0
  await waters.until(() => said.every((one) => one.length === 1), 100)
  expect(said).toEqual([['member-left page'], ['member-left page']])
})

test('a closing Firefox that fires no pagehide says it at unload, and says it once if it fires both', async () => {
  vi.stubGlobal('navigator', { userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0' })
  for (const fired of [['unload'], ['pagehide', 'unload']]) {
    vi.stubGlobal('document', Object.assign(shown, { hidden: false }))
    const { waters, mine, others } = await pageAmongOthers()
    const said = others.map((mesh) => record(mesh, ['member-left', 'member-suspected', 'member-failed']))
    for (const type of fired) page.dispatchEvent(pageEvent(type, false))
    waters.hub.latencyMs = 0
    await waters.until(() => said.every((one) => one.length > 0), 100)
    expect(said).toEqual([['member-left page'], ['member-left page']])
    // Its connections end when its last handler returns: it gives them the time to send.
    expect(waters.hostOf(mine).heldMs).toBe(50)
  }
})

test('no other browser is asked about unload, which would bar the page from the back/forward cache', async () => {
  vi.stubGlobal('navigator', { userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36' })
  const { waters, others } = await pageAmongOthers()
  page.dispatchEvent(pageEvent('unload', false))
  await waters.time.pass(1000)
  expect(others.map(alive)).toEqual([3, 3])
})

test('a page that comes back from the back/forward cache joins again by itself, as a new instance of the same member', async () => {
  const { waters, mine, others } = await pageAmongOthers()
  const { instance } = mine.self
  page.dispatchEvent(pageEvent('pagehide', true))
  await waters.until(() => others.every((mesh) => mesh.members.get(mine.id)?.status === 'left'))
  for (const { id } of others) waters.hub.sever(mine.id, id)
  await waters.time.pass(30_000)
  page.dispatchEvent(pageEvent('pageshow', true))
  await waters.until(() => [mine, ...others].every((mesh) => alive(mesh) === 3))
  expect(mine.self.instance).not.toBe(instance)
  expect(mine.self.metadata).toEqual({ name: 'page' })
  const heard = others.map((mesh) => record(mesh, ['message']))
  await waters.until(() => mine.stats().links.length === 2)
  await waters.during(mine.broadcast('back'))
  await waters.until(() => heard.every((one) => one.length === 1))
})

test('a page that was shown all along does not join again', async () => {
  const { waters, mine } = await pageAmongOthers()
  const { instance } = mine.self
  page.dispatchEvent(pageEvent('pageshow', false))
  shown.dispatchEvent(new Event('visibilitychange'))
  page.dispatchEvent(new Event('online'))
  await waters.time.pass(3000)
  expect(mine.self.instance).toBe(instance)
  expect(alive(mine)).toBe(3)
})

test('a mesh that has ended is deaf to its page', async () => {
  const { waters, mine, others } = await pageAmongOthers()
  await waters.during(mine.leave())
  page.dispatchEvent(pageEvent('pagehide', false))
  page.dispatchEvent(pageEvent('pageshow', true))
  await waters.time.pass(3000)
  await settle()
  expect(others.map(alive)).toEqual([2, 2])
})

test('a page that hides while it joins, and is kept, gets in when it is back', async () => {
  const waters = new Waters()
  waters.door.mood = 'silent'
  const joining = waters.join()
  await waters.time.pass(100)
  page.dispatchEvent(pageEvent('pagehide', true))
  waters.door.mood = 'open'
  page.dispatchEvent(pageEvent('pageshow', true))
  const mesh = await joining
  expect(mesh.self.status).toBe('alive')
})
