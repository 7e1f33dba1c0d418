/** What goes wrong through the page is said, with a stable code; nothing hangs, and nothing is left uncaught. */
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { startSignalingServer } from 'shoal-signaling'
import { eventually } from '../src/eventually.ts'
import { type PeerOptions, Sea } from '../src/sea.ts'
import type { Tab } from '../src/tab.ts'

let sea: Sea
const closers: (() => unknown)[] = []
beforeAll(async () => void (sea = await Sea.open('chromium', 'firefox')))
beforeEach(() => sea.newRoom())
afterEach(() => sea.clear())
afterAll(async () => {
  for (const close of closers) await close()
  await sea.close()
})

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => server.close())
  return (server.address() as AddressInfo).port
}

/** Takes the connection and never says a word: not even that it is a WebSocket. */
async function silent(): Promise<string> {
  return `ws://localhost:${await portOf(createTcpServer((socket) => void socket.on('error', () => {})))}/`
}

/** A WebSocket server of some other kind. */
async function foreign(): Promise<string> {
  const http = createServer()
  new WebSocketServer({ server: http }).on('connection', (socket) => socket.send('Welcome to the chat!'))
  return `ws://localhost:${await portOf(http)}/`
}

/** A port where nobody listens any more. */
async function nobody(): Promise<string> {
  const server = createTcpServer()
  const port = await portOf(server)
  await new Promise((resolve) => server.close(resolve))
  return `ws://localhost:${port}/`
}

async function refusing(settings: Parameters<typeof startSignalingServer>[0]): Promise<string> {
  const server = await startSignalingServer({
    port: 0,
    host: '127.0.0.1',
    exemptLoopback: true,
    drainSpreadMs: 0,
    drainMs: 0,
    ...settings,
  })
  closers.push(() => server.close())
  return `ws://localhost:${server.port}/`
}

const doors: readonly (readonly [string, string, () => Promise<PeerOptions>])[] = [
  [
    'an address that is no WebSocket’s',
    'ERR_SIGNALING_URL_INVALID',
    async () => ({ signaling: 'http://localhost:8787/' }),
  ],
  ['no address at all', 'ERR_SIGNALING_URL_INVALID', async () => ({ signaling: 'signal.example.org' })],
  ['a room’s name of 65 characters', 'ERR_ROOM_INVALID', async () => ({ room: 'x'.repeat(65) })],
  ['a room’s name of 65 bytes', 'ERR_ROOM_INVALID', async () => ({ room: `${'é'.repeat(32)}x` })],
  ['a zone that is too long', 'ERR_ZONE_INVALID', async () => ({ zone: 'z'.repeat(65) })],
  ['a port where nobody listens', 'ERR_SIGNALING_UNREACHABLE', async () => ({ signaling: await nobody() })],
  ['a server that accepts and stays silent', 'ERR_SIGNALING_SILENT', async () => ({ signaling: await silent() })],
  ['a server of another kind', 'ERR_SIGNALING_PROTOCOL', async () => ({ signaling: await foreign() })],
  [
    'a server that wants a token',
    'ERR_TOKEN_REQUIRED',
    async () => ({ signaling: await refusing({ tokenSecrets: ['s'.repeat(32)] }) }),
  ],
  ['a server that has no room left', 'ERR_ROOMS_FULL', async () => ({ signaling: await full() })],
]

async function full(): Promise<string> {
  const url = await refusing({ roomsMax: 1 })
  const edge = await sea.edge({ room: 'the only one', signaling: url })
  expect(edge.id).not.toBe('')
  return url
}

async function refusalOf(tab: Tab): Promise<{ code: string | null; text: string }> {
  const panel = tab.page.getByTestId('refused')
  await panel.waitFor()
  return { code: await panel.getAttribute('data-code'), text: (await panel.getByRole('alert').textContent()) ?? '' }
}

describe.each(['chromium', 'firefox'] as const)('in %s', (kind) => {
  test.each(doors)('%s: the page says %s, and what to do', async (_what, code, given) => {
    const tab = await sea.openTab(kind, await given())
    const refusal = await refusalOf(tab)
    expect(refusal.code).toBe(code)
    expect(refusal.text).toContain(code)
    expect(refusal.text.length).toBeGreaterThan(code.length + 20)
  })

  test('what is at its limit is sent, and what is over it, or for nobody, is an error with a code', async () => {
    const [tab, other] = [await sea.tab(kind), await sea.edge()]
    await eventually('both to be linked', async () => (await tab.members())[other.id]?.linked)
    const code = async (method: string, ...args: unknown[]) => (await tab.call(method, ...args)).code

    // A map of one key `name`: 1 + 5 bytes, and 3 before the text.
    expect(await code('setMetadata', { name: 'x'.repeat(503) })).toBeUndefined()
    expect(await code('setMetadata', { name: 'x'.repeat(504) })).toBe('ERR_METADATA_TOO_LARGE')
    expect(await code('setMetadata', 'Ada')).toBe('ERR_METADATA_INVALID')
    await eventually('the longest name to arrive', async () => {
      const name = (await other.members())[tab.id]?.metadata['name']
      return typeof name === 'string' && name.length === 503
    })

    for (const [method, ...to] of [['send', other.id], ['broadcast']] as const) {
      expect(await code(method, ...to, 'x'.repeat(16_381))).toBeUndefined()
      expect(await code(method, ...to, 'x'.repeat(16_382))).toBe('ERR_MESSAGE_TOO_LARGE')
    }
    await eventually(
      'both long messages to arrive',
      async () =>
        (await other.notes()).filter(({ data }) => typeof data === 'string' && data.length === 16_381).length === 2,
    )

    expect(await code('send', 'A'.repeat(43), 'hello')).toBe('ERR_UNKNOWN_PEER')
    expect(await code('send', 'nobody', 'hello')).toBe('ERR_UNKNOWN_PEER')
    expect(await code('send', tab.id, 'hello')).toBe('ERR_UNKNOWN_PEER')
    const functions = await tab.page.evaluate(() => window.ask(window.mesh!, 'broadcast', [() => 1]))
    expect(functions.code).toBe('ERR_DATA_INVALID')

    await tab.call('leave')
    // The page has let go of it by then; the mesh is asked through the code of its end.
    await tab.page.getByTestId('closed').waitFor()
    expect(await tab.page.getByTestId('closed').getAttribute('data-code')).toBe('ERR_CLOSED')
  })

  test('a browser without WebRTC is told so', async () => {
    const tab = await sea.openTab(kind, {}, () => {
      Object.defineProperty(globalThis, 'RTCPeerConnection', { value: undefined })
    })
    expect(await refusalOf(tab)).toMatchObject({ code: 'ERR_UNSUPPORTED' })
  })
})
