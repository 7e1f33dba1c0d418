import { createHash, hkdfSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { toBase64Url } from './base64url.ts'
import { meshIdOf } from './peer-id.ts'
import { roomKeysOf, secretMeshIdOf } from './room-secret.ts'
import { readSecret } from './secret-text.ts'

const secret = new Uint8Array(16).fill(7)

it('derives a key for each use, as RFC 5869 says', () => {
  const keys = roomKeysOf('lobby', secret)
  const key = (label: string) => Buffer.from(hkdfSync('sha256', secret, 'shoal/1/room\0lobby', `shoal/1/${label}`, 32))
  expect(keys.door).toBe(key('door').toString('base64url'))
  expect(Buffer.from(keys.link)).toEqual(key('link'))
  expect(Buffer.from(keys.seal)).toEqual(key('seal'))
})

it('derives others for another room, and for another secret', () => {
  const keys = roomKeysOf('lobby', secret)
  for (const other of [roomKeysOf('Lobby', secret), roomKeysOf('lobby', new Uint8Array(17).fill(7))]) {
    expect(other.door).not.toBe(keys.door)
    expect(other.link).not.toEqual(keys.link)
    expect(other.seal).not.toEqual(keys.seal)
  }
})

it('has a mesh id of its own, that does not depend on the secret', () => {
  expect(Buffer.from(secretMeshIdOf('lobby'))).toEqual(
    createHash('sha256').update('shoal/1/mesh/secret\0lobby').digest(),
  )
  expect(secretMeshIdOf('lobby')).not.toEqual(meshIdOf('lobby'))
})

it('takes 16 to 64 bytes as base64url for a secret, and nothing else', () => {
  const text = (bytes: number) => toBase64Url(new Uint8Array(bytes))
  expect([15, 16, 64, 65].map((bytes) => readSecret(text(bytes))?.length)).toEqual([undefined, 16, 64, undefined])
  for (const none of ['', 'hunter2', `${text(16)}=`, `${text(16)} `]) expect(readSecret(none)).toBeUndefined()
})
