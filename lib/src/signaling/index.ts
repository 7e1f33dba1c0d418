/** `shoal/signaling`: how strangers meet. Messages that client and server share, and the client. No DOM, no WebRTC. */
export * from './codes.ts'
export * from './messages.ts'
export * from './client.ts'
export type { PeerId } from '../identity/peer-id.ts'
