/**
 * Which two certificates is this channel between? The handshake signs the answer, so it must be what
 * the channel *uses*, not what somebody wrote: the peer's is the hash of the certificate that DTLS
 * verified. The descriptions must agree with it, as signaled and as the engine holds them now.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import type { ChannelEvidence } from './connection.ts'
import type { Fingerprints } from './handshake.ts'
import { onlyFingerprint } from './sdp.ts'

/** `signaled` is the fingerprint of the one description that we took. Undefined: it cannot be told, or does not fit. */
export function fingerprintsOf(evidence: ChannelEvidence, signaled: Uint8Array): Fingerprints | undefined {
  const own = evidence.ownSdp === undefined ? undefined : onlyFingerprint(evidence.ownSdp)
  const peer = evidence.peerSdp === undefined ? undefined : onlyFingerprint(evidence.peerSdp)
  if (own === undefined || peer === undefined || !same(peer, signaled)) return undefined
  // Firefox before getRemoteCertificates() (MDN: "newly available" July 2026): there, the engine checked
  // the certificate against a description in which we found exactly one fingerprint.
  if (evidence.peerCertificate === undefined) return { own, peer }
  return same(sha256(evidence.peerCertificate), signaled) ? { own, peer } : undefined
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
