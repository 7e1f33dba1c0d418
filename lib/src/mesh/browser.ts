/** `join` in a page. Importing this anywhere, a server that renders included, does nothing and needs nothing. */
import type { SubtleLike } from '../identity/webcrypto.ts'
import type { SocketLike } from '../signaling/client.ts'
import { ShoalError } from './errors.ts'
import { hostSupported, openHost } from './host.ts'
import type { JoinOptions } from './join-options.ts'
import { joinOn, type Platform } from './join.ts'
import type { Mesh, Metadata } from './mesh.ts'
import { webRtc } from './webrtc.ts'

const browser: Platform = {
  openHost,
  subtle: () => globalThis.crypto?.subtle as SubtleLike | undefined,
  async load(ownTransport) {
    const hint = 'in Node, import join from shoal/node'
    if (!hostSupported()) throw unsupported('crypto.getRandomValues and performance.now, which are missing here')
    if (typeof WebSocket === 'undefined') throw unsupported(`WebSocket, which is missing here; ${hint}`)
    if (!ownTransport && typeof RTCPeerConnection === 'undefined') {
      throw unsupported(`WebRTC (RTCPeerConnection), which this browser lacks or has turned off; ${hint}`)
    }
    return { openSocket: (url) => new WebSocket(url) as SocketLike, transport: ownTransport ? undefined : webRtc() }
  },
}

/**
 * Joins a room and resolves with the mesh once a signaling server has let us in; who else is there
 * turns up in `members` and as `member-joined` from then on. Losing the server later is only an event.
 *
 * Rejects with a `ShoalError` whose `code` says why: `ERR_ROOM_INVALID`, `ERR_SIGNALING_URL_INVALID`,
 * `ERR_METADATA_TOO_LARGE` and the like for what was given; `ERR_UNSUPPORTED` without WebRTC;
 * `ERR_ABORTED` after `signal`; and within `limits.joinTimeoutMs` (8 s) `ERR_SIGNALING_UNREACHABLE`,
 * `ERR_SIGNALING_SILENT`, or the server's own reason for refusing.
 *
 * ```ts
 * const mesh = await join('lobby', { signaling: 'wss://signal.example.org', metadata: { name: 'Ada' } })
 * mesh.addEventListener('message', ({ detail }) => console.log(detail.from, detail.data))
 * await mesh.broadcast('hello')
 * ```
 */
export function join<M extends Metadata = Metadata>(room: string, options: JoinOptions<M>): Promise<Mesh<M>> {
  return joinOn(browser, room, options)
}

function unsupported(what: string): ShoalError {
  return new ShoalError('ERR_UNSUPPORTED', `A mesh needs ${what}.`)
}
