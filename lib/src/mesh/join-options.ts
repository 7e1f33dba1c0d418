/**
 * What `join` may be given, and the checks on it. Whatever is wrong is said before anything is
 * opened, with a code and with what is allowed; an option that is misspelt is an error too, since it
 * would otherwise be ignored.
 */
import type { OverlayConfig, SwimConfig } from '../core/config.ts'
import type { Signer } from '../identity/keys.ts'
import { parsePeerId, type PeerId } from '../identity/peer-id.ts'
import { readSecret, secretBytesMax, secretBytesMin } from '../identity/secret-text.ts'
import type { TransportMaker } from './parts.ts'
import { type ErrorCode, ShoalError } from './errors.ts'
import type { Metadata } from './member.ts'

/** What WebRTC's `RTCIceServer` needs. */
export interface IceServer {
  readonly urls: string | readonly string[]
  readonly username?: string
  readonly credential?: string
}

export interface Limits {
  /** How long `join` waits for a signaling server to let us in. */
  readonly joinTimeoutMs: number
  /** How long `leave` waits for the word to get out. */
  readonly leaveTimeoutMs: number
  /** The largest message that is taken, and the most that is held of large messages on their way to us. */
  readonly receiveBytesMax: number
}

export const limitDefaults: Limits = {
  joinTimeoutMs: 8_000, // a guess: a server that is restarted is back by then
  leaveTimeoutMs: 1_000, // a guess: a leave takes 3 to 15 ms (measured); more means a link is clogged
  receiveBytesMax: 128 << 20, // a guess: what a page can spare
}

export interface JoinOptions<M extends Metadata = Metadata> {
  /** One to eight `ws://` or `wss://` addresses of signaling servers; all of them are used at once. */
  readonly signaling: string | URL | readonly (string | URL)[]
  /** What others see of us: a plain object, at most 512 bytes as CBOR. */
  readonly metadata?: M
  /** Where we are, for example a region or a rack: at most 64 bytes as UTF-8. */
  readonly zone?: string
  /** Who we are. Default: somebody new for each call. `loadIdentity` keeps one. */
  readonly identity?: Signer
  /** STUN and TURN servers. Default: none, which reaches peers in one network and those with a public address. */
  readonly iceServers?: readonly IceServer[]
  /**
   * Also use the STUN and TURN servers that signaling servers hand out, with their short-lived credentials.
   * Default: false, since whoever runs a signaling server could then choose through whom our packets go (not
   * what they say: links stay authenticated end to end).
   */
  readonly offeredIceServers?: boolean
  /** Aborting it before `join` has resolved rejects it; aborting it later leaves. */
  readonly signal?: AbortSignal
  /** What a signaling server with tokens wants to see. */
  readonly token?: string
  /** Parameters of the failure detector, by the papers' names. */
  readonly swim?: Partial<SwimConfig>
  /** Parameters of the overlay: links, dials, routes. */
  readonly overlay?: OverlayConfig
  readonly limits?: Partial<Limits>
  /** Makes the links. Default: WebRTC. */
  readonly transport?: TransportMaker
  /**
   * Only those who know it get in: 16 to 64 random bytes as base64url, as `makeRoomLink` makes them. The signaling
   * server sees neither it, nor the room's name, nor addresses. Up to 4 while one is being replaced: the first is
   * proven, any of them is accepted. Needs WebCrypto, which browsers have on secure pages only.
   */
  readonly secret?: string | readonly string[]
  /**
   * Who is let in. `'open'`: whoever asks (default). `allow`: these ids, at most 1,000, which everybody has to be given
   * alike. `owner`: whoever holds a capability that this key, or somebody whom it let admit, has signed
   * (`shoal/capabilities`); the room is then this owner's room of that name, and no other.
   */
  readonly admission?: 'open' | { readonly allow: readonly PeerId[] } | Ownership
}

/** A room of capabilities, as it is asked for. */
export interface Ownership {
  readonly owner: PeerId
  readonly capability: string
  /** The newest list of what the owner has taken back, as `revokeCapabilities()` signed it. Members pass on newer ones. */
  readonly revocations?: string
  /**
   * When no list is known whose time is not over. `failOpen` (default): go on by the one that is known, and say so
   * (`revocations-stale`). `failClosed`: end with `ERR_REVOCATIONS_STALE`; then `revocations` is needed to join.
   */
  readonly whenStale?: 'failOpen' | 'failClosed'
}

