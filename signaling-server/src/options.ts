/**
 * Every setting in one table: its name in the program, its flag, its environment variable, its default,
 * what it means and what is allowed. `--help`, the environment, the docs and `startSignalingServer` all
 * read it, so none of them can forget one.
 */
import { ProxyList } from './addresses.ts'

interface Kind<T> {
  /** What `--help` shows in place of a value. */
  readonly label: string
  /** The value, or undefined when the text is not one. */
  parse(text: string): T | undefined
  /** Says what is allowed, after "must be ". */
  readonly allowed: string
}

export interface Setting<T> {
  readonly kind: Kind<T>
  readonly fallback: T
  readonly help: string
  /** Never shown or logged. */
  readonly secret?: boolean
}

function count(min: number, max: number, unit = 'number'): Kind<number> {
  const parse = (text: string): number | undefined => {
    const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN
    return value >= min && value <= max ? value : undefined
  }
  return { label: unit, parse, allowed: `a whole number from ${min} to ${max}` }
}

function text(label: string, pattern: RegExp, allowed: string): Kind<string> {
  return { label, parse: (value) => (value === '' || pattern.test(value) ? value : undefined), allowed }
}

function list(label: string, fits: (item: string) => boolean, allowed: string): Kind<readonly string[]> {
  const parse = (value: string): readonly string[] | undefined => {
    const items = value.split(',').flatMap((item) => (item.trim() === '' ? [] : [item.trim()]))
    return items.every(fits) ? items : undefined
  }
  return { label, parse, allowed: `a comma-separated list of ${allowed}` }
}

function choice<T extends string>(...choices: readonly T[]): Kind<T> {
  return { label: 'choice', parse: (value) => choices.find((one) => one === value), allowed: choices.join(' or ') }
}

const flag: Kind<boolean> = {
  label: '',
  parse: (value) => ({ true: true, '1': true, false: false, '0': false })[value],
  allowed: 'true or false',
}

function isOrigin(item: string): boolean {
  return URL.canParse(item) && new URL(item).origin === item
}

function isBlock(item: string): boolean {
  try {
    new ProxyList([item]).has('')
    return true
  } catch {
    // Its message would name the item only; the setting's own says what is allowed.
    return false
  }
}

const bytes = (max: number): Kind<number> => count(1, max, 'bytes')
const ms = (min: number, max: number): Kind<number> => count(min, max, 'ms')
const perSecond = count(1, 1_000_000, 'per second')
const perMinute = count(1, 10_000_000, 'per minute')
const many = count(1, 10_000_000)

function setting<T>(kind: Kind<T>, fallback: T, help: string, more: { secret?: boolean } = {}): Setting<T> {
  return { kind, fallback, help, ...more }
}

