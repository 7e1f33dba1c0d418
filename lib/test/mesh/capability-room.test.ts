import { expect, it } from 'vitest'
import { seedSigner } from '../../src/identity/ed25519.ts'
import { issueCapability, makeOwnerKey, type Right } from '../../src/mesh/capabilities.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { alive, record, Waters } from './waters.ts'

const signer = (n: number) => seedSigner(new Uint8Array(32).fill(n))
const [ada, bob, eve] = [signer(1), signer(2), signer(3)]
const { owner, secret } = await makeOwnerKey()
const hour = 3_600_000

/** What lets `who` in, for an hour from when the waters' clock stands now. */
async function pass(waters: Waters, who: typeof ada, rights?: readonly Right[], ms = hour, of = { owner, secret }) {
  const from = waters.time.host().wall()
  const more = rights === undefined ? {} : { rights }
  const capability = await issueCapability({ ...of, room: 'lobby', to: who.peerId, from, until: from + ms, ...more })
  return { identity: who, admission: { owner, capability } }
}

it('whoever holds a capability gets in; an impostor that brings its own is in nobody’s view', async () => {
  const waters = new Waters()
  const hers = await waters.join(await pass(waters, ada))
  const his = await waters.join(await pass(waters, bob))
  await waters.until(() => alive(hers) === 2 && alive(his) === 2)
  await waters.during(hers.map('todos').set('milk', 1))
  await waters.until(() => his.map('todos').get('milk') === 1)
  // It owns a room itself, and would like to be taken for one of this one.
  const forged = await pass(waters, eve, undefined, hour, await makeOwnerKey())
  await expect(waters.during(waters.join(forged))).rejects.toMatchObject({ code: 'ERR_CAPABILITY_INVALID' })
  const stranger = await waters.join({ identity: eve })
  await waters.time.pass(5_000)
  expect([alive(hers), alive(his), alive(stranger)]).toEqual([2, 2, 1])
})

it('whoever may only join reads what others share, and writes its own keys alone', async () => {
  const waters = new Waters()
  const hers = await waters.join(await pass(waters, ada))
  const reader = await waters.join(await pass(waters, bob, ['join']))
  await waters.until(() => alive(hers) === 2 && alive(reader) === 2)
  await waters.during(hers.map('todos').set('milk', 1))
  await waters.until(() => reader.map('todos').get('milk') === 1)
  await waters.during(reader.map('todos').set(`o/${bob.peerId}/milk`, 2))
  await waters.until(() => hers.map('todos').get(`o/${bob.peerId}/milk`) === 2)
  await expect(waters.during(reader.map('todos').set('bread', 3))).rejects.toMatchObject({
    code: 'ERR_CAPABILITY_RIGHT',
  })
})

it('a newcomer believes what was shared by one who has gone', async () => {
  const waters = new Waters()
  const hers = await waters.join(await pass(waters, ada))
  const his = await waters.join(await pass(waters, bob))
  await waters.until(() => alive(hers) === 2 && alive(his) === 2)
  await waters.during(hers.map('todos').set('milk', 1))
  await waters.until(() => his.map('todos').get('milk') === 1)
  await waters.during(hers.leave())
  const third = await waters.join(await pass(waters, eve))
  await waters.until(() => third.map('todos').get('milk') === 1)
})

it('a member whose capability runs out ends, and is gone from everybody’s view', async () => {
  const waters = new Waters()
  const hers = await waters.join(await pass(waters, ada))
  const his = await waters.join(await pass(waters, bob, undefined, 30_000))
  await waters.until(() => alive(hers) === 2 && alive(his) === 2)
  const ended = record(his, ['closed'])
  await waters.until(() => ended.length > 0 && alive(hers) === 1, 120_000)
  expect(ended).toEqual(['closed ERR_CAPABILITY_EXPIRED'])
})

it('messages go round whoever may not relay, and it passes none on', async () => {
  const waters = new Waters()
  // Twelve: more than fit into eight links, so that some are reached over others.
  const signers = Array.from({ length: 12 }, (_, n) => signer(40 + n))
  const silent = signers.slice(0, 4)
  const meshes: Mesh[] = []
  for (const who of signers)
    meshes.push(await waters.join(await pass(waters, who, silent.includes(who) ? ['join', 'write-shared'] : undefined)))
  await waters.until(() => meshes.every((mesh) => alive(mesh) === 12))
  await waters.time.pass(5_000)
  const relays = new Set(
    meshes.flatMap((from) => meshes.flatMap((to) => from.route(to.id)?.slice(0, -1) ?? [])) as readonly string[],
  )
  expect(relays.size).toBeGreaterThan(0)
  for (const { peerId } of silent) expect(relays.has(peerId)).toBe(false)
})

it('one that whoever may admit has signed is as good', async () => {
  const waters = new Waters()
  const admits = await pass(waters, ada, ['join', 'admit'])
  const hers = await waters.join(admits)
  const from = waters.time.host().wall()
  const capability = await issueCapability({
    secret: Buffer.alloc(32, 1).toString('base64url'),
    owner,
    room: 'lobby',
    to: bob.peerId,
    rights: ['join'],
    from,
    until: from + hour / 2,
    under: admits.admission.capability,
  })
  const his = await waters.join({ identity: bob, admission: { owner, capability } })
  await waters.until(() => alive(hers) === 2 && alive(his) === 2)
  await waters.during(his.broadcast('hello'))
})
