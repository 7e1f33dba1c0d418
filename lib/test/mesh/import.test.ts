/** A server that renders imports what the page will run, in a process that has no window. */
import { expect, test } from 'vitest'

test('importing shoal where there is no page does nothing, and join says what is missing', async () => {
  expect([typeof window, typeof document, typeof RTCPeerConnection]).toEqual(['undefined', 'undefined', 'undefined'])
  const { join, loadIdentity } = await import('../../src/mesh/index.ts')
  await expect(join('lobby', { signaling: 'wss://door.test' })).rejects.toMatchObject({
    code: 'ERR_UNSUPPORTED',
    message: expect.stringContaining('shoal/node'),
  })
  await expect(loadIdentity()).rejects.toMatchObject({ code: 'ERR_UNSUPPORTED' })
  await expect(loadIdentity('no/such name')).rejects.toMatchObject({ code: 'ERR_OPTION_INVALID' })
})
