import { describe, expect, test } from 'vitest'
import {
  completeSettings,
  flagOf,
  OptionError,
  readSettings,
  settings,
  variableOf,
  type SettingName,
} from './options.ts'

const names = Object.keys(settings) as SettingName[]

/** A value for each setting that is not its default, as somebody would type it. */
const typed: Readonly<Record<SettingName, string>> = {
  port: '9000',
  host: '::1',
  path: '/signal',
  origins: 'https://a.example,https://b.example:8443',
  audiences: 'signal.example.org',
  trustedProxies: '10.0.0.0/8,fd00::/8',
  tokenSecrets: 'x'.repeat(32),
  tokensFrom: 'no-origin',
  iceUrls: 'stun:turn.example.org:3478',
  turnSecret: 's'.repeat(16),
  turnTtlS: '600',
  redis: 'redis://127.0.0.1:6379',
  redisPrefix: 'mine',
  redisTimeoutMs: '500',
  rosterTtlMs: '30000',
  payloadBytesMax: '32768',
  fragmentsMax: '2',
  chunksBufferedMax: '32',
  pendingPongsMax: '10',
  pingsPerSecond: '2',
  pingsBurst: '5',
  bufferedBytesMax: '65536',
  bufferedTotalBytesMax: '1048576',
  framesPerSecond: '10',
  framesBurst: '30',
  joinsPerMinute: '5',
  joinsBurst: '6',
  connectionsPerAddressMax: '10',
  connectionsPerMinute: '100',
  connectionsBurst: '200',
  connectionsMax: '1000',
  exemptLoopback: 'true',
  peersPerRoomMax: '128',
  roomsMax: '50',
  joinTimeoutMs: '3000',
  heartbeatMs: '10000',
  silentMsMax: '30000',
  closeTimeoutMs: '1000',
  retryAfterMs: '1000',
  headersTimeoutMs: '2000',
  requestTimeoutMs: '4000',
  headersMax: '32',
  logLevel: 'warn',
  metricsPort: '9100',
  metricsHost: '0.0.0.0',
  metricsToken: 't'.repeat(16),
  drainMs: '5000',
  drainSpreadMs: '1000',
}

describe('every setting', () => {
  test.each(names)('%s is read from its flag, its variable, and its default', (name) => {
    const fallback = readSettings({}, {})[name]
    expect(fallback).toEqual(settings[name].fallback)
    const byVariable = readSettings({}, { [variableOf(name)]: typed[name] })[name]
    expect(byVariable).not.toEqual(fallback)
    const byFlag = readSettings({ [name]: typed[name] }, { [variableOf(name)]: 'overruled by the flag' })[name]
    expect(byFlag).toEqual(byVariable)
  })

  test.each(names)('%s that is not allowed is refused by name, with what is allowed', (name) => {
    const wrong = '\u0000nonsense\u0000'
    const { allowed } = settings[name].kind
    const where = variableOf(name)
    expect(() => readSettings({}, { [where]: wrong })).toThrow(new OptionError(`${where} must be ${allowed}`))
    expect(() => readSettings({ [name]: wrong }, {})).toThrow(new OptionError(`${flagOf(name)} must be ${allowed}`))
    expect(() => completeSettings({ [name]: wrong } as never)).toThrow(new OptionError(`${name} must be ${allowed}`))
  })
})

test('names for people and for machines', () => {
  expect(flagOf('joinTimeoutMs')).toBe('--join-timeout-ms')
  expect(variableOf('joinTimeoutMs')).toBe('SHOAL_JOIN_TIMEOUT_MS')
})

test('a number holds at its limits and not one over them', () => {
  expect(completeSettings({ port: 65_535 }).port).toBe(65_535)
  expect(() => completeSettings({ port: 65_536 })).toThrow('port must be a whole number from 0 to 65535')
  expect(() => completeSettings({ port: 1.5 })).toThrow(OptionError)
  expect(() => completeSettings({ heartbeatMs: 999 })).toThrow(OptionError)
})

test('what does not fit together is refused', () => {
  expect(() => completeSettings({ heartbeatMs: 60_000 })).toThrow('silentMsMax must be more than heartbeatMs')
  expect(() => completeSettings({ iceUrls: ['turn:t.example'] })).toThrow('turnSecret must be given')
  expect(completeSettings({ iceUrls: ['stun:t.example'] }).iceUrls).toEqual(['stun:t.example'])
})

test('what is no option is not overlooked', () => {
  expect(() => completeSettings({ prot: 1 } as never)).toThrow('prot is not an option')
})

test('an undefined value is no value', () => {
  expect(completeSettings({ port: undefined } as never).port).toBe(8787)
})
