/** `shoal`: everything that a page needs. */
export type { Signer } from '../identity/keys.ts'
export type { PeerId } from '../identity/peer-id.ts'
export { join } from './browser.ts'
export { type ErrorCode, errorCodes, ShoalError } from './errors.ts'
export type { IceServer, JoinOptions, Limits } from './join-options.ts'
export { loadIdentity } from './kept-identity.ts'
export type { LinkStats, Member, Mesh, MeshEventMap, MeshStats, Metadata } from './mesh.ts'
export type { TransportContext, TransportMaker } from './parts.ts'
