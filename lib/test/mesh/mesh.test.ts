import { describe, expect, test } from 'vitest'
import { alive, record, Waters } from './waters.ts'

describe('eight peers in one room', () => {
  test('agree on who is there; one leaves, one crashes, and all see which was which', async () => {
    const waters = new Waters()
    const meshes = await waters.shoal(8)
    const [first, leaver, crasher] = meshes as [(typeof meshes)[0], (typeof meshes)[0], (typeof meshes)[0]]
    const rest = [first, ...meshes.slice(3)]
    for (const mesh of meshes) {
      expect(new Set(mesh.members.keys())).toEqual(new Set(meshes.map(({ id }) => id)))
      expect(mesh.self.self).toBe(true)
    }

    const said = rest.map((mesh) => record(mesh, ['member-left', 'member-failed', 'member-suspected', 'member-joined']))
    await waters.during(leaver.leave())
    await waters.until(() => rest.every((mesh) => mesh.members.get(leaver.id)?.status === 'left'))
    for (const one of said) expect(one).toEqual(['member-left peer 1'])

    for (const { id } of meshes) {
      waters.hub.cut(crasher.id, id)
      waters.hub.cut(id, crasher.id)
    }
    await waters.until(() => rest.every((mesh) => mesh.members.get(crasher.id)?.status === 'dead'))
    for (const one of said)
      expect(one).toEqual(['member-left peer 1', 'member-suspected peer 2', 'member-failed peer 2'])
    expect(rest.map(alive)).toEqual(rest.map(() => 6))
  })
})
