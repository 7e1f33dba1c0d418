import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { loadWebSocket } from './web-socket.ts'

afterEach(() => vi.unstubAllGlobals())

test('opens a socket, with the runtime’s own class or that of ws', async () => {
  const server = new WebSocketServer({ port: 0 })
  server.on('connection', (socket) => socket.send('hello'))
  const WebSocket = await loadWebSocket()
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const heard = await new Promise((resolve) => (socket.onmessage = ({ data }) => resolve(data)))
  expect(heard).toBe('hello')
  socket.close()
  server.close()
})

test('takes the runtime’s own where there is one', async () => {
  const own = class {}
  vi.stubGlobal('WebSocket', own)
  expect(await loadWebSocket(() => Promise.reject(new Error('not asked')))).toBe(own)
})

test('without either, the error says how to install one', async () => {
  vi.stubGlobal('WebSocket', undefined)
  await expect(loadWebSocket(() => Promise.reject(new Error('absent')))).rejects.toMatchObject({
    code: 'ERR_WS_MISSING',
    message: expect.stringContaining('npm install ws'),
  })
  await expect(loadWebSocket(async () => ({}))).rejects.toMatchObject({ code: 'ERR_WS_MISSING' })
})