/** `JoinOptions`, checked, with the defaults filled in. */
export interface CheckedOptions {
  readonly room: string
  readonly urls: readonly string[]
  readonly metadata: Metadata
  readonly zone: string
  readonly identity: Signer | undefined
  readonly iceServers: readonly IceServer[]
  readonly offeredIceServers: boolean
  readonly signal: AbortSignal | undefined
  readonly token: string | undefined
  readonly swim: Partial<SwimConfig>
  readonly overlay: OverlayConfig
  readonly limits: Limits
  readonly transport: TransportMaker | undefined
  /** Empty for a room without. */
  readonly secrets: readonly Uint8Array[]
  /** Undefined for everybody. */
  readonly allow: ReadonlySet<PeerId> | undefined
  /** Undefined for a room without an owner. */
  readonly owned: Ownership | undefined
}

/** Parameters that a room of the core has, by name, with their defaults: what an option may name. */
export type Tunables = Readonly<Record<string, number>>

export const roomBytesMax = 64
export const zoneBytesMax = 64
const urlsMax = 8
/** While one secret is being replaced there are two; a guess at who is in a hurry. */
const secretsMax = 4
/** Checked for every claim, by everybody: a list, not a directory. */
const allowedMax = 1000

const known: readonly string[] = [
  'signaling',
  'metadata',
  'zone',
  'identity',
  'iceServers',
  'offeredIceServers',
  'signal',
  'token',
  'swim',
  'overlay',
  'limits',
  'transport',
  'secret',
  'admission',
]

/** Throws a `ShoalError` that says what is wrong and what is allowed. */
export function checkJoin(
  room: unknown,
  options: unknown,
  tunables: { swim: Tunables; overlay: Tunables },
): CheckedOptions {
  if (typeof room !== 'string' || !isName(room, roomBytesMax) || room === '') {
    throw new ShoalError(
      'ERR_ROOM_INVALID',
      `A room is a string of 1 to 64 printable characters, at most ${roomBytesMax} bytes as UTF-8; this is ${show(room)}.`,
    )
  }
  if (!isRecord(options)) {
    throw new ShoalError(
      'ERR_OPTION_INVALID',
      `join needs options, at least { signaling: 'wss://…' }; this is ${show(options)}.`,
    )
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new ShoalError('ERR_OPTION_INVALID', `There is no option ${show(key)}. There are: ${known.join(', ')}.`)
    }
  }
  return {
    room,
    urls: checkUrls(options.signaling),
    metadata: checkMetadata(options.metadata ?? {}),
    zone: checkZone(options.zone ?? ''),
    identity: checkIdentity(options.identity),
    iceServers: checkIceServers(options.iceServers ?? []),
    offeredIceServers:
      check(options.offeredIceServers, (value) => typeof value === 'boolean', 'offeredIceServers', 'true or false') ??
      false,
    signal: check(options.signal, isAbortSignal, 'signal', 'an AbortSignal'),
    token: check(options.token, (value) => typeof value === 'string', 'token', 'a string'),
    swim: checkNumbers('swim', options.swim ?? {}, tunables.swim),
    overlay: checkNumbers('overlay', options.overlay ?? {}, tunables.overlay),
    limits: { ...limitDefaults, ...checkNumbers('limits', options.limits ?? {}, { ...limitDefaults }) },
    transport: check(
      options.transport,
      (value) => typeof value === 'function',
      'transport',
      'a function that makes a transport',
    ),
    secrets: checkSecrets(options.secret),
    ...checkAdmission(options.admission),
  }
}

/** A plain object; what is in it is the encoder's to judge. */
export function checkMetadata(metadata: unknown): Metadata {
  if (isRecord(metadata)) return metadata
  throw new ShoalError(
    'ERR_METADATA_INVALID',
    `Metadata is a plain object, at most 512 bytes as CBOR; this is ${show(metadata)}.`,
  )
}

function checkUrls(signaling: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(signaling) ? signaling : [signaling]
  if (list.length === 0 || list.length > urlsMax)
    fail('ERR_SIGNALING_URL_INVALID', `Give 1 to ${urlsMax} signaling addresses; these are ${list.length}.`)
  return list.map((one) => {
    const text = one instanceof URL ? one.href : one
    const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
    if (
      !url ||
      !['ws:', 'wss:'].includes(url.protocol) ||
      url.username !== '' ||
      url.password !== '' ||
      url.hash !== ''
    ) {
      fail(
        'ERR_SIGNALING_URL_INVALID',
        `A signaling address is a ws:// or wss:// URL without user name, password or fragment; this is ${show(text)}.`,
      )
    }
    return url.href
  })
}

function checkZone(zone: unknown): string {
  if (typeof zone === 'string' && isName(zone, zoneBytesMax)) return zone
  fail(
    'ERR_ZONE_INVALID',
    `A zone is a string of at most ${zoneBytesMax} bytes as UTF-8, without control characters; this is ${show(zone)}.`,
  )
}

function checkIdentity(identity: unknown): Signer | undefined {
  const fits = (value: unknown): value is Signer =>
    isRecord(value) && typeof value.peerId === 'string' && typeof value.sign === 'function'
  return check(identity, fits, 'identity', 'what loadIdentity() resolves with')
}

