/** `shoal/node`: the same `join`, for an edge process. */
import { ShoalError } from '../../mesh/errors.ts'
import type { JoinOptions } from '../../mesh/join-options.ts'
import type { Mesh, Metadata } from '../../mesh/mesh.ts'
import { joinOn, openHost, type Platform, type SocketLike, type SubtleLike, webRtc } from '../../mesh/platform.ts'
import { loadWebSocket, WebSocketMissingError } from './web-socket.ts'
import { loadWrtc, WrtcMissingError } from './wrtc.ts'

export type { EntryStore, KeptRecord, StoreMaker, StorePlace } from '../../mesh/platform.ts'
export { fileStore } from './file-store.ts'
export { type ErrorCode, errorCodes, ShoalError } from '../../mesh/errors.ts'
export type { IceServer, JoinOptions, Limits } from '../../mesh/join-options.ts'
export type { LinkStats, Member, Mesh, MeshEventMap, MeshStats, Metadata } from '../../mesh/mesh.ts'
export type { TransportContext, TransportMaker } from '../../mesh/parts.ts'

const node: Platform = {
  openHost,
  subtle: () => globalThis.crypto?.subtle as SubtleLike | undefined,
  async load(ownTransport) {
    try {
      const [WebSocket, wrtc] = await Promise.all([loadWebSocket(), ownTransport ? undefined : loadWrtc()])
      return { openSocket: (url) => new WebSocket(url) as SocketLike, transport: wrtc && webRtc(wrtc) }
    } catch (cause) {
      if (!(cause instanceof WrtcMissingError || cause instanceof WebSocketMissingError)) throw cause
      throw new ShoalError('ERR_UNSUPPORTED', cause.message, { cause })
    }
  },
}

/**
 * Joins a room from Node; all is as with `join` from `shoal`, in a process without a page.
 *
 * WebRTC comes from the package `@roamhq/wrtc`, which is to be installed beside this one: without it
 * `join` rejects with `ERR_UNSUPPORTED` and says so.
 *
 * ```ts
 * import { join } from 'shoal/node'
 *
 * await using mesh = await join('lobby', { signaling: 'ws://localhost:8787', zone: 'rack-7' })
 * ```
 */
export function join<M extends Metadata = Metadata>(room: string, options: JoinOptions<M>): Promise<Mesh<M>> {
  return joinOn(node, room, options)
}
