import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import type { PeerId } from 'shoal/signaling'
import { grantIce } from './turn.ts'

const id = 'A'.repeat(43) as PeerId
const iceUrls = ['stun:s.example:3478', 'turn:t.example:3478', 'turns:t.example:5349']

test('the user name is the time at which it ends, and the password its HMAC-SHA1 as coturn computes it', async () => {
  const grant = await grantIce({ iceUrls, turnSecret: 'north', turnTtlS: 600 }, id, 1_700_000_000_999)
  const username = `1700000600:${id}`
  const credential = createHmac('sha1', 'north').update(username).digest('base64')
  expect(grant).toEqual({
    iceServers: [{ urls: ['stun:s.example:3478'] }, { urls: iceUrls.slice(1), username, credential }],
    iceTtlMs: 600_000,
  })
})

test('where there is nothing to hand out, nothing is', async () => {
  expect(await grantIce({ iceUrls: [], turnSecret: '', turnTtlS: 600 }, id, 0)).toBeUndefined()
})
