import { describe, expect, it } from 'vitest'
import { makeOwnerKey } from '../../src/mesh/capabilities.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { ada, bob, dan, eve, hour, pass, takeBack } from './owned-waters.ts'
import { alive, record, Waters } from './waters.ts'

/** Members, the last of whom is about to be unwelcome. */
async function threeInARoom(waters: Waters) {
  const passes = [await pass(waters, ada), await pass(waters, bob), await pass(waters, eve)] as const
  const meshes: Mesh[] = []
  for (const each of passes) meshes.push(await waters.join(each))
  await waters.until(() => meshes.every((mesh) => alive(mesh) === 3))
  return { passes, meshes: meshes as [Mesh, Mesh, Mesh] }
}
const statusOf = (mesh: Mesh, who: typeof ada) => mesh.members.get(who.peerId)?.status
const isLinked = (mesh: Mesh, who: typeof ada) => mesh.stats().links.some(({ peer }) => peer === who.peerId)

describe('what the owner takes back', () => {
  it('costs its holder every link and its place in every view, whoever is told of it', async () => {
    const waters = new Waters()
    const { passes, meshes } = await threeInARoom(waters)
    const [hers, his, theirs] = meshes
    const said = [hers, his].map((mesh) => record(mesh, ['member-revoked', 'member-failed', 'member-left']))
    const ended = record(theirs, ['closed'])
    const changed: number[] = []
    his.addEventListener('revocations-changed', ({ detail }) => changed.push(detail.seq))
    await hers.revoke(await takeBack(waters, { capabilities: [passes[2].admission.capability] }))
    await waters.until(() => ended.length > 0 && alive(hers) === 2 && alive(his) === 2, 2_000)
    expect(ended).toEqual(['closed ERR_CAPABILITY_REVOKED'])
    expect(said).toEqual([['member-revoked undefined'], ['member-revoked undefined']])
    expect(changed).toEqual([1])
    await waters.until(() => !isLinked(hers, eve) && !isLinked(his, eve), 2_000)
  })

  it('lets nobody back in, by whatever door; a new capability does', async () => {
    const waters = new Waters()
    const { passes, meshes } = await threeInARoom(waters)
    const [hers, his] = meshes
    await hers.revoke(await takeBack(waters, { capabilities: [passes[2].admission.capability] }))
    await waters.until(() => alive(hers) === 2 && alive(his) === 2)
    const again = await waters.join(passes[2])
    await waters.time.pass(10_000)
    expect([alive(hers), alive(his), alive(again)]).toEqual([2, 2, 1])
    await waters.during(again.leave())
    const anew = await waters.join(await pass(waters, eve))
    await waters.until(() => alive(hers) === 3 && alive(his) === 3 && alive(anew) === 3)
  })

  it('is a member itself, when it is named by its id: then no capability helps', async () => {
    const waters = new Waters()
    const { meshes } = await threeInARoom(waters)
    const [hers, his] = meshes
    await hers.revoke(await takeBack(waters, { members: [eve.peerId] }))
    await waters.until(() => alive(hers) === 2 && alive(his) === 2)
    const anew = await waters.join(await pass(waters, eve))
    await waters.time.pass(10_000)
    expect([alive(hers), alive(his), alive(anew)]).toEqual([2, 2, 1])
  })

  it('is everything from before a moment, and nothing of what was signed since', async () => {
    const waters = new Waters()
    const { meshes } = await threeInARoom(waters)
    const [hers, his, theirs] = meshes
    await waters.time.pass(1_000)
    for (const [mesh, who] of [
      [hers, ada],
      [his, bob],
    ] as const)
      await mesh.renewCapability((await pass(waters, who)).admission.capability)
    await waters.time.pass(1_000)
    const ended = record(theirs, ['closed'])
    await hers.revoke(await takeBack(waters, { before: waters.time.host().wall() - 1_500 }))
    await waters.until(() => ended.length > 0 && alive(hers) === 2 && alive(his) === 2)
    await waters.time.pass(5_000)
    expect([alive(hers), alive(his)]).toEqual([2, 2])
  })

  it('takes along whom its holder let in', async () => {
    const waters = new Waters()
    const hers = await waters.join(await pass(waters, ada))
    const admits = await pass(waters, bob, { rights: ['join', 'admit'] })
    const his = await waters.join(admits)
    const secret = Buffer.alloc(32, 2).toString('base64url')
    const under = admits.admission.capability
    const of = { owner: admits.admission.owner, secret }
    const sub = await pass(waters, eve, { rights: ['join'], ms: hour / 2, of, under })
    const theirs = await waters.join(sub)
    await waters.until(() => alive(hers) === 3 && alive(theirs) === 3)
    const ended = [his, theirs].map((mesh) => record(mesh, ['closed']))
    await hers.revoke(await takeBack(waters, { capabilities: [under] }))
    await waters.until(() => alive(hers) === 1 && ended.every((said) => said.length > 0))
  })

  it('is told to newcomers first: they believe nobody whom it names', async () => {
    const waters = new Waters()
    const { passes, meshes } = await threeInARoom(waters)
    const [hers] = meshes
    await hers.revoke(await takeBack(waters, { capabilities: [passes[2].admission.capability] }))
    await waters.until(() => alive(hers) === 2)
    const newcomer = await waters.join(await pass(waters, dan))
    const joined = record(newcomer, ['member-joined', 'member-revoked'])
    await waters.until(() => alive(newcomer) === 3)
    expect(joined.length).toBe(2)
    const again = await waters.join(passes[2])
    await waters.time.pass(5_000)
    expect([alive(newcomer), alive(again)]).toEqual([3, 1])
  })

  it('is known from the start to whoever is given a list, which it passes on', async () => {
    const waters = new Waters()
    const { passes, meshes } = await threeInARoom(waters)
    const [hers, his, theirs] = meshes
    const ended = record(theirs, ['closed'])
    const revocations = await takeBack(waters, { capabilities: [passes[2].admission.capability] })
    await waters.join(await pass(waters, dan, { revocations }))
    await waters.until(() => ended.length > 0 && alive(hers) === 3 && alive(his) === 3)
    await expect(
      waters.during(waters.join({ ...passes[2], admission: { ...passes[2].admission, revocations } })),
    ).rejects.toMatchObject({
      code: 'ERR_CAPABILITY_REVOKED',
    })
  })
})

