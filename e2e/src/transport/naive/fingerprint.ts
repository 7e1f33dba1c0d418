/** What not to do: sign what the description says, whatever certificate is in use. */
import type { ChannelEvidence } from '../../../../lib/dist/transport/connection.js'
import type { Fingerprints } from '../../../../lib/dist/transport/handshake.js'
import { onlyFingerprint } from './sdp.ts'

export function fingerprintsOf(evidence: ChannelEvidence): Fingerprints | undefined {
  const own = onlyFingerprint(evidence.ownSdp ?? '')
  const peer = onlyFingerprint(evidence.peerSdp ?? '')
  return own && peer && { own, peer }
}
