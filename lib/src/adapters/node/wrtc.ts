/**
 * WebRTC for Node. Browsers have it; Node takes it from `@roamhq/wrtc`, whose binary ships inside its
 * package. It is an optional peer dependency, so that nobody who only builds for browsers installs it.
 */

/** What a WebRTC implementation must have for a transport. */
export interface NodeWebRtc {
  readonly RTCPeerConnection: typeof RTCPeerConnection
  readonly RTCSessionDescription: typeof RTCSessionDescription
  readonly RTCIceCandidate: typeof RTCIceCandidate
}

/** `@roamhq/wrtc` is not installed, or has no binary for this machine. The message says what to do. */
export class WrtcMissingError extends Error {
  override readonly name = 'WrtcMissingError'
  readonly code = 'ERR_WRTC_MISSING'
}

/**
 * Loads `@roamhq/wrtc`. Throws a `WrtcMissingError` when there is none.
 *
 * The process ends by itself once every link is closed, and without a fault, as long as nobody reads
 * `RTCPeerConnection.sctp.transport`: in 0.10 that alone makes the process crash at its end.
 */
export async function loadWrtc(load: () => Promise<unknown> = () => import('@roamhq/wrtc')): Promise<NodeWebRtc> {
  let loaded: unknown
  try {
    loaded = await load()
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
    throw new WrtcMissingError(
      missing
        ? 'WebRTC in Node needs a package beside this one: npm install @roamhq/wrtc'
        : `@roamhq/wrtc is installed, but not for this machine (${process.platform} ${process.arch}): reinstall it here, with optional dependencies, or use one of Linux, macOS and Windows on x64 or arm64`,
      { cause: error },
    )
  }
  const found = (loaded as { default?: unknown }).default ?? loaded
  if (!isWebRtc(found))
    throw new WrtcMissingError('@roamhq/wrtc is not what it should be: version 0.10 is known to work')
  return { ...found, RTCPeerConnection: rememberingDescriptions(found.RTCPeerConnection) }
}

function isWebRtc(value: unknown): value is NodeWebRtc {
  const parts = value as Partial<NodeWebRtc> | null
  return typeof parts?.RTCPeerConnection === 'function' && typeof parts.RTCIceCandidate === 'function'
}

/**
 * The same connections, which answer with the descriptions that were set, without asking their engine. In 0.10 the
 * engine's other thread adds candidates to a description while this one reads it, and the process ends with a
 * segmentation fault (measured: in `webrtc::SdpSerialize`, 2 of 9 times that 16 or 24 peers met). What is answered lacks
 * the candidates that came later, and nobody here asks for them.
 */
function rememberingDescriptions(engine: typeof RTCPeerConnection): typeof RTCPeerConnection {
  return new Proxy(engine, {
    construct(target, args: ConstructorParameters<typeof RTCPeerConnection>) {
      const connection = new target(...args)
      const remembered: Remembered = { local: null, remote: null }
      return new Proxy(connection, {
        get(engineConnection, name, receiver) {
          switch (name) {
            case 'localDescription':
            case 'currentLocalDescription':
              return remembered.local
            case 'remoteDescription':
            case 'currentRemoteDescription':
              return remembered.remote
            case 'setLocalDescription':
              return async (description: RTCSessionDescriptionInit) => {
                await engineConnection.setLocalDescription(description)
                remembered.local = description
              }
            case 'setRemoteDescription':
              return async (description: RTCSessionDescriptionInit) => {
                await engineConnection.setRemoteDescription(description)
                remembered.remote = description
              }
            default:
              return Reflect.get(engineConnection, name, receiver) as unknown
          }
        },
      })
    },
  })
}

interface Remembered {
  local: RTCSessionDescriptionInit | null
  remote: RTCSessionDescriptionInit | null
}
