/**
 * The attacker's world outside of the simulator: a signaling socket, WebRTC connections of its own, and the
 * handshake, from docs/protocol/signaling.md and handshake.md alone. An actor notices no difference.
 */
import { createHash, randomBytes } from 'node:crypto'
import wrtc from '@roamhq/wrtc'
import { WebSocket } from 'ws'
import { type Key, keyOf, meshIdOf } from './claims.ts'
import type { Actor, Host } from './port.ts'

const payloadKinds = { offer: 1, answer: 2, candidates: 3, refuse: 4 } as const

interface Attempt {
  readonly id: Buffer
  readonly peer: string
  readonly initiator: boolean
  readonly connection: RTCPeerConnection
  readonly channel: RTCDataChannel
  remote: boolean
}

interface OpenLink {
  readonly peer: string
  readonly channel: RTCDataChannel
}

export class RealAttacker<A extends Actor> {
  readonly actor: A
  readonly id: string
  readonly #key: Key
  readonly #meshId: Buffer
  readonly #socket: WebSocket
  readonly #attempts = new Map<string, Attempt>()
  readonly #links = new Map<number, OpenLink>()
  #numbered = 0
  /** Who closed a link that had been open. */
  readonly closedBy = new Set<string>()

  private constructor(url: string, room: string, peers: readonly string[], make: (host: Host) => A) {
    this.#key = keyOf(randomBytes(32))
    this.id = base64url(this.#key.publicKey)
    this.#meshId = meshIdOf(room)
    this.actor = make({
      publicKey: this.#key.publicKey,
      sign: this.#key.sign,
      wall: () => Date.now(),
      random: Math.random,
      send: (link, frame) => this.#send(link, frame),
      after: (delayMs, action) => void setTimeout(action, delayMs),
    })
    this.#socket = new WebSocket(`${url}?room=${encodeURIComponent(room)}`)
    this.#socket.on(
      'message',
      (data) => void this.#onServer(JSON.parse((data as Buffer).toString()) as Said, url, room, peers),
    )
  }

  /** Knocks at the server, and dials these. */
  static enter<A extends Actor>(url: string, room: string, peers: readonly string[], make: (host: Host) => A) {
    return new RealAttacker(url, room, peers, make)
  }

  get linked(): string[] {
    return [...this.#links.values()].map(({ peer }) => peer)
  }

  linkTo(peer: string): number | undefined {
    for (const [link, open] of this.#links) if (open.peer === peer) return link
    return undefined
  }

  /** Bytes that have not left yet, on the fullest link. */
  get buffered(): number {
    return Math.max(0, ...[...this.#links.values()].map(({ channel }) => channel.bufferedAmount))
  }

  leave(): void {
    this.#socket.close()
    for (const { connection } of this.#attempts.values()) connection.close()
  }

  #send(link: number, frame: Uint8Array): void {
    const open = this.#links.get(link)
    if (open?.channel.readyState !== 'open') return
    try {
      open.channel.send(Uint8Array.from(frame))
    } catch {
      // The engine's other thread closed it since, and this one does not know yet.
    }
  }

  // ── The server. ──

  async #onServer(said: Said, url: string, room: string, peers: readonly string[]): Promise<void> {
    if (said.t === 'challenge') {
      const audience = new URL(url).host
      const [host, name] = [Buffer.from(audience), Buffer.from(room)]
      const signed = Buffer.concat([
        Buffer.from('shoal/1/signaling-join\0'),
        Buffer.from(said.nonce!, 'base64url'),
        Buffer.of(host.length),
        host,
        Buffer.of(name.length),
        name,
        this.#key.publicKey,
      ])
      const signature = base64url(this.#key.sign(signed))
      this.#say({ t: 'join', version: 1, room, id: this.id, audience, signature })
    } else if (said.t === 'welcome') {
      for (const peer of peers) void this.#dial(peer)
    } else if (said.t === 'signal') {
      await this.#onSignal(said.from!, Buffer.from(said.data!, 'base64url'))
    }
  }

  #say(message: object): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  #signal(attempt: Attempt, kind: keyof typeof payloadKinds, body: Uint8Array): void {
    const data = Buffer.concat([Buffer.of(1, payloadKinds[kind]), attempt.id, body])
    this.#say({ t: 'signal', to: attempt.peer, data: base64url(data) })
  }

  // ── Connections. ──

  async #dial(peer: string): Promise<void> {
    const attempt = this.#begin(peer, randomBytes(16), true)
    await attempt.connection.setLocalDescription(await attempt.connection.createOffer())
    this.#signal(attempt, 'offer', await described(attempt.connection))
  }

  async #onSignal(peer: string, payload: Buffer): Promise<void> {
    const [version, kind] = payload
    const id = payload.subarray(2, 18)
    if (version !== 1) return
    let attempt = this.#attempts.get(peer)
    if (kind === payloadKinds.offer) {
      // Both dial at once: the lower id's attempt wins.
      if (attempt !== undefined && attempt.initiator && !attempt.remote && this.id < peer) return
      attempt = this.#begin(peer, id, false)
      await this.#take(attempt, 'offer', payload.subarray(18))
      await attempt.connection.setLocalDescription(await attempt.connection.createAnswer())
      return this.#signal(attempt, 'answer', await described(attempt.connection))
    }
    if (attempt === undefined || !attempt.id.equals(id)) return
    if (kind === payloadKinds.answer && attempt.initiator && !attempt.remote) {
      await this.#take(attempt, 'answer', payload.subarray(18))
    } else if (kind === payloadKinds.candidates && attempt.remote) {
      await addCandidates(attempt.connection, payload.subarray(18))
    }
  }

  async #take(attempt: Attempt, type: 'offer' | 'answer', body: Buffer): Promise<void> {
    const length = body.readUInt16BE(0)
    attempt.remote = true
    await attempt.connection.setRemoteDescription({ type, sdp: body.toString('ascii', 2, 2 + length) })
    await addCandidates(attempt.connection, body.subarray(2 + length))
  }

