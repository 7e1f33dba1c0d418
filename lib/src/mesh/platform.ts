/** For adapters to other worlds: what a platform must bring so that `join` works there. */
export { openHost } from './host.ts'
export type { Signer } from '../identity/keys.ts'
export type { PeerId } from '../identity/peer-id.ts'
export { joinOn, type Platform } from './join.ts'
export type { SocketLike } from '../signaling/client.ts'
export type { SubtleLike } from '../identity/webcrypto.ts'
export type { EntryStore, KeptRecord, StoreMaker, StorePlace } from './entry-store.ts'
export { webRtc, type WebRtc } from './webrtc.ts'
