/**
 * What we accept of a description and of a candidate: nothing but a data channel, and exactly one
 * certificate. Both come through a server that is not trusted.
 *
 * Why *one* fingerprint line and not "the" fingerprint: RFC 8122 allows several, Firefox then accepts
 * a peer that fits any of them, Chromium the last, others the first (measured). Whoever reads one line
 * of two can be made to sign for an honest certificate while the channel ends at another.
 */
import { candidateBytesMax, signalBytesMax } from './limits.ts'

const fingerprintLine = /^a=fingerprint:sha-256 ((?:[0-9a-f]{2}:){31}[0-9a-f]{2})$/i
const mediaLine = /^m=application \d{1,5} (?:UDP|TCP)\/DTLS\/SCTP webrtc-datachannel$/
// Anything that names a fingerprint, wherever and however spelt, must be the one line: parsers differ
// in what they skip, and a line that we do not see must not be one that an engine does.
const anyFingerprint = /fingerprint/i
// Other ways to say who the peer is, or to encrypt: an identity assertion (Firefox), SDES keys.
const forbidden = /^a=(?:identity|crypto|remote-candidates|candidate)\b/i
const lineShape = /^[a-z]=[\x21-\x7e][\x20-\x7e]*$/

export interface Description {
  readonly sdp: string
  /** SHA-256 of the one certificate that it names, 32 bytes. */
  readonly fingerprint: Uint8Array
}

/** The description if it says nothing but "one data channel, this certificate"; undefined otherwise. */
export function readDescription(sdp: string): Description | undefined {
  if (sdp.length === 0 || sdp.length > signalBytesMax) return undefined
  const lines = sdp.split(/\r?\n/)
  if (lines.pop() !== '' || lines[0] !== 'v=0') return undefined
  let media = 0
  for (const line of lines) {
    if (!lineShape.test(line) || forbidden.test(line)) return undefined
    if (!line.startsWith('m=')) continue
    media++
    if (!mediaLine.test(line)) return undefined
  }
  const fingerprint = onlyFingerprint(sdp)
  return media === 1 && fingerprint !== undefined ? { sdp, fingerprint } : undefined
}

/** The value of the one fingerprint line at any level; undefined when there are none, several, or one of another kind. */
export function onlyFingerprint(sdp: string): Uint8Array | undefined {
  const named = sdp.split(/[\r\n]+/).filter((line) => anyFingerprint.test(line))
  const match = named.length === 1 ? fingerprintLine.exec(named[0]!) : null
  if (match === null) return undefined
  return Uint8Array.from(match[1]!.split(':'), (pair) => Number.parseInt(pair, 16))
}

/** Our own description as it is sent: candidates travel beside it, so that each is checked once. */
export function withoutCandidates(sdp: string): string {
  return sdp.replace(/^a=(?:candidate:.*|end-of-candidates)\r?\n/gm, '')
}

const ipv4 = String.raw`(?:\d{1,3}\.){3}\d{1,3}`
const ipv6 = String.raw`[0-9a-fA-F:.]{2,45}`
const mdns = String.raw`[0-9a-f-]{36}\.local`
const address = `(?:${ipv4}|${ipv6}|${mdns})`
// RFC 8839 §5.1, less host names: a candidate must not make us look up a name of somebody's choosing.
const candidateLine = new RegExp(
  String.raw`^candidate:[\w+/]{1,32} [1-9]\d{0,2} (?:udp|tcp|UDP|TCP) \d{1,10} ${address} \d{1,5} typ (?:host|srflx|prflx|relay)` +
    String.raw`(?: raddr ${address})?(?: rport \d{1,5})?(?: tcptype (?:active|passive|so))?(?: [a-z-]{1,32} [\w+/]{1,256}){0,8}$`,
)

export function isCandidate(candidate: string): boolean {
  return candidate.length <= candidateBytesMax && candidateLine.test(candidate)
}

/** Of a candidate: it is over TCP. */
export function isTcp(candidate: string): boolean {
  return /^candidate:\S+ \d+ tcp /i.test(candidate)
}
