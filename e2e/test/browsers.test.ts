/** Before anything is blamed on Shoal: do the browsers start, and do they link to themselves? */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BrowserName, browserNames, crash, launch, launchChromium } from '../src/browsers.ts'

const server = createServer((_request, response) => {
  response.setHeader('content-type', 'text/html').end('<!doctype html><title>still water</title>')
})
let origin: string

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // `localhost` is a secure context, so WebCrypto is there.
  origin = `http://localhost:${(server.address() as AddressInfo).port}/`
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

/** Runs in the page: two connections in one tab, one data channel, one word each way. */
async function roundTrip(): Promise<string> {
  const a = new RTCPeerConnection()
  const b = new RTCPeerConnection()
  a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate ?? undefined)
  b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate ?? undefined)
  const here = a.createDataChannel('', { negotiated: true, id: 0 })
  const there = b.createDataChannel('', { negotiated: true, id: 0 })
  there.onmessage = ({ data }) => there.send(`${data}, and back`)
  here.onopen = () => here.send('there')
  const heard = new Promise<string>((resolve) => (here.onmessage = ({ data }) => resolve(String(data))))
  await a.setLocalDescription()
  await b.setRemoteDescription(a.localDescription!)
  await b.setLocalDescription()
  await a.setRemoteDescription(b.localDescription!)
  const answer = await heard
  a.close()
  b.close()
  return answer
}

describe.each<BrowserName>(browserNames)('%s', (name) => {
  let browser: Browser
  beforeAll(async () => void (browser = await launch[name]()))
  afterAll(() => browser.close())

  test('opens a secure page that has ed25519', async () => {
    const page = await browser.newPage()
    await page.goto(origin)
    expect(await page.title()).toBe('still water')
    expect(
      await page.evaluate(async () => {
        const keys = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair
        return keys.publicKey.algorithm.name
      }),
    ).toBe('Ed25519')
    await page.close()
  })

  test('carries a data channel between two connections on this machine', async () => {
    const page = await browser.newPage()
    await page.goto(origin)
    expect(await page.evaluate(roundTrip)).toBe('there, and back')
    await page.close()
  })
})

test('a Chromium page crashes alone: its neighbour and its browser live on', async () => {
  const browser = await launchChromium()
  try {
    const [victim, witness] = [await browser.newPage(), await browser.newPage()]
    await victim.goto(origin)
    await witness.goto(origin)
    await crash(victim)
    expect(await witness.evaluate(() => document.title)).toBe('still water')
  } finally {
    await browser.close()
  }
})
