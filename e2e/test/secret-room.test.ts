/** A room that only those who know its secret can enter, in two real browsers. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { allAgree, Sea } from '../src/sea.ts'

let sea: Sea
beforeAll(async () => void (sea = await Sea.open('chromium', 'firefox')))
afterEach(async () => sea.clear())
afterAll(async () => sea?.close())

const secret = (byte: number): string => Buffer.alloc(16, byte).toString('base64url')

test('those who know the secret meet, and the server learns neither the room nor where they are', async () => {
  sea.newRoom()
  const room = `hidden ${process.pid}`
  const said: string[] = []
  const ada = await sea.openTab('chromium', { room, secret: secret(1) })
  ada.page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => said.push(String(payload))))
  await ada.page.reload()
  await ada.joined()
  const bob = await sea.tab('firefox', { room, secret: secret(1) })
  const cyd = await sea.tab('chromium', { room, secret: secret(1) })
  await allAgree([ada, bob, cyd])

  const signals = said.map((text) => JSON.parse(text) as { t: string; data?: string }).filter(({ t }) => t === 'signal')
  expect(signals.length).toBeGreaterThan(0)
  // Kind 6, sealed: no offer, answer or candidate of ours went through the server in the clear.
  expect(new Set(signals.map(({ data }) => Buffer.from(data ?? '', 'base64url')[1]))).toEqual(new Set([6]))
  expect(said.join()).not.toContain(room)
  expect(said.join()).not.toContain(secret(1))
})

test('whoever knows another secret, or none, meets nobody in the room of that name', async () => {
  sea.newRoom()
  const { room } = sea
  const [ada, bob] = [
    await sea.tab('chromium', { room, secret: secret(1) }),
    await sea.tab('firefox', { room, secret: secret(1) }),
  ]
  const strangers = [await sea.tab('chromium', { room, secret: secret(2) }), await sea.tab('firefox', { room })]
  await allAgree([ada, bob])
  for (const stranger of strangers) expect(Object.keys(await stranger.members())).toEqual([stranger.id])
  expect(Object.keys(await ada.members()).sort()).toEqual([ada.id, bob.id].sort())
})
