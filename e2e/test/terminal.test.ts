/** What one types in a terminal: `npm start`, and `npx shoal-peer`. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'
import { Program, root } from '../src/program.ts'
import { Sea } from '../src/sea.ts'
import { Tab } from '../src/tab.ts'

let sea: Sea
let programs: Program[] = []
beforeAll(async () => void (sea = await Sea.open('chromium', 'firefox')))
beforeEach(() => sea.newRoom())
afterEach(async () => {
  await Promise.all(programs.map((program) => program.kill()))
  programs = []
  await sea.clear()
})
afterAll(() => sea.close())

function run(...given: ConstructorParameters<typeof Program>): Program {
  const program = new Program(...given)
  programs.push(program)
  return program
}

test('shoal-peer tells who comes and goes, says what is typed, and leaves when it is interrupted', async () => {
  const tab = await sea.tab('chromium', { name: 'Ada' })
  const peer = run([
    `${root}lib/bin/shoal-peer.js`,
    ...['--room', sea.room, '--signaling', sea.signaling.url, '--name', 'Edgar', '--zone', 'rack-7'],
  ])
  await peer.printed(/joined .*Ada/)
  const [id, edgar] = await eventually(
    'the tab to see Edgar',
    async () => Object.entries(await tab.members()).find(([, { metadata }]) => metadata['name'] === 'Edgar')!,
    (found) => found !== undefined,
  )
  expect(edgar).toMatchObject({ status: 'alive', zone: 'rack-7' })

  const second = await sea.tab('firefox', { name: 'Bob' })
  await peer.printed(/joined .*Bob/)
  peer.type('hello from the terminal')
  for (const one of [tab, second]) {
    await eventually(`${one.name} to hear Edgar`, async () =>
      (await one.notes()).some(
        ({ from, data, broadcast }) => from === id && broadcast && data === 'hello from the terminal',
      ),
    )
  }
  await tab.call('broadcast', 'hello from the tab')
  await peer.printed(/says .*Ada .*hello from the tab/)
  await second.closeTab()
  await peer.printed(/(left|failed) .*Bob/)

  peer.signal('SIGINT')
  await eventually('Edgar to have left', async () => (await tab.members())[id]?.status === 'left')
  await peer.ended()
  expect(peer.exitCode).toBe(0)
})

test('npm start serves the page and lets it join, on any free port', async () => {
  const start = run([`${root}scripts/start.mjs`], { PORT: '0' })
  const [, address] = await start.printed(/(http:\/\/localhost:\d+\/)/)
  const tabs = await Promise.all(
    (['chromium', 'firefox'] as const).map(async (kind) => {
      const tab = await Tab.open(await sea.browser(kind), kind, kind, `${address}?room=fresh&name=${kind}`)
      return sea.adopt(await tab.joined())
    }),
  )
  for (const tab of tabs) {
    await eventually(
      `${tab.name} to show both`,
      () => tab.rows(),
      (rows) => rows.filter(({ status }) => status === 'alive').length === 2,
    )
  }
  start.signal('SIGINT')
  await start.ended()
  expect(start.exitCode).toBe(0)
  // The mesh goes on without it.
  for (const tab of tabs) {
    await eventually(
      `${tab.name} to tell`,
      () => tab.page.getByTestId('signaling').getAttribute('data-state'),
      (state) => state === 'connecting',
    )
    expect((await tab.rows()).map(({ status }) => status)).toEqual(['alive', 'alive'])
  }
})
