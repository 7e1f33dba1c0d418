import { expect, it } from 'vitest'
import { seedSigner } from '../identity/ed25519.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { issueCapability, makeOwnerKey, readCapability, readRevocations, revokeCapabilities } from './capabilities.ts'

const ids = Array.from({ length: 257 }, (_, n) => {
  const bytes = Buffer.alloc(32)
  bytes.writeUInt16BE(n)
  return bytes.toString('base64url') as PeerId
})
const ada = seedSigner(new Uint8Array(32).fill(1)).peerId
const { owner, secret } = await makeOwnerKey()
const from = 1_800_000_000_000
const hour = 3_600_000
const term = { secret, room: 'lobby', from, until: from + hour }
const invalid = expect.objectContaining({ code: 'ERR_OPTION_INVALID' }) as Error

it('a list adds to the last one: its number rises, and what was revoked keeps its moment', async () => {
  const capability = await issueCapability({ ...term, owner, to: ada })
  const [{ serial }] = readCapability(capability) as unknown as [{ serial: string }]
  const first = await revokeCapabilities({ ...term, capabilities: [capability] })
  const second = await revokeCapabilities({
    ...term,
    list: first,
    capabilities: [serial],
    members: [ada],
    before: from - 5,
    from: from + 10,
    until: from + hour,
  })
  expect(readRevocations(first)).toEqual({
    owner,
    seq: 1,
    from,
    until: from + hour,
    before: 0,
    capabilities: [{ serial, since: from }],
    members: [],
  })
  expect(readRevocations(second)).toEqual({
    owner,
    seq: 2,
    from: from + 10,
    until: from + hour,
    before: from - 5,
    capabilities: [{ serial, since: from }],
    members: [{ id: ada, since: from + 10 }],
  })
  const third = await revokeCapabilities({ ...term, list: second, before: from - 9 })
  expect(readRevocations(third)).toMatchObject({ seq: 3, before: from - 5 })
})

it('names at most 256 members, and holds for at most a day', async () => {
  await revokeCapabilities({ ...term, members: ids.slice(0, 256), until: from + 24 * hour })
  await expect(revokeCapabilities({ ...term, members: ids })).rejects.toEqual(invalid)
  await expect(revokeCapabilities({ ...term, until: from + 24 * hour + 1 })).rejects.toEqual(invalid)
  await expect(revokeCapabilities({ ...term, until: from })).rejects.toEqual(invalid)
})

it('is refused by whoever could not sign it, and for what names nothing', async () => {
  const list = await revokeCapabilities(term)
  const other = await makeOwnerKey()
  await expect(revokeCapabilities({ ...term, secret: other.secret, list })).rejects.toEqual(invalid)
  await expect(revokeCapabilities({ ...term, secret: 'short' })).rejects.toEqual(invalid)
  await expect(revokeCapabilities({ ...term, list: 'none' })).rejects.toEqual(invalid)
  await expect(revokeCapabilities({ ...term, capabilities: ['none'] })).rejects.toEqual(invalid)
  await expect(revokeCapabilities({ ...term, members: ['nobody' as PeerId] })).rejects.toEqual(invalid)
  expect(() => readRevocations('none')).toThrow(invalid)
  expect(() => readCapability('none')).toThrow(invalid)
})

it('a capability that renews another keeps its place, and is for the same member', async () => {
  const old = await issueCapability({ ...term, owner, to: ada })
  const renewed = await issueCapability({ ...term, owner, to: ada, renews: old })
  const seed = (text: string) => Buffer.from(text, 'base64url').subarray(66, 82).toString('hex')
  expect(seed(renewed)).toBe(seed(old))
  expect(seed(await issueCapability({ ...term, owner, to: ada }))).not.toBe(seed(old))
  await expect(issueCapability({ ...term, owner, to: ids[0]!, renews: old })).rejects.toEqual(invalid)
})
