import { expect, it } from 'vitest'
import { seedSigner } from '../../src/identity/ed25519.ts'
import { alive, record, Waters } from './waters.ts'

const signer = (n: number) => seedSigner(new Uint8Array(32).fill(n))
const [ada, bob, eve] = [signer(1), signer(2), signer(3)]
const admission = { allow: [ada.peerId, bob.peerId] }

it('those who are listed meet; whoever is not gets no link, and is in nobody’s view', async () => {
  const waters = new Waters()
  const [hers, his] = [await waters.join({ identity: ada, admission }), await waters.join({ identity: bob, admission })]
  await waters.until(() => alive(hers) === 2 && alive(his) === 2)
  // She believes that she is let in, and asks.
  const stranger = await waters.join({ identity: eve })
  const seen = record(stranger, ['member-joined', 'link-opened'])
  await waters.time.pass(10_000)
  expect([alive(hers), alive(his)]).toEqual([2, 2])
  expect([...hers.members.keys()]).not.toContain(eve.peerId)
  expect(seen).toEqual([])
})

it('a member that lets others in brings them to nobody else', async () => {
  const waters = new Waters()
  const [strict, lax] = [await waters.join({ identity: ada, admission }), await waters.join({ identity: bob })]
  await waters.until(() => alive(strict) === 2)
  const guest = await waters.join({ identity: eve })
  await waters.until(() => alive(lax) === 3 && alive(guest) >= 2)
  await waters.during(guest.map('todos').set('a', 1))
  await waters.during(guest.broadcast('hello'))
  await waters.time.pass(5_000)
  expect([...strict.members.keys()].sort()).toEqual([ada.peerId, bob.peerId].sort())
  expect(strict.map('todos').size).toBe(0)
  expect(strict.stats().rejected['ERR_NOT_ADMITTED']).toBeGreaterThan(0)
})