describe('what a revoked member wrote', () => {
  it('stands if it was written before, and is gone everywhere if after', async () => {
    const waters = new Waters()
    const { passes, meshes } = await threeInARoom(waters)
    const [hers, his, theirs] = meshes
    await waters.during(theirs.map('todos').set('milk', 'before'))
    await waters.until(() => [hers, his].every((mesh) => mesh.map('todos').get('milk') === 'before'))
    await waters.time.pass(50)
    // The owner signs, and before anybody hears of it one more write gets through.
    const list = await takeBack(waters, { capabilities: [passes[2].admission.capability] })
    await waters.time.pass(50)
    await waters.during(theirs.map('todos').set('bread', 'after'))
    await waters.until(() => [hers, his].every((mesh) => mesh.map('todos').get('bread') === 'after'))
    await hers.revoke(list)
    await waters.until(() => [hers, his].every((mesh) => mesh.map('todos').get('bread') === undefined))
    await waters.time.pass(5_000)
    for (const mesh of [hers, his]) {
      expect(mesh.map('todos').get('milk')).toBe('before')
      expect(mesh.map('todos').get('bread')).toBeUndefined()
    }
    expect(hers.stats().state.digest).toBe(his.stats().state.digest)
    const newcomer = await waters.join(await pass(waters, dan))
    await waters.until(() => newcomer.map('todos').get('milk') === 'before')
    await waters.until(() => newcomer.stats().state.digest === hers.stats().state.digest)
  })
})

