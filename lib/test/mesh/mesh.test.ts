/** The mesh as an application sees it: real core, pipeline, handshake and signaling client; made-up clock, network and server. */
import { describe, expect, expectTypeOf, test } from 'vitest'
import { ShoalError } from '../../src/mesh/errors.ts'
import type { JoinOptions } from '../../src/mesh/join-options.ts'
import { joinOn } from '../../src/mesh/join.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { settle } from './manual-host.ts'
import { alive, record, signaling, Waters } from './waters.ts'

/** Timers, channels and sockets that are left: nothing, when everybody has left. */
function leftovers(waters: Waters): number {
  return waters.time.hosts.size + waters.hub.size + waters.door.size
}

async function rejection(promise: Promise<unknown>): Promise<ShoalError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ShoalError)
  return error as ShoalError
}

function cutOff(waters: Waters, mesh: Mesh, from: readonly Mesh[]): void {
  for (const { id } of from) {
    waters.hub.cut(mesh.id, id)
    waters.hub.cut(id, mesh.id)
  }
}

describe('eight peers in one room', () => {
  test('agree on who is there; one leaves, one crashes, and all see which was which', async () => {
    const waters = new Waters()
    const meshes = await waters.shoal(8)
    const [first, leaver, crasher] = meshes as [Mesh, Mesh, Mesh]
    const rest = [first, ...meshes.slice(3)]
    for (const mesh of meshes) {
      expect(new Set(mesh.members.keys())).toEqual(new Set(meshes.map(({ id }) => id)))
      expect(mesh.self).toMatchObject({ id: mesh.id, self: true, status: 'alive', linked: false })
    }

    const said = rest.map((mesh) =>
      record(mesh, ['member-left', 'member-failed', 'member-suspected', 'member-joined', 'error']),
    )
    await waters.during(leaver.leave())
    await waters.until(() => rest.every((mesh) => mesh.members.get(leaver.id)?.status === 'left'))
    for (const one of said) expect(one).toEqual(['member-left peer 1'])

    cutOff(waters, crasher, meshes)
    await waters.until(() => rest.every((mesh) => mesh.members.get(crasher.id)?.status === 'dead'))
    for (const one of said)
      expect(one).toEqual(['member-left peer 1', 'member-suspected peer 2', 'member-failed peer 2'])
    expect(rest.map(alive)).toEqual(rest.map(() => 6))
  })

  test('go on without the signaling server, and let newcomers in when it is back', async () => {
    const waters = new Waters()
    const meshes = await waters.shoal(4)
    const said = meshes.map((mesh) =>
      record(mesh, ['signaling-lost', 'signaling-connected', 'member-failed', 'closed']),
    )
    waters.door.die()
    await waters.time.pass(5000)
    expect(meshes.map(alive)).toEqual([4, 4, 4, 4])
    expect(meshes.map((mesh) => mesh.stats().signaling)).toEqual(meshes.map(() => 'connecting'))
    // It was tried again and again meanwhile: the loss is told once.
    for (const one of said) expect(one).toEqual(['signaling-lost ERR_SIGNALING_CLOSED'])
    waters.door.mood = 'open'
    const newcomer = await waters.join()
    await waters.until(() => [...meshes, newcomer].every((mesh) => alive(mesh) === 5), 40_000)
  })
})