  #begin(peer: string, id: Buffer, initiator: boolean): Attempt {
    this.#attempts.get(peer)?.connection.close()
    const connection = new wrtc.RTCPeerConnection() as RTCPeerConnection
    const channel = connection.createDataChannel('', { negotiated: true, id: 0 })
    channel.binaryType = 'arraybuffer'
    const attempt: Attempt = { id, peer, initiator, connection, channel, remote: false }
    this.#attempts.set(peer, attempt)
    channel.onopen = () => this.#shake(attempt)
    return attempt
  }

  // ── The handshake, on an open channel. ──

  #shake({ peer, initiator, connection, channel }: Attempt): void {
    const role = initiator ? 0 : 1
    const mine = Buffer.concat([Buffer.from('SHL1'), Buffer.of(1, role), this.#key.publicKey, randomBytes(32)])
    let step = 0
    let link = 0
    channel.onmessage = ({ data }) => {
      const bytes = new Uint8Array(data as ArrayBuffer)
      if (link !== 0) return this.actor.onFrame(link, bytes)
      if (step === 0) {
        const prints = [fingerprint(connection.localDescription!.sdp), fingerprint(connection.remoteDescription!.sdp)]
        const inOrder = initiator ? [mine, bytes, ...prints] : [bytes, mine, ...prints.toReversed()]
        const transcript = createHash('sha256')
          .update(Buffer.concat([Buffer.from('shoal/hs/1\0'), this.#meshId, ...inOrder]))
          .digest()
        const label = Buffer.from(`shoal/hs/1/sig/${initiator ? 'I' : 'R'}\0`)
        const signature = this.#key.sign(Buffer.concat([label, transcript]))
        channel.send(Uint8Array.from(Buffer.concat([Buffer.of(2), signature, Buffer.of(0, 0, 0)])))
      } else if (step === 1) {
        channel.send(Uint8Array.of(3))
      } else {
        link = ++this.#numbered
        this.#links.set(link, { peer, channel })
        this.actor.onLink(link, Buffer.from(peer, 'base64url'))
      }
      step++
    }
    channel.onclose = () => {
      if (link === 0 || !this.#links.delete(link)) return
      this.closedBy.add(peer)
      this.actor.onClose(link)
    }
    channel.send(Uint8Array.from(mine))
  }
}

interface Said {
  readonly t: string
  readonly nonce?: string
  readonly from?: string
  readonly data?: string
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** The description and all candidates, once they are gathered: sdp without them, and they by themselves. */
async function described(connection: RTCPeerConnection): Promise<Buffer> {
  await new Promise<void>((resolve) => {
    const look = (): void => void (connection.iceGatheringState === 'complete' && resolve())
    connection.onicegatheringstatechange = look
    look()
  })
  const lines = connection.localDescription!.sdp.split(/\r?\n/).filter((line) => line !== '')
  const candidates = lines.filter((line) => line.startsWith('a=candidate:')).map((line) => line.slice(2))
  const kept = lines.filter((line) => !line.startsWith('a=candidate:') && line !== 'a=end-of-candidates')
  const sdp = Buffer.from(`${kept.join('\r\n')}\r\n`, 'ascii')
  const parts = candidates.slice(0, 32).map((each) => Buffer.concat([u16(each.length), Buffer.from(each, 'ascii')]))
  return Buffer.concat([u16(sdp.length), sdp, Buffer.of(parts.length), ...parts])
}

async function addCandidates(connection: RTCPeerConnection, bytes: Buffer): Promise<void> {
  let at = 1
  for (let left = bytes[0]!; left > 0; left--) {
    const length = bytes.readUInt16BE(at)
    const candidate = bytes.toString('ascii', at + 2, at + 2 + length)
    at += 2 + length
    await connection.addIceCandidate({ candidate, sdpMid: '0', sdpMLineIndex: 0 }).catch(() => undefined)
  }
}

function fingerprint(sdp: string): Buffer {
  const [, hex] = /a=fingerprint:sha-256 ([0-9A-F:]{95})/i.exec(sdp)!
  return Buffer.from(hex!.replaceAll(':', ''), 'hex')
}

function u16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 255)
}
