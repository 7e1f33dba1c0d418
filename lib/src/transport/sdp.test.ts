import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { isCandidate, onlyFingerprint, readDescription, withoutCandidates } from './sdp.ts'

// No single case takes a second on an idle machine; a busy one must not fail it.
vi.setConfig({ testTimeout: 30_000 })

const print = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, '0').toUpperCase()).join(':')
const other = Array.from({ length: 32 }, () => 'EE').join(':')

/** As engines write them, without their candidates. */
const chromium = [
  'v=0',
  'o=- 8388604318704261413 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0',
  'a=extmap-allow-mixed',
  'a=msid-semantic: WMS',
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  'c=IN IP4 0.0.0.0',
  'a=ice-ufrag:RPev',
  'a=ice-pwd:RT9fiPKxY4BNFHerLKEB9IJy',
  'a=ice-options:trickle',
  `a=fingerprint:sha-256 ${print}`,
  'a=setup:actpass',
  'a=mid:0',
  'a=sctp-port:5000',
  'a=max-message-size:262144',
]
const firefox = [
  'v=0',
  'o=mozilla...THIS_IS_SDPARTA-99.0 7482277559411556412 0 IN IP4 0.0.0.0',
  's=-',
  't=0 0',
  `a=fingerprint:sha-256 ${print}`,
  'a=group:BUNDLE 0',
  'a=ice-options:trickle',
  'a=msid-semantic:WMS *',
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  'c=IN IP4 0.0.0.0',
  'a=sendrecv',
  'a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  'a=ice-ufrag:bbbbbbbb',
  'a=mid:0',
  'a=setup:actpass',
  'a=sctp-port:5000',
  'a=max-message-size:1073741823',
]
const text = (lines: readonly string[], end = '\r\n'): string => lines.map((line) => line + end).join('')
const insert = (at: string, line: string): string =>
  text(chromium.flatMap((each) => (each.startsWith(at) ? [line, each] : [each])))

const anything = fc.uint8Array({ maxLength: 300 }).map((bytes) => String.fromCharCode(...bytes))