describe('messages', () => {
  test('arrive whole and in order, to one or to all, whatever CBOR carries', async () => {
    const waters = new Waters()
    const [ada, bob, eve] = (await waters.shoal(3)) as [Mesh, Mesh, Mesh]
    const heard: unknown[] = []
    bob.addEventListener('message', ({ detail }) => heard.push([detail.data, detail.broadcast, detail.from === ada.id]))
    const eveHeard = record(eve, ['message'])
    const data = { text: 'é', list: [1, -1.5, null, true], bytes: new Uint8Array([1, 2, 3]) }
    await waters.during(Promise.all([ada.send(bob.id, data), ada.broadcast('to all'), ada.send(bob.id, 7)]))
    await waters.until(() => heard.length === 3 && eveHeard.length === 1)
    expect(heard).toContainEqual([data, false, true])
    expect(heard).toContainEqual(['to all', true, true])
    expect(heard.filter((one) => (one as unknown[])[1] === false)).toEqual([
      [data, false, true],
      [7, false, true],
    ])
    expect(eveHeard).toEqual(['message to all'])
  })

  test('of 16,384 bytes are sent and of one more are refused, and the error says the limit', async () => {
    const waters = new Waters()
    const [ada, bob] = (await waters.shoal(2)) as [Mesh, Mesh]
    let bytes = 0
    bob.addEventListener('message', ({ detail }) => (bytes = (detail.data as Uint8Array).length))
    // Three bytes are CBOR's: the head of a byte string of this length.
    await waters.during(ada.send(bob.id, new Uint8Array(16_381)))
    await waters.until(() => bytes === 16_381)
    for (const sending of [ada.send(bob.id, 'x'.repeat(16_382)), ada.broadcast(new Uint8Array(16_382))]) {
      const error = await rejection(sending)
      expect(error.code).toBe('ERR_MESSAGE_TOO_LARGE')
      expect(error.message).toBe('A message is at most 16384 bytes as CBOR; this is 16385.')
    }
  })

  test('that cannot be sent are rejected with the reason', async () => {
    const waters = new Waters()
    const [ada, bob] = (await waters.shoal(2)) as [Mesh, Mesh]
    expect((await rejection(ada.send('A'.repeat(43) as Mesh['id'], 1))).code).toBe('ERR_UNKNOWN_PEER')
    expect((await rejection(ada.send(ada.id, 1))).code).toBe('ERR_UNKNOWN_PEER')
    expect(await rejection(ada.broadcast({ run: () => {} }))).toMatchObject({ code: 'ERR_DATA_INVALID' })
    await waters.during(bob.leave())
    await waters.until(() => ada.members.get(bob.id)?.status === 'left')
    expect((await rejection(waters.during(ada.send(bob.id, 1)))).code).toMatch(/ERR_UN/)
  })

  test('go as fast as the link and no faster when each is awaited, and none is lost', async () => {
    const waters = new Waters()
    const [ada, bob] = (await waters.shoal(2)) as [Mesh, Mesh]
    const heard: number[] = []
    bob.addEventListener('message', ({ detail }) => heard.push((detail.data as [number])[0]))
    waters.hub.hold(ada.id, bob.id)
    const sending = Promise.all(Array.from({ length: 200 }, (_, at) => ada.send(bob.id, [at, new Uint8Array(16_000)])))
    await waters.time.pass(200)
    expect(ada.stats().links[0]!.bufferedBytes).toBeLessThan(300_000)
    waters.hub.heal(ada.id, bob.id)
    await waters.during(sending)
    await waters.until(() => heard.length === 200)
    expect(heard).toEqual(Array.from({ length: 200 }, (_, at) => at))
  })

  test('to all go no faster than others pass them on, awaited or not', async () => {
    const waters = new Waters()
    const [ada] = (await waters.shoal(2)) as [Mesh, Mesh]
    let gone = 0
    const begunAt = waters.time.nowMs
    const sending = Array.from({ length: 900 }, (_, at) => ada.broadcast(at).then(() => (gone += 1)))
    await waters.time.pass(500)
    expect([gone >= 400, gone <= 500]).toEqual([true, true])
    await waters.during(Promise.all(sending))
    expect(waters.time.nowMs - begunAt).toBeGreaterThanOrEqual(2500)
    expect(waters.time.nowMs - begunAt).toBeLessThan(2700)
  })

  test('that wait for a link which takes nothing are given up with a code', async () => {
    const waters = new Waters()
    const [ada, bob] = (await waters.shoal(2)) as [Mesh, Mesh]
    waters.hub.hold(ada.id, bob.id)
    const sending = Promise.allSettled(Array.from({ length: 50 }, () => ada.send(bob.id, new Uint8Array(16_000))))
    const results = await waters.during(sending)
    const codes = new Set(results.flatMap((one) => (one.status === 'rejected' ? (one.reason as ShoalError).code : [])))
    expect([...codes].every((code) => ['ERR_CONGESTED', 'ERR_UNREACHABLE', 'ERR_UNKNOWN_PEER'].includes(code))).toBe(
      true,
    )
    expect(codes.size).toBeGreaterThan(0)
  })
})

