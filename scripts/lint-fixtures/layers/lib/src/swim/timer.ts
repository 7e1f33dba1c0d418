// Nor what lies below the wall, types included.
import type { Mesh } from '../mesh/mesh.ts'

export type Timer = Mesh
