import { expect, test } from 'vitest'
import { FakeMap } from './fake-map.ts'
import type { Mesh, PeerId } from './mesh.ts'
import { noteCharsMax, SharedNotes } from './shared-notes.ts'

const [ada, bob, cyd] = ['a', 'b', 'c'].map((id) => id.repeat(43) as PeerId) as [PeerId, PeerId, PeerId]

/** A mesh of one, that keeps what it was asked to say. */
class Lonely extends EventTarget {
  readonly id = ada
  readonly said: unknown[] = []
  readonly slates = new FakeMap<unknown>('slates', ada)

  readonly #listeners: ((message: { from: PeerId; data: unknown }) => void)[] = []

  topic() {
    return {
      publish: async (data: unknown) => void this.said.push(data),
      subscribe: (listener: (message: { from: PeerId; data: unknown }) => void) => {
        this.#listeners.push(listener)
        return () => {}
      },
    }
  }

  hearsOnTopic(from: PeerId, data: unknown): void {
    for (const listener of this.#listeners) listener({ from, data })
  }

  map() {
    return this.slates
  }

  hears(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail }))
  }
}

function open() {
  const mesh = new Lonely()
  return { mesh, notes: new SharedNotes(mesh as unknown as Mesh) }
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
  const { mesh, notes } = open()
  const versions = [
    { value: 'kelp', writer: bob, at: 2 },
    { value: 'wreck', writer: cyd, at: 1 },
  ]
  mesh.slates.stand('k', versions)
  expect(notes.notes.value).toEqual([{ key: 'k', siblings: versions }])
  await notes.write('k', 'both')
  expect(notes.notes.value[0]?.siblings).toHaveLength(1)
})

test('what is no text, or too long a one, is not shown', () => {
  const { mesh, notes } = open()
  for (const [i, value] of [7, null, {}, 'x'.repeat(noteCharsMax + 1)].entries())
    mesh.slates.stand(`${i}`, [{ value, writer: bob, at: 1 }])
  mesh.slates.stand('ok', [{ value: 'x'.repeat(noteCharsMax), writer: bob, at: 1 }])
  expect(notes.notes.value.map(({ key }) => key)).toEqual(['ok'])
})

test('who holds which slate is said once, heard, and forgotten with whoever goes', () => {
  const { mesh, notes } = open()
  notes.hold('k')
  notes.hold('k')
  notes.hold(null)
  expect(mesh.said).toEqual(['k', null])
  mesh.hearsOnTopic(bob, 'k')
  mesh.hearsOnTopic(cyd, { a: 1 })
  expect([...notes.holders.value]).toEqual([[bob, 'k']])
  mesh.hears('member-failed', { member: { id: bob } })
  expect(notes.holders.value.size).toBe(0)
})

test('whoever comes is told what is held', () => {
  const { mesh, notes } = open()
  mesh.hears('member-joined', { member: { id: bob } })
  expect(mesh.said).toEqual([])
  notes.hold('k')
  mesh.hears('member-joined', { member: { id: bob } })
  expect(mesh.said).toEqual(['k', 'k'])
})
