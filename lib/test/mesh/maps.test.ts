import { describe, expect, it } from 'vitest'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { StandardSchema } from '../../src/mesh/replicated-map.ts'
import { Waters } from './waters.ts'

/** Only text passes, as a validator would say it. */
const text: StandardSchema<string> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => (typeof value === 'string' ? { value } : { issues: [{ message: 'no text' }] }),
  },
}

const entriesOf = (mesh: Mesh, name = 'todos') => Object.fromEntries(mesh.map(name).entries())
const equal = (meshes: readonly Mesh[]) => new Set(meshes.map((mesh) => mesh.stats().state.digest)).size === 1

describe('a replicated map', () => {
  it('shows what was set at once, and soon everywhere', async () => {
    const waters = new Waters()
    const [ada, bob, cyd] = await waters.shoal(3)
    const todos = ada!.map<string>('todos')
    const written = todos.set('milk', 'two litres')
    expect(todos.get('milk')).toBe('two litres')
    await waters.during(written)
    await waters.until(() => bob!.map('todos').get('milk') === 'two litres')
    await waters.until(() => cyd!.map('todos').has('milk') && equal([ada!, bob!, cyd!]))
    expect([...cyd!.map('todos')]).toEqual([['milk', 'two litres']])
  })

  it('ends with the last write and the last delete at everybody', async () => {
    const waters = new Waters()
    const meshes = await waters.shoal(3)
    const [ada, bob] = meshes
    await waters.during(
      ada!.map('todos').batch([
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ] as const),
    )
    await waters.until(() => bob!.map('todos').size === 3)
    await waters.during(bob!.map('todos').delete('b'))
    await waters.during(bob!.map('todos').set('c', 'newer'))
    await waters.until(() => meshes.every((mesh) => mesh.map('todos').size === 2 && mesh.map('todos').get('c') !== 3))
    for (const mesh of meshes) expect(entriesOf(mesh)).toEqual({ a: 1, c: 'newer' })
  })

  it('hands a newcomer what was written before it came, and tells how that goes', async () => {
    const waters = new Waters()
    const [ada] = await waters.shoal(2)
    const many = Array.from({ length: 200 }, (_, n) => [`key ${n}`, n] as const)
    await waters.during(ada!.map('todos').batch(many))
    const cyd = await waters.join()
    const progress: number[] = []
    cyd.addEventListener('sync-progress', ({ detail }) => progress.push(detail.received))
    await waters.until(() => cyd.map('todos').size === 200)
    await waters.until(() => equal([ada!, cyd]))
    expect(progress.at(-1)).toBe(200)
  })

  it('tells subscribers which keys changed, until they have heard enough', async () => {
    const waters = new Waters()
    const [ada, bob] = await waters.shoal(2)
    const heard: (readonly string[])[] = []
    const stop = bob!.map('todos').subscribe(({ keys }) => heard.push(keys))
    await waters.during(
      ada!.map('todos').batch([
        ['a', 1],
        ['b', 2],
      ] as const),
    )
    await waters.until(() => bob!.map('todos').size === 2)
    expect(heard.flat().sort()).toEqual(['a', 'b'])
    stop()
    await waters.during(ada!.map('todos').set('c', 3))
    await waters.until(() => bob!.map('todos').size === 3)
    expect(heard.flat()).toHaveLength(2)
  })

  it('keeps concurrent writes side by side until somebody who sees them writes', async () => {
    const waters = new Waters()
    const [ada, bob] = await waters.shoal(2)
    const [hers, his] = [ada!, bob!].map((mesh) => mesh.map<string>('notes', { conflict: 'siblings' }))
    await Promise.all([waters.during(hers!.set('title', 'Ada says')), waters.during(his!.set('title', 'Bob says'))])
    await waters.until(() => [hers!, his!].every((map) => map.siblings('title').length === 2))
    expect(hers!.siblings('title')).toEqual(his!.siblings('title'))
    expect(hers!.conflicts).toEqual(['title'])
    await waters.during(hers!.set('title', 'both'))
    await waters.until(() => his!.siblings('title').length === 1)
    expect(his!.get('title')).toBe('both')
    expect(his!.conflicts).toEqual([])
  })

  it('shows what the merge function makes of concurrent writes, the same everywhere', async () => {
    const waters = new Waters()
    const [ada, bob] = await waters.shoal(2)
    const conflict = (values: readonly string[]) =>
      [...new Set(values.flatMap((value) => value.split(' ')))].sort().join(' ')
    const [hers, his] = [ada!, bob!].map((mesh) => mesh.map<string>('tags', { conflict }))
    await Promise.all([waters.during(hers!.set('fish', 'blue')), waters.during(his!.set('fish', 'red'))])
    await waters.until(() => hers!.get('fish') === 'blue red' && his!.get('fish') === 'blue red')
  })

  it('takes nothing that its schema refuses, and shows nothing that others should not have written', async () => {
    const waters = new Waters()
    const [ada, bob] = await waters.shoal(2)
    const checked = ada!.map<string>('todos', { schema: text })
    const rejected: string[] = []
    ada!.addEventListener('claim-rejected', ({ detail }) => rejected.push(detail.code))
    expect(() => checked.set('a', 7 as never)).toThrow(expect.objectContaining({ code: 'ERR_VALUE_INVALID' }))
    await waters.during(
      bob!.map<unknown>('todos').batch([
        ['a', 7],
        ['b', 'text'],
      ]),
    )
    await waters.until(() => checked.has('b'))
    expect(checked.get('a')).toBeUndefined()
    expect(rejected).toContain('ERR_VALUE_INVALID')
  })

  it('lets nobody write under a key of somebody else', async () => {
    const waters = new Waters()
    const [ada, bob] = await waters.shoal(2)
    const key = `o/${ada!.id}/status`
    expect(() => bob!.map('todos').set(key, 'gone fishing')).toThrow(expect.objectContaining({ code: 'ERR_KEY_OWNER' }))
    await waters.during(ada!.map('todos').set(key, 'here'))
    await waters.until(() => bob!.map('todos').get(key) === 'here')
  })

  it('says what is wrong with what it is given', async () => {
    const waters = new Waters()
    const ada = await waters.join()
    const todos = ada.map<unknown>('todos')
    const code = (run: () => unknown) => {
      try {
        run()
        return undefined
      } catch (error) {
        return (error as { code?: string }).code
      }
    }
    expect(code(() => void todos.set('k'.repeat(256), 1))).toBeUndefined()
    expect(code(() => todos.set('k'.repeat(257), 1))).toBe('ERR_KEY_INVALID')
    expect(code(() => todos.set('\ud800', 1))).toBe('ERR_KEY_INVALID')
    expect(code(() => todos.set('f', () => 1))).toBe('ERR_VALUE_INVALID')
    expect(code(() => void todos.set('f', 'x'.repeat(16_381)))).toBeUndefined()
    expect(code(() => todos.set('f', 'x'.repeat(16_382)))).toBe('ERR_MESSAGE_TOO_LARGE')
    expect(code(() => ada.map(''))).toBe('ERR_OPTION_INVALID')
    expect(code(() => ada.map('todos', { conflict: 'siblings' }))).toBe('ERR_OPTION_INVALID')
    expect(code(() => ada.map('other', { conflict: 'first' as never }))).toBe('ERR_OPTION_INVALID')
    expect(code(() => ada.map('other', { ttlMs: 59_999 }))).toBe('ERR_OPTION_INVALID')
    await waters.during(ada.leave())
    expect(code(() => todos.set('milk', 1))).toBe('ERR_CLOSED')
    expect(code(() => ada.map('todos'))).toBe('ERR_CLOSED')
  })

  it('refuses a write over the quota, and leaves what it showed as it stands', async () => {
    const waters = new Waters()
    const ada = await waters.join()
    const todos = ada.map<number>('todos')
    await waters.during(todos.batch(Array.from({ length: 1000 }, (_, n) => [`key ${n}`, n] as const)))
    await expect(
      waters.during(
        todos.batch([
          ['key 1', 1],
          ['one more', 1],
        ] as const),
      ),
    ).rejects.toMatchObject({ code: 'ERR_QUOTA' })
    expect(todos.has('one more')).toBe(false)
    await waters.during(todos.set('key 7', 8))
    expect(todos.get('key 7')).toBe(8)
  })

  it('can be looked into', async () => {
    const waters = new Waters()
    const ada = await waters.join()
    const notes = ada.map<string>('notes', { conflict: 'siblings' })
    await waters.during(notes.set('title', 'first'))
    await waters.during(notes.delete('title'))
    expect(notes.inspect()).toEqual([
      expect.objectContaining({ key: 'title', deleted: true, writer: ada.id, seq: 2, context: expect.any(Map) }),
    ])
    expect(ada.stats().state).toMatchObject({ entries: 1, places: expect.any(Array) })
  })
})
