import fc from 'fast-check'
import { expect, it } from 'vitest'
import { entry } from '../../test/state/entries.ts'
import { Heap } from './heap.ts'
import type { Ranked } from './order.ts'
import { type Share, Shares } from './quota.ts'

const rankOf = (wall: number): Ranked => ({ issuedAt: wall, counter: 0, digest: '' }) as unknown as Ranked

it('has the oldest first, whatever was written, lost and removed', () => {
  const turns = fc.array(
    fc.record({
      does: fc.constantFrom('add', 'write', 'lose', 'remove', 'ask'),
      at: fc.nat(1000),
      wall: fc.nat(50),
    }),
    { maxLength: 200, size: 'max' },
  )
  fc.assert(
    fc.property(turns, (all) => {
      const heap = new Heap<{ place: number; since: Ranked | undefined; newest: number }>()
      const here: { place: number; since: Ranked | undefined; newest: number }[] = []
      for (const { does, at, wall } of all) {
        const item = here[at % Math.max(1, here.length)]
        if (does === 'add') {
          here.push({ place: -1, since: undefined, newest: wall })
          heap.add(here.at(-1)!, rankOf(wall))
        } else if (item === undefined) continue
        else if (does === 'write') item.newest = Math.max(item.newest, wall)
        else if (does === 'lose') {
          item.newest = Math.min(item.newest, wall)
          heap.forget(item)
        } else if (does === 'remove') {
          here.splice(here.indexOf(item), 1)
          heap.remove(item)
        }
        const first = heap.first(({ newest }) => rankOf(newest))
        expect(first?.newest).toBe(here.length === 0 ? undefined : Math.min(...here.map(({ newest }) => newest)))
      }
    }),
  )
})

it('looks at few of many shares for the one that makes room', () => {
  const max = 1000
  const shares = new Shares(max, 12)
  const write = (n: number): void => {
    const written = entry({ map: `map ${n}`, wall: 1000 + n, seq: n + 1 })
    shares.add(shares.claim(written.map), written, n)
  }
  for (let n = 0; n < max; n += 1) write(n)
  let looks = 0
  const newest = (share: Share): Ranked => {
    looks += 1
    return share.newest!
  }
  for (let n = max; n < 2 * max; n += 1) {
    const written = entry({ map: `map ${n}`, wall: 1000 + n, seq: n + 1 })
    expect(shares.admits(written.map, written, newest)).toBe(true)
    write(n)
    const surplus = shares.surplus(newest)!
    expect(surplus.name).toBe(`map ${n - max}`)
    shares.remove(surplus, entry({ map: surplus.name, wall: 1000 + n - max, seq: n - max + 1 }), n - max)
  }
  expect(looks).toBeLessThan(10 * max)
})
