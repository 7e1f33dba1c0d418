/** The independent attacker as a process of its own against real tabs: what it says is refused, and costs it alone. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { attackerIn } from '../attacker/tabs.ts'
import { eventually } from '../src/eventually.ts'
import type { Peer } from '../src/peer.ts'
import { allAgree, Sea } from '../src/sea.ts'

let sea: Sea
beforeAll(async () => void (sea = await Sea.open('chromium', 'firefox')))
beforeEach(() => sea.newRoom())
afterEach(() => sea.clear())
afterAll(() => sea.close())

const codesFrom = async (peer: Peer, id: string): Promise<(string | undefined)[]> =>
  (await peer.notes()).filter(({ type, from }) => type === 'claim-rejected' && from === id).map(({ code }) => code)

test('faults of every kind are refused by name, the link is closed, and the others are as they were', async () => {
  const peers = [await sea.tab('chromium'), await sea.tab('firefox'), await sea.edge()]
  await allAgree(peers)
  for (const { name, code, tell } of attackerIn(sea.room).faults) {
    const attacker = attackerIn(sea.room).enter(sea.signaling.url, peers)
    await eventually(`${name} to be linked to all`, () => peers.every(({ id }) => attacker.linked.includes(id)))
    for (let i = 0; i < 3; i++) tell(attacker)
    await eventually(`${name} to be thrown out`, () => peers.every(({ id }) => attacker.closedBy.has(id)))
    for (const peer of peers) {
      expect(await codesFrom(peer, attacker.id), `${peer.name} on ${name}`).toEqual([code, code, code])
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
