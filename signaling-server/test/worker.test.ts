/** The rooms in Cloudflare's runtime: workerd, as `miniflare` runs it. */
import { Miniflare } from 'miniflare'
import { WebSocket } from 'ws'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bundle } from './bundle.ts'
import { Callers, until } from './caller.ts'
import { complies } from './compliance.ts'

const peersPerRoomMax = 20

async function start(settings: Record<string, string> = {}): Promise<Miniflare> {
  const entry = new URL('../worker/test/worker-probe.ts', import.meta.url).pathname
  const contents = await bundle(entry, { external: [/^cloudflare:/, /^node:/], target: 'webworker' })
  return new Miniflare({
    modules: [{ type: 'ESModule', path: 'index.mjs', contents }],
    compatibilityDate: '2026-02-12',
    compatibilityFlags: ['nodejs_compat'],
    durableObjects: { ROOMS: { className: 'SignalingRoom', useSQLite: true } },
    bindings: {
      SHOAL_PEERS_PER_ROOM_MAX: String(peersPerRoomMax),
      SHOAL_CONNECTIONS_PER_ADDRESS_MAX: '64',
      ...settings,
    },
    host: '127.0.0.1',
    port: 0,
  })
}

complies('a Durable Object', async () => {
  const miniflare = await start({ SHOAL_JOINS_BURST: '1000' })
  const url = (await miniflare.ready).href.replace('http:', 'ws:')
  return { urls: [url], peersPerRoomMax, close: () => miniflare.dispose() }
})

describe('what is special at the edge', () => {
  let miniflare: Miniflare
  let base: string
  const callers = new Callers()
  const ws = () => base.replace('http:', 'ws:')

  beforeAll(async () => {
    miniflare = await start({
      SHOAL_ORIGINS: 'https://a.example',
      SHOAL_JOIN_TIMEOUT_MS: '500',
      SHOAL_HEARTBEAT_MS: '1000',
      SHOAL_SILENT_MS_MAX: '60000',
      SHOAL_CONNECTIONS_PER_ADDRESS_MAX: '3',
      SHOAL_JOINS_BURST: '4',
      SHOAL_PAYLOAD_BYTES_MAX: '1000',
    })
    base = (await miniflare.ready).href
  }, 60_000)
  afterEach(() => callers.end())
  afterAll(() => miniflare.dispose())

  const page = { socket: { origin: 'https://a.example' } }
  /** Which life of the object answers: it changes when it slept in between. */
  const life = async (room: string): Promise<string> =>
    (await fetch(`${base}life?room=${room}`, { headers: { origin: page.socket.origin } })).text()

  test('what is no WebSocket, or names no room, is told so', async () => {
    const status = async (path: string, headers: Record<string, string> = {}) =>
      (await miniflare.dispatchFetch(`${base}${path}`, { headers })).status
    const upgrade = { upgrade: 'websocket', origin: page.socket.origin }
    expect(await status('healthz')).toBe(200)
    expect(await status('other')).toBe(404)
    expect(await status('')).toBe(426)
    expect(await status('', upgrade)).toBe(400)
    expect(await status(`?room=${'x'.repeat(65)}`, upgrade)).toBe(400)
    expect(await status('?room=r', { ...upgrade, origin: 'https://evil.example' })).toBe(403)
  })

  test('who never joins is sent away by the alarm', async () => {
    const a = await callers.open(ws(), { room: 'idle', ...page })
    expect((await a.next('error')).code).toBe('ERR_JOIN_TIMEOUT')
    // The close frame is here at once; workerd keeps the TCP connection of a socket that an alarm closed.
    await until('the close frame', () => a.socket.readyState === WebSocket.CLOSING)
  })

  test('an address has as many sockets and joins in a room as it may', async () => {
    const open = () => callers.open(ws(), { room: 'crowd', ...page })
    const three = [await open(), await open(), await open()]
    for (const caller of three) await caller.join({ room: 'crowd' })
    for (const caller of three) await caller.next('welcome')
    const fourth = await open()
    await until('the refusal', () => fourth.status !== undefined)
    expect(fourth.status).toBe(429)
    three[0]!.end()
    await until('its place to be free', async () => {
      const next = await open()
      await until('an answer', () => next.status !== undefined || next.heard.length > 0)
      return next.status === undefined
    })
  })

  test('a frame over the limit costs its socket', async () => {
    const a = await callers.join(ws(), { room: 'large', ...page })
    a.say('{"t":"sample"}'.padEnd(1_000))
    await a.next('sample')
    a.say('{"t":"sample"}'.padEnd(1_001))
    expect((await a.next('error')).code).toBe('ERR_FRAME_TOO_LARGE')
  })

  test('a room that slept knows its peers when it wakes, and answered their pings meanwhile', async () => {
    const a = await callers.join(ws(), { room: 'sleepy', ...page })
    const b = await callers.join(ws(), { room: 'sleepy', ...page })
    const before = await life('sleepy')
    // workerd puts an object to sleep after ten quiet seconds; asking wakes it, so it is asked seldom.
    await expect
      .poll(
        async () => {
          a.say('{"t":"ping"}')
          await a.next('pong')
          return (await life('sleepy')) !== before
        },
        { interval: 12_000, timeout: 70_000 },
      )
      .toBe(true)
    a.say({ t: 'signal', to: b.id, data: 'AQ' })
    expect(await b.next('signal')).toEqual({ t: 'signal', from: a.id, data: 'AQ' })
    b.say({ t: 'sample' })
    expect((await b.next('sample')).sample).toEqual([a.id])
  }, 90_000)
})
