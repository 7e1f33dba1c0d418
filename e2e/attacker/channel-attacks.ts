/**
 * Attacks on the connection beneath a link: other channels inside it, and other descriptions of it. Signaling
 * payloads are written from docs/protocol/handshake.md §1; the far end of the first attack is a bare connection.
 */
import wrtc from '@roamhq/wrtc'
import { type MeshId, peerIdFromBytes } from '../../lib/src/identity/peer-id.ts'
import type { ConnectionEvents } from '../../lib/src/transport/connection.ts'
import { Negotiator } from '../../lib/src/transport/negotiator.ts'
import { simplePeerCarrier, type WebRtc } from '../../lib/src/transport/simple-peer.ts'
import { keyOf, meshIdOf } from './claims.ts'
import { verifier } from './handshake-attacks.ts'
import { type Attack, room } from './siege.ts'

const kinds = { offer: 1, answer: 2, refuse: 4 } as const
const [ada, mallory] = [keyOf(Buffer.alloc(32, 1)), keyOf(Buffer.alloc(32, 6))]
const [adasId, mallorysId] = [peerIdFromBytes(ada.publicKey), peerIdFromBytes(mallory.publicKey)]

/** A description of one data channel and of a certificate that is known by this byte. */
function described(fill: number): string {
  const print = Array.from({ length: 32 }, () => fill.toString(16).padStart(2, '0').toUpperCase()).join(':')
  const lines = ['v=0', 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel', `a=fingerprint:sha-256 ${print}`]
  return `${lines.join('\r\n')}\r\n`
}

function payload(kind: keyof typeof kinds, attempt: Uint8Array, sdp = ''): Buffer {
  const head = Buffer.concat([Buffer.of(1, kinds[kind]), attempt])
  if (kind === 'refuse') return head
  return Buffer.concat([head, Buffer.of(sdp.length >> 8, sdp.length & 255), Buffer.from(sdp, 'ascii'), Buffer.of(0)])
}

/** Ada's transport over connections that are none: what it would have told an engine, and what it says to Mallory. */
class Dialler {
  readonly said: Uint8Array[] = []
  readonly connections: { readonly events: ConnectionEvents; readonly described: string[] }[] = []
  readonly #timers: (() => void)[] = []
  readonly transport: Negotiator

  constructor() {
    const credentials = {
      meshId: Uint8Array.from(meshIdOf(room)) as MeshId,
      signer: {
        peerId: adasId,
        sign: (message: Uint8Array, done: (signature: Uint8Array) => void) => done(ada.sign(message)),
      },
      verifier,
    }
    let drawn = 0
    const host = {
      now: () => 0,
      after: (delayMs: number, run: () => void) => {
        if (delayMs < 1000) this.#timers.push(run)
        return () => {}
      },
      random: (bytes: number) => Buffer.alloc(bytes, ++drawn),
    }
    this.transport = new Negotiator(
      { credentials, host },
      (_role, events) => {
        const connection = { events, described: [] as string[] }
        this.connections.push(connection)
        const ignore = (): void => {}
        return {
          describe: (sdp) => void connection.described.push(sdp),
          addCandidate: ignore,
          send: ignore,
          bufferedBytes: 0,
          close: ignore,
          destroy: ignore,
        }
      },
      { onSignal: (_to, signal) => void this.said.push(signal), onLink: () => {}, onFailure: () => {} },
    )
  }

  /** What was put off is done. */
  settle(): void {
    for (const run of this.#timers.splice(0)) run()
  }
}

export const channelAttacks: readonly Attack[] = [
  {
    name: 'hijack: channels that the other side opens inside the connection',
    async run() {
      const heard: (number | undefined)[] = []
      const stolen: string[] = []
      const stranger = new wrtc.RTCPeerConnection() as RTCPeerConnection
      const own = stranger.createDataChannel('', { negotiated: true, id: 0 })
      own.binaryType = 'arraybuffer'
      let answers = 0
      own.onmessage = () => void answers++
      const candidates: string[] = []
      let victimOpen = false
      const host = {
        now: () => performance.now(),
        after: (delayMs: number, run: () => void) => {
          const timer = setTimeout(run, delayMs)
          return () => clearTimeout(timer)
        },
        random: (bytes: number) => Buffer.alloc(bytes),
      }
      let answer: ((sdp: string) => void) | undefined
      const answered = new Promise<string>((resolve) => (answer = resolve))
      const victim = simplePeerCarrier({ host, wrtc: wrtc as unknown as WebRtc })('responder', {
        onDescription: (sdp) => answer!(sdp),
        onCandidate: (candidate) => void candidates.push(candidate),
        onOpen: () => (victimOpen = true),
        onMessage: (message) => void heard.push(message?.[0]),
        onDrain: () => {},
        onClose: (code) => void stolen.push(code),
      })
      try {
        await stranger.setLocalDescription(await stranger.createOffer())
        await until(() => stranger.iceGatheringState === 'complete')
        victim.describe(stranger.localDescription!.sdp)
        await stranger.setRemoteDescription({ type: 'answer', sdp: await answered })
        await until(() => candidates.length > 0)
        for (const candidate of candidates) await stranger.addIceCandidate({ candidate, sdpMid: '0', sdpMLineIndex: 0 })
        await until(() => own.readyState === 'open' && victimOpen)
        const others = Array.from({ length: 8 }, (_, i) => stranger.createDataChannel(`hijack ${i}`))
        for (const other of others) other.onmessage = () => void stolen.push('a message')
        await until(() => others.every(({ readyState }) => readyState === 'open'))
        for (let i = 0; i < 10; i++) {
          for (const other of others) other.send(Uint8Array.of(66))
          own.send(Uint8Array.of(2))
          await until(() => heard.filter((each) => each === 2).length > i)
          victim.send(Uint8Array.of(1))
          await until(() => answers > i || stolen.length > 0)
        }
        const harm = []
        if (heard.includes(66)) harm.push('what came by another channel was taken for the peer’s')
        if (stolen.length > 0) harm.push(`${stolen[0]} went to another channel`)
        return harm
      } finally {
        victim.destroy()
        stranger.close()
      }
    },
  },
  {
    name: 'redescribe: a second answer, which names another certificate',
    run() {
      const dialler = new Dialler()
      dialler.transport.dial(mallorysId)
      dialler.connections[0]!.events.onDescription(described(1))
      dialler.settle()
      const attempt = dialler.said[0]!.subarray(2, 18)
      for (const fill of [2, 3]) dialler.transport.signal(mallorysId, payload('answer', attempt, described(fill)))
      const taken = dialler.connections.flatMap((connection) => connection.described)
      return taken.join() === described(2) ? [] : [`${taken.length} answers were taken`]
    },
  },
  {
    name: 'redescribe: an offer again, with another certificate, while its attempt is under way and when it is over',
    run() {
      const dialler = new Dialler()
      const attempt = Buffer.alloc(16, 5)
      for (const fill of [2, 3]) dialler.transport.signal(mallorysId, payload('offer', attempt, described(fill)))
      dialler.transport.signal(mallorysId, payload('refuse', attempt))
      dialler.settle()
      dialler.transport.signal(mallorysId, payload('offer', attempt, described(4)))
      const taken = dialler.connections.map((connection) => connection.described.join())
      return taken.join() === described(2) ? [] : [`one offer made ${taken.length} connections`]
    },
  },
]

/** Throws when it does not come to be so: then the attack has not begun. */
async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds(); waited++) {
    if (waited === 2000) throw new Error(`waited in vain for ${holds.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