/** SECURITY: every default here is explained in docs/HOSTING.md, "What is limited, and why". */
export const settings = {
  port: setting(count(0, 65_535), 8787, 'port to listen on; 0 picks a free one'),
  host: setting(text('address', /^[\w.:-]+$/, 'an address or host name'), '0.0.0.0', 'address to listen on'),
  path: setting(text('path', /^\/[\w./-]*$/, 'a path that begins with /'), '/', 'path of the WebSocket'),

  origins: setting(
    list('origins', isOrigin, 'origins such as https://example.org'),
    [] as readonly string[],
    'origins whose pages may connect; empty admits every origin',
  ),
  audiences: setting(
    list('hosts', (item) => /^[\w.:[\]-]{1,255}$/.test(item), 'hosts such as signal.example.org'),
    [] as readonly string[],
    'hosts that clients dial to reach this server; a join signed for another is refused; empty admits every host',
  ),
  trustedProxies: setting(
    list('blocks', isBlock, 'addresses or CIDR blocks such as 10.0.0.0/8'),
    [] as readonly string[],
    'proxies whose X-Forwarded-For is believed',
  ),

  tokenSecrets: setting(
    list('secrets', (item) => /^[\u0021-\u007e]{32,512}$/.test(item), 'secrets of 32 to 512 printable characters'),
    [] as readonly string[],
    'HS256 secrets, any of which signs a valid token; empty asks nobody for a token',
    { secret: true },
  ),
  tokensFrom: setting(
    choice<'all' | 'no-origin'>('all', 'no-origin'),
    'all',
    'who has to bring a token, once there is a secret: everybody, or only clients without an Origin',
  ),
  iceUrls: setting(
    list(
      'urls',
      (item) => /^(stuns?|turns?):[\w.:[\]?=-]{1,500}$/.test(item),
      'addresses such as turn:turn.example.org:3478',
    ),
    [] as readonly string[],
    'STUN and TURN servers handed out on join',
  ),
  turnSecret: setting(
    text('secret', /^[\u0021-\u007e]{16,512}$/, '16 to 512 printable characters'),
    '',
    'the static-auth-secret of the TURN server, from which credentials are made',
    { secret: true },
  ),
  turnTtlS: setting(count(60, 86_400, 'seconds'), 3_600, 'how long TURN credentials live'),

  redis: setting(
    text('url', /^rediss?:\/\/[\u0021-\u007e]+$/, 'a redis:// or rediss:// URL'),
    '',
    'Redis or Valkey 7 over which instances share their rooms; empty keeps rooms in memory',
    { secret: true },
  ),
  redisPrefix: setting(
    text('prefix', /^[\w:-]{1,64}$/, '1 to 64 letters, digits, _, : or -'),
    'shoal',
    'first part of every key',
  ),
  redisTimeoutMs: setting(ms(50, 60_000), 2_000, 'wait for an answer of Redis'),
  rosterTtlMs: setting(
    ms(3_000, 3_600_000),
    90_000,
    'after which a peer of a vanished instance is forgotten; renewed at a third of it',
  ),

  payloadBytesMax: setting(bytes(65_536), 65_536, 'largest frame'),
  fragmentsMax: setting(count(1, 16_384), 4, 'fragments of one frame'),
  chunksBufferedMax: setting(count(1, 1_048_576), 64, 'chunks of an unfinished frame that are kept'),
  pendingPongsMax: setting(count(1, 10_000), 60, 'pongs that a socket may leave unread'),
  pingsPerSecond: setting(perSecond, 1, 'WebSocket pings of one socket'),
  pingsBurst: setting(many, 10, 'WebSocket pings of one socket at once'),
  bufferedBytesMax: setting(bytes(1_073_741_824), 1_048_576, 'bytes waiting for one slow reader before it is cut off'),
  bufferedTotalBytesMax: setting(
    bytes(68_719_476_736),
    16_777_216,
    'bytes waiting for all slow readers before the slowest is cut off',
  ),
  framesPerSecond: setting(perSecond, 20, 'frames of one socket'),
  framesBurst: setting(many, 60, 'frames of one socket at once'),
  joinsPerMinute: setting(perMinute, 30, 'joins of one address (IPv6: of one /64)'),
  joinsBurst: setting(many, 30, 'joins of one address at once'),
  connectionsPerAddressMax: setting(many, 30, 'sockets of one address (IPv6: of one /64)'),
  connectionsPerMinute: setting(perMinute, 500, 'new sockets of the whole server'),
  connectionsBurst: setting(many, 500, 'new sockets of the whole server at once'),
  connectionsMax: setting(many, 20_000, 'sockets of the whole server'),
  exemptLoopback: setting(flag, false, 'no limits per address for 127.0.0.0/8 and ::1: for development and tests'),
  peersPerRoomMax: setting(many, 64, 'peers registered in one room; the mesh itself may be larger'),
  roomsMax: setting(many, 10_000, 'rooms'),

  joinTimeoutMs: setting(ms(100, 600_000), 5_000, 'from connecting to having joined'),
  heartbeatMs: setting(ms(1_000, 600_000), 25_000, 'silence after which a socket is pinged'),
  silentMsMax: setting(ms(2_000, 3_600_000), 60_000, 'silence after which a socket is cut off'),
  closeTimeoutMs: setting(ms(10, 60_000), 2_000, 'wait for the answer to a close'),
  retryAfterMs: setting(ms(0, 3_600_000), 5_000, 'what a client is told to wait that cannot be served now'),
  headersTimeoutMs: setting(ms(100, 600_000), 5_000, 'to receive the headers of a request'),
  requestTimeoutMs: setting(ms(100, 600_000), 10_000, 'to receive a whole request'),
  headersMax: setting(count(8, 10_000), 64, 'headers of a request'),
  logLevel: setting(
    choice<LogLevel>('trace', 'debug', 'info', 'warn', 'error', 'silent'),
    'info',
    'what is logged, as JSON lines on standard output',
  ),
  metricsPort: setting(count(0, 65_535), 0, 'a second port for /metrics, /healthz and /readyz; 0 for none'),
  metricsHost: setting(
    text('address', /^[\w.:-]+$/, 'an address or host name'),
    '127.0.0.1',
    'address of the second port',
  ),
  metricsToken: setting(
    text('token', /^[\u0021-\u007e]{16,512}$/, '16 to 512 printable characters'),
    '',
    'bearer token for /metrics on the main port; empty keeps it off that port',
    { secret: true },
  ),
  drainMs: setting(ms(0, 600_000), 10_000, 'after SIGTERM, for sockets to close by themselves'),
  drainSpreadMs: setting(
    ms(0, 3_600_000),
    30_000,
    'the longest time over which clients are spread when they are sent away',
  ),
} as const

