/**
 * What client and signaling server say to each other, defined once for both.
 *
 * One message is one WebSocket text frame: a JSON object with a key `t` and exactly the keys of that
 * `t`, no more. Length and nesting are checked before `JSON.parse` sees the text, and what comes out
 * is built anew field by field, so nothing that a stranger named survives. `data` is opaque here and
 * at the server: nobody but the two peers reads what is in it.
 *
 *     server                     client
 *     challenge {nonce}    ─▶
 *                          ◀─    join {room, id, signature over the nonce, token?}
 *     welcome {sample}     ─▶
 *                          ◀─▶   signal, sample, ping/pong, …
 *
 * The bytes, codes and limits are in docs/protocol/signaling.md.
 */
import type { PeerId } from '../identity/peer-id.ts'
import { fromBase64Url } from '../identity/base64url.ts'
import { signalingCodes, type Refusal, type SignalingCode } from './codes.ts'

export const protocolVersion = 1

/** A frame's text, in UTF-16 units at the client and in bytes at the server. */
export const frameBytesMax = 65_536
/** The object itself is depth 1. */
export const frameDepthMax = 4
export const roomBytesMax = 64
export const nonceBytes = 32
export const dataBytesMax = 16_384
export const sampleMax = 16
export const tokenCharsMax = 4_096
export const audienceCharsMax = 255
/** An hour: nobody is told to stay away longer. */
export const retryAfterMsMax = 3_600_000

const dataCharsMax = Math.ceil((dataBytesMax * 4) / 3)
const iceServersMax = 8
const iceUrlsMax = 8
const iceCharsMax = 512

/** What WebRTC's `RTCIceServer` needs, as far as a signaling server hands it out. */
export interface IceServer {
  readonly urls: readonly string[]
  readonly username?: string
  readonly credential?: string
}

export interface Challenge {
  readonly t: 'challenge'
  readonly version: number
  /** 32 random bytes, base64url. */
  readonly nonce: string
}

export interface Welcome {
  readonly t: 'welcome'
  /** At most 16 others in the room, drawn at random. */
  readonly sample: readonly PeerId[]
  /** A client says `ping` this often; the server gives up on one that it has not heard for a multiple of it. */
  readonly heartbeatMs: number
  /** Short-lived TURN credentials, where the server has a TURN server to offer. */
  readonly iceServers?: readonly IceServer[]
  /** How long the credentials live. The client asks for new ones by joining again. */
  readonly iceTtlMs?: number
}

/** From another peer; `from` is what the server knows of the sender, whatever the sender said. */
export interface SignalFrom {
  readonly t: 'signal'
  readonly from: PeerId
  readonly data: string
}

/** Nobody with this id is registered here now; what was sent to it is gone. */
export interface Absent {
  readonly t: 'absent'
  readonly to: PeerId
}

export interface Sample {
  readonly t: 'sample'
  readonly sample: readonly PeerId[]
}

export interface Pong {
  readonly t: 'pong'
}

/** The server closes this socket for no fault of the client's. */
export interface Bye {
  readonly t: 'bye'
  readonly code: SignalingCode
  readonly retryAfterMs: number
}

/** The server closes this socket, and the client is the reason. */
export interface ErrorMessage {
  readonly t: 'error'
  readonly code: SignalingCode
  readonly message: string
  readonly retryAfterMs?: number
}

export type ServerMessage = Challenge | Welcome | SignalFrom | Absent | Sample | Pong | Bye | ErrorMessage

export interface JoinMessage {
  readonly t: 'join'
  readonly version: number
  readonly room: string
  readonly id: PeerId
  /** The host (and port) that the client dialled, lower case: a server cannot pass the challenge of another on. */
  readonly audience: string
  /** 64 bytes, base64url: ed25519 over `joinBytes(…)`. */
  readonly signature: string
  readonly token?: string
}

export interface SignalTo {
  readonly t: 'signal'
  readonly to: PeerId
  readonly data: string
}

/** "Draw again." Answered with `sample`. */
export interface SampleRequest {
  readonly t: 'sample'
}

export interface Ping {
  readonly t: 'ping'
}

export interface LeaveMessage {
  readonly t: 'leave'
}