describe('a description', () => {
  test('of Chromium, and of Firefox, says one certificate', () => {
    for (const lines of [chromium, firefox]) {
      expect([...readDescription(text(lines))!.fingerprint]).toEqual(Array.from({ length: 32 }, (_, i) => i))
      expect(readDescription(text(lines, '\n'))?.fingerprint).toHaveLength(32)
    }
  })

  test.each([
    ['a second fingerprint before the first', insert('a=fingerprint', `a=fingerprint:sha-256 ${other}`)],
    ['a second fingerprint for the session', insert('m=', `a=fingerprint:sha-256 ${other}`)],
    ['the same fingerprint twice', insert('a=fingerprint', `a=fingerprint:sha-256 ${print}`)],
    ['a fingerprint of another hash', insert('a=fingerprint', `a=fingerprint:sha-512 ${print}:${print}`)],
    ['a fingerprint in capitals', insert('a=fingerprint', `a=FINGERPRINT:sha-256 ${other}`)],
    ['a fingerprint after a space', insert('a=fingerprint', `a= fingerprint:sha-256 ${other}`)],
    ['a line that only mentions a fingerprint', insert('a=mid', 'a=x:fingerprint')],
    ['an identity assertion', insert('a=mid', 'a=identity:abc')],
    ['a key for SRTP', insert('a=mid', 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc')],
    ['a candidate', insert('a=mid', 'a=candidate:1 1 udp 1 10.0.0.1 9 typ host')],
    ['sound beside the data', text([...chromium, 'm=audio 9 UDP/TLS/RTP/SAVPF 0'])],
    ['two data channels', text([...chromium, 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel'])],
    ['sound in place of the data', text(chromium).replace('m=application', 'm=audio')],
    ['no medium', text(chromium.filter((line) => !line.startsWith('m=')))],
    ['no fingerprint', text(chromium.filter((line) => !line.startsWith('a=fingerprint')))],
    ['a fingerprint of 31 bytes', text(chromium).replace(':1F', '')],
    ['a fingerprint with a tail', text(chromium).replace(print, `${print} `)],
    ['another first line', text(chromium.slice(1))],
    ['a line without its end', text(chromium).slice(0, -2)],
    ['a lone CR', text(chromium).replace('a=mid:0', 'a=mid:0\ra=x:y')],
    ['a tab', text(chromium).replace('sha-256 ', 'sha-256\t')],
    ['an empty line', text(chromium).replace('a=mid', '\r\na=mid')],
    ['nothing', ''],
    ['a byte over 16,384', text([...chromium, `a=x:${'y'.repeat(16_384 - text(chromium).length - 5)}`])],
  ])('with %s is refused', (_words, sdp) => {
    expect(readDescription(sdp)).toBeUndefined()
  })

  test('of exactly 16,384 bytes is read', () => {
    const sdp = text([...chromium, `a=x:${'y'.repeat(16_384 - text(chromium).length - 6)}`])
    expect(sdp).toHaveLength(16_384)
    expect(readDescription(sdp)).toBeDefined()
  })

  test('loses its candidates, and nothing else, before it is sent', () => {
    const lines = ['a=candidate:1 1 udp 1 10.0.0.1 9 typ host', 'a=end-of-candidates']
    expect(withoutCandidates(text([...chromium, ...lines]))).toBe(text(chromium))
  })

  test('whatever it is, reading it throws nothing', () => {
    fc.assert(
      fc.property(anything, fc.nat({ max: chromium.length }), (junk, at) => {
        readDescription(junk)
        readDescription(text(chromium.toSpliced(at, 0, junk)))
        onlyFingerprint(junk)
      }),
    )
  })

  test('with any line changed says the same certificate or none', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 32, max: 126 }), (at, code) => {
        const sdp = text(chromium)
        const changed = sdp.slice(0, at % sdp.length) + String.fromCharCode(code) + sdp.slice((at % sdp.length) + 1)
        const read = readDescription(changed)
        // What is read is always what stands in the one line that names a fingerprint.
        if (read !== undefined) {
          const hex = Array.from(read.fingerprint, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':')
          expect(changed.toUpperCase()).toContain(`A=FINGERPRINT:SHA-256 ${hex}`)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('a candidate', () => {
  test.each([
    'candidate:3077952869 1 udp 2122265343 fd00::2 54221 typ host generation 0 ufrag nwct network-id 2',
    'candidate:3229573512 1 udp 2122194687 192.0.2.2 45522 typ host generation 0 ufrag a/+b network-id 1 network-cost 999',
    'candidate:344579997 1 tcp 1518083839 127.0.0.1 9 typ host tcptype active generation 0',
    'candidate:0 1 UDP 2122252543 192.168.1.2 51234 typ host',
    'candidate:1 1 UDP 1686052863 203.0.113.7 51234 typ srflx raddr 192.168.1.2 rport 51234',
    'candidate:2 1 udp 41885439 203.0.113.9 50000 typ relay raddr 0.0.0.0 rport 0 generation 0',
    'candidate:842163049 1 udp 1677729535 9b36eaac-bb2e-49bb-bb78-21c41c499900.local 53535 typ host',
  ])('of an engine is taken: %s', (candidate) => expect(isCandidate(candidate)).toBe(true))

  test.each([
    '',
    'candidate:1 1 udp 1 tracker.example.org 9 typ host',
    'candidate:1 1 udp 1 localhost 9 typ host',
    'candidate:1 1 udp 1 9b36eaac-bb2e-49bb-bb78-21c41c499900.local.example.org 9 typ host',
    'candidate:1 1 udp 1 10.0.0.1 9 typ evil',
    'candidate:1 1 udp 1 10.0.0.1 9 typ host\r\na=fingerprint:sha-256 00',
    'a=candidate:1 1 udp 1 10.0.0.1 9 typ host',
    'candidate:1 1 sctp 1 10.0.0.1 9 typ host',
    `candidate:1 1 udp 1 10.0.0.1 9 typ host ufrag ${'x'.repeat(512)}`,
  ])('of another kind is not: %s', (candidate) => expect(isCandidate(candidate)).toBe(false))

  test('of any shape is judged in no time', () => {
    const started = performance.now()
    for (const part of [' a b', 'a'.repeat(510), '1.'.repeat(250), ' raddr 1.1.1.1'.repeat(30), ':'.repeat(500)]) {
      for (let i = 0; i < 100; i++)
        isCandidate(`candidate:1 1 udp 1 10.0.0.1 9 typ host${part.repeat(20)}`.slice(0, 512))
    }
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})
