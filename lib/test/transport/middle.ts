/**
 * One end of a man in the middle: a connection of its own to one victim, over a bare
 * `RTCPeerConnection`. It takes the victim's description and candidates, has its own, and can say what
 * it likes on the channel.
 */
import type { WebRtc } from '../../src/transport/simple-peer.ts'

export class MiddleEnd {
  readonly heard: Uint8Array[] = []
  /** Called for each message of the victim. */
  onMessage: ((message: Uint8Array) => void) | undefined
  readonly opened: Promise<void>
  readonly connection: RTCPeerConnection
  readonly #channel: RTCDataChannel
  #ready: (() => void) | undefined

  constructor(wrtc: WebRtc) {
    this.connection = new wrtc.RTCPeerConnection({ iceServers: [] })
    this.#channel = this.connection.createDataChannel('', { negotiated: true, id: 0, ordered: true })
    this.#channel.binaryType = 'arraybuffer'
    this.opened = new Promise((resolve) => (this.#ready = resolve))
    this.#channel.onopen = () => this.#ready?.()
    this.#channel.onmessage = ({ data }) => {
      const message = new Uint8Array(data as ArrayBuffer)
      this.heard.push(message)
      this.onMessage?.(message)
    }
  }

  get isOpen(): boolean {
    return this.#channel.readyState === 'open'
  }

  send(message: Uint8Array): void {
    if (this.isOpen) this.#channel.send(message as Uint8Array<ArrayBuffer>)
  }

  sendText(text: string): void {
    this.#channel.send(text)
  }

  /** When so many messages have come. */
  hears(count: number): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.heard.length >= count) resolve()
      }
      this.onMessage = check
      check()
    })
  }

  /** An offer with its candidates inside. */
  async offer(): Promise<string> {
    await this.connection.setLocalDescription(await this.connection.createOffer())
    return this.#gathered()
  }

  async answer(offer: string): Promise<string> {
    await this.connection.setRemoteDescription({ type: 'offer', sdp: offer })
    await this.connection.setLocalDescription(await this.connection.createAnswer())
    return this.#gathered()
  }

  async accept(answer: string): Promise<void> {
    await this.connection.setRemoteDescription({ type: 'answer', sdp: answer })
  }

  async addCandidates(candidates: readonly string[]): Promise<void> {
    for (const candidate of candidates) {
      if (candidate.includes('.local')) continue
      await this.connection.addIceCandidate({ candidate, sdpMLineIndex: 0, sdpMid: '0' })
    }
  }

  close(): void {
    this.#channel.onmessage = null
    this.connection.close()
  }

  async #gathered(): Promise<string> {
    const connection = this.connection
    if (connection.iceGatheringState !== 'complete') {
      await new Promise<void>((resolve) => {
        connection.addEventListener('icegatheringstatechange', () => {
          if (connection.iceGatheringState === 'complete') resolve()
        })
      })
    }
    return connection.localDescription!.sdp
  }
}

/** An SDP's candidates, and the SDP without them. */
export function split(sdp: string): { sdp: string; candidates: string[] } {
  const lines = sdp.split('\r\n')
  const isCandidate = (line: string): boolean => line.startsWith('a=candidate:')
  return {
    sdp: lines.filter((line) => !isCandidate(line) && line !== 'a=end-of-candidates').join('\r\n'),
    candidates: lines
      .filter(isCandidate)
      .map((line) => line.slice(2))
      .slice(0, 16),
  }
}

export function fingerprintIn(sdp: string): string {
  return /^a=fingerprint:sha-256 (\S+)/m.exec(sdp)![1]!
}

/** How a hostile server writes two fingerprints, the honest one and its own, into one description. */
export const disguises: Readonly<Record<string, (sdp: string, honest: string) => string>> = {
  'its own in place of the honest one': (sdp) => sdp,
  'the honest one first': (sdp, honest) => inMedia(sdp, (own) => [line(honest), own]),
  'its own first': (sdp, honest) => inMedia(sdp, (own) => [own, line(honest)]),
  'the honest one for the session, its own for the medium': (sdp, honest) => inSession(sdp, line(honest)),
  'its own for the session, the honest one for the medium': (sdp, honest) =>
    inSession(
      inMedia(sdp, () => [line(honest)]),
      line(fingerprintIn(sdp)),
    ),
  'its own for the session only': (sdp) =>
    inSession(
      inMedia(sdp, () => []),
      line(fingerprintIn(sdp)),
    ),
  'a SHA-512 before its own': (sdp) => inMedia(sdp, (own) => [`a=fingerprint:sha-512 ${junk(64)}`, own]),
  'its own before a SHA-512': (sdp) => inMedia(sdp, (own) => [own, `a=fingerprint:sha-512 ${junk(64)}`]),
  'a SHA-1 beside its own': (sdp) => inMedia(sdp, (own) => [`a=fingerprint:sha-1 ${junk(20)}`, own]),
  'its own twice': (sdp) => inMedia(sdp, (own) => [own, own]),
  'its own in capitals': (sdp, honest) =>
    inMedia(sdp, (own) => [own.replace('a=fingerprint', 'a=FINGERPRINT'), line(honest)]),
  'its own after a space': (sdp, honest) => inMedia(sdp, (own) => [own.replace('a=', 'a= '), line(honest)]),
  'its own after a tab': (sdp, honest) => inMedia(sdp, (own) => [own.replace(' ', '\t'), line(honest)]),
  'its own with a tail': (sdp, honest) => inMedia(sdp, (own) => [`${own} `, line(honest)]),
  'its own behind a lone CR': (sdp, honest) => inMedia(sdp, (own) => [`a=x:y\r${own}`, line(honest)]),
  'its own behind a NUL': (sdp, honest) => inMedia(sdp, (own) => [`a=x:y\0${own}`, line(honest)]),
  'its own in a second medium': (sdp, honest) =>
    `${inMedia(sdp, () => [line(honest)])}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n${line(fingerprintIn(sdp))}\r\n`,
  'a medium of sound beside it': (sdp) => `${sdp}m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:1\r\n`,
  'none at all': (sdp) => inMedia(sdp, () => []),
}

const line = (value: string): string => `a=fingerprint:sha-256 ${value}`
const junk = (bytes: number): string => Array.from({ length: bytes }, () => 'AB').join(':')

function inMedia(sdp: string, change: (own: string) => readonly string[]): string {
  return sdp.replace(/^a=fingerprint:.*\r\n/m, (own) =>
    change(own.trimEnd())
      .map((text) => `${text}\r\n`)
      .join(''),
  )
}

function inSession(sdp: string, text: string): string {
  return sdp.replace(/^m=/m, `${text}\r\nm=`)
}
