import { describe, expect, it } from 'vitest'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { ada, bob, dan, eve, hour, pass, takeBack } from './owned-waters.ts'
import { alive, record, Waters } from './waters.ts'

async function two(waters: Waters, ms: number) {
  const passes = [await pass(waters, ada), await pass(waters, bob, { ms })] as const
  const hers = await waters.join(passes[0])
  const his = await waters.join(passes[1])
  await waters.until(() => alive(hers) === 2 && alive(his) === 2)
  return { passes, hers, his }
}
const openedAt = (mesh: Mesh) => mesh.stats().links.map((link) => link.openedAt)

describe('a capability that is renewed while its holder stays', () => {
  it('keeps its links and its place in every view past the end of the old one', async () => {
    const waters = new Waters()
    const { passes, hers, his } = await two(waters, 30_000)
    const incarnation = hers.members.get(bob.peerId)!.incarnation
    const links = [openedAt(hers), openedAt(his)]
    const said = record(hers, ['member-failed', 'member-left', 'member-recovered', 'link-closed'])
    const ended = record(his, ['closed'])
    await waters.time.pass(20_000)
    const renewed = await pass(waters, bob, { renews: passes[1].admission.capability })
    await his.renewCapability(renewed.admission.capability)
    await waters.time.pass(60_000)
    expect([alive(hers), alive(his), said, ended]).toEqual([2, 2, [], []])
    expect([openedAt(hers), openedAt(his)]).toEqual(links)
    expect(hers.members.get(bob.peerId)!.incarnation).toBe(incarnation + 1)
    // Links that are made from now on, and what is written, show the new one.
    const newcomer = await waters.join(await pass(waters, dan))
    await waters.until(() => alive(newcomer) === 3 && newcomer.stats().links.length === 2)
    await waters.during(his.map('todos').set('milk', 1))
    await waters.until(() => newcomer.map('todos').get('milk') === 1)
  })

  it('may put it elsewhere on the rings, in everybody’s view', async () => {
    const waters = new Waters()
    const { hers, his } = await two(waters, hour)
    const meshes = [hers, his]
    for (const who of [eve, dan]) meshes.push(await waters.join(await pass(waters, who)))
    await waters.until(() => meshes.every((mesh) => alive(mesh) === 4))
    await his.renewCapability((await pass(waters, bob)).admission.capability)
    await waters.time.pass(1_000)
    const places = (mesh: Mesh) => mesh.stats().rings.map(({ before, after }) => [before, after])
    for (const mesh of meshes) {
      const others = meshes.filter((each) => each !== mesh)
      // Whoever is after me has me before it.
      places(mesh).forEach(([, after], ring) => {
        const next = others.find(({ id }) => id === after)!
        expect(places(next)[ring]![0]).toBe(mesh.id)
      })
    }
  })

  it('changes what its holder may write', async () => {
    const waters = new Waters()
    const { hers, his } = await two(waters, hour)
    await his.renewCapability((await pass(waters, bob, { rights: ['join'] })).admission.capability)
    await expect(waters.during(his.map('todos').set('bread', 1))).rejects.toMatchObject({
      code: 'ERR_CAPABILITY_RIGHT',
    })
    await his.renewCapability((await pass(waters, bob)).admission.capability)
    await waters.during(his.map('todos').set('bread', 1))
    await waters.until(() => hers.map('todos').get('bread') === 1)
  })

  it('has to be ours, of this room, and in its time; else the old one goes on standing', async () => {
    const waters = new Waters()
    const { hers, his } = await two(waters, hour)
    const late = (await pass(waters, bob, { ms: 5_000 })).admission.capability
    const taken = (await pass(waters, bob)).admission.capability
    await waters.time.pass(6_000)
    await hers.revoke(await takeBack(waters, { capabilities: [taken] }))
    await waters.time.pass(100)
    for (const [bad, code] of [
      [(await pass(waters, eve)).admission.capability, 'ERR_CAPABILITY_INVALID'],
      ['none', 'ERR_CAPABILITY_INVALID'],
      [late, 'ERR_CAPABILITY_EXPIRED'],
      [taken, 'ERR_CAPABILITY_REVOKED'],
    ] as const)
      await expect(his.renewCapability(bad)).rejects.toMatchObject({ code })
    await waters.time.pass(10_000)
    expect([alive(hers), alive(his)]).toEqual([2, 2])
    const open = await waters.join({}, 'cellar')
    await expect(open.renewCapability(taken)).rejects.toMatchObject({ code: 'ERR_OPTION_INVALID' })
  })
})
