import { expect, it } from 'vitest'
import type { Millis } from '../../src/identity/millis.ts'
import { Alarms } from '../../src/mesh/alarms.ts'
import type { Member } from '../../src/mesh/member.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { Queries, type Query, type Reply } from '../../src/mesh/queries.ts'
import { alive, Waters } from './waters.ts'

/** All answers, while time passes. */
async function gather<A>(waters: Waters, query: Query<A>): Promise<Reply<A>[]> {
  const replies: Reply<A>[] = []
  await waters.during(
    (async () => {
      for await (const reply of query) replies.push(reply)
    })(),
  )
  return replies
}

const called = (mesh: Mesh) => String(mesh.self.metadata.name)

it('a question is answered by all who have an answer, until the deadline', async () => {
  const waters = new Waters()
  const [ada, bob, cyd, dan] = (await waters.shoal(4)) as [Mesh, Mesh, Mesh, Mesh]
  for (const mesh of [ada, bob, cyd])
    mesh.respond('load', (scale: number, from) => ({ load: scale * called(mesh).length, toAda: from === ada.id }))
  dan.respond('load', () => undefined)
  const from = waters.time.nowMs
  const replies = await gather(waters, ada.query<unknown>('load', 2, { timeoutMs: 500 }))
  expect(waters.time.nowMs - from).toBeGreaterThanOrEqual(500)
  expect(waters.time.nowMs - from).toBeLessThan(600)
  expect(replies.map((reply) => reply.from).sort()).toEqual([bob.id, cyd.id].sort())
  expect(replies.map(({ data }) => data)).toEqual([
    { load: 12, toAda: true },
    { load: 12, toAda: true },
  ])
})

it('a question to some is answered by them alone, and is over when they have answered', async () => {
  const waters = new Waters()
  const [ada, bob, cyd, dan] = (await waters.shoal(4)) as [Mesh, Mesh, Mesh, Mesh]
  const asked: string[] = []
  for (const mesh of [bob, cyd, dan])
    mesh.respond('name', async () => {
      asked.push(called(mesh))
      return called(mesh)
    })
  const from = waters.time.nowMs
  const named = await gather(waters, ada.query('name', null, { to: [bob.id], timeoutMs: 20_000 }))
  expect(named).toEqual([{ from: bob.id, data: 'peer 1' }])
  const where = ({ metadata }: { metadata: Record<string, unknown> }) => metadata.name !== 'peer 1'
  const chosen = await gather(waters, ada.query('name', null, { where, timeoutMs: 20_000 }))
  expect(new Set(chosen.map(({ data }) => data))).toEqual(new Set(['peer 2', 'peer 3']))
  expect(waters.time.nowMs - from).toBeLessThan(2000)
  const tagged = await gather(waters, ada.query('name', null, { tags: { name: 'peer 3' }, timeoutMs: 300 }))
  expect(tagged).toEqual([{ from: dan.id, data: 'peer 3' }])
  expect(asked.sort()).toEqual(['peer 1', 'peer 2', 'peer 3', 'peer 3'])
  expect(await gather(waters, ada.query('name', null, { where: () => false }))).toEqual([])
})

it('whoever gets a question says so when that is asked for, with an answer or without', async () => {
  const waters = new Waters()
  const [ada, bob, cyd] = (await waters.shoal(3)) as [Mesh, Mesh, Mesh]
  cyd.respond('mood', () => 'good')
  const query = ada.query('mood', null, { acks: true, timeoutMs: 200 })
  expect(await gather(waters, query)).toEqual([{ from: cyd.id, data: 'good' }])
  expect(query.acks).toEqual(new Set([bob.id, cyd.id]))
})

it('answers come over routes too', async () => {
  const waters = new Waters()
  const meshes = await waters.during(
    Promise.all(Array.from({ length: 14 }, (_, at) => waters.join({ metadata: { name: `peer ${at}` } }))),
  )
  await waters.until(() => meshes.every((mesh) => alive(mesh) === meshes.length), 40_000)
  await waters.time.pass(10_000)
  const [ada, ...others] = meshes as unknown as [Mesh, ...Mesh[]]
  for (const mesh of others) mesh.respond('name', () => called(mesh))
  expect(ada.stats().links.length).toBeLessThan(13)
  const replies = await gather(waters, ada.query('name', null, { timeoutMs: 2000 }))
  expect(new Set(replies.map(({ from }) => from))).toEqual(new Set(others.map(({ id }) => id)))
})

it('a responder that throws, or answers what cannot be sent, is reported where it is, and nobody waits longer', async () => {
  const waters = new Waters()
  const [ada, bob, cyd] = (await waters.shoal(3)) as [Mesh, Mesh, Mesh]
  const errors: string[] = []
  for (const mesh of [bob, cyd]) mesh.addEventListener('error', ({ detail }) => errors.push(detail.error.code))
  bob.respond('q', () => {
    throw new Error('out of order')
  })
  cyd.respond('q', () => new Uint8Array(20_000))
  expect(await gather(waters, ada.query('q', null, { timeoutMs: 100 }))).toEqual([])
  expect(errors.sort()).toEqual(['ERR_MESSAGE_TOO_LARGE', 'ERR_RESPONDER'])
})

