import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { nodeSigner, nodeVerifier } from '../../test/transport/inmates.ts'
import { ManualHost } from '../../test/transport/manual-host.ts'
import type { MeshId } from '../identity/peer-id.ts'
import { Attempt } from './attempt.ts'
import type { Connection, ConnectionEvents } from './connection.ts'
import { defaultLimits } from './limits.ts'
import { type AttemptId, decodeSignal } from './signal.ts'

const sdp =
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n' +
  `c=IN IP4 0.0.0.0\r\na=fingerprint:sha-256 ${'AB:'.repeat(31)}AB\r\na=setup:actpass\r\na=mid:0\r\n`
const udp = 'candidate:1 1 udp 2122260223 192.0.2.1 9 typ host'
const tcp = 'candidate:2 1 tcp 1518285567 192.0.2.1 9 typ host tcptype passive'

/** A dial whose engine does what the test says, and what it has signaled. */
function dial(): { host: ManualHost; engine: ConnectionEvents; signaled: (string | readonly string[])[][] } {
  const host = new ManualHost()
  const signaled: (string | readonly string[])[][] = []
  let engine: ConnectionEvents | undefined
  const signer = nodeSigner(randomBytes(32))
  new Attempt({
    id: '00'.repeat(16) as AttemptId,
    peer: signer.peerId,
    role: 'initiator',
    credentials: { meshId: new Uint8Array(32) as MeshId, signer, verifier: nodeVerifier },
    host,
    limits: defaultLimits,
    carrier: (_role, events) => {
      engine = events
      return { describe() {}, addCandidate() {}, send() {}, bufferedBytes: 0, close() {}, destroy() {} } as Connection
    },
    sendSignal: (payload) => {
      const signal = decodeSignal(payload)
      if (signal !== undefined && 'candidates' in signal) signaled.push([signal.kind, signal.candidates])
    },
    onReady() {},
    onFailed() {},
  })
  return { host, engine: engine!, signaled }
}

test('an offer and the candidates that come with it are one payload', () => {
  const { host, engine, signaled } = dial()
  engine.onDescription(sdp)
  engine.onCandidate(udp)
  engine.onCandidate(udp)
  host.advance(defaultLimits.batchMs)
  expect(signaled).toEqual([['offer', [udp, udp]]])
})

test('candidates over TCP wait for what those over UDP come to, and are not sent where a link has opened', () => {
  const [slow, quick] = [dial(), dial()]
  for (const { engine, host } of [slow, quick]) {
    engine.onDescription(sdp)
    engine.onCandidate(udp)
    engine.onCandidate(tcp)
    host.advance(100)
    engine.onCandidate(tcp)
  }
  quick.engine.onOpen({ ownSdp: undefined, peerSdp: undefined, peerCertificate: undefined })
  for (const { host } of [slow, quick]) host.advance(defaultLimits.tcpMs + defaultLimits.batchMs)
  expect(quick.signaled).toEqual([['offer', [udp]]])
  expect(slow.signaled).toEqual([
    ['offer', [udp]],
    ['candidates', [tcp, tcp]],
  ])
})
