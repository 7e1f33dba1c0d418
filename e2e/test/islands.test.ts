/** Two meshes that grew apart in one room, since their server let them: see `networks.test.ts` for when their network did. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DeafRelay } from '../src/deaf-relay.ts'
import type { Edge } from '../src/edge.ts'
import { allAgree, deaths, Sea } from '../src/sea.ts'

let sea: Sea
beforeEach(async () => {
  sea = await Sea.open()
  sea.newRoom()
})
afterEach(async () => {
  await sea.clear()
  await sea.close()
})

const many = 3

test('two meshes whose server named them to each other, and carried nothing between them, are one when it does', async () => {
  const relay = await DeafRelay.open(sea.signaling.url)
  try {
    const half = (name: string): Promise<Edge[]> =>
      Promise.all(
        Array.from({ length: many }, (_, at) => sea.edge({ name: `${name} ${at}`, signaling: relay.url(name) })),
      )
    const [left, right] = await Promise.all([half('left'), half('right')])
    await Promise.all([allAgree(left), allAgree(right)])
    expect(relay.swallowed).toBeGreaterThan(0)

    relay.deaf = false
    const from = performance.now()
    await allAgree([...left, ...right])
    console.log(`one mesh after ${Math.round(performance.now() - from)} ms`)
    expect(await deaths([...left, ...right])).toEqual([])
  } finally {
    await relay.close()
  }
})
