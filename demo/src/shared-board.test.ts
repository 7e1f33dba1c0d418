import { expect, test } from 'vitest'
import { FakeMap } from './fake-map.ts'
import type { Mesh, PeerId } from './mesh.ts'
import { colours, columns, rows, SharedBoard } from './shared-board.ts'

const [ada, bob] = ['a', 'b'].map((id) => id.repeat(43) as PeerId) as [PeerId, PeerId]

function boardOn(map: FakeMap<unknown>): SharedBoard {
  return new SharedBoard({ id: ada, map: () => map } as unknown as Mesh)
}

test('a stroke is seen where it was painted, with its painter', async () => {
  const board = boardOn(new FakeMap('reef', ada))
  await board.paint(3, 2)
  expect(board.cells.value).toHaveLength(columns * rows)
  expect(board.cells.value[3]).toMatchObject({ colour: 2, by: ada })
})

test('painting with water clears the cell', async () => {
  const board = boardOn(new FakeMap('reef', ada))
  await board.paint(3, 2)
  await board.paint(3, 0)
  expect(board.cells.value[3]).toBeUndefined()
})

test('what others paint turns up, until the board is closed', () => {
  const map = new FakeMap<unknown>('reef', ada)
  const board = boardOn(map)
  map.stand('7', [{ value: 5, writer: bob, at: 1 }])
  expect(board.cells.value[7]).toEqual({ colour: 5, by: bob, at: 1 })
  board.close()
  map.stand('7', [{ value: 1, writer: bob, at: 2 }])
  expect(board.cells.value[7]?.colour).toBe(5)
})

test('what is no colour is not shown', () => {
  const map = new FakeMap<unknown>('reef', ada)
  const board = boardOn(map)
  for (const [index, value] of ['coral', -1, 0, 1.5, colours.length, {}, null].entries())
    map.stand(`${index}`, [{ value, writer: bob, at: 1 }])
  map.stand('96', [{ value: 1, writer: bob, at: 1 }])
  expect(board.cells.value.filter(Boolean)).toEqual([])
})
