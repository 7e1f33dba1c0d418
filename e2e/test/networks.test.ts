/**
 * Two networks and a cable between them: meshes of one room that cannot hear of each other become one when they can,
 * and nobody has to do anything. Needs namespaces: `npm test` says so where there are none.
 */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Edge } from '../src/edge.ts'
import { eventually } from '../src/eventually.ts'
import { type Island, Islands } from '../src/islands.ts'
import { allAgree, allSee, deaths, news, Sea } from '../src/sea.ts'

let sea: Sea
let islands: Islands
beforeEach(async () => {
  sea = await Sea.open()
  sea.newRoom()
  islands = await Islands.open()
})
afterEach(async () => {
  await sea.clear()
  await sea.close()
  await islands.close()
})

const many = 3

const settlers = (island: Island): Promise<Edge[]> =>
  Promise.all(
    Array.from({ length: many }, (_, at) =>
      sea.edge({ name: `${island} ${at}`, signaling: islands.signaling(island), network: islands.network(island) }),
    ),
  )

test('two meshes that grew apart are one soon after the cable is in', async () => {
  await islands.setConnected(false)
  expect(await islands.connected()).toBe(false)
  const [ada, bob] = await Promise.all([settlers('ada'), settlers('bob')])
  await Promise.all([allAgree(ada), allAgree(bob)])

  await islands.setConnected(true)
  expect(await islands.connected()).toBe(true)
  const from = performance.now()
  await allAgree([...ada, ...bob])
  console.log(`one mesh after ${Math.round(performance.now() - from)} ms`)
  expect(await deaths([...ada, ...bob])).toEqual([])
})

test('one mesh that was cut in two is one again, and its members are who they were', async () => {
  const [ada, bob] = await Promise.all([settlers('ada'), settlers('bob')])
  await allAgree([...ada, ...bob])
  // Six are all neighbours. Of one that it never had a link to, a side can say nothing before that one's lease ends.
  for (const peer of [...ada, ...bob])
    await eventually(
      `${peer.name} to be linked to all others`,
      async () => Object.values(await peer.members()).filter(({ self, linked }) => !self && !linked).length,
      (unlinked) => unlinked === 0,
    )

  await islands.setConnected(false)
  for (const gone of bob) await allSee(ada, gone, 'dead')
  for (const gone of ada) await allSee(bob, gone, 'dead')
  await Promise.all([allAgree(ada), allAgree(bob)])

  await islands.setConnected(true)
  const from = performance.now()
  await allAgree([...ada, ...bob])
  console.log(`one mesh again after ${Math.round(performance.now() - from)} ms`)
  for (const peer of ada) for (const other of bob) expect((await news(peer, other)).at(-1)).toBe('member-recovered')
})
