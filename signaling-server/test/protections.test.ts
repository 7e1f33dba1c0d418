/** What strangers try, and what it costs them: one socket, and nobody else anything. */
import { createServer, get } from 'node:http'
import { connect, type Socket } from 'node:net'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { toBase64Url } from 'shoal/identity'
import { startSignalingServer, type SignalingServer, type SignalingServerOptions } from '../src/server.ts'
import { mintToken } from '../src/tokens.ts'
import { Callers, until, type Caller } from './caller.ts'
import { freePort } from './redis-process.ts'

const callers = new Callers()
const servers: SignalingServer[] = []
const raws: Socket[] = []

async function start(options: SignalingServerOptions = {}): Promise<SignalingServer> {
  const server = await startSignalingServer({ port: 0, ...options })
  servers.push(server)
  return server
}

afterEach(async () => {
  await callers.end()
  for (const raw of raws.splice(0)) raw.destroy()
  for (const server of servers.splice(0)) await server.close()
})

/** A TCP connection that says what it is told. */
function dial(server: SignalingServer, text = ''): { socket: Socket; heard: () => string; closed: () => boolean } {
  const socket = connect(server.port, '127.0.0.1')
  raws.push(socket)
  let heard = ''
  let closed = false
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')))
  socket.on('close', () => (closed = true))
  // A reset is one of the answers that are tested.
  socket.on('error', () => {})
  socket.write(text)
  return { socket, heard: () => heard, closed: () => closed }
}

const upgrade = (headers = '', path = '/') =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}Connection: Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'

/** The HTTP status that a socket is refused with; undefined when it opens. */
async function refusal(caller: Caller): Promise<number | undefined> {
  await until('an answer', () => caller.status !== undefined || caller.heard.length > 0)
  return caller.status
}

/** An honest client still gets in. */
async function servesOthers(server: SignalingServer): Promise<void> {
  expect((await callers.join(server.url, { room: 'honest' })).sample).toEqual([])
}

describe('origins', () => {
  const origins = ['https://a.example', 'http://localhost:5173']

  test('only pages of the listed origins get in, compared exactly', async () => {
    const server = await start({ origins })
    const from = async (origin?: string) =>
      refusal(await callers.open(server.url, { socket: { ...(origin && { origin }) } }))
    expect(await from('https://a.example')).toBeUndefined()
    expect(await from('http://localhost:5173')).toBeUndefined()
    expect(await from('http://a.example')).toBe(403)
    expect(await from('https://a.example.evil.example')).toBe(403)
    expect(await from('null')).toBe(403)
    expect(await from()).toBe(403)
  })

  test('a client without an origin needs a token, and a page does not', async () => {
    const secret = 'x'.repeat(32)
    const server = await start({ origins, tokenSecrets: [secret], tokensFrom: 'no-origin' })
    await callers.join(server.url, { socket: { origin: 'https://a.example' } })
    const bare = await callers.open(server.url)
    await bare.join()
    expect((await bare.next('error')).code).toBe('ERR_TOKEN_REQUIRED')
    await callers.join(server.url, { token: await mintToken(secret, 60) })
  })
})

describe('tokens', () => {
  const secret = 'y'.repeat(32)

  test('once there is a secret, everybody needs one; a bad one says so', async () => {
    const server = await start({ tokenSecrets: [secret] })
    const without = await callers.open(server.url)
    await without.join()
    expect((await without.next('error')).code).toBe('ERR_TOKEN_REQUIRED')
    const forged = await callers.open(server.url)
    await forged.join({ token: await mintToken('z'.repeat(32), 60) })
    expect((await forged.next('error')).code).toBe('ERR_TOKEN_INVALID')
    const bound = await callers.open(server.url)
    await bound.join({ token: await mintToken(secret, 60, { room: 'elsewhere' }) })
    expect((await bound.next('error')).code).toBe('ERR_TOKEN_INVALID')
    await callers.join(server.url, { token: await mintToken(secret, 60, { room: 'lobby' }) })
  })
})

test('a join that was signed for another server is refused, once the server knows its own names', async () => {
  const server = await start({ audiences: ['signal.example.org'] })
  await callers.join(server.url, { audience: 'signal.example.org' })
  const relayed = await callers.open(server.url)
  await relayed.join({ audience: 'evil.example' })
  expect((await relayed.next('error')).code).toBe('ERR_AUDIENCE')
})

