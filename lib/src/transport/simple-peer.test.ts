/** What simple-peer 9.11.1 gets wrong by itself, one test each, over @roamhq/wrtc. */
import { createRequire } from 'node:module'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { nodeSigner, nodeVerifier } from '../../test/transport/inmates.ts'
import { realHost } from '../../test/transport/lab.ts'
import { MiddleEnd, split } from '../../test/transport/middle.ts'
import type { MeshId, PeerId } from '../identity/peer-id.ts'
import type { ChannelEvidence, Connection, ConnectionEvents } from './connection.ts'
import type { Role } from './handshake.ts'
import { onlyFingerprint, withoutCandidates } from './sdp.ts'
import { simplePeerCarrier, type SimplePeerOptions, simplePeerTransport, type WebRtc } from './simple-peer.ts'

// No single case takes a second on an idle machine; a busy one must not fail it.
vi.setConfig({ testTimeout: 30_000 })

const wrtc = createRequire(import.meta.url)('@roamhq/wrtc') as WebRtc

/** A connection, and what it said so far. */
class End {
  readonly connection: Connection
  readonly messages: (Uint8Array | undefined)[] = []
  readonly candidates: string[] = []
  readonly closes: string[] = []
  drains = 0
  evidence: ChannelEvidence | undefined
  sdp: string | undefined
  far: End | undefined
  readonly #waiting = new Set<() => void>()

