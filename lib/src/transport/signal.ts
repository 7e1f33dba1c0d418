/**
 * What two transports say to each other through whoever carries it: one attempt's offer, answer and
 * candidates. A fixed layout instead of JSON: nothing to nest, nothing to name twice, and the length
 * of everything is known before it is touched.
 *
 *     version u8 = 1 | kind u8 | attempt 16 | body
 *     offer 1, answer 2   sdpLength u16 | sdp | candidates
 *     candidates 3        candidates
 *     refuse 4            nothing
 *     candidates          count u8 ≤ 32 | count × (length u16 ≤ 512 | candidate)
 *
 * Numbers are big-endian, text is ASCII, a payload has at most 16,384 bytes and no bytes to spare.
 */
import { candidateBytesMax, defaultLimits, signalBytesMax } from './limits.ts'

export const attemptBytes = 16
const version = 1
const headBytes = 2 + attemptBytes

/** Names one try to connect: 16 random bytes of whoever dialled, as 32 hexadecimal letters. */
export type AttemptId = string

export type Signal =
  | {
      readonly kind: 'offer' | 'answer'
      readonly attempt: AttemptId
      readonly sdp: string
      readonly candidates: readonly string[]
    }
  | { readonly kind: 'candidates'; readonly attempt: AttemptId; readonly candidates: readonly string[] }
  /** "Not now": spares the dialler its deadline. */
  | { readonly kind: 'refuse'; readonly attempt: AttemptId }

const kinds = ['offer', 'answer', 'candidates', 'refuse'] as const

export function attemptId(random: Uint8Array): AttemptId {
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Throws a RangeError when it is over its limits: what we send is ours to bound. */
export function encodeSignal(signal: Signal): Uint8Array {
  const bytes: number[] = [version, kinds.indexOf(signal.kind) + 1]
  for (let i = 0; i < attemptBytes; i++) bytes.push(Number.parseInt(signal.attempt.slice(2 * i, 2 * i + 2), 16))
  if (signal.kind === 'offer' || signal.kind === 'answer') putText(bytes, signal.sdp)
  if (signal.kind !== 'refuse') {
    if (signal.candidates.length > defaultLimits.candidatesMax)
      throw new RangeError('too many candidates in one payload')
    bytes.push(signal.candidates.length)
    for (const candidate of signal.candidates) putText(bytes, candidate)
  }
  if (bytes.length > signalBytesMax) throw new RangeError(`a signaling payload has at most ${signalBytesMax} bytes`)
  return Uint8Array.from(bytes)
}

/** Undefined for anything that `encodeSignal` would not have made. The texts are still unchecked. */
export function decodeSignal(payload: Uint8Array): Signal | undefined {
  if (payload.length < headBytes || payload.length > signalBytesMax || payload[0] !== version) return undefined
  const kind = kinds[payload[1]! - 1]
  if (kind === undefined) return undefined
  const attempt = attemptId(payload.subarray(2, headBytes))
  const reader = { payload, at: headBytes }
  let signal: Signal
  if (kind === 'refuse') {
    signal = { kind, attempt }
  } else if (kind === 'candidates') {
    const candidates = takeCandidates(reader)
    if (candidates === undefined || candidates.length === 0) return undefined
    signal = { kind, attempt, candidates }
  } else {
    const sdp = takeText(reader, signalBytesMax)
    const candidates = sdp === undefined ? undefined : takeCandidates(reader)
    if (sdp === undefined || candidates === undefined) return undefined
    signal = { kind, attempt, sdp, candidates }
  }
  return reader.at === payload.length ? signal : undefined
}

function putText(bytes: number[], text: string): void {
  bytes.push(text.length >> 8, text.length & 0xff)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7e) throw new RangeError('signaling text is ASCII')
    bytes.push(code)
  }
}

interface Reader {
  readonly payload: Uint8Array
  at: number
}

function takeText(reader: Reader, lengthMax: number): string | undefined {
  const { payload } = reader
  if (payload.length < reader.at + 2) return undefined
  const length = (payload[reader.at]! << 8) | payload[reader.at + 1]!
  const start = reader.at + 2
  if (length === 0 || length > lengthMax || payload.length < start + length) return undefined
  reader.at = start + length
  let text = ''
  for (let i = start; i < reader.at; i++) {
    const code = payload[i]!
    const printable = (code >= 0x20 && code <= 0x7e) || code === 0x0d || code === 0x0a
    if (!printable) return undefined
    text += String.fromCharCode(code)
  }
  return text
}

function takeCandidates(reader: Reader): readonly string[] | undefined {
  const count = reader.payload[reader.at++]
  if (count === undefined || count > defaultLimits.candidatesMax) return undefined
  const candidates: string[] = []
  for (let i = 0; i < count; i++) {
    const candidate = takeText(reader, candidateBytesMax)
    if (candidate === undefined) return undefined
    candidates.push(candidate)
  }
  return candidates
}
