import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { fingerprintsOf } from './fingerprint.ts'

const certificate = new TextEncoder().encode('a certificate')
const print = new Uint8Array(createHash('sha256').update(certificate).digest())
const own = new Uint8Array(32).fill(0x0a)
const line = (bytes: Uint8Array): string =>
  `a=fingerprint:sha-256 ${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':')}\r\n`
const evidence = { ownSdp: line(own), peerSdp: line(print), peerCertificate: certificate }

test('the peer’s is that of the certificate in use, when both descriptions agree', () => {
  expect(fingerprintsOf(evidence, print)).toEqual({ own, peer: print })
})

test('another certificate than the one described is refused', () => {
  expect(fingerprintsOf({ ...evidence, peerCertificate: Uint8Array.of(1) }, print)).toBeUndefined()
  expect(fingerprintsOf({ ...evidence, peerCertificate: new Uint8Array(0) }, print)).toBeUndefined()
})

test('a description that changed after it was signaled is refused, even to the certificate in use', () => {
  expect(fingerprintsOf({ ...evidence, peerSdp: line(own) }, print)).toBeUndefined()
  expect(fingerprintsOf(evidence, own)).toBeUndefined()
})

test('two fingerprints are refused, whichever is right, and so is none', () => {
  for (const peerSdp of [line(print) + line(own), line(own) + line(print), line(print) + line(print), '', undefined]) {
    expect(fingerprintsOf({ ...evidence, peerSdp }, print)).toBeUndefined()
    expect(fingerprintsOf({ ...evidence, peerSdp, peerCertificate: undefined }, print)).toBeUndefined()
  }
  expect(fingerprintsOf({ ...evidence, ownSdp: undefined }, print)).toBeUndefined()
})

test('an engine that cannot tell the certificate is believed for the one it was described', () => {
  expect(fingerprintsOf({ ...evidence, peerCertificate: undefined }, print)).toEqual({ own, peer: print })
})