  constructor(role: Role, options: Partial<SimplePeerOptions> = {}) {
    const told =
      <T extends readonly unknown[]>(act: (...given: T) => void) =>
      (...given: T): void => {
        act(...given)
        for (const check of this.#waiting) check()
      }
    const events: ConnectionEvents = {
      onDescription: told((sdp) => {
        this.sdp = withoutCandidates(sdp)
        this.far?.connection.describe(this.sdp)
      }),
      onCandidate: told((candidate) => {
        this.candidates.push(candidate)
        this.far?.connection.addCandidate(candidate)
      }),
      onOpen: told((evidence) => void (this.evidence = evidence)),
      onMessage: told((message) => void this.messages.push(message)),
      onDrain: told(() => void (this.drains += 1)),
      onClose: told((code) => void this.closes.push(code)),
    }
    this.connection = simplePeerCarrier({ host: realHost, wrtc, ...options })(role, events)
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }
}

let ends: End[] = []
let middle: MiddleEnd | undefined
afterEach(() => {
  for (const end of ends) end.connection.destroy()
  ends = []
  middle?.close()
  middle = undefined
})

async function linked(options: Partial<SimplePeerOptions> = {}): Promise<[End, End]> {
  const [a, b] = [new End('initiator', options), new End('responder', options)]
  ends.push(a, b)
  a.far = b
  b.far = a
  await Promise.all([a, b].map((end) => end.until(() => end.evidence !== undefined)))
  return [a, b]
}

/** A responder of ours, and a stranger with a bare connection who dials it. */
async function visited(prepare: (stranger: RTCPeerConnection) => void = () => {}): Promise<[End, MiddleEnd]> {
  const b = new End('responder')
  const stranger = new MiddleEnd(wrtc)
  ends.push(b)
  middle = stranger
  prepare(stranger.connection)
  const offer = split(await stranger.offer())
  b.connection.describe(offer.sdp)
  for (const candidate of offer.candidates) b.connection.addCandidate(candidate)
  await b.until(() => b.sdp !== undefined)
  await stranger.accept(b.sdp!)
  await b.until(() => b.candidates.length > 0)
  await stranger.addCandidates(b.candidates)
  await Promise.all([stranger.opened, b.until(() => b.evidence !== undefined)])
  return [b, stranger]
}

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length

describe('a connection', () => {
  test('knows the certificate that DTLS verified, and it is the one in the description', async () => {
    const [a, b] = await linked()
    const { createHash } = await import('node:crypto')
    for (const [end, far] of [
      [a, b],
      [b, a],
    ] as const) {
      const hash = createHash('sha256').update(end.evidence!.peerCertificate!).digest()
      expect([...hash]).toEqual([...onlyFingerprint(far.evidence!.ownSdp!)!])
      expect([...hash]).toEqual([...onlyFingerprint(end.evidence!.peerSdp!)!])
    }
  })

  test('waits for the certificate when the engine opens the channel before it tells', async () => {
    let asked = 0
    const Slow = class extends wrtc.RTCPeerConnection {
      override async getStats(): Promise<RTCStatsReport> {
        return ++asked <= 6 ? new Map() : super.getStats()
      }
    }
    const [a] = await linked({ wrtc: { ...wrtc, RTCPeerConnection: Slow } })
    expect(a.evidence!.peerCertificate!.length).toBeGreaterThan(100)
    expect(asked).toBeGreaterThan(6)
  })

  test('keeps its channel when the other side opens a hundred of its own, and no timer for any', async () => {
    const before = timers()
    const [b, stranger] = await visited()
    const linkedTimers = timers()
    const theirs = Array.from({ length: 100 }, (_, i) => stranger.connection.createDataChannel(`hijack ${i}`))
    const hijacked: unknown[] = []
    for (const channel of theirs) {
      // @roamhq/wrtc opens a later channel at once, without an event.
      expect(channel.readyState).toBe('open')
      channel.onmessage = ({ data }) => hijacked.push(data)
      channel.send(new Uint8Array([66]))
    }
    b.connection.send(Uint8Array.of(1))
    stranger.send(Uint8Array.of(2))
    await b.until(() => b.messages.length > 0)
    await stranger.hears(1)
    expect([hijacked, b.messages.map((message) => [...message!])]).toEqual([[], [[2]]])
    expect([...stranger.heard[0]!]).toEqual([1])
    expect(timers()).toBeLessThanOrEqual(linkedTimers)
    b.connection.destroy()
    stranger.close()
    await new Promise((resolve) => setImmediate(resolve))
    expect(timers()).toBeLessThanOrEqual(before)
  })

  test('tells text from bytes, and loses no empty message', async () => {
    const [b, stranger] = await visited()
    stranger.sendText('text')
    stranger.send(new Uint8Array(0))
    stranger.send(Uint8Array.of(7))
    await b.until(() => b.messages.length === 3)
    expect(b.messages[0]).toBeUndefined()
    expect(b.messages.slice(1).map((message) => [...message!])).toEqual([[], [7]])
  })

  test('says when it has drained, though the engine counts only later what it was handed', async () => {
    let held = 0
    class CountsLate extends wrtc.RTCPeerConnection {
      override createDataChannel(...given: Parameters<RTCPeerConnection['createDataChannel']>): RTCDataChannel {
        return Object.defineProperty(super.createDataChannel(...given), 'bufferedAmount', { get: () => held })
      }
    }
    const [a] = await linked({ wrtc: { ...wrtc, RTCPeerConnection: CountsLate } })
    a.connection.send(Uint8Array.of(1))
    held = 100_000
    expect(a.connection.bufferedBytes).toBe(100_000)
    held = 0
    await a.until(() => a.drains > 0)
  })

  test('hears what the other side says before its own channel is open', async () => {
    const [a, b] = await linked()
    // Whichever opened first has said something at once in a handshake; here it is enough that none is lost.
    a.connection.send(Uint8Array.of(1))
    b.connection.send(Uint8Array.of(2))
    await Promise.all([a, b].map((end) => end.until(() => end.messages.length === 1)))
  })

  test('ends, and throws nothing, for descriptions and candidates that no engine understands', async () => {
    for (const junk of ['', 'v=0\r\n', 'null', '{"renegotiate":true}', '{"transceiverRequest":{"kind":"video"}}']) {
      const end = new End('responder')
      ends.push(end)
      end.connection.addCandidate(junk)
      end.connection.describe(junk)
      await end.until(() => end.closes.length > 0)
      expect(['ERR_SIGNAL_DESCRIPTION', 'ERR_LINK_CLOSED']).toContain(end.closes[0])
    }
  })

  test('does nothing after its end, whatever it is told', async () => {
    const [a, b] = await linked()
    a.connection.destroy()
    a.connection.send(Uint8Array.of(1))
    a.connection.describe(b.sdp!)
    a.connection.addCandidate(b.candidates[0]!)
    a.connection.close()
    a.connection.destroy()
    await b.until(() => b.closes.length > 0)
    b.connection.send(Uint8Array.of(1))
    b.connection.close()
    expect([a.closes, b.closes, a.connection.bufferedBytes]).toEqual([[], ['ERR_LINK_CLOSED'], 0])
  })

  test('that is closed at both ends at once ends at both', async () => {
    const [a, b] = await linked()
    a.connection.close()
    b.connection.close()
    await Promise.all([a, b].map((end) => end.until(() => end.closes.length > 0)))
    expect([a.closes.length, b.closes.length]).toEqual([1, 1])
  })

  test('leaves no timer behind, whenever it ends', async () => {
    const before = timers()
    const fresh = new End('initiator')
    const gathering = new End('initiator')
    await gathering.until(() => gathering.candidates.length > 0)
    const [a, b] = await linked()
    for (const end of [fresh, gathering, a, b]) end.connection.destroy()
    // simple-peer's own 1 ms timer for untrickled gathering may be running.
    await new Promise((resolve) => realHost.after(5, () => resolve(undefined)))
    expect(timers()).toBeLessThanOrEqual(before)
  })
})

describe('the engine', () => {
  test('is given the ICE servers of the application, and none by default', () => {
    const given: (RTCConfiguration | undefined)[] = []
    const Spy = class extends wrtc.RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        given.push(configuration)
      }
    }
    const spied = { wrtc: { ...wrtc, RTCPeerConnection: Spy } }
    const turn = [{ urls: 'turn:turn.example.org', username: 'u', credential: 'c' }]
    ends.push(new End('initiator', spied), new End('initiator', { ...spied, iceServers: turn }))
    expect(given.map((configuration) => configuration?.iceServers)).toEqual([[], turn])
  })

  test('that makes no more connections is a failure with a code', async () => {
    const Full = class {
      constructor() {
        throw new Error('Cannot create so many PeerConnections')
      }
    } as unknown as typeof RTCPeerConnection
    expect(await failureOf({ wrtc: { ...wrtc, RTCPeerConnection: Full } })).toBe('ERR_TOO_MANY_CONNECTIONS')
  })

  test('that is missing is a failure with a code', async () => {
    expect(await failureOf({ wrtc: undefined })).toBe('ERR_UNSUPPORTED')
  })
})

function failureOf(options: Partial<SimplePeerOptions>): Promise<string> {
  const credentials = {
    meshId: new Uint8Array(32) as MeshId,
    signer: nodeSigner(new Uint8Array(32)),
    verifier: nodeVerifier,
  }
  const stranger = nodeSigner(new Uint8Array(32).fill(1)).peerId as PeerId
  return new Promise((resolve) => {
    const transport = simplePeerTransport({ credentials, host: realHost, ...options })({
      onSignal: () => {},
      onLink: () => {},
      onFailure: (_peer, code) => resolve(code),
    })
    transport.dial(stranger)
  })
}
