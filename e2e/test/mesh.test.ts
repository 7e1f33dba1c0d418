/** The main job, on real parts: tabs of two browsers and a Node process are one mesh. */
import { isDeepStrictEqual } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { launchChromium, signalRenderers } from '../src/browsers.ts'
import { eventually } from '../src/eventually.ts'
import type { Peer } from '../src/peer.ts'
import { allAgree, allSee, news, Sea } from '../src/sea.ts'
import type { Tab } from '../src/tab.ts'

let sea: Sea
beforeAll(async () => void (sea = await Sea.open('chromium', 'firefox')))
beforeEach(() => sea.newRoom())
afterEach(() => sea.clear())
afterAll(() => sea.close())

/** Each of these got exactly this once. */
async function allHear(peers: readonly Peer[], from: Peer, data: unknown, broadcast: boolean): Promise<void> {
  for (const peer of peers) {
    const heard = async () =>
      (await peer.notes()).filter((note) => note.from === from.id && isDeepStrictEqual(note.data, data))
    const messages = await eventually(`${peer.name} to hear ${from.name}`, heard, (all) => all.length > 0)
    expect(messages).toMatchObject([{ broadcast }])
  }
}

test('tabs of Chromium and Firefox and a Node process see each other, and hear each other', async () => {
  const tabs = await Promise.all([
    sea.tab('chromium', { name: 'Ada', zone: 'eu-west' }),
    sea.tab('chromium', { name: 'Bob' }),
    sea.tab('firefox', { name: 'Cyd' }),
    sea.tab('firefox', { name: 'Dot' }),
  ])
  const peers: Peer[] = [...tabs, await sea.edge({ name: 'Eve', zone: 'rack-7' })]
  await allAgree(peers)

  // Who everybody is, and where.
  for (const peer of peers) {
    const view = await peer.members()
    expect(peers.map(({ id }) => view[id]?.metadata)).toEqual(
      ['Ada', 'Bob', 'Cyd', 'Dot', 'Eve'].map((name) => ({ name })),
    )
    expect(peers.map(({ id }) => view[id]?.zone)).toEqual(['eu-west', undefined, undefined, undefined, 'rack-7'])
  }
  // The same in words, for whoever looks at the page.
  for (const tab of tabs) {
    const rows = await eventually(
      `${tab.name}'s table`,
      () => tab.rows(),
      (all) => all.filter(({ linked }) => linked).length === 4,
    )
    expect(rows.map(({ id }) => id).sort()).toEqual(peers.map(({ id }) => id).sort())
    expect(rows.every(({ status }) => status === 'alive')).toBe(true)
    expect(rows.find(({ id }) => id === peers[4]!.id)?.text).toContain('Eve')
  }

  // One of each kind speaks to all, and to each of the others alone.
  for (const from of [peers[0]!, peers[2]!, peers[4]!]) {
    const others = peers.filter((peer) => peer !== from)
    expect(await from.call('broadcast', { to: 'all', by: from.name })).not.toHaveProperty('code')
    await allHear(others, from, { to: 'all', by: from.name }, true)
    for (const other of others) {
      expect(await from.call('send', other.id, `for ${other.name} alone`)).not.toHaveProperty('code')
      await allHear([other], from, `for ${other.name} alone`, false)
    }
  }
})

test.each(['chromium', 'firefox'] as const)(
  'a tab of %s that is closed has left, and nobody held it to have failed',
  async (kind) => {
    const [closing, ...survivors] = await sea.peers(kind, 'chromium', 'firefox', 'node')
    await (closing as Tab).closeTab()
    await allSee(survivors, closing!, 'left')
    for (const survivor of survivors) expect(await news(survivor, closing!)).not.toContain('member-failed')
  },
)

test('a tab that crashes is suspected, and then failed, at every survivor', async () => {
  const [first, second, firefox, edge] = await sea.peers('chromium', 'chromium', 'firefox', 'node')
  await (second as Tab).crash()
  for (const survivor of [first!, firefox!, edge!]) {
    await allSee([survivor], second!, 'dead')
    expect(await news(survivor, second!)).toEqual(['member-suspected', 'member-failed'])
  }
  await allAgree([first!, firefox!, edge!])
})

test('without a signaling server the mesh goes on, and when it is back newcomers get in', async () => {
  const [first, second, firefox, edge] = await sea.peers('chromium', 'chromium', 'firefox', 'node')
  const survivors = [first!, firefox!, edge!]
  await sea.signaling.kill()
  for (const peer of [...survivors, second!]) {
    await eventually(`${peer.name} to notice`, async () =>
      (await peer.notes()).some(({ type }) => type === 'signaling-lost'),
    )
  }
  expect(await (first as Tab).page.getByTestId('signaling').getAttribute('data-state')).toBe('connecting')

  // Nobody is missed but who is missing.
  await (second as Tab).crash()
  await allSee(survivors, second!, 'dead')
  await allAgree(survivors)
  expect(await first!.call('broadcast', 'still here')).not.toHaveProperty('code')
  await allHear([firefox!, edge!], first!, 'still here', true)

  await sea.signaling.restart()
  const newcomers = await Promise.all([sea.tab('chromium'), sea.tab('firefox')])
  await allAgree([...survivors, ...newcomers])
})

test('a tab that is held past its suspicion is back by itself when it goes on, as who it was', async () => {
  // A browser of its own, whose renderers can be stopped: no page, timer or Worker of it runs.
  const browser = await launchChromium()
  try {
    const [first, firefox, edge] = await sea.peers('chromium', 'firefox', 'node')
    const survivors = [first!, firefox!, edge!]
    const held = await sea.tabIn(browser)
    await allAgree([...survivors, held])
    await signalRenderers(browser, 'SIGSTOP')
    await allSee(survivors, held, 'dead')
    await allAgree(survivors)
    await signalRenderers(browser, 'SIGCONT')
    await allAgree([...survivors, held])
    for (const survivor of survivors) expect((await news(survivor, held)).at(-1)).toBe('member-recovered')
  } finally {
    await browser.close()
  }
})