export type ClientMessage = JoinMessage | SignalTo | SampleRequest | Ping | LeaveMessage

/** The one text of a ping and of its answer, so that a host may answer without parsing, or without waking. */
export const pingText = '{"t":"ping"}'
export const pongText = '{"t":"pong"}'

const joinContext = 'shoal/1/signaling-join'

/**
 * What a join signs: context ‖ 0 ‖ nonce (32) ‖ length of audience (1) ‖ audience ‖ length of room (1)
 * ‖ room ‖ id (32). Throws on values that a parser of this file would have refused.
 */
export function joinBytes(nonce: string, audience: string, room: string, id: PeerId): Uint8Array {
  const encoder = new TextEncoder()
  const parts = [nonce, id].map((text) => fromBase64Url(text))
  const [nonceRaw, idRaw] = parts
  if (nonceRaw?.length !== nonceBytes || idRaw?.length !== 32) throw new Error('nonce and id are 32 bytes as base64url')
  const [audienceRaw, roomRaw] = [encoder.encode(audience), encoder.encode(room)]
  if (audienceRaw.length > 255 || roomRaw.length > roomBytesMax) throw new Error('audience or room is too long to sign')
  return concat([
    encoder.encode(joinContext),
    Uint8Array.of(0),
    nonceRaw,
    Uint8Array.of(audienceRaw.length),
    audienceRaw,
    Uint8Array.of(roomRaw.length),
    roomRaw,
    idRaw,
  ])
}

/** Reads what a client said, at the server. */
export function parseClientMessage(text: string): ClientMessage | Refusal {
  const signal = parseWrittenSignal(text)
  if (signal !== undefined) return signal
  const fields = readObject(text)
  if ('code' in fields) return fields
  const { keys, value } = fields
  switch (value('t')) {
    case 'join':
      return parseJoin(keys, value)
    case 'signal':
      if (!hasExactly(keys, ['t', 'to', 'data'])) return invalid
      if (!isPeerId(value('to'))) return { code: 'ERR_ID_INVALID' }
      if (!isData(value('data'))) return { code: 'ERR_DATA_INVALID' }
      return { t: 'signal', to: value('to') as PeerId, data: value('data') as string }
    case 'sample':
      return hasExactly(keys, ['t']) ? { t: 'sample' } : invalid
    case 'ping':
      return hasExactly(keys, ['t']) ? { t: 'ping' } : invalid
    case 'leave':
      return hasExactly(keys, ['t']) ? { t: 'leave' } : invalid
    default:
      return invalid
  }
}

/** Reads what a server said, at the client: a server is not trusted either. */
export function parseServerMessage(text: string): ServerMessage | Refusal {
  const fields = readObject(text)
  if ('code' in fields) return fields
  const { keys, value } = fields
  switch (value('t')) {
    case 'challenge':
      if (!hasExactly(keys, ['t', 'version', 'nonce']) || !isCount(value('version'), 0xffff)) return invalid
      if (!isBytes(value('nonce'), nonceBytes)) return invalid
      return { t: 'challenge', version: value('version') as number, nonce: value('nonce') as string }
    case 'welcome':
      return parseWelcome(keys, value)
    case 'signal':
      if (!hasExactly(keys, ['t', 'from', 'data'])) return invalid
      if (!isPeerId(value('from'))) return { code: 'ERR_ID_INVALID' }
      if (!isData(value('data'))) return { code: 'ERR_DATA_INVALID' }
      return { t: 'signal', from: value('from') as PeerId, data: value('data') as string }
    case 'absent':
      if (!hasExactly(keys, ['t', 'to']) || !isPeerId(value('to'))) return invalid
      return { t: 'absent', to: value('to') as PeerId }
    case 'sample':
      if (!hasExactly(keys, ['t', 'sample']) || !isSample(value('sample'))) return invalid
      return { t: 'sample', sample: value('sample') as PeerId[] }
    case 'pong':
      return hasExactly(keys, ['t']) ? { t: 'pong' } : invalid
    case 'bye':
      if (!hasExactly(keys, ['t', 'code', 'retryAfterMs']) || !isCode(value('code'))) return invalid
      if (!isCount(value('retryAfterMs'), retryAfterMsMax)) return invalid
      return { t: 'bye', code: value('code') as SignalingCode, retryAfterMs: value('retryAfterMs') as number }
    case 'error':
      return parseError(keys, value)
    default:
      return invalid
  }
}