describe('members', () => {
  test('are a new map only when something in them changed', async () => {
    const waters = new Waters()
    const [ada, bob] = (await waters.shoal(2)) as [Mesh, Mesh]
    await waters.time.pass(3000)
    const before = ada.members
    expect(ada.members).toBe(before)
    const bobBefore = before.get(bob.id)
    const selfBefore = ada.self
    bob.setMetadata({ name: 'Robert' })
    await waters.until(() => ada.members.get(bob.id)?.metadata.name === 'Robert')
    expect(ada.members).not.toBe(before)
    expect(ada.members.get(bob.id)).not.toBe(bobBefore)
    expect(before.get(bob.id)).toBe(bobBefore)
    expect(ada.self).toBe(selfBefore)
  })

  test('say who they are: metadata, zone, since when', async () => {
    const waters = new Waters()
    const ada = await waters.join({ metadata: { name: 'Ada', tags: ['x'] }, zone: 'eu-west' })
    const bob = await waters.join<{ readonly name: string }>({ metadata: { name: 'Bob' } })
    expectTypeOf(bob.self.metadata.name).toBeString()
    await waters.until(() => alive(bob) === 2)
    expect(bob.members.get(ada.id)).toMatchObject({
      metadata: { name: 'Ada', tags: ['x'] },
      zone: 'eu-west',
      self: false,
    })
    expect(bob.self.zone).toBeUndefined()
    const { since, startedAt } = bob.members.get(ada.id)!
    expect(since).toBeGreaterThanOrEqual(startedAt)
    expect(since).toBeLessThanOrEqual(waters.time.wallMs + waters.time.nowMs)
  })

  test('metadata of 512 bytes is taken, of 513 is refused, and the old one stays', async () => {
    const waters = new Waters()
    // A map of one short key and one text: 1 + 2 + 3 bytes around the text.
    const ada = await waters.join({ metadata: { n: 'x'.repeat(506) } })
    expect(() => ada.setMetadata({ n: 'x'.repeat(507) })).toThrow('Metadata is at most 512 bytes as CBOR; this is 513.')
    expect(() => ada.setMetadata([] as never)).toThrow(ShoalError)
    expect(() => ada.setMetadata({ n: 1n as never })).toThrow(/bigint/)
    expect(ada.self.metadata).toEqual({ n: 'x'.repeat(506) })
  })
})

