/** Real links and a real signaling server, in this process: what a fleet of edge processes is. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { join, type JoinOptions, type Mesh, ShoalError } from 'shoal/node'
import { type SignalingServer, startSignalingServer } from 'shoal-signaling'

let server: SignalingServer
let meshes: Mesh[]

beforeEach(async () => {
  server = await startSignalingServer({ port: 0, exemptLoopback: true, drainMs: 100, drainSpreadMs: 0 })
  meshes = []
})
afterEach(async () => {
  await Promise.all(meshes.map((mesh) => mesh.leave()))
  await server.close()
})

async function enter(options: Partial<JoinOptions> = {}): Promise<Mesh> {
  const mesh = await join('lobby', { signaling: server.url, ...options })
  meshes.push(mesh)
  return mesh
}

function alive(mesh: Mesh): number {
  return [...mesh.members.values()].filter(({ status }) => status === 'alive').length
}

/** Resolves when this is so. The test’s own deadline bounds it. */
function until(what: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!what()) return
      clearInterval(often)
      resolve()
    }
    const often = setInterval(look, 10)
    look()
  })
}

test('eight processes’ worth of peers see each other, talk, and see one leave', async () => {
  for (let at = 0; at < 8; at++) await enter({ metadata: { name: `edge ${at}` } })
  await until(() => meshes.every((mesh) => alive(mesh) === 8 && mesh.stats().links.length === 7))
  const [ada, bob] = meshes as [Mesh, Mesh]

  const heard = new Set<Mesh>()
  for (const mesh of meshes)
    mesh.addEventListener('message', ({ detail }) => detail.data === 'hello' && heard.add(mesh))
  await ada.broadcast('hello')
  await until(() => heard.size === 7)
  expect(heard.has(ada)).toBe(false)

  const file = new Uint8Array(16_000).fill(7)
  let received = 0
  bob.addEventListener('message', ({ detail: { data } }) => {
    if (data instanceof Uint8Array && data.length === file.length && data[15_999] === 7) received += 1
  })
  for (let at = 0; at < 200; at++) await ada.send(bob.id, file)
  await until(() => received === 200)

  await bob.leave()
  const rest = meshes.filter((mesh) => mesh !== bob)
  await until(() => rest.every((mesh) => mesh.members.get(bob.id)?.status === 'left'))
  expect(rest.map(alive)).toEqual(rest.map(() => 7))
  for (const mesh of rest) expect(mesh.stats().rejected).toEqual({})
})

test('a server that is gone is an event, and the mesh goes on', async () => {
  await enter()
  await enter()
  await until(() => meshes.every((mesh) => alive(mesh) === 2))
  const [ada, bob] = meshes as [Mesh, Mesh]
  const lost = new Promise<string>((resolve) =>
    ada.addEventListener('signaling-lost', ({ detail }) => resolve(detail.code), { once: true }),
  )
  await server.close()
  expect(await lost).toBe('ERR_SHUTDOWN')
  const heard = new Promise((resolve) => bob.addEventListener('message', ({ detail }) => resolve(detail.data)))
  await ada.broadcast('still here')
  expect(await heard).toBe('still here')
})

test('a server that is not there is a typed error within the deadline', async () => {
  const { url } = server
  await server.close()
  const error: unknown = await join('lobby', { signaling: url, limits: { joinTimeoutMs: 500 } }).catch(
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ShoalError)
  expect(error).toMatchObject({ code: 'ERR_SIGNALING_UNREACHABLE' })
})
