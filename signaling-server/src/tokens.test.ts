import { SignJWT, UnsecuredJWT } from 'jose'
import { expect, test } from 'vitest'
import { mintToken, tokenFits } from './tokens.ts'

const secret = 'a secret of at least 32 characters'
const old = 'the secret that was used until last week'
const key = (text: string) => new TextEncoder().encode(text)

test('a token lets its bearer in', async () => {
  expect(await tokenFits(await mintToken(secret, 60), [secret], 'lobby', 'me')).toBe(true)
})

test('one that was signed with the secret before is good until that is taken away', async () => {
  const token = await mintToken(old, 60)
  expect(await tokenFits(token, [secret, old], 'lobby', 'me')).toBe(true)
  expect(await tokenFits(token, [secret], 'lobby', 'me')).toBe(false)
})

test('one that is bound to a room or an id is good for nothing else', async () => {
  const token = await mintToken(secret, 60, { room: 'lobby', id: 'me' })
  expect(await tokenFits(token, [secret], 'lobby', 'me')).toBe(true)
  expect(await tokenFits(token, [secret], 'kitchen', 'me')).toBe(false)
  expect(await tokenFits(token, [secret], 'lobby', 'you')).toBe(false)
})

test.each([
  ['no token', async () => 'nonsense'],
  ['an expired one', () => mintToken(secret, -1)],
  [
    'one that never expires',
    () => new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setIssuedAt().sign(key(secret)),
  ],
  [
    'one that lives for a year',
    () =>
      new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setIssuedAt(1).setExpirationTime('365d').sign(key(secret)),
  ],
  ['an unsigned one', async () => new UnsecuredJWT({}).setIssuedAt().setExpirationTime('1m').encode()],
  [
    'one with another algorithm',
    () =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'HS512' })
        .setIssuedAt()
        .setExpirationTime('1m')
        .sign(key(secret.repeat(2))),
  ],
  [
    'one whose room is no text',
    () =>
      new SignJWT({ room: ['lobby'] })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuedAt()
        .setExpirationTime('1m')
        .sign(key(secret)),
  ],
])('%s is refused', async (_what, make) => {
  expect(await tokenFits(await make(), [secret, secret.repeat(2)], 'lobby', 'me')).toBe(false)
})
