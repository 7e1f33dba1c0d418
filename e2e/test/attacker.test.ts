/** The independent attacker as a process of its own against real tabs: what it says is refused, and costs it alone. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { attackerIn, Equivocator } from '../attacker/tabs.ts'
import { eventually } from '../src/eventually.ts'
import { type Peer, refusalsFrom } from '../src/peer.ts'
import { allAgree, deaths, Sea } from '../src/sea.ts'

let sea: Sea
beforeAll(async () => void (sea = await Sea.open('chromium', 'firefox')))
beforeEach(() => sea.newRoom())
afterEach(() => sea.clear())
afterAll(() => sea.close())

const codesFrom = async (peer: Peer, id: string): Promise<(string | undefined)[]> =>
  refusalsFrom(await peer.notes(), id).map(({ code }) => code)

test('faults of every kind are refused by name, the link is closed, and the others are as they were', async () => {
  const peers = [await sea.tab('chromium'), await sea.tab('firefox'), await sea.edge()]
  await allAgree(peers)
  for (const { name, code, tell } of attackerIn(sea.room).faults) {
    const attacker = attackerIn(sea.room).enter(sea.signaling.url, peers)
    await eventually(`${name} to be linked to all`, () => peers.every(({ id }) => attacker.linked.includes(id)))
    for (let i = 0; i < 3; i++) tell(attacker)
    await eventually(`${name} to be thrown out`, () => peers.every(({ id }) => attacker.closedBy.has(id)))
    for (const peer of peers) {
      // Those like the first are told together, within a second.
      const codes = await eventually(
        `${peer.name} to tell of ${name}`,
        () => codesFrom(peer, attacker.id),
        (all) => all.length >= 3,
      )
      expect(codes).toEqual([code, code, code])
    }
    attacker.leave()
  }
  // Nobody's view of anybody else has moved.
  for (const peer of peers) {
    const members = await peer.members()
    for (const other of peers) expect(members[other.id]).toMatchObject({ status: 'alive', incarnation: 0 })
    for (const other of peers) if (other !== peer) expect(members[other.id]).toMatchObject({ linked: true })
  }
})

test('who tells two tabs two things under one number is thrown out by all who hear of it, and nobody else is', async () => {
  const tabs = [await sea.tab('chromium'), await sea.tab('firefox')]
  const peers = [...tabs, await sea.edge()]
  await allAgree(peers)
  const attacker = Equivocator.enter(sea.signaling.url, sea.room, tabs)
  const statusAt = async (peer: Peer): Promise<string | undefined> => (await peer.members())[attacker.id]?.status
  const allShow = async (of: readonly Peer[], status: string): Promise<void> => {
    for (const peer of of)
      await eventually(
        `${peer.name} to show it ${status}`,
        () => statusAt(peer),
        (seen) => seen === status,
      )
  }
  await eventually('it to be linked to both', () => tabs.every(({ id }) => attacker.linked.includes(id)))
  await allShow(peers, 'alive')

  attacker.actor.tellEachSomethingElse()
  await allShow(peers, 'dead')
  await eventually('it to be linked to nobody', () => attacker.linked.length === 0)
  for (const peer of peers) expect(await codesFrom(peer, attacker.id), peer.name).toEqual(['ERR_EQUIVOCATION'])

  // Whoever comes later is shown what it signed.
  const newcomer = await sea.edge()
  await eventually('a newcomer to be told', async () =>
    (await codesFrom(newcomer, attacker.id)).includes('ERR_EQUIVOCATION'),
  )
  const all = [...peers, newcomer]
  await allAgree(all)
  expect(attacker.linked).toEqual([])
  expect(await deaths(all)).toEqual([])
  for (const peer of peers) {
    const members = await peer.members()
    for (const other of peers) expect(members[other.id]).toMatchObject({ status: 'alive', incarnation: 0 })
    // They may have passed on what it had said before they knew.
    for (const other of all) expect(await codesFrom(peer, other.id)).not.toContain('ERR_EQUIVOCATION')
  }
  attacker.leave()
})
