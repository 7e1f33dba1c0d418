/**
 * What users of other browser meshes complain of (undetected closes and forged presence have files of their own): each is a
 * story that must end well.
 */
import { expect, test } from 'vitest'
import { seedSigner } from '../../src/identity/ed25519.ts'
import type { Signer } from '../../src/identity/keys.ts'
import { joinOn } from '../../src/mesh/join.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { alive, record, Waters } from './waters.ts'

const signaling = 'ws://door.test'
const troubles = ['member-suspected', 'member-failed', 'isolated', 'error'] as const

/** Nothing passes between this one and those: what is asleep or gone answers nobody. */
function cutOff(waters: Waters, mesh: Mesh, from: readonly Mesh[]): void {
  for (const { id } of from)
    for (const [one, other] of [
      [mesh.id, id],
      [id, mesh.id],
    ] as const)
      waters.hub.cut(one, other)
}

function kept(): Signer {
  return seedSigner(new Uint8Array(32).fill(9))
}

test('an effect that React’s strict mode runs, undoes and runs again leaves one member, whose identity is the kept one', async () => {
  const waters = new Waters()
  const [witness] = (await waters.shoal(2)) as [Mesh, Mesh]
  const said = record(witness, ['member-joined', ...troubles])
  const identity = kept()
  const undone = new AbortController()
  const first = joinOn(waters.platform, 'lobby', { signaling, identity, signal: undone.signal })
  const aborted = first.catch((error: { code: string }) => error.code)
  undone.abort()
  const second = joinOn(waters.platform, 'lobby', { signaling, identity, metadata: { name: 'strict' } })
  const errors = record(await waters.during(second), ['error', 'closed'])
  expect(await aborted).toBe('ERR_ABORTED')
  await waters.until(() => alive(witness) === 3)
  await waters.time.pass(30_000)
  expect([alive(witness), errors, said]).toEqual([3, [], ['member-joined strict']])
})

test('who leaves and joins again at once under the same identity, without waiting, is there, and was never taken to have failed', async () => {
  const waters = new Waters()
  const [witness] = (await waters.shoal(2)) as [Mesh, Mesh]
  const identity = kept()
  let mesh = await waters.join({ identity })
  await waters.until(() => alive(witness) === 3)
  const said = record(witness, ['member-failed', 'member-suspected'])
  for (let round = 0; round < 5; round++) {
    const leaving = mesh.leave()
    const again = await waters.join({ identity, metadata: { round } })
    await waters.during(leaving)
    await waters.until(() => witness.members.get(again.id)?.metadata['round'] === round)
    mesh = again
  }
  await waters.time.pass(30_000)
  expect([mesh.self.status, witness.members.get(mesh.id)?.status, alive(mesh), said]).toEqual(['alive', 'alive', 3, []])
})

test('hidden tabs, whose timers go off once a second, stay members among others, and accuse nobody, for ten minutes', async () => {
  const waters = new Waters()
  const meshes = await waters.shoal(6)
  for (const mesh of meshes.slice(0, 3)) waters.hostOf(mesh).granularity = 1000
  const said = meshes.map((mesh) => record(mesh, troubles))
  await waters.time.pass(600_000)
  expect(said.flat()).toEqual([])
  expect(meshes.map(alive)).toEqual([6, 6, 6, 6, 6, 6])
})

test('a crash among hidden tabs alone is still found out', async () => {
  const waters = new Waters()
  const meshes = await waters.shoal(5)
  for (const mesh of meshes) waters.hostOf(mesh).granularity = 1000
  const [victim, ...rest] = meshes as [Mesh, ...Mesh[]]
  waters.hostOf(victim).freeze()
  cutOff(waters, victim, rest)
  await waters.until(() => rest.every((mesh) => mesh.members.get(victim.id)?.status === 'dead'), 30_000)
})

test('a phone that slept for an hour, while its links and its signaling socket died, is back by itself, as who it was', async () => {
  const waters = new Waters()
  const meshes = await waters.shoal(4)
  const [phone, ...rest] = meshes as [Mesh, ...Mesh[]]
  const { instance } = phone.self
  waters.hostOf(phone).freeze()
  // Whatever it was connected to gives it up; the others come back to the server, and it sleeps through that too.
  cutOff(waters, phone, rest)
  for (const { id } of rest) waters.hub.sever(phone.id, id)
  waters.door.die()
  waters.door.mood = 'open'
  await waters.until(() => rest.every((mesh) => mesh.members.get(phone.id)?.status === 'dead'), 40_000)
  await waters.time.pass(3_600_000)
  for (const { id } of rest)
    for (const [one, other] of [
      [phone.id, id],
      [id, phone.id],
    ] as const)
      waters.hub.heal(one, other)
  waters.hostOf(phone).thaw()
  await waters.until(() => meshes.every((mesh) => alive(mesh) === 4), 60_000)
  expect(rest.map((mesh) => mesh.members.get(phone.id)?.instance)).toEqual([instance, instance, instance])
})

test('a newcomer gets into a room that is an hour old as fast as into a new one', async () => {
  const waters = new Waters()
  const meshes = await waters.shoal(5)
  const arrival = async (): Promise<number> => {
    const start = waters.time.nowMs
    const mesh = await waters.join()
    await waters.until(() => [mesh, ...meshes].every((each) => alive(each) === 6))
    const took = waters.time.nowMs - start
    await waters.during(mesh.leave())
    await waters.until(() => meshes.every((each) => alive(each) === 5))
    return took
  }
  const young = await arrival()
  await waters.time.pass(3_600_000)
  expect(await arrival()).toBeLessThan(2 * young + 200)
})

test('everybody sees everybody: no view lacks what another has, whoever comes and goes', async () => {
  const waters = new Waters()
  const meshes = await waters.shoal(4)
  for (let round = 0; round < 6; round++) {
    const newcomer = await waters.join()
    const leaver = meshes.shift()!
    meshes.push(newcomer)
    await waters.during(leaver.leave())
  }
  const ids = meshes.map(({ id }) => id).sort()
  const seen = (mesh: Mesh) => [...mesh.members.values()].flatMap(({ id, status }) => (status === 'alive' ? [id] : []))
  await waters.until(() => meshes.every((mesh) => seen(mesh).sort().join() === ids.join()))
})
