/** Links over WebRTC: the browser's own, or an implementation that is handed in. */
import { simplePeerTransport, type WebRtc } from '../transport/simple-peer.ts'
import type { TransportMaker } from './parts.ts'

export type { WebRtc } from '../transport/simple-peer.ts'

export function webRtc(wrtc?: WebRtc): TransportMaker {
  return ({ credentials, host, iceServers }) => {
    return simplePeerTransport({
      credentials,
      host,
      wrtc,
      /** Read when a connection is made. */
      get iceServers() {
        return iceServers().map(({ urls, ...rest }) => ({ ...rest, urls: typeof urls === 'string' ? urls : [...urls] }))
      },
    })
  }
}
