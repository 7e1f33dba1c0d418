/**
 * simple-peer, by `imports` in package.json. In Node its own browser build, the only file of it that works without
 * polyfills; for pages `scripts/lean/build.mjs` makes one without the streams that nobody here uses. The
 * published types describe another file, and not what we need: its connection and channel.
 */
declare module '#simple-peer' {
  interface SimplePeerOptions {
    initiator: boolean
    trickle: boolean
    channelConfig: RTCDataChannelInit
    config: RTCConfiguration
    iceCompleteTimeout: number
    wrtc?: object
  }

  type SimplePeerSignal =
    | { type: 'offer' | 'answer'; sdp: string }
    | { type: 'candidate'; candidate: RTCIceCandidateInit & { candidate: string } }

  export default class SimplePeer {
    static readonly WEBRTC_SUPPORT: boolean
    constructor(options: SimplePeerOptions)
    readonly initiator: boolean
    readonly destroyed: boolean
    readonly destroying: boolean
    /** Null when the engine refused to make a connection. */
    readonly _channel: RTCDataChannel | null
    readonly _pc: RTCPeerConnection | null
    on(event: 'signal', listener: (signal: SimplePeerSignal) => void): this
    on(event: 'error', listener: (error: Error) => void): this
    on(event: 'close', listener: () => void): this
    signal(signal: object): void
    destroy(error?: Error): void
  }
}