describe('the end', () => {
  test('leaves no timer, channel or socket, and can be called twice', async () => {
    const waters = new Waters()
    const meshes = await waters.shoal(3)
    const said = meshes.map((mesh) => record(mesh, ['closed']))
    const [ada] = meshes as [Mesh]
    const leaving = ada.leave()
    expect(ada.leave()).toBe(leaving)
    await waters.during(Promise.all(meshes.map((mesh) => mesh.leave())))
    await waters.during(ada.leave())
    expect(said).toEqual(meshes.map(() => ['closed ERR_CLOSED']))
    await waters.time.pass(2000)
    expect(leftovers(waters)).toBe(0)
  })

  test('comes with `await using`', async () => {
    const waters = new Waters()
    const ada = await waters.join()
    {
      await using bob = await waters.join()
      await waters.until(() => alive(bob) === 2)
      void waters.time.pass(200)
    }
    await waters.until(() => ada.members.size === 2 && alive(ada) === 1)
  })

  test('comes with the AbortSignal, after join as during it', async () => {
    const waters = new Waters()
    const ada = await waters.join()
    const stop = new AbortController()
    const bob = await waters.join({ signal: stop.signal })
    await waters.until(() => alive(ada) === 2)
    const said = record(bob, ['closed'])
    stop.abort()
    await waters.until(() => ada.members.get(bob.id)?.status === 'left')
    await waters.until(() => said.length === 1)
    expect(said).toEqual(['closed ERR_ABORTED'])

    const early = joinOn(waters.platform, 'lobby', { signaling, signal: AbortSignal.abort() })
    expect((await rejection(early)).code).toBe('ERR_ABORTED')
    waters.door.mood = 'silent'
    const later = new AbortController()
    const joining = rejection(joinOn(waters.platform, 'lobby', { signaling, signal: later.signal }))
    await waters.time.pass(500)
    later.abort(new Error('changed my mind'))
    const error = await waters.during(joining)
    expect([error.code, error.cause]).toEqual(['ERR_ABORTED', new Error('changed my mind')])
    await waters.during(ada.leave())
    expect(leftovers(waters)).toBe(0)
  })

  test('lets out what was said before it, awaited or not', async () => {
    const waters = new Waters()
    const [ada, bob, eve] = (await waters.shoal(3)) as [Mesh, Mesh, Mesh]
    const heard = [bob, eve].map((mesh) => record(mesh, ['message', 'member-left']))
    void ada.broadcast('one')
    void ada.broadcast('two')
    await waters.during(ada.leave())
    await waters.until(() => heard.every((one) => one.length === 3))
    expect(heard).toEqual(heard.map(() => ['message one', 'message two', 'member-left peer 0']))
  })

  test('rejects what comes after, and is no unhandled rejection for what nobody awaited', async () => {
    const waters = new Waters()
    const [ada] = (await waters.shoal(2)) as [Mesh]
    const unhandled: unknown[] = []
    const note = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', note)
    void ada.broadcast('not awaited')
    const leaving = ada.leave()
    void ada.members
    expect((await rejection(ada.broadcast('late'))).code).toBe('ERR_CLOSED')
    await waters.during(leaving)
    expect((await rejection(ada.send(ada.id, 1))).code).toBe('ERR_CLOSED')
    expect(() => ada.setMetadata({})).toThrow('The mesh has ended')
    await settle()
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
    expect(ada.stats().signaling).toBe('closed')
    expect(ada.members.has(ada.id)).toBe(true)
  })

  test('is bounded even when the other side takes nothing any more', async () => {
    const waters = new Waters()
    const [ada, bob] = (await waters.shoal(2)) as [Mesh, Mesh]
    waters.hub.hold(ada.id, bob.id)
    for (let at = 0; at < 20; at++) void ada.send(bob.id, new Uint8Array(16_000)).catch(() => {})
    await waters.time.pass(50)
    const start = waters.time.nowMs
    await waters.during(ada.leave())
    expect(waters.time.nowMs - start).toBeLessThanOrEqual(3000)
  })
})