describe('frames', () => {
  test('the largest frame passes, and one byte more does not', async () => {
    const server = await start({ payloadBytesMax: 1_000 })
    const a = await callers.join(server.url)
    a.say('{"t":"ping"}'.padEnd(1_000))
    await a.next('pong')
    a.say('{"t":"ping"}'.padEnd(1_001))
    expect(await a.closed()).toBe(1009)
    await servesOthers(server)
  })

  test('four fragments pass, and five do not', async () => {
    const server = await start()
    const a = await callers.join(server.url)
    const inFragments = (parts: string[]) =>
      parts.forEach((part, n) => a.socket.send(part, { fin: n === parts.length - 1 }))
    inFragments(['{"t"', ':', '"ping"', '}'])
    await a.next('pong')
    inFragments(['{"t"', ':', '"pi', 'ng"', '}'])
    expect(await a.closed()).toBe(1008)
    await servesOthers(server)
  })

  test('a frame that comes in more chunks than are kept is not waited for', async () => {
    const server = await start({ chunksBufferedMax: 8 })
    const raw = dial(server, upgrade())
    await until('the challenge', () => raw.heard().includes('challenge'))
    // A masked text frame of 60,000 bytes, of which one byte comes at a time.
    raw.socket.setNoDelay(true)
    raw.socket.write(Buffer.from([0x81, 0xfe, 0xea, 0x60, 0, 0, 0, 0]))
    await until('the server to end it', () => {
      if (!raw.closed()) raw.socket.write('x')
      return raw.closed()
    })
    await servesOthers(server)
  })

  test('text that is not UTF-8 costs its socket', async () => {
    const server = await start()
    const a = await callers.join(server.url)
    a.socket.send(Buffer.from([0xff, 0xfe]), { binary: false })
    expect(await a.closed()).toBe(1007)
    await servesOthers(server)
  })

  test('compression is not even offered', async () => {
    const server = await start()
    const raw = dial(server, upgrade('Sec-WebSocket-Extensions: permessage-deflate\r\n'))
    await until('the answer', () => raw.heard().includes('challenge'))
    expect(raw.heard().toLowerCase()).not.toContain('permessage-deflate')
  })

  test('too many frames cost the socket, with a time to come back', async () => {
    const server = await start({ framesPerSecond: 1, framesBurst: 5 })
    const a = await callers.join(server.url)
    for (let i = 0; i < 5; i++) a.say('{"t":"ping"}')
    expect(await a.next('error')).toMatchObject({ code: 'ERR_RATE', retryAfterMs: 5_000 })
    expect(a.heard.filter(({ t }) => t === 'pong')).toHaveLength(4)
    expect(await a.closed()).toBe(1013)
  })

  test('WebSocket pings are answered, and a flood of them is not', async () => {
    const server = await start({ pingsPerSecond: 1, pingsBurst: 5 })
    const a = await callers.join(server.url)
    let pongs = 0
    a.socket.on('pong', () => pongs++)
    for (let i = 0; i < 5; i++) a.socket.ping()
    await until('five pongs', () => pongs === 5)
    for (let i = 0; i < 5; i++) a.socket.ping()
    expect((await a.next('error')).code).toBe('ERR_RATE')
    await servesOthers(server)
  })

  test.each([
    ['pings', Buffer.from([0x89, 0x80, 0, 0, 0, 0])],
    ['frames', Buffer.concat([Buffer.from([0x81, 0x81, 0, 0, 0, 0]), Buffer.from('x')])],
  ])('a flood of %s that goes on after the close is not read to its end', async (_what, one) => {
    // Were it read until the close times out, this test would time out with it.
    const server = await start({ closeTimeoutMs: 60_000, drainMs: 100 })
    const raw = dial(server, upgrade())
    await until('the challenge', () => raw.heard().includes('challenge'))
    const many = Buffer.concat(Array.from({ length: 100 }, () => one))
    await until('the server to end it', () => {
      if (!raw.closed()) raw.socket.write(many)
      return raw.closed()
    })
    await servesOthers(server)
  })

  test('a flooder that does not read its pongs is cut off', async () => {
    const server = await start({ pingsPerSecond: 1_000_000, pingsBurst: 10_000_000, pendingPongsMax: 5 })
    const raw = dial(server, upgrade())
    await until('the challenge', () => raw.heard().includes('challenge'))
    raw.socket.pause()
    const pings = Buffer.concat(
      Array.from({ length: 5_000 }, () => Buffer.concat([Buffer.from([0x89, 0xfd, 0, 0, 0, 0]), Buffer.alloc(125)])),
    )
    await until('the server to end it', () => {
      if (server.sockets > 0 && raw.socket.writableLength < 10_000_000) raw.socket.write(pings)
      return server.sockets === 0
    })
    await servesOthers(server)
  })
})

