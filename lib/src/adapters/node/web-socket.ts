/**
 * A WebSocket for the signaling client in Node: the runtime's own where there is one (Node 22 and
 * later), else that of `ws`, an optional peer dependency that no browser bundle ever sees.
 */

/** What of a WebSocket class is used. */
export type WebSocketClass = new (url: string) => WebSocket

/** There is no WebSocket: neither in this Node nor installed. The message says what to do. */
export class WebSocketMissingError extends Error {
  override readonly name = 'WebSocketMissingError'
  readonly code = 'ERR_WS_MISSING'
}

/** Throws a `WebSocketMissingError` when there is none. */
export async function loadWebSocket(load: () => Promise<unknown> = () => import('ws')): Promise<WebSocketClass> {
  if (typeof globalThis.WebSocket === 'function') return globalThis.WebSocket
  let loaded: unknown
  try {
    loaded = await load()
  } catch (error) {
    throw new WebSocketMissingError(
      `Node ${process.versions.node} has no WebSocket: npm install ws, or use Node 22 or later`,
      { cause: error },
    )
  }
  const found = (loaded as { WebSocket?: unknown }).WebSocket
  if (typeof found !== 'function')
    throw new WebSocketMissingError('ws is not what it should be: version 8 is known to work')
  return found as WebSocketClass
}