describe('join', () => {
  test('twice from one page, as React’s strict mode does, makes two members that can leave one by one', async () => {
    const waters = new Waters()
    const first = joinOn(waters.platform, 'lobby', { signaling })
    const second = joinOn(waters.platform, 'lobby', { signaling })
    const [one, two] = await waters.during(Promise.all([first, second]))
    await waters.until(() => alive(one) === 2 && alive(two) === 2)
    await waters.during(one.leave())
    await waters.until(() => alive(two) === 1)
    expect(two.stats().signaling).toBe('connected')
  })

  test('rooms do not see each other', async () => {
    const waters = new Waters()
    const here = await waters.join({}, 'here')
    const there = await waters.join({}, 'there')
    await waters.time.pass(3000)
    expect([alive(here), alive(there)]).toEqual([1, 1])
  })

  test.each([
    ['down', 'down' as const, 'ERR_SIGNALING_UNREACHABLE', 8000],
    ['silent', 'silent' as const, 'ERR_SIGNALING_SILENT', 8000],
    ['full for the moment', { refuse: 'ERR_RATE' }, 'ERR_RATE', 8000],
    ['not for this page', { refuse: 'ERR_ORIGIN' }, 'ERR_ORIGIN', 100],
  ])('rejects within its deadline when the server is %s', async (_what, mood, code, withinMs) => {
    const waters = new Waters()
    waters.door.mood = mood
    const start = waters.time.nowMs
    const error = await rejection(waters.join())
    expect(error.code).toBe(code)
    expect(error.message).toContain('wss://door.test/')
    expect(waters.time.nowMs - start).toBeLessThanOrEqual(withinMs + 50)
    await waters.time.pass(1000)
    expect(leftovers(waters)).toBe(0)
  })

  test('takes the one server of two that answers', async () => {
    const waters = new Waters()
    const { load } = waters.platform
    const broken = {
      ...waters.platform,
      load: async (own: boolean) => ({ ...(await load(own)), openSocket: openSome }),
    }
    const openSome = (url: string) => {
      if (url.startsWith('wss://blocked.test/')) throw new Error('mixed content')
      return waters.door.open(url)
    }
    const mesh = await waters.during(joinOn(broken, 'lobby', { signaling: ['wss://blocked.test', signaling] }))
    expect(mesh.stats().signaling).toBe('connected')
    expect((await rejection(waters.during(joinOn(broken, 'lobby', { signaling: 'wss://blocked.test' })))).code).toBe(
      'ERR_SIGNALING_BLOCKED',
    )
  })

  test('waits for a server that is just being restarted', async () => {
    const waters = new Waters()
    waters.door.mood = 'down'
    waters.time.after(2000, () => (waters.door.mood = 'open'))
    const mesh = await waters.join()
    expect(mesh.stats().signaling).toBe('connected')
  })

  const long = 'x'.repeat(65)
  test.each<[string, unknown, unknown, string, string]>([
    ['an empty room', '', { signaling }, 'ERR_ROOM_INVALID', '1 to 64'],
    ['a room of 65 characters', long, { signaling }, 'ERR_ROOM_INVALID', '65 bytes'],
    ['a room of 22 characters and 66 bytes', '貝'.repeat(22), { signaling }, 'ERR_ROOM_INVALID', '66 bytes'],
    ['a room with a line break', 'a\nb', { signaling }, 'ERR_ROOM_INVALID', 'printable'],
    ['a room that is a number', 7, { signaling }, 'ERR_ROOM_INVALID', 'this is 7'],
    ['no options', 'lobby', undefined, 'ERR_OPTION_INVALID', 'signaling'],
    ['no signaling', 'lobby', {}, 'ERR_SIGNALING_URL_INVALID', 'ws://'],
    ['an http address', 'lobby', { signaling: 'https://x.test' }, 'ERR_SIGNALING_URL_INVALID', 'https://x.test'],
    ['no addresses', 'lobby', { signaling: [] }, 'ERR_SIGNALING_URL_INVALID', '1 to 8'],
    ['nine addresses', 'lobby', { signaling: Array(9).fill(signaling) }, 'ERR_SIGNALING_URL_INVALID', 'these are 9'],
    ['an address with a password', 'lobby', { signaling: 'wss://a:b@x.test' }, 'ERR_SIGNALING_URL_INVALID', 'password'],
    [
      'metadata over 512 bytes',
      'lobby',
      { signaling, metadata: { n: long.repeat(8) } },
      'ERR_METADATA_TOO_LARGE',
      '512',
    ],
    ['metadata that is a list', 'lobby', { signaling, metadata: [] }, 'ERR_METADATA_INVALID', 'an array'],
    ['metadata with a function', 'lobby', { signaling, metadata: { f: () => {} } }, 'ERR_METADATA_INVALID', 'function'],
    ['a zone over 64 bytes', 'lobby', { signaling, zone: long }, 'ERR_ZONE_INVALID', '65 bytes'],
    ['a misspelt option', 'lobby', { signaling, metdata: {} }, 'ERR_OPTION_INVALID', 'metdata'],
    ['a misspelt parameter', 'lobby', { signaling, swim: { period: 1 } }, 'ERR_OPTION_INVALID', 'protocolPeriodMs'],
    [
      'a parameter that is no number',
      'lobby',
      { signaling, swim: { protocolPeriodMs: '1' } },
      'ERR_OPTION_INVALID',
      '"1"',
    ],
    ['a negative limit', 'lobby', { signaling, limits: { joinTimeoutMs: -1 } }, 'ERR_OPTION_INVALID', '-1'],
    ['an ICE server that is none', 'lobby', { signaling, iceServers: ['stun:x'] }, 'ERR_OPTION_INVALID', 'urls'],
    ['a signal that is none', 'lobby', { signaling, signal: {} }, 'ERR_OPTION_INVALID', 'AbortSignal'],
    ['an identity that is none', 'lobby', { signaling, identity: 'me' }, 'ERR_OPTION_INVALID', 'loadIdentity'],
    ['a secret that can be guessed', 'lobby', { signaling, secret: 'hunter2' }, 'ERR_SECRET_INVALID', '16 to 64'],
    ['a secret of 15 bytes', 'lobby', { signaling, secret: 'A'.repeat(20) }, 'ERR_SECRET_INVALID', 'base64url'],
    ['five secrets', 'lobby', { signaling, secret: Array(5).fill('A'.repeat(22)) }, 'ERR_SECRET_INVALID', 'up to 4'],
    ['a secret without WebCrypto', 'lobby', { signaling, secret: 'A'.repeat(22) }, 'ERR_UNSUPPORTED', 'https://'],
    ['admission of nobody', 'lobby', { signaling, admission: { allow: [] } }, 'ERR_OPTION_INVALID', '1 to 1000'],
    ['admission that is none', 'lobby', { signaling, admission: 'closed' }, 'ERR_OPTION_INVALID', "'open'"],
    ['a guest without an id', 'lobby', { signaling, admission: { allow: ['ada'] } }, 'ERR_OPTION_INVALID', '43'],
    ['ourselves', 'lobby', { signaling, admission: { allow: ['A'.repeat(43)] } }, 'ERR_NOT_ALLOWED', 'id'],
  ])('refuses %s, and says what is allowed', async (_what, room, options, code, words) => {
    const waters = new Waters()
    const error = await rejection(joinOn(waters.platform, room as string, options as JoinOptions))
    expect(error.code).toBe(code)
    expect(error.message).toContain(words)
    expect(leftovers(waters)).toBe(0)
  })

  test('takes a room of 64 bytes and every kind of address', async () => {
    const waters = new Waters()
    await waters.join({ signaling: new URL(signaling) }, 'x'.repeat(64))
    await waters.join({ signaling: [signaling, 'ws://door.test:1/path?x=1'] }, '貝'.repeat(21))
  })

  test('rejects where the platform lacks something', async () => {
    const waters = new Waters()
    const bare = {
      ...waters.platform,
      load: async () => ({ openSocket: waters.door.open.bind(waters.door), transport: undefined }),
    }
    expect((await rejection(joinOn(bare, 'lobby', { signaling }))).code).toBe('ERR_UNSUPPORTED')
    expect(leftovers(waters)).toBe(0)
  })
})

test('a peer that was frozen for longer than its suspicion comes back by itself', async () => {
  const waters = new Waters()
  const meshes = await waters.shoal(4)
  const [frozen, ...rest] = meshes as [Mesh, ...Mesh[]]
  const host = waters.hostOf(frozen)
  host.freeze()
  cutOff(waters, frozen, rest)
  await waters.until(() => rest.every((mesh) => mesh.members.get(frozen.id)?.status === 'dead'), 40_000)
  for (const { id } of rest) {
    waters.hub.heal(frozen.id, id)
    waters.hub.heal(id, frozen.id)
  }
  host.thaw()
  await waters.until(() => meshes.every((mesh) => alive(mesh) === 4), 40_000)
})
