import { expect, test } from 'vitest'
import { loadWrtc } from './wrtc.ts'

test('loads a WebRTC implementation', async () => {
  const wrtc = await loadWrtc()
  const connection = new wrtc.RTCPeerConnection()
  expect(connection.connectionState).toBe('new')
  connection.close()
})

test('without the package, the error says how to install it', async () => {
  const absent = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })
  await expect(loadWrtc(() => Promise.reject(absent))).rejects.toMatchObject({
    code: 'ERR_WRTC_MISSING',
    message: expect.stringContaining('npm install @roamhq/wrtc'),
  })
})

test('without a binary for the machine, the error names the machine', async () => {
  const absent = new Error('Could not find wrtc binary on any of the paths')
  await expect(loadWrtc(() => Promise.reject(absent))).rejects.toMatchObject({
    code: 'ERR_WRTC_MISSING',
    message: expect.stringContaining(process.platform),
  })
})

test('something else in its place is refused', async () => {
  await expect(loadWrtc(async () => ({}))).rejects.toMatchObject({ code: 'ERR_WRTC_MISSING' })
})
