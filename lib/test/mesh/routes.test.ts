/** What an application sees of the overlay: its places on the rings, its links, and the ways to everybody else. */
import { beforeAll, expect, test } from 'vitest'
import type { Mesh, MeshEventMap } from '../../src/mesh/mesh.ts'
import { alive, Waters } from './waters.ts'

const peers = 24

let waters: Waters
let meshes: readonly Mesh[]

beforeAll(async () => {
  waters = new Waters()
  const joined: Mesh[] = []
  for (let n = 0; n < peers; n++) joined.push(await waters.join())
  meshes = joined
  await waters.until(() => meshes.every((mesh) => alive(mesh) === peers), 20_000)
  await waters.until(() => meshes.every((mesh) => neighbours(mesh).every((id) => linked(mesh, id))), 20_000)
  // Links that nobody needs go after a grace time.
  await waters.until(() => meshes.every((mesh) => mesh.stats().links.length < peers - 1), 20_000)
})

const linked = (mesh: Mesh, id: string): boolean => mesh.stats().links.some(({ peer }) => peer === id)
const neighbours = (mesh: Mesh): readonly string[] =>
  mesh.stats().rings.flatMap(({ before, after }) => [before, after].flatMap((id) => id ?? []))

test('it has a place on each of four rings, and each link says on which of them it lies', () => {
  for (const mesh of meshes) {
    const { rings, links } = mesh.stats()
    expect(rings).toHaveLength(4)
    for (const { peer, rings: on } of links) {
      expect(on).toEqual(rings.flatMap(({ before, after }, ring) => (before === peer || after === peer ? [ring] : [])))
    }
    // The rings are everybody's: who is before us has us after it.
    for (const [ring, { before }] of rings.entries()) {
      const other = meshes.find(({ id }) => id === before)!
      expect(other.stats().rings[ring]!.after).toBe(mesh.id)
    }
  }
})

test('the way to a linked member is the member, to others over links that are open, and to nobody else is there one', () => {
  const [mesh] = meshes as [Mesh]
  for (const { id } of meshes.slice(1)) {
    const route = mesh.route(id)!
    expect(route.at(-1)).toBe(id)
    expect(route.length === 1).toBe(linked(mesh, id))
    expect(linked(mesh, route[0]!)).toBe(true)
  }
  expect(mesh.route(mesh.id)).toBeUndefined()
  expect(mesh.route('somebody else' as Mesh['id'])).toBeUndefined()
})

test('a message says how many links it has crossed, and a broadcast does not', async () => {
  const [mesh] = meshes as [Mesh]
  const far = meshes.find(({ id }) => (mesh.route(id)?.length ?? 0) > 1)!
  const near = meshes.find(({ id }) => mesh.route(id)?.length === 1)!
  for (const to of [near, far]) {
    const heard: MeshEventMap['message'][] = []
    const listen = ({ detail }: CustomEvent<MeshEventMap['message']>) => void heard.push(detail)
    to.addEventListener('message', listen)
    const hops = mesh.route(to.id)!.length
    await waters.during(mesh.send(to.id, 'to you'))
    await waters.during(mesh.broadcast('to all'))
    await waters.until(() => heard.length === 2)
    expect(heard.map((each) => [each.data, each.broadcast, each.hops])).toEqual([
      ['to you', false, hops],
      ['to all', true, undefined],
    ])
    to.removeEventListener('message', listen)
  }
})
