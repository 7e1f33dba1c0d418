/** docs/protocol/signaling.md says what the code does: its vectors, its codes and its limits. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fromBase64Url, toBase64Url } from '../identity/base64url.ts'
import { scriptVerifier, seedSigner } from '../identity/ed25519.ts'
import { signalingCodes } from './codes.ts'
import { clientCodes, signalingDefaults, signalingUrlsMax } from './client.ts'
import * as messages from './messages.ts'

const page = readFileSync(new URL('../../../docs/protocol/signaling.md', import.meta.url), 'utf8')
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** What the page says after a label in its block of vectors. */
function stated(label: string): string {
  const found = new RegExp(`^${label} +(.+)$`, 'm').exec(page)?.[1]
  if (found === undefined) throw new Error(`the page has no vector "${label}"`)
  return found.trim()
}

test('the vectors of the join', async () => {
  const signer = seedSigner(Uint8Array.from(Buffer.from(stated('seed'), 'hex')))
  expect(signer.peerId).toBe(stated('id'))
  const nonce = stated('nonce')
  expect(nonce).toBe(toBase64Url(Uint8Array.from({ length: 32 }, (_, n) => n)))
  const signed = messages.joinBytes(nonce, stated('audience'), stated('room'), signer.peerId)
  expect(hex(signed)).toBe(stated('signed'))
  const signature = await new Promise<Uint8Array | Error>((resolve) => signer.sign(signed, resolve))
  expect(signature instanceof Error ? signature : toBase64Url(signature)).toBe(stated('signature'))
  const join = messages.parseClientMessage(stated('join'))
  expect(join).toEqual({
    t: 'join',
    version: messages.protocolVersion,
    room: stated('room'),
    id: signer.peerId,
    audience: stated('audience'),
    signature: stated('signature'),
  })
  expect(messages.encodeMessage(join as messages.JoinMessage)).toBe(stated('join'))
  const [key, bytes] = [fromBase64Url(signer.peerId)!, fromBase64Url(stated('signature'))!]
  expect(await new Promise((resolve) => scriptVerifier.verify(key, signed, bytes, resolve))).toBe(true)
})

test('every example is a message', () => {
  const examples = [...page.matchAll(/^([◀▶]) (\{.+\})$/gmu)]
  expect(examples.length).toBeGreaterThanOrEqual(13)
  for (const [, arrow, text] of examples) {
    const read = arrow === '▶' ? messages.parseClientMessage(text!) : messages.parseServerMessage(text!)
    expect(read, text).toHaveProperty('t')
  }
})

test('every code is on the page, with its text, and no other', () => {
  const listed = new Map([...page.matchAll(/^\| `(ERR_\w+)` +\| (.+?) +\|/gm)].map(([, code, text]) => [code, text]))
  expect(Object.fromEntries(listed)).toEqual({ ...signalingCodes, ...clientCodes })
})

test('every limit is on the page', () => {
  const limit = (name: string) =>
    Number(new RegExp(`^\\| ${name} +\\| ([\\d,]+)`, 'm').exec(page)?.[1]?.replaceAll(',', ''))
  expect(limit('frame')).toBe(messages.frameBytesMax)
  expect(limit('nesting')).toBe(messages.frameDepthMax)
  expect(limit('room')).toBe(messages.roomBytesMax)
  expect(limit('data')).toBe(messages.dataBytesMax)
  expect(limit('sample')).toBe(messages.sampleMax)
  expect(limit('token')).toBe(messages.tokenCharsMax)
  expect(limit('audience')).toBe(messages.audienceCharsMax)
  expect(limit('retry-after')).toBe(messages.retryAfterMsMax)
  expect(limit('servers of one client')).toBe(signalingUrlsMax)
  expect(limit('first back-off')).toBe(signalingDefaults.backoffBaseMs)
  expect(limit('longest back-off')).toBe(signalingDefaults.backoffCapMs)
  expect(limit('from dialling to welcome')).toBe(signalingDefaults.joinTimeoutMs)
  expect(limit('between samples')).toBe(signalingDefaults.sampleEveryMs)
})
