/**
 * `npm run bench:farewell`: which way out of a page that is being closed loses what is sent. Each close is of a
 * fresh tab that has an open data channel and an open WebSocket; in each hook it says the same words each way, and
 * then holds the page for some milliseconds. `SHOAL_FAREWELL_BROWSER` (firefox), `SHOAL_FAREWELL_CLOSES` (40),
 * `SHOAL_FAREWELL_HOLD_MS` (0,10), `SHOAL_FAREWELL_HOOKS` (pagehide,unload) and `SHOAL_FAREWELL_WAYS` change what is tried.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'vitest'
import { WebSocketServer } from 'ws'
import { type BrowserName, launch } from '../src/browsers.ts'

const env = process.env
const kind = (env['SHOAL_FAREWELL_BROWSER'] ?? 'firefox') as BrowserName
const closes = Number(env['SHOAL_FAREWELL_CLOSES'] ?? 40)
const holds = (env['SHOAL_FAREWELL_HOLD_MS'] ?? '0,10').split(',').map(Number)
const hooks = (env['SHOAL_FAREWELL_HOOKS'] ?? 'pagehide,unload').split(',')
const ways = (env['SHOAL_FAREWELL_WAYS'] ?? 'channel,socket,beacon,keepalive').split(',')

interface Lab {
  connection: RTCPeerConnection
  channel: RTCDataChannel
  heard: string[]
  witnesses: RTCPeerConnection[]
}
type Page = Window & typeof globalThis & Lab

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('what is lost when a tab is closed', async () => {
  const heard = new Set<string>()
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += String(chunk)))
    request.on('end', () => {
      if (request.method === 'POST') heard.add(body)
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Closing</title>')
    })
  })
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.on('message', (data: Buffer) => heard.add(data.toString()))
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const url = `http://localhost:${port}/`

  const [closing, staying] = await Promise.all([launch[kind](), launch.chromium()])
  const witness = await staying.newPage()
  await witness.goto(url)
  await witness.evaluate(() => Object.assign(window, { heard: [], witnesses: [] }))

  const once = async (name: string, holdMs: number): Promise<void> => {
    const context = await closing.newContext()
    const tab = await context.newPage()
    await tab.goto(url)
    const offer = await tab.evaluate(async () => {
      const connection = new RTCPeerConnection()
      const channel = connection.createDataChannel('words', { negotiated: true, id: 0 })
      Object.assign(window, { connection, channel })
      await connection.setLocalDescription()
      while (connection.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 5))
      return connection.localDescription!.sdp
    })
    const answer = await witness.evaluate(async (sdp) => {
      const page = window as Page
      const connection = new RTCPeerConnection()
      const channel = connection.createDataChannel('words', { negotiated: true, id: 0 })
      page.witnesses.push(connection)
      channel.onmessage = ({ data }) => page.heard.push(String(data))
      await connection.setRemoteDescription({ type: 'offer', sdp })
      await connection.setLocalDescription()
      while (connection.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 5))
      return connection.localDescription!.sdp
    }, offer)
    const plan = { answer, name, holdMs, hooks, ways, port }
    await tab.evaluate(async ({ answer: sdp, name: tabName, holdMs: hold, hooks: at, ways: by, port: door }) => {
      const { connection, channel } = window as Page
      await connection.setRemoteDescription({ type: 'answer', sdp })
      while (channel.readyState !== 'open') await new Promise((resolve) => setTimeout(resolve, 5))
      const socket = new WebSocket(`ws://localhost:${door}/`)
      await new Promise((resolve) => (socket.onopen = resolve))
      const out: Record<string, (words: string) => unknown> = {
        channel: (words) => channel.send(words),
        socket: (words) => socket.send(words),
        beacon: (words) => navigator.sendBeacon('/', words),
        keepalive: (words) => fetch('/', { method: 'POST', body: words, keepalive: true }),
        sync: (words) => {
          const request = new XMLHttpRequest()
          request.open('POST', '/', false)
          request.send(words)
        },
      }
      for (const hook of at) {
        const say = (): void => {
          if (hook === 'visibilitychange' && !document.hidden) return
          for (const way of by) {
            try {
              out[way]!(`${tabName} ${hook} ${way}`)
            } catch {
              // Refused: then it is not heard, and counted among the lost.
            }
          }
          const until = performance.now() + hold
          while (performance.now() < until);
        }
        if (hook === 'visibilitychange') document.addEventListener(hook, say)
        else addEventListener(hook, say)
      }
    }, plan)
    // A moment, as every page has had that is worth a farewell.
    await pause(300)
    await tab.close({ runBeforeUnload: true })
    await pause(1500)
    await context.close()
  }

  const rows: Record<string, Record<string, number>> = {}
  for (const holdMs of holds) {
    const names = Array.from({ length: closes }, (_, n) => `${holdMs}/${n}`)
    for (const name of names) await once(name, holdMs)
    for (const words of await witness.evaluate(() => (window as Page).heard)) heard.add(words)
    for (const hook of hooks) {
      const arrived = (name: string, way: string): boolean => heard.has(`${name} ${hook} ${way}`)
      const lost = Object.fromEntries(
        ways.map((way) => [`${way} lost`, names.filter((name) => !arrived(name, way)).length]),
      )
      const all = names.filter((name) => !ways.some((way) => arrived(name, way))).length
      rows[`${hook}, then held ${holdMs} ms`] = { closes, ...lost, 'all lost': all }
    }
  }
  console.log(`\nClosing a tab of ${kind}: what did not arrive`)
  console.table(rows)
  await Promise.all([closing.close(), staying.close()])
  server.closeAllConnections()
  server.close()
})