export type SettingName = keyof typeof settings
export type Settings = { readonly [Name in SettingName]: (typeof settings)[Name] extends Setting<infer T> ? T : never }

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** A setting that is not one, with its name and what is allowed. */
export class OptionError extends Error {
  override readonly name = 'OptionError'
  readonly code = 'ERR_OPTION_INVALID'
}

/** `--join-timeout-ms` for `joinTimeoutMs`. */
export function flagOf(name: string): string {
  return `--${kebab(name)}`
}

/** `SHOAL_JOIN_TIMEOUT_MS` for `joinTimeoutMs`. */
export function variableOf(name: string): string {
  return `SHOAL_${kebab(name).replaceAll('-', '_').toUpperCase()}`
}

/** Completes and checks what a program was given. Throws an `OptionError` for the first that is not allowed. */
export function completeSettings(given: Partial<Settings>): Settings {
  const names = Object.keys(settings) as SettingName[]
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(settings, name)) throw new OptionError(`${name} is not an option`)
  }
  const entries = names.map((name) => {
    const { kind, fallback } = settings[name] as Setting<unknown>
    const value = given[name] ?? fallback
    // Through the same door as text: what a program passes is checked no less than what a person types.
    const parsed = kind.parse(Array.isArray(value) ? value.join(',') : String(value))
    if (parsed === undefined) throw new OptionError(`${name} must be ${kind.allowed}`)
    return [name, parsed]
  })
  const complete = Object.fromEntries(entries) as Settings
  checkTogether(complete)
  return complete
}

/** Reads flags (by option name, as text) over environment variables over defaults. */
export function readSettings(
  flags: Readonly<Record<string, string | undefined>>,
  environment: Readonly<Record<string, string | undefined>>,
): Settings {
  const names = Object.keys(settings) as SettingName[]
  const entries = names.flatMap((name) => {
    const typed = flags[name]
    const value = typed ?? environment[variableOf(name)]
    if (value === undefined) return []
    const { kind } = settings[name] as Setting<unknown>
    const parsed = kind.parse(value)
    const where = typed === undefined ? variableOf(name) : flagOf(name)
    if (parsed === undefined) throw new OptionError(`${where} must be ${kind.allowed}`)
    return [[name, parsed]]
  })
  return completeSettings(Object.fromEntries(entries) as Partial<Settings>)
}

function checkTogether(all: Settings): void {
  if (all.turnSecret === '' && all.iceUrls.some((url) => /^turns?:/.test(url))) {
    throw new OptionError('turnSecret must be given where iceUrls has a turn: or turns: address')
  }
  if (all.silentMsMax <= all.heartbeatMs) {
    throw new OptionError(
      `silentMsMax must be more than heartbeatMs (${all.heartbeatMs}), or nobody has time to answer a ping`,
    )
  }
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