describe('sockets', () => {
  test('a reader that does not read is cut off, and the server keeps little of what it was sent', async () => {
    const server = await start({ framesPerSecond: 1_000_000, framesBurst: 10_000_000, bufferedBytesMax: 65_536 })
    const slow = await callers.join(server.url)
    const sender = await callers.join(server.url)
    slow.socket.pause()
    const data = toBase64Url(new Uint8Array(16_384))
    let absent = false
    void sender.next('absent').then(() => (absent = true))
    await until('the slow one to be gone', () => {
      if (!absent && sender.socket.bufferedAmount < 1_000_000) sender.say({ t: 'signal', to: slow.id, data })
      return absent
    })
    expect(server.sockets).toBe(1)
    await servesOthers(server)
  })

  test('of many who read slowly, and stay below their own limit, the slowest goes when all together are over theirs', async () => {
    const limits = { bufferedBytesMax: 1_000_000_000, bufferedTotalBytesMax: 200_000 }
    const server = await start({ framesPerSecond: 1_000_000, framesBurst: 10_000_000, ...limits })
    const readers = [await callers.join(server.url), await callers.join(server.url)]
    const sender = await callers.join(server.url)
    for (const { socket } of readers) socket.pause()
    const data = toBase64Url(new Uint8Array(16_384))
    let gone = 0
    void sender.next('absent').then(() => (gone += 1))
    await until('one of them to be gone', () => {
      if (gone > 0 || sender.socket.bufferedAmount > 100_000) return gone > 0
      for (const { id } of readers) sender.say({ t: 'signal', to: id, data })
      return false
    })
    // The other one stays.
    expect(server.sockets).toBe(2)
    await servesOthers(server)
  })

  test('one that does not join in time is sent away', async () => {
    const server = await start({ joinTimeoutMs: 100 })
    const a = await callers.open(server.url)
    expect((await a.next('error')).code).toBe('ERR_JOIN_TIMEOUT')
    expect(await a.closed()).toBe(1008)
  })

  test('one that is dead at the other end is found out, and one that answers pings is not', async () => {
    const server = await start({ heartbeatMs: 1_000, silentMsMax: 2_000 })
    const alive = await callers.join(server.url)
    const dead = await callers.join(server.url, { socket: { autoPong: false } })
    expect((await dead.next('error')).code).toBe('ERR_SILENT')
    await dead.closed()
    expect(alive.closeCode).toBeUndefined()
  })

  test('an address has as many as it may', async () => {
    const server = await start({ connectionsPerAddressMax: 2 })
    const first = await callers.open(server.url)
    expect(await refusal(first)).toBeUndefined()
    expect(await refusal(await callers.open(server.url))).toBeUndefined()
    expect(await refusal(await callers.open(server.url))).toBe(429)
    first.end()
    await until('its place to be free', () => server.sockets === 1)
    expect(await refusal(await callers.open(server.url))).toBeUndefined()
  })

  test('behind a trusted proxy it is the client that counts', async () => {
    const server = await start({ connectionsPerAddressMax: 1, trustedProxies: ['127.0.0.0/8'] })
    const via = async (forwarded: string) =>
      refusal(await callers.open(server.url, { socket: { headers: { 'x-forwarded-for': forwarded } } }))
    expect(await via('198.51.100.1')).toBeUndefined()
    expect(await via('198.51.100.2')).toBeUndefined()
    expect(await via('198.51.100.1')).toBe(429)
    expect(await via('203.0.113.9, 198.51.100.1')).toBe(429)
    expect(await via('2001:db8:1:2::1')).toBeUndefined()
    expect(await via('2001:db8:1:2::ffff')).toBe(429)
    expect(await via('2001:db8:1:3::1')).toBeUndefined()
  })

  test('a proxy that is not trusted is a client', async () => {
    const server = await start({ connectionsPerAddressMax: 1 })
    const via = async (forwarded: string) =>
      refusal(await callers.open(server.url, { socket: { headers: { 'x-forwarded-for': forwarded } } }))
    expect(await via('198.51.100.1')).toBeUndefined()
    expect(await via('198.51.100.2')).toBe(429)
  })

  test('an address joins as often as it may', async () => {
    const server = await start({ joinsPerMinute: 1, joinsBurst: 2 })
    await callers.join(server.url)
    await callers.join(server.url)
    const third = await callers.open(server.url)
    await third.join()
    expect(await third.next('error')).toMatchObject({ code: 'ERR_JOIN_RATE', retryAfterMs: 5_000 })
  })

  test('new ones come at a rate, and in all there are as many as there may be', async () => {
    const rated = await start({ connectionsPerMinute: 1, connectionsBurst: 2 })
    expect(await refusal(await callers.open(rated.url))).toBeUndefined()
    expect(await refusal(await callers.open(rated.url))).toBeUndefined()
    expect(await refusal(await callers.open(rated.url))).toBe(429)
    const capped = await start({ connectionsMax: 1 })
    expect(await refusal(await callers.open(capped.url))).toBeUndefined()
    expect(await refusal(await callers.open(capped.url))).toBe(429)
  })

  test('for development, this machine is exempt from limits per address', async () => {
    const server = await start({ connectionsPerAddressMax: 1, joinsBurst: 1, exemptLoopback: true })
    for (let i = 0; i < 5; i++) await callers.join(server.url)
  })

  test('as many rooms as there may be', async () => {
    const server = await start({ roomsMax: 1 })
    await callers.join(server.url, { room: 'a' })
    const b = await callers.open(server.url, { room: 'b' })
    await b.join({ room: 'b' })
    expect((await b.next('error')).code).toBe('ERR_ROOMS_FULL')
  })
})

