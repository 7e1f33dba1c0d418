import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Mesh, PeerId } from './mesh.ts'
import { colours, columns, rows, SharedBoard } from './shared-board.ts'

/** A mesh that delivers when told to: what a board sends waits in `sent`. */
class Post extends EventTarget {
  readonly members = new Map<PeerId, { readonly linked: boolean }>()
  readonly sent: { readonly to: PeerId | undefined; readonly data: unknown }[] = []
  readonly board: SharedBoard
  readonly id: PeerId

  constructor(id: string) {
    super()
    this.id = id as PeerId
    this.board = new SharedBoard(this as unknown as Mesh)
  }

  async send(to: PeerId, data: unknown): Promise<void> {
    this.sent.push({ to, data })
  }

  async broadcast(data: unknown): Promise<void> {
    this.sent.push({ to: undefined, data })
  }

  receive(data: unknown): void {
    this.dispatchEvent(new CustomEvent('message', { detail: { data: structuredClone(data) } }))
  }

  link(peer: Post): void {
    this.members.set(peer.id, { linked: true })
    this.dispatchEvent(new CustomEvent('link-opened', { detail: { peer: peer.id } }))
  }
}

const strokes = fc.array(
  fc.record({
    by: fc.nat(2),
    index: fc.nat(3),
    colour: fc.nat(colours.length - 1),
    /** Whether the painter has first seen all that was painted before. */
    informed: fc.boolean(),
  }),
  { maxLength: 20 },
)

test('whatever the order and however often strokes arrive, all boards end the same', async () => {
  await fc.assert(
    fc.asyncProperty(strokes, fc.infiniteStream(fc.nat()), async (list, random) => {
      const posts = ['a', 'b', 'c'].map((id) => new Post(id))
      const everything: unknown[] = []
      for (const { by, index, colour, informed } of list) {
        const painter = posts[by]
        if (!painter) continue
        if (informed) for (const data of everything) painter.receive(data)
        await painter.board.paint(index, colour)
        everything.push(painter.sent.at(-1)?.data)
      }
      for (const post of posts) {
        const order = [...everything, ...everything].map((data) => ({ data, at: random.next().value }))
        for (const { data } of order.toSorted((a, b) => a.at - b.at)) post.receive(data)
      }
      expect(posts[1]?.board.cells.value).toEqual(posts[0]?.board.cells.value)
      expect(posts[2]?.board.cells.value).toEqual(posts[0]?.board.cells.value)
    }),
  )
})

test('a stroke painted over another, having seen it, wins', async () => {
  const [a, b] = [new Post('a'), new Post('b')]
  await b.board.paint(0, 1)
  a.receive(b.sent[0]?.data)
  await a.board.paint(0, 2)
  b.receive(a.sent[0]?.data)
  expect(b.board.cells.value[0]).toMatchObject({ colour: 2, by: 'a' })
})

test('an opening link brings both boards together, once', async () => {
  const [old, young] = [new Post('old'), new Post('young')]
  await old.board.paint(3, 1)
  await old.board.paint(5, 2)
  old.sent.length = 0
  old.link(young)
  old.link(young)
  young.link(old)
  expect(old.sent).toHaveLength(1)
  expect(young.sent).toHaveLength(0)
  young.receive(old.sent[0]?.data)
  expect(young.board.cells.value).toEqual(old.board.cells.value)
})

test('a closed board hears nothing more', async () => {
  const [a, b] = [new Post('a'), new Post('b')]
  b.board.close()
  await a.board.paint(0, 1)
  b.receive(a.sent[0]?.data)
  expect(b.board.cells.value[0]).toBeUndefined()
})

test.each([
  ['a string', 'hello'],
  ['nothing', null],
  ['no list', { reef: 7 }],
  ['a writer without strokes', { reef: [{ by: 'x' }] }],
  ['a writer without a name', { reef: [{ by: 7, strokes: [] }] }],
  ['a cell off the board', { reef: [{ by: 'x', strokes: [[columns * rows, 1, 1]] }] }],
  ['a cell before the board', { reef: [{ by: 'x', strokes: [[-1, 1, 1]] }] }],
  ['a colour that there is not', { reef: [{ by: 'x', strokes: [[0, colours.length, 1]] }] }],
  ['a clock that is no number', { reef: [{ by: 'x', strokes: [[0, 1, '9']] }] }],
  ['a clock beyond all strokes', { reef: [{ by: 'x', strokes: [[0, 1, 2 ** 31]] }] }],
  ['too many strokes', { reef: [{ by: 'x', strokes: Array.from({ length: columns * rows + 1 }, () => [0, 1, 1]) }] }],
  [
    'one good stroke beside a bad one',
    {
      reef: [
        {
          by: 'x',
          strokes: [
            [0, 1, 1],
            [0, 1],
          ],
        },
      ],
    },
  ],
])('%s paints nothing', (_, data) => {
  const post = new Post('a')
  post.receive(data)
  expect(post.board.cells.value.every((cell) => cell === undefined)).toBe(true)
})