/** Writes a message. Keys are in the order of its type, and absent ones are left out. */
export function encodeMessage(message: ClientMessage | ServerMessage): string {
  // No character of an id or of base64url is escaped in JSON.
  if (message.t === 'signal' && 'from' in message)
    return `{"t":"signal","from":"${message.from}","data":"${message.data}"}`
  return JSON.stringify(message)
}

/** An error as it goes over the wire, with the text that says what is allowed. */
export function errorMessage(code: SignalingCode, retryAfterMs?: number): ErrorMessage {
  const message = signalingCodes[code]
  return retryAfterMs === undefined ? { t: 'error', code, message } : { t: 'error', code, message, retryAfterMs }
}

/** True for a room name that the server takes: 1 to 64 bytes of UTF-8, no control characters, no lone surrogates. */
export function isRoomName(value: unknown): value is string {
  if (typeof value !== 'string' || value.length === 0 || value.length > roomBytesMax) return false
  if (/[\p{Cc}\p{Cs}]/u.test(value)) return false
  return new TextEncoder().encode(value).length <= roomBytesMax
}

/** True for 43 characters of base64url that are 32 bytes. Whether they are a good key is the verifier's to say. */
export function isPeerId(value: unknown): value is PeerId {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(value)
}

/** True for base64url of 1 to 16,384 bytes, by its characters and length: decoding is the receiver's business. */
export function isData(value: unknown): value is string {
  if (typeof value !== 'string' || value.length < 2 || value.length > dataCharsMax || value.length % 4 === 1)
    return false
  // Looks for one that does not belong: a match of all of them would remember every step of the way.
  return !/[^A-Za-z0-9_-]/.test(value)
}

const signalHead = '{"t":"signal","to":"'
const signalMiddle = '","data":"'
const signalTail = '"}'
const idEnd = signalHead.length + 43

/**
 * Nearly all that a server reads is a signal exactly as `JSON.stringify` writes it. A few comparisons say so, and
 * it costs a fifth of the general way. Undefined for everything else, good or bad.
 */
function parseWrittenSignal(text: string): SignalTo | undefined {
  if (!text.startsWith(signalHead) || !text.startsWith(signalMiddle, idEnd) || !text.endsWith(signalTail))
    return undefined
  const to = text.slice(signalHead.length, idEnd)
  const data = text.slice(idEnd + signalMiddle.length, -signalTail.length)
  return isPeerId(to) && isData(data) ? { t: 'signal', to, data } : undefined
}

const invalid: Refusal = { code: 'ERR_FRAME_INVALID' }

interface Fields {
  readonly keys: readonly string[]
  readonly value: (this: void, key: string) => unknown
}

function readObject(text: string): Fields | Refusal {
  if (text.length > frameBytesMax) return { code: 'ERR_FRAME_TOO_LARGE' }
  if (deeperThan(text, frameDepthMax)) return invalid
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    // Not JSON: a bad frame like any other, and an ordinary value for the caller.
    return invalid
  }
  return fieldsOf(parsed) ?? invalid
}

function fieldsOf(parsed: unknown): Fields | undefined {
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined
  const own = new Map(Object.entries(parsed))
  return { keys: [...own.keys()], value: (key) => own.get(key) }
}

/** Counts brackets outside strings: enough to bound `JSON.parse`, which then judges the rest. */
function deeperThan(text: string, depthMax: number): boolean {
  let depth = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (quoted) {
      if (char === 0x5c) i++
      else if (char === 0x22) quoted = false
    } else if (char === 0x22) quoted = true
    else if (char === 0x7b || char === 0x5b) {
      if (++depth > depthMax) return true
    } else if (char === 0x7d || char === 0x5d) depth--
  }
  return false
}

