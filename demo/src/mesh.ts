/** What the demo uses of the library, in one place. */
export type { LinkStats, Member, Mesh, MeshEventMap, MeshStats } from '../../lib/src/mesh/mesh.ts'
export type { PeerId } from '../../lib/src/identity/peer-id.ts'
