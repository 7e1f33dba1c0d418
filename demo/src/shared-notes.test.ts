import { expect, test } from 'vitest'
import { FakeMap } from './fake-map.ts'
import type { Mesh, PeerId } from './mesh.ts'
import { noteCharsMax, SharedNotes } from './shared-notes.ts'

const [ada, bob, cyd] = ['a', 'b', 'c'].map((id) => id.repeat(43) as PeerId) as [PeerId, PeerId, PeerId]

function open() {
  const slates = new FakeMap<unknown>('slates', ada)
  return { slates, notes: new SharedNotes({ id: ada, map: () => slates } as unknown as Mesh) }
}

test('what is written stands, and an empty text wipes the slate', async () => {
  const { notes } = open()
  await notes.add('low tide')
  const [note] = notes.notes.value
  expect(note?.siblings.map(({ value }) => value)).toEqual(['low tide'])
  await notes.write(note!.key, ' ')
  expect(notes.notes.value).toEqual([])
})

test('texts that do not know of each other are shown side by side, and the next takes their place', async () => {
  const { slates, notes } = open()
  const versions = [
    { value: 'kelp', writer: bob, at: 2 },
    { value: 'wreck', writer: cyd, at: 1 },
  ]
  slates.stand('k', versions)
  expect(notes.notes.value).toEqual([{ key: 'k', siblings: versions }])
  await notes.write('k', 'both')
  expect(notes.notes.value[0]?.siblings).toHaveLength(1)
})

test('what is no text, or too long a one, is not shown', () => {
  const { slates, notes } = open()
  for (const [i, value] of [7, null, {}, 'x'.repeat(noteCharsMax + 1)].entries())
    slates.stand(`${i}`, [{ value, writer: bob, at: 1 }])
  slates.stand('ok', [{ value: 'x'.repeat(noteCharsMax), writer: bob, at: 1 }])
  expect(notes.notes.value.map(({ key }) => key)).toEqual(['ok'])
})
