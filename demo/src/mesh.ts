/** What the demo uses of the library, in one place. */
export { join } from 'shoal'
export type { Member, Mesh, MeshEventMap, MeshStats, PeerId } from 'shoal'