function parseJoin(keys: readonly string[], value: Fields['value']): JoinMessage | Refusal {
  // The version comes before the keys: a later version may have others, and should learn the real reason.
  if (!isCount(value('version'), 0xffff)) return invalid
  if (value('version') !== protocolVersion) return { code: 'ERR_VERSION' }
  if (!hasExactly(keys, ['t', 'version', 'room', 'id', 'audience', 'signature'], ['token'])) return invalid
  const [room, id, audience, signature, token] = ['room', 'id', 'audience', 'signature', 'token'].map(value)
  if (!isRoomName(room)) return { code: 'ERR_ROOM_INVALID' }
  if (!isPeerId(id)) return { code: 'ERR_ID_INVALID' }
  if (!isShort(audience, audienceCharsMax) || !/^[\u0021-\u007e]*$/.test(audience)) return { code: 'ERR_AUDIENCE' }
  if (!isBytes(signature, 64)) return { code: 'ERR_SIGNATURE' }
  if (token === undefined) return { t: 'join', version: protocolVersion, room, id, audience, signature }
  if (!isShort(token, tokenCharsMax)) return { code: 'ERR_TOKEN_INVALID' }
  return { t: 'join', version: protocolVersion, room, id, audience, signature, token }
}

function parseWelcome(keys: readonly string[], value: Fields['value']): Welcome | Refusal {
  if (!hasExactly(keys, ['t', 'sample', 'heartbeatMs'], ['iceServers', 'iceTtlMs'])) return invalid
  const [sample, heartbeatMs, iceServers, iceTtlMs] = ['sample', 'heartbeatMs', 'iceServers', 'iceTtlMs'].map(value)
  if (!isSample(sample) || !isCount(heartbeatMs, 600_000) || heartbeatMs < 1_000) return invalid
  const welcome: Welcome = { t: 'welcome', sample, heartbeatMs }
  if (iceServers === undefined && iceTtlMs === undefined) return welcome
  if (!Array.isArray(iceServers) || iceServers.length > iceServersMax || !isCount(iceTtlMs, 2 ** 31 - 1)) return invalid
  const servers = iceServers.map(parseIceServer)
  if (servers.includes(undefined)) return invalid
  return { ...welcome, iceServers: servers as IceServer[], iceTtlMs }
}

function parseIceServer(raw: unknown): IceServer | undefined {
  const fields = fieldsOf(raw)
  if (fields === undefined || !hasExactly(fields.keys, ['urls'], ['username', 'credential'])) return undefined
  const [urls, username, credential] = ['urls', 'username', 'credential'].map(fields.value)
  if (!Array.isArray(urls) || urls.length === 0 || urls.length > iceUrlsMax) return undefined
  if (!urls.every((url) => isShort(url, iceCharsMax) && /^(stuns?|turns?):[\u0021-\u007e]+$/.test(url)))
    return undefined
  if (username === undefined && credential === undefined) return { urls: [...urls] }
  if (!isShort(username, iceCharsMax) || !isShort(credential, iceCharsMax)) return undefined
  return { urls: [...urls], username, credential }
}

function parseError(keys: readonly string[], value: Fields['value']): ErrorMessage | Refusal {
  if (!hasExactly(keys, ['t', 'code', 'message'], ['retryAfterMs'])) return invalid
  const [code, message, retryAfterMs] = ['code', 'message', 'retryAfterMs'].map(value)
  // The text that people read is ours, chosen by the code: a server cannot put words into our mouth.
  if (!isCode(code) || !isShort(message, 512)) return invalid
  if (retryAfterMs === undefined) return errorMessage(code)
  return isCount(retryAfterMs, retryAfterMsMax) ? errorMessage(code, retryAfterMs) : invalid
}

function hasExactly(keys: readonly string[], required: readonly string[], optional: readonly string[] = []): boolean {
  if (!required.every((key) => keys.includes(key))) return false
  return keys.every((key) => required.includes(key) || optional.includes(key))
}

function isShort(value: unknown, charsMax: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= charsMax
}

function isCount(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max
}

function isBytes(value: unknown, bytes: number): value is string {
  return typeof value === 'string' && value.length <= bytes * 2 && fromBase64Url(value)?.length === bytes
}

function isSample(value: unknown): value is PeerId[] {
  return Array.isArray(value) && value.length <= sampleMax && value.every(isPeerId)
}

function isCode(value: unknown): value is SignalingCode {
  return typeof value === 'string' && Object.hasOwn(signalingCodes, value)
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