it('whoever asks without end is answered forty times at once', async () => {
  const waters = new Waters()
  const [ada, bob] = (await waters.shoal(2)) as [Mesh, Mesh]
  const said: [string, number][] = []
  bob.addEventListener('claim-rejected', ({ detail: { code, count } }) => said.push([code, count]))
  let asked = 0
  bob.respond('q', () => (asked += 1))
  const queries = Array.from({ length: 100 }, () => ada.query('q', null, { timeoutMs: 100 }))
  await Promise.all(queries.map((query) => gather(waters, query)))
  expect(asked).toBeGreaterThanOrEqual(40)
  expect(asked).toBeLessThan(50)
  await waters.time.pass(1000)
  expect(said).toEqual([
    ['ERR_QUERY_RATE', 1],
    ['ERR_QUERY_RATE', 100 - asked - 1],
  ])
})

it('what is no question is refused, and an answer to none is not listened to', () => {
  const waters = new Waters()
  const said: string[] = []
  const self = 'self' as Mesh['id']
  const stranger = 'stranger' as Mesh['id']
  const members = new Map([[stranger, {} as Member]])
  let value: unknown
  const queries = new Queries({
    alarms: new Alarms(waters.time.host()),
    nameBytesMax: 64,
    fits: () => true,
    now: () => 0 as Millis,
    id: () => new Uint8Array(8),
    members: () => members,
    self: () => ({ id: self, metadata: {} }) as Member,
    decode: () => value,
    encode: () => new Uint8Array(1),
    broadcast: async () => {},
    reply: (_to, _id, word) => said.push(word),
    rejected: (_from, code) => said.push(code),
    failed: ({ code }) => said.push(code),
  })
  queries.respond('q', () => said.push('asked'))
  const whole = { id: new Uint8Array(8), ttl: 1000, acks: true, to: [], tags: {}, data: null }
  for (const wrong of [
    undefined,
    null,
    7,
    [],
    {},
    { ...whole, id: new Uint8Array(9) },
    { ...whole, ttl: 60_001 },
    { ...whole, ttl: Number.NaN },
    { ...whole, acks: 1 },
    { ...whole, to: Array.from({ length: 257 }, () => '') },
    { ...whole, to: null },
    { ...whole, tags: { a: [] } },
    { ...whole, tags: Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`${at}`, 1])) },
  ]) {
    value = wrong
    queries.onQuestion('q', stranger, new Uint8Array(1))
  }
  expect(said).toEqual(Array.from({ length: 13 }, () => 'ERR_DATA_INVALID'))
  value = whole
  queries.onQuestion('q', stranger, new Uint8Array(1))
  expect(said.slice(13)).toEqual(['ack', 'asked'])
  const query = queries.ask('q', null)
  queries.onReply('nobody' as Mesh['id'], new Uint8Array(8), 'ack', new Uint8Array(0))
  queries.onReply(stranger, new Uint8Array(8).fill(1), 'ack', new Uint8Array(0))
  expect(query.acks.size).toBe(0)
  queries.onReply(stranger, new Uint8Array(8), 'ack', new Uint8Array(0))
  expect(query.acks.size).toBe(1)
  queries.close()
})

it('a question ends with its signal, with the mesh, and with a break', async () => {
  const waters = new Waters()
  const [ada, bob] = (await waters.shoal(2)) as [Mesh, Mesh]
  bob.respond('q', () => 1)
  const abort = new AbortController()
  const aborted = ada.query('q', null, { signal: abort.signal, timeoutMs: 60_000 })
  abort.abort()
  await expect(aborted.next()).rejects.toMatchObject({ code: 'ERR_ABORTED' })
  expect(await aborted.next()).toEqual({ done: true, value: undefined })
  const broken = (async () => {
    for await (const reply of ada.query('q', null, { timeoutMs: 60_000 })) return reply.data
    return undefined
  })()
  expect(await waters.during(broken)).toBe(1)
  const last = gather(waters, ada.query('nobody', null, { timeoutMs: 60_000 }))
  await waters.during(ada.leave())
  expect(await last).toEqual([])
  await waters.during(bob.leave())
  expect(waters.time.hosts.size).toBe(0)
})

it('what cannot be asked is refused with what is allowed', async () => {
  const waters = new Waters()
  const [ada, bob] = (await waters.shoal(2)) as [Mesh, Mesh]
  const refused = { code: 'ERR_OPTION_INVALID' }
  for (const options of [
    { timeoutMs: 0 },
    { timeoutMs: 60_001 },
    { timeoutMs: Number.NaN },
    { to: bob.id as never },
    { to: Array.from({ length: 257 }, (_, at) => `${at}` as Mesh['id']) },
    { where: 'all' as never },
    { tags: { nested: {} as never } },
  ])
    expect(() => ada.query('q', null, options)).toThrow(expect.objectContaining(refused))
  for (const name of ['', 'n'.repeat(63), 7 as never]) {
    expect(() => ada.query(name, null)).toThrow(expect.objectContaining(refused))
    expect(() => ada.respond(name, () => 1)).toThrow(expect.objectContaining(refused))
  }
  const end = ada.respond('q', () => 1)
  expect(() => ada.respond('q', () => 2)).toThrow(expect.objectContaining(refused))
  end()
  expect(() => ada.respond('q', () => 2)).not.toThrow()
  const query = ada.query('q', () => 1)
  await expect(waters.during(query.next())).rejects.toMatchObject({ code: 'ERR_DATA_INVALID' })
})