describe('a list', () => {
  it('that is older than what is known is refused, and changes nothing', async () => {
    const waters = new Waters()
    const { passes, meshes } = await threeInARoom(waters)
    const [hers, his, theirs] = meshes
    const first = await takeBack(waters, { members: [dan.peerId] })
    const second = await takeBack(waters, { list: first, capabilities: [passes[2].admission.capability] })
    await hers.revoke(second)
    await waters.until(() => alive(hers) === 2 && alive(his) === 2)
    await expect(hers.revoke(first)).rejects.toMatchObject({ code: 'ERR_REVOCATIONS_OLD' })
    await expect(theirs.revoke(first)).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    // Whoever knows the old one only, and brings it along, is told better.
    const late = await waters.join({ ...passes[2], admission: { ...passes[2].admission, revocations: first } })
    const ended = record(late, ['closed'])
    await waters.time.pass(5_000)
    expect([alive(hers), alive(his), statusOf(hers, eve)]).toEqual([2, 2, 'dead'])
    expect(ended.length).toBeLessThanOrEqual(1)
  })

  it('of somebody else, of another room, altered, or none at all is refused', async () => {
    const waters = new Waters()
    const hers = await waters.join(await pass(waters, ada))
    const good = await takeBack(waters, { members: [eve.peerId] })
    const altered = Buffer.from(good, 'base64url')
    altered[60]! ^= 1
    for (const bad of [
      await takeBack(waters, { of: await makeOwnerKey(), members: [eve.peerId] }),
      await takeBack(waters, { room: 'cellar', members: [eve.peerId] }),
      altered.toString('base64url'),
      'none at all',
      '',
    ])
      await expect(hers.revoke(bad)).rejects.toMatchObject({ code: 'ERR_REVOCATIONS_INVALID' })
    await hers.revoke(good)
  })

  it('is of use only in a room with an owner', async () => {
    const waters = new Waters()
    const open = await waters.join()
    await expect(open.revoke(await takeBack(waters, {}))).rejects.toMatchObject({ code: 'ERR_OPTION_INVALID' })
  })

  it('whose time is over goes on counting, and that is told', async () => {
    const waters = new Waters()
    const { passes, meshes } = await threeInARoom(waters)
    const [hers, his] = meshes
    const stale: number[] = []
    his.addEventListener('revocations-stale', ({ detail }) => stale.push(detail.seq))
    await hers.revoke(await takeBack(waters, { capabilities: [passes[2].admission.capability], ms: 30_000 }))
    await waters.time.pass(40_000)
    expect(stale).toEqual([1])
    const again = await waters.join(passes[2])
    const newcomer = await waters.join(await pass(waters, dan))
    await waters.until(() => alive(newcomer) === 3)
    await waters.time.pass(5_000)
    expect([alive(hers), alive(his), alive(again)]).toEqual([3, 3, 1])
  })

  it('whose time is over ends whoever wants to be sure, and lets it in no more', async () => {
    const waters = new Waters()
    const list = await takeBack(waters, { ms: 30_000 })
    const strict = { revocations: list, whenStale: 'failClosed' } as const
    const hers = await waters.join(await pass(waters, ada, strict))
    const his = await waters.join(await pass(waters, bob))
    await waters.until(() => alive(hers) === 2 && alive(his) === 2)
    const ended = record(hers, ['closed', 'revocations-stale'])
    await waters.time.pass(20_000)
    // A newer one in time, from whomever, and nothing happens.
    await his.revoke(await takeBack(waters, { list, ms: 30_000 }))
    await waters.time.pass(20_000)
    expect(ended).toEqual([])
    await waters.time.pass(20_000)
    expect(ended).toEqual(['revocations-stale', 'closed ERR_REVOCATIONS_STALE'])
    expect(alive(his)).toBe(1)
    for (const revocations of [list, undefined]) {
      const given = revocations === undefined ? {} : { revocations }
      const wanted = await pass(waters, ada, { ...given, whenStale: 'failClosed' })
      await expect(waters.during(waters.join(wanted))).rejects.toMatchObject({ code: 'ERR_REVOCATIONS_STALE' })
    }
  })
})

it('a member that was revoked and keeps trying costs nobody else a link', async () => {
  const waters = new Waters()
  const { passes, meshes } = await threeInARoom(waters)
  const [hers, his] = meshes
  const closed = [hers, his].map((mesh) => record(mesh, ['link-closed']))
  await hers.revoke(await takeBack(waters, { capabilities: [passes[2].admission.capability] }))
  await waters.until(() => alive(hers) === 2 && alive(his) === 2)
  for (let i = 0; i < 3; i++) {
    const again = await waters.join(passes[2])
    await waters.time.pass(3_000)
    await waters.during(again.leave())
  }
  expect(isLinked(hers, bob)).toBe(true)
  expect(closed).toEqual([['link-closed ERR_CAPABILITY_REVOKED'], ['link-closed ERR_CAPABILITY_REVOKED']])
})