function checkSecrets(secret: unknown): readonly Uint8Array[] {
  if (secret === undefined) return []
  const list: readonly unknown[] = Array.isArray(secret) ? secret : [secret]
  if (list.length === 0 || list.length > secretsMax)
    fail('ERR_SECRET_INVALID', `Give one secret, or up to ${secretsMax}; these are ${list.length}.`)
  // What it is, is not repeated: errors end up in logs.
  return list.map(
    (text) =>
      (typeof text === 'string' ? readSecret(text) : undefined) ??
      fail(
        'ERR_SECRET_INVALID',
        `A secret is ${secretBytesMin} to ${secretBytesMax} random bytes as base64url without padding, as makeRoomLink() makes them.`,
      ),
  )
}

function checkAdmission(admission: unknown): Pick<CheckedOptions, 'allow' | 'owned'> {
  if (admission === undefined || admission === 'open') return { allow: undefined, owned: undefined }
  const { allow, owner, capability, revocations, whenStale, ...others } = (isRecord(admission) ? admission : {}) as {
    readonly [name: string]: unknown
  }
  const id = typeof owner === 'string' ? parsePeerId(owner) : undefined
  const misfit = Object.keys(others).length > 0
  if (id && typeof capability === 'string' && allow === undefined && !misfit) {
    // The rest is checked where it is used, by those who join such a room.
    return { allow: undefined, owned: { owner: id, capability, revocations, whenStale } as Ownership }
  }
  if (misfit || owner !== undefined || !Array.isArray(allow) || allow.length === 0 || allow.length > allowedMax)
    fail(
      'ERR_OPTION_INVALID',
      `admission is 'open', { allow: [1 to ${allowedMax} ids] } or { owner, capability, revocations?, whenStale? }; this is ${show(admission)}.`,
    )
  const ids = new Set(
    allow.map(
      (id: unknown) =>
        (typeof id === 'string' ? parsePeerId(id) : undefined) ??
        fail('ERR_OPTION_INVALID', `admission.allow lists peer ids, 43 characters of base64url; this is ${show(id)}.`),
    ),
  )
  return { allow: ids, owned: undefined }
}

function checkIceServers(servers: unknown): readonly IceServer[] {
  const isUrl = (url: unknown) => typeof url === 'string' && /^(stuns?|turns?):./.test(url)
  const isServer = (server: unknown): server is IceServer =>
    isRecord(server) &&
    (Array.isArray(server.urls) ? server.urls.length > 0 && server.urls.every(isUrl) : isUrl(server.urls))
  if (Array.isArray(servers) && servers.every(isServer)) return servers
  fail(
    'ERR_OPTION_INVALID',
    `iceServers is a list of { urls: 'stun:…' or 'turn:…', username?, credential? }; this is ${show(servers)}.`,
  )
}

function checkNumbers(option: string, given: unknown, allowed: Tunables): Readonly<Record<string, number>> {
  const names = Object.keys(allowed)
  if (!isRecord(given))
    fail(
      'ERR_OPTION_INVALID',
      `The option ${option} is an object with any of: ${names.join(', ')}; this is ${show(given)}.`,
    )
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(allowed, name)) {
      fail('ERR_OPTION_INVALID', `The option ${option} has no ${show(name)}. It has: ${names.join(', ')}.`)
    }
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
      fail('ERR_OPTION_INVALID', `${option}.${name} is a finite number, 0 or more; this is ${show(value)}.`)
    }
  }
  return given as Record<string, number>
}

function check<T>(value: unknown, fits: (value: unknown) => boolean, name: string, what: string): T | undefined {
  if (value === undefined || fits(value)) return value as T | undefined
  fail('ERR_OPTION_INVALID', `The option ${name} is ${what}; this is ${show(value)}.`)
}

function fail(code: ErrorCode, message: string): never {
  throw new ShoalError(code, message)
}

/** What was given, short enough for a sentence. */
function show(value: unknown): string {
  if (typeof value === 'string') {
    const bytes = new TextEncoder().encode(value).length
    return value.length <= 80
      ? `${JSON.stringify(value)} (${bytes} bytes)`
      : `a string of ${value.length} characters (${bytes} bytes)`
  }
  if (value === null || typeof value !== 'object') return String(value)
  return Array.isArray(value) ? 'an array' : `an object (${value.constructor?.name ?? 'no prototype'})`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isAbortSignal(value: unknown): boolean {
  return isRecord(value) && typeof value.aborted === 'boolean' && typeof value.addEventListener === 'function'
}

/** Well-formed, without control characters, within its bytes. */
function isName(text: string, bytesMax: number): boolean {
  // oxlint-disable-next-line no-control-regex
  return !/[\u0000-\u001f\u007f]|\p{Surrogate}/u.test(text) && new TextEncoder().encode(text).length <= bytesMax
}
