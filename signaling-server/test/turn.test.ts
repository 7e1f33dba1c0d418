/** The credentials that are handed out on join, at a real coturn: relayed for whoever has them, and for nobody else. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import wrtc from '@roamhq/wrtc'
import SimplePeer from 'simple-peer'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { IceServer } from 'shoal/signaling'
import { startSignalingServer, type SignalingServer } from '../src/server.ts'
import { grantIce } from '../src/turn.ts'
import { Callers, until, type Caller } from './caller.ts'
import { freePort, need } from './redis-process.ts'

const turnSecret = 'a-secret-of-server-and-coturn'

let coturn: ChildProcess
let folder: string
let server: SignalingServer
let turnUrl: string
let log = ''
const callers = new Callers()
const peers: SimplePeer.Instance[] = []

beforeAll(async () => {
  need('turnserver', 'coturn')
  const port = await freePort()
  turnUrl = `turn:127.0.0.1:${port}?transport=udp`
  folder = await mkdtemp(join(tmpdir(), 'shoal-turn-'))
  const options = [
    ...['-n', '--listening-ip=127.0.0.1', '--relay-ip=127.0.0.1', `--listening-port=${port}`, '--realm=shoal.test'],
    ...['--use-auth-secret', `--static-auth-secret=${turnSecret}`, '--allow-loopback-peers', '--no-tls', '--no-dtls'],
    ...[
      '--no-cli',
      '--log-file=stdout',
      '--simple-log',
      '--verbose',
      `--pidfile=${folder}/pid`,
      `--userdb=${folder}/db`,
    ],
  ]
  coturn = spawn('turnserver', options, { cwd: folder })
  coturn.stdout!.on('data', (chunk: Buffer) => (log += chunk.toString()))
  coturn.stderr!.resume()
  await until('coturn to listen', async () => {
    if (coturn.exitCode !== null) throw new Error(`coturn ended: ${log.slice(-2_000)}`)
    return new Promise((resolve) => {
      const probe = connect(port, '127.0.0.1')
      probe.once('connect', () => resolve(probe.destroy() !== undefined))
      probe.once('error', () => resolve(false))
    })
  })
  server = await startSignalingServer({ port: 0, iceUrls: [turnUrl], turnSecret, turnTtlS: 600 })
}, 120_000)

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.destroy()
  await callers.end()
})

afterAll(async () => {
  await server.close()
  const gone = new Promise((resolve) => coturn.once('exit', resolve))
  coturn.kill('SIGKILL')
  await gone
  await rm(folder, { recursive: true })
})

/** A peer that may use relay candidates only, its signals carried by a caller. */
function relayOnly(
  caller: Caller,
  other: Caller,
  initiator: boolean,
  iceServers: readonly IceServer[],
): SimplePeer.Instance {
  const config = { iceServers: structuredClone(iceServers) as RTCIceServer[], iceTransportPolicy: 'relay' as const }
  const peer = new SimplePeer({
    initiator,
    wrtc,
    config,
    channelConfig: { negotiated: true, id: 0 } as RTCDataChannelInit,
  })
  peers.push(peer)
  peer.on('signal', (signal) => {
    if (caller.closeCode !== undefined) return
    caller.say({ t: 'signal', to: other.id, data: Buffer.from(JSON.stringify(signal)).toString('base64url') })
  })
  caller.socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as { t: string; data?: string }
    if (message.t !== 'signal' || peer.destroyed) return
    peer.signal(JSON.parse(Buffer.from(message.data!, 'base64url').toString()) as SimplePeer.SignalData)
  })
  // What happens then is what the test waits for, or what it does not.
  peer.on('error', () => {})
  return peer
}

async function offered(caller: Caller): Promise<readonly IceServer[]> {
  await caller.join({ room: 'relayed' })
  const { iceServers, iceTtlMs } = await caller.next('welcome')
  expect(iceTtlMs).toBe(600_000)
  return iceServers!
}

async function pair(change: (servers: readonly IceServer[]) => Promise<readonly IceServer[]> = async (same) => same) {
  const [a, b] = [await callers.open(server.url), await callers.open(server.url)]
  const [forA, forB] = [await change(await offered(a)), await change(await offered(b))]
  const answerer = relayOnly(b, a, false, forB)
  const offerer = relayOnly(a, b, true, forA)
  return [offerer, answerer] as const
}

test('two peers that may use nothing else are linked through it', async () => {
  const [offerer, answerer] = await pair()
  await until('the link', () => offerer.connected && answerer.connected)
  let heard = ''
  answerer.on('data', (data: Uint8Array) => (heard = Buffer.from(data).toString()))
  offerer.send('through the relay')
  await until('the message', () => heard !== '')
  expect(heard).toBe('through the relay')
  const { _pc: connection } = offerer as unknown as { _pc: RTCPeerConnection }
  const stats = (await connection.getStats()) as unknown as Map<string, { type: string; candidateType?: string }>
  const local = [...stats.values()].filter(({ type }) => type === 'local-candidate')
  expect(local.map(({ candidateType }) => candidateType)).toContain('relay')
  expect(local.map(({ candidateType }) => candidateType)).not.toContain('host')
}, 30_000)

test.each([
  ['another secret', { iceUrls: [''], turnSecret: 'not-the-secret-of-coturn', turnTtlS: 600 }, 0],
  ['a time that is over', { iceUrls: [''], turnSecret, turnTtlS: 60 }, -3_600_000],
])(
  'credentials with %s get nobody a relay',
  async (_what, options, shiftMs) => {
    const [offerer] = await pair(async () => {
      const forged = await grantIce({ ...options, iceUrls: [turnUrl] }, 'A'.repeat(43) as never, Date.now() + shiftMs)
      return forged!.iceServers
    })
    const { _pc: connection } = offerer as unknown as { _pc: RTCPeerConnection }
    // It asked, was refused, and has nothing to offer: with a good credential there is a relay candidate by then.
    await until('coturn to refuse', () => connection.iceGatheringState === 'complete')
    expect(connection.localDescription?.sdp).not.toContain('a=candidate')
    expect(offerer.connected).toBe(false)
  },
  30_000,
)