describe('HTTP', () => {
  test('headers that do not come in time', async () => {
    const server = await start({ headersTimeoutMs: 200, requestTimeoutMs: 300 })
    const raw = dial(server, 'GET / HTTP/1.1\r\nHost: x\r\n')
    await until('the server to end it', () => raw.closed())
    await servesOthers(server)
  })

  test('a request that does not end', async () => {
    const server = await start({ headersTimeoutMs: 200, requestTimeoutMs: 300, fallback: () => {} })
    const raw = dial(server, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc')
    await until('the server to end it', () => raw.closed())
  })

  test('no more headers are read than are allowed', async () => {
    const server = await start({ headersMax: 8, origins: ['https://a.example'] })
    const fill = (count: number) => Array.from({ length: count }, (_, n) => `X-${n}: y\r\n`).join('')
    const early = dial(server, upgrade(`Origin: https://a.example\r\n`))
    await until('the challenge', () => early.heard().includes('challenge'))
    const late = dial(server, upgrade(`${fill(8)}Origin: https://a.example\r\n`))
    await until('the refusal', () => late.closed())
    expect(late.heard()).not.toContain('challenge')
  })

  test('what is no HTTP, and what resets at once, harms nobody', async () => {
    const server = await start()
    const noise = dial(server, '\x16\x03\x01\x02\x00garbage\r\n\r\n')
    await until('the server to end it', () => noise.closed())
    for (let i = 0; i < 20; i++) dial(server, upgrade()).socket.resetAndDestroy()
    await servesOthers(server)
  })

  test('everything else is a 404, on the wrong path too', async () => {
    const server = await start({ path: '/signal' })
    const base = `http://127.0.0.1:${server.port}`
    expect((await fetch(`${base}/`)).status).toBe(404)
    expect((await fetch(`${base}/metrics`)).status).toBe(404)
    expect(await refusal(await callers.open(`ws://127.0.0.1:${server.port}/other`))).toBe(404)
    await servesOthers(server)
  })

  test('a fallback serves the rest of one port, and a shared server keeps its own paths', async () => {
    const alone = await start({ fallback: (_request, response) => void response.end('a page') })
    expect(await (await fetch(`http://127.0.0.1:${alone.port}/page`)).text()).toBe('a page')
    await servesOthers(alone)

    const http = createServer((_request, response) => void response.end('the owner'))
    http.on('upgrade', (request, socket) => {
      if (request.url === '/hmr') socket.end('HTTP/1.1 418 teapot\r\n\r\n')
    })
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    const shared = await start({ server: http, path: '/signal' })
    expect(await (await fetch(`http://127.0.0.1:${shared.port}/`)).text()).toBe('the owner')
    expect(await refusal(await callers.open(`ws://127.0.0.1:${shared.port}/hmr`))).toBe(418)
    await servesOthers(shared)
    await callers.end()
    await shared.close()
    expect(await (await fetch(`http://127.0.0.1:${shared.port}/`)).text()).toBe('the owner')
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  })

  test('a port that is taken is an error, not a crash', async () => {
    const server = await start()
    await expect(startSignalingServer({ port: server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})

describe('for the operator', () => {
  test('health, readiness and metrics on a port of their own', async () => {
    const metricsPort = await freePort()
    const server = await start({ metricsPort, framesBurst: 3, framesPerSecond: 1 })
    const a = await callers.join(server.url, { room: 'secret-room' })
    const b = await callers.join(server.url, { room: 'secret-room' })
    b.say({ t: 'signal', to: a.id, data: 'AQ' })
    await a.next('signal')
    for (let i = 0; i < 5; i++) a.say({ t: 'sample' })
    await a.closed()
    const base = `http://127.0.0.1:${server.metricsPort}`
    expect((await fetch(`${base}/healthz`)).status).toBe(200)
    expect((await fetch(`${base}/readyz`)).status).toBe(200)
    expect((await fetch(`${base}/other`)).status).toBe(404)
    const text = await (await fetch(`${base}/metrics`)).text()
    for (const line of [
      'shoal_signaling_sockets 1',
      'shoal_signaling_rooms 1',
      'shoal_signaling_joins_total 2',
      'shoal_signaling_frames_sent_total{kind="signal"} 1',
      'shoal_signaling_closed_total{code="ERR_RATE"} 1',
      'shoal_signaling_join_seconds_count 2',
      'shoal_signaling_ready 1',
    ]) {
      expect(text).toContain(`${line}\n`)
    }
    expect(text).toContain('nodejs_eventloop_lag_seconds')
    expect(text).not.toContain('secret-room')
    expect(text).not.toContain(a.id)
  })

  test('metrics on the main port need their token', async () => {
    const metricsToken = 'm'.repeat(16)
    const server = await start({ metricsToken })
    const read = (authorization?: string) =>
      fetch(`http://127.0.0.1:${server.port}/metrics`, { headers: { ...(authorization && { authorization }) } })
    expect((await read()).status).toBe(401)
    expect((await read('Bearer wrong')).status).toBe(401)
    expect((await read(`Bearer ${metricsToken}`)).status).toBe(200)
  })

  test('logs hold no payload, token, credential, room, id or address', async () => {
    let written = ''
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        written += chunk.toString()
        done()
      },
    })
    const secret = 'k'.repeat(40)
    const token = await mintToken(secret, 60)
    const server = await start({
      log: pino({ level: 'trace' }, sink),
      tokenSecrets: [secret],
      iceUrls: ['turn:t.example'],
      turnSecret: 'turn-secret-of-the-test',
      trustedProxies: ['127.0.0.1'],
      connectionsPerAddressMax: 2,
    })
    const socket = { headers: { 'x-forwarded-for': '198.51.100.77' } }
    const a = await callers.join(server.url, { room: 'secret-room', token, socket })
    const b = await callers.join(server.url, { room: 'secret-room', token, socket })
    const data = toBase64Url(Buffer.from('v=0 candidate:1 1 udp'))
    b.say({ t: 'signal', to: a.id, data })
    await a.next('signal')
    expect(await refusal(await callers.open(server.url, { socket }))).toBe(429)
    a.say('nonsense')
    await a.closed()
    await server.close()
    expect(written).toContain('198.51.100.0/24')
    expect(written).toContain('ERR_FRAME_INVALID')
    const welcome = b.heard.find((message) => message.t === 'welcome')
    const credential = welcome?.iceServers?.[0]?.credential
    expect(credential).toBeDefined()
    for (const hidden of [
      data,
      token,
      secret,
      credential!,
      'turn-secret',
      'secret-room',
      a.id,
      '198.51.100.77',
      'nonsense',
    ]) {
      expect(written).not.toContain(hidden)
    }
  })

  test('a drain: not ready, no newcomers, everybody told when to come back, and ended in time', async () => {
    const server = await start({ drainMs: 5_000, drainSpreadMs: 2_000, closeTimeoutMs: 200 })
    const polite = await callers.join(server.url)
    const deaf = await callers.join(server.url)
    deaf.socket.pause()
    const closing = server.close()
    const { code, retryAfterMs } = await polite.next('bye')
    expect(code).toBe('ERR_SHUTDOWN')
    expect(retryAfterMs).toBeGreaterThanOrEqual(1_000)
    expect(retryAfterMs).toBeLessThanOrEqual(3_000)
    expect(await polite.closed()).toBe(1012)
    await closing
    expect(server.sockets).toBe(0)
  })

  test('while it drains it is alive and not ready', async () => {
    const server = await start({ drainMs: 60_000, closeTimeoutMs: 1_000 })
    const deaf = dial(server, upgrade())
    await until('the challenge', () => deaf.heard().includes('challenge'))
    const status = (path: string) =>
      new Promise((resolve) => get(`http://127.0.0.1:${server.port}${path}`, ({ statusCode }) => resolve(statusCode)))
    expect(await status('/readyz')).toBe(200)
    const closing = server.close()
    expect([await status('/healthz'), await status('/readyz')]).toEqual([200, 503])
    expect(await refusal(await callers.open(server.url))).toBe(503)
    deaf.socket.destroy()
    await closing
  })

  test('closing twice is closing once', async () => {
    const server = await start()
    await Promise.all([server.close(), server.close()])
    await server.close()
  })
})
