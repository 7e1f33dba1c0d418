import { describe, expect, it } from 'vitest'
import { loadScriptEd25519 } from '../../src/identity/webcrypto.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { MemoryDisk } from '../store/memory-store.ts'
import { Waters } from './waters.ts'

const equal = (meshes: readonly Mesh[]) => new Set(meshes.map((mesh) => mesh.stats().state.digest)).size === 1
const errorsOf = (mesh: Mesh) => {
  const codes: string[] = []
  mesh.addEventListener('error', ({ detail }) => codes.push(detail.error.code))
  return codes
}

describe('a map that is kept', () => {
  it('stands again after everybody was gone, as it was, deletes too', async () => {
    const waters = new Waters()
    const disk = new MemoryDisk()
    const ada = await waters.join()
    const notes = ada.map<string>('notes', { persistence: disk.maker })
    await waters.during(notes.loaded)
    await waters.during(notes.set('a', 'first'))
    await waters.during(notes.set('b', 'second'))
    await waters.during(notes.set('a', 'third'))
    await waters.during(notes.delete('b'))
    const before = ada.stats().state.digest
    await waters.during(ada.leave())
    expect(disk.only.size).toBe(2)

    const again = await waters.join()
    const kept = again.map<string>('notes', { persistence: disk.maker })
    await waters.during(kept.loaded)
    expect([...kept]).toEqual([['a', 'third']])
    expect(again.stats().state.digest).toBe(before)
  })

  it('is stored when set() resolves, what others wrote when saved() does', async () => {
    const waters = new Waters()
    const disk = new MemoryDisk()
    const [ada, bob] = await waters.shoal(2)
    const notes = ada!.map<number>('notes', { persistence: disk.maker })
    await waters.during(notes.set('mine', 1))
    expect(disk.only.size).toBe(1)
    await waters.during(bob!.map('notes').set('his', 2))
    await waters.until(() => notes.has('his'))
    await waters.during(notes.saved())
    expect(disk.only.size).toBe(2)
  })

  it('uses no dot twice, and writes later than all that it kept, though the clock was set back', async () => {
    const waters = new Waters()
    const disk = new MemoryDisk()
    const identity = (await loadScriptEd25519()).seedSigner(new Uint8Array(32).fill(5))
    const dots: string[] = []
    const walls: number[] = []
    for (let run = 0; run < 3; run += 1) {
      const ada = await waters.join({ identity })
      const notes = ada.map<number>('notes', { persistence: disk.maker })
      await waters.during(notes.loaded)
      if (run > 0) expect(notes.get('key')).toBe(run - 1)
      waters.time.wallMs -= 20_000
      await waters.during(notes.set('key', run))
      expect(notes.get('key')).toBe(run)
      const [entry] = notes.inspect()
      dots.push(`${entry!.instance} ${entry!.seq}`)
      walls.push(entry!.clock.wall)
      await waters.during(ada.leave())
    }
    expect(new Set(dots).size).toBe(3)
    expect(walls).toEqual([...walls].sort((a, b) => a - b))
  })

  it('lets whoever returns fetch what is new to it, and nothing else', async () => {
    const waters = new Waters()
    const disk = new MemoryDisk()
    const [ada] = await waters.shoal(1)
    const all = Array.from({ length: 500 }, (_, n) => [`key ${n}`, 'x'.repeat(200)] as const)
    await waters.during(ada!.map('notes').batch(all))
    const fetched = async (persistence: MemoryDisk | undefined) => {
      const bob = await waters.join()
      const notes = bob.map('notes', persistence && { persistence: persistence.maker })
      await waters.during(notes.loaded)
      await waters.until(() => equal([ada!, bob]))
      await waters.during(notes.saved())
      const bytes = bob.stats().bytesReceived
      await waters.during(bob.leave())
      return bytes
    }
    const first = await fetched(disk)
    await waters.during(ada!.map('notes').batch(all.slice(0, 5).map(([key]) => [key, 'new'] as const)))
    const returned = await fetched(disk)
    const stranger = await fetched(undefined)
    expect(first).toBeGreaterThan(150_000)
    expect(stranger).toBeGreaterThan(150_000)
    expect(returned).toBeLessThan(20_000)
  })

  it('believes nothing that it reads back: what was tampered with is left out, told, and taken away', async () => {
    const waters = new Waters()
    const disk = new MemoryDisk()
    const ada = await waters.join()
    const notes = ada.map<number>('notes', { persistence: disk.maker })
    await waters.during(notes.batch(Array.from({ length: 4 }, (_, n) => [`key ${n}`, n] as const)))
    await waters.during(ada.leave())
    const [, second, third, fourth] = [...disk.only.keys()]
    const forged = disk.only.get(second!)!.slice()
    forged[forged.length - 70]! ^= 1
    disk.only.set(second!, forged)
    disk.only.set(third!, new Uint8Array(70_000))
    disk.only.set(fourth!, new Uint8Array(0))

    const again = await waters.join()
    const errors = errorsOf(again)
    const kept = again.map<number>('notes', { persistence: disk.maker })
    await waters.during(kept.loaded)
    await waters.during(kept.saved())
    expect(kept.size).toBe(1)
    expect(errors).toEqual(['ERR_STORAGE_DAMAGED'])
    expect(disk.only.size).toBe(1)
  })

  it('takes nothing that was kept in another room or for another map', async () => {
    const waters = new Waters()
    const disk = new MemoryDisk()
    const ada = await waters.join()
    await waters.during(ada.map('notes', { persistence: disk.maker }).set('key', 1))
    const [record] = [...disk.only]
    await waters.during(ada.leave())
    for (const [room, map] of [
      ['elsewhere', 'notes'],
      ['lobby', 'others'],
    ] as const) {
      const other = new MemoryDisk()
      const mesh = await waters.join({}, room)
      const errors = errorsOf(mesh)
      await other.maker({ room: mesh.room, map, trouble: () => {} })
      const kept = mesh.map(map, {
        persistence: async (place) => {
          const store = await other.maker(place)
          await store.write([{ name: record![0], bytes: record![1] }], [])
          return store
        },
      })
      await waters.during(kept.loaded)
      expect(kept.size).toBe(0)
      expect(errors).toEqual(['ERR_STORAGE_DAMAGED'])
      await waters.during(mesh.leave())
    }
  })

  it('forgets what has ended, also while nobody ran', async () => {
    const waters = new Waters()
    const disk = new MemoryDisk()
    const ada = await waters.join()
    const notes = ada.map<number>('notes', { persistence: disk.maker, ttlMs: 60_000 })
    await waters.during(notes.set('key', 1))
    await waters.during(ada.leave())
    for (let minute = 0; minute < 3; minute += 1) await waters.time.pass(60_000)
    const again = await waters.join()
    const errors = errorsOf(again)
    const kept = again.map<number>('notes', { persistence: disk.maker })
    await waters.during(kept.loaded)
    expect([kept.size, disk.only.size, errors.length]).toEqual([0, 0, 0])
  })

  it('rejects what it cannot store, tells it once, and stores it when it can', async () => {
    const waters = new Waters()
    const disk = new MemoryDisk()
    const ada = await waters.join()
    const errors = errorsOf(ada)
    const notes = ada.map<number>('notes', { persistence: disk.maker })
    await waters.during(notes.loaded)
    disk.fault = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    await expect(waters.during(notes.set('a', 1))).rejects.toMatchObject({ code: 'ERR_STORAGE_FULL' })
    await expect(waters.during(notes.set('b', 2))).rejects.toMatchObject({ code: 'ERR_STORAGE_FULL' })
    expect([notes.get('a'), notes.get('b')]).toEqual([1, 2])
    expect(errors).toEqual(['ERR_STORAGE_FULL'])
    disk.fault = undefined
    await waters.during(notes.saved())
    expect(disk.only.size).toBe(2)
  })

  it('says when its store cannot be opened, and goes on without', async () => {
    const waters = new Waters()
    const ada = await waters.join()
    const errors = errorsOf(ada)
    const notes = ada.map<number>('notes', { persistence: () => Promise.reject(new Error('no such disk')) })
    await expect(waters.during(notes.loaded)).rejects.toMatchObject({ code: 'ERR_STORAGE' })
    await expect(waters.during(notes.set('a', 1))).rejects.toMatchObject({ code: 'ERR_STORAGE' })
    expect(notes.get('a')).toBe(1)
    expect(errors).toEqual(['ERR_STORAGE'])
    await waters.during(ada.leave())
  })

  it('is kept from the first time that it is opened, or not', async () => {
    const waters = new Waters()
    const ada = await waters.join()
    const disk = new MemoryDisk()
    const invalid = expect.objectContaining({ code: 'ERR_OPTION_INVALID' })
    expect(() => ada.map('notes', { persistence: 'yes' as never })).toThrow(invalid)
    ada.map('notes')
    expect(() => ada.map('notes', { persistence: disk.maker })).toThrow(invalid)
    expect(ada.map('kept', { persistence: disk.maker })).toBe(ada.map('kept'))
  })
})
