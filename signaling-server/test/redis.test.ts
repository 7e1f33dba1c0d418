/** The same server over Redis: several instances, one set of rooms. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startSignalingServer, type SignalingServer, type SignalingServerOptions } from '../src/server.ts'
import { Callers, newSigner, until } from './caller.ts'
import { complies } from './compliance.ts'
import { RedisProcess } from './redis-process.ts'

const peersPerRoomMax = 20

complies('two instances over Redis', async () => {
  const redis = await RedisProcess.start()
  const options = { port: 0, exemptLoopback: true, peersPerRoomMax, redis: redis.url }
  const servers = [await startSignalingServer(options), await startSignalingServer(options)]
  return {
    urls: servers.map(({ url }) => url),
    peersPerRoomMax,
    async close() {
      for (const server of servers) await server.close()
      await redis.kill()
    },
  }
})

describe('when something breaks', () => {
  let redis: RedisProcess
  let servers: SignalingServer[] = []
  const callers = new Callers()

  beforeAll(async () => {
    redis = await RedisProcess.start()
  })
  afterEach(async () => {
    await callers.end()
    for (const server of servers) await server.close()
    servers = []
    await redis.kill()
    await redis.start()
  })
  afterAll(() => redis.kill())

  async function start(options: SignalingServerOptions = {}): Promise<SignalingServer> {
    const timing = { redisTimeoutMs: 300, rosterTtlMs: 3_000 }
    const server = await startSignalingServer({
      port: 0,
      exemptLoopback: true,
      redis: redis.url,
      ...timing,
      ...options,
    })
    servers.push(server)
    return server
  }

  const health = async (server: SignalingServer): Promise<number> =>
    (await fetch(`http://127.0.0.1:${server.port}/readyz`)).status

  test('Redis gone: sockets and local relays stay, new joins are told when to try again, and all recovers', async () => {
    const [one, two] = [await start(), await start()]
    const a = await callers.join(one.url)
    const b = await callers.join(one.url)
    const c = await callers.join(two.url)
    await redis.kill()
    await until('the instance to notice', async () => (await health(one)) === 503)
    a.say({ t: 'signal', to: b.id, data: 'AQ' })
    expect((await b.next('signal')).from).toBe(a.id)
    a.say({ t: 'signal', to: c.id, data: 'AQ' })
    expect((await a.next('absent')).to).toBe(c.id)
    const late = await callers.open(one.url, { room: 'lobby' })
    await late.join()
    expect(await late.next('error')).toMatchObject({ code: 'ERR_UNAVAILABLE', retryAfterMs: 5_000 })
    expect(await late.closed()).toBe(1013)

    // It comes back empty: what it knew is told to it again.
    await redis.start()
    for (const server of servers) await until('it to be back', async () => (await health(server)) === 200)
    await until('the room to be whole again', async () => {
      a.say({ t: 'sample' })
      const { sample } = await a.next('sample')
      return sample.includes(b.id) && sample.includes(c.id)
    })
    a.say({ t: 'signal', to: c.id, data: 'Ag' })
    expect(await c.next('signal')).toEqual({ t: 'signal', from: a.id, data: 'Ag' })
    expect([a, b, c].map(({ closeCode }) => closeCode)).toEqual([undefined, undefined, undefined])
  })

  test('Redis silent: the same, within the timeout', async () => {
    const one = await start()
    const a = await callers.join(one.url)
    redis.freeze(true)
    const late = await callers.open(one.url, { room: 'lobby' })
    await late.join()
    expect((await late.next('error')).code).toBe('ERR_UNAVAILABLE')
    redis.freeze(false)
    await until('a join to succeed', async () => {
      const next = await callers.open(one.url, { room: 'lobby' })
      await next.join()
      await until('an answer', () => next.heard.length > 1)
      return next.heard[1]!.t === 'welcome'
    })
    expect(a.closeCode).toBeUndefined()
  })

  test('Redis not there yet: the server starts, says that it is not ready, and is when Redis is', async () => {
    await redis.kill()
    const one = await start()
    expect(await health(one)).toBe(503)
    await redis.start()
    await until('it to be ready', async () => (await health(one)) === 200)
    expect((await callers.join(one.url)).sample).toEqual([])
  })

  test('who joined again elsewhere while Redis was away is one peer again afterwards', async () => {
    const [one, two] = [await start(), await start()]
    const signer = await newSigner()
    const older = await callers.join(one.url, { signer })
    await redis.kill()
    await redis.start()
    for (const server of servers) await until('it to be back', async () => (await health(server)) === 200)
    await callers.join(two.url, { signer })
    expect((await older.next('bye')).code).toBe('ERR_REPLACED')
  })

  test('what an instance leaves behind when it is gone without a word is forgotten', async () => {
    const one = await start()
    // An instance that died: on the list, and nobody renews it. Made by one that never tells Redis again.
    const two = await start({ rosterTtlMs: 3_000 })
    const a = await callers.join(one.url)
    const ghost = await newSigner()
    const { createClient } = await import('@redis/client')
    const client = createClient({ url: redis.url })
    await client.connect()
    const [key] = await client.keys('shoal:*:until')
    await client.zAdd(key!, { score: Date.now() + 60_000, value: ghost.peerId })
    a.say({ t: 'sample' })
    expect((await a.next('sample')).sample).toEqual([ghost.peerId])
    // The first to find out tells Redis, so that nobody else is sent there.
    a.say({ t: 'signal', to: ghost.peerId, data: 'AQ' })
    await a.next('absent')
    await until('it to be forgotten', async () => {
      a.say({ t: 'sample' })
      return (await a.next('sample')).sample.length === 0
    })
    client.destroy()
    expect((await callers.join(two.url)).sample).toEqual([a.id])
  })
})
