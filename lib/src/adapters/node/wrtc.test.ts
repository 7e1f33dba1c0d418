import { expect, test } from 'vitest'
import { loadWrtc } from './wrtc.ts'

test('loads a WebRTC implementation', async () => {
  const wrtc = await loadWrtc()
  const connection = new wrtc.RTCPeerConnection()
  expect(connection.connectionState).toBe('new')
  connection.close()
})

test('a connection tells its descriptions without asking an engine that may be writing them', async () => {
  class Engine {
    get localDescription(): never {
      throw new Error('read while another thread writes')
    }
    get remoteDescription(): never {
      throw new Error('read while another thread writes')
    }
    get currentLocalDescription(): never {
      throw new Error('read while another thread writes')
    }
    get currentRemoteDescription(): never {
      throw new Error('read while another thread writes')
    }
    setLocalDescription = async (): Promise<void> => {}
    setRemoteDescription = async (description: { sdp: string }): Promise<void> => {
      if (description.sdp === 'bad') throw new Error('refused')
    }
  }
  const wrtc = await loadWrtc(async () => ({ RTCPeerConnection: Engine, RTCIceCandidate: class {} }))
  const connection = new wrtc.RTCPeerConnection()
  expect([connection.localDescription, connection.remoteDescription]).toEqual([null, null])

  await connection.setLocalDescription({ type: 'offer', sdp: 'ours' })
  await connection.setRemoteDescription({ type: 'answer', sdp: 'theirs' })
  await expect(connection.setRemoteDescription({ type: 'answer', sdp: 'bad' })).rejects.toThrow('refused')
  for (const local of [connection.localDescription, connection.currentLocalDescription])
    expect(local).toEqual({ type: 'offer', sdp: 'ours' })
  for (const remote of [connection.remoteDescription, connection.currentRemoteDescription])
    expect(remote).toEqual({ type: 'answer', sdp: 'theirs' })
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
