/** What not to do: take any description, and the first fingerprint in it. */
import type { Description } from '../../../../lib/dist/transport/sdp.js'

export { isCandidate, isTcp, withoutCandidates } from '../../../../lib/dist/transport/sdp.js'

export function readDescription(sdp: string): Description | undefined {
  const fingerprint = onlyFingerprint(sdp)
  return fingerprint && { sdp, fingerprint }
}

export function onlyFingerprint(sdp: string): Uint8Array | undefined {
  const pairs = /^a=fingerprint:sha-256 (\S+)/m.exec(sdp)?.[1]?.split(':')
  return pairs && Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16))
}
