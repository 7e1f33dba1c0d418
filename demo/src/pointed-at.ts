/** The peer under the pointer, in the graph or in the table: it is marked in both. */
import { signal } from '@preact/signals'
import type { PeerId } from './mesh.ts'

export const pointedAt = signal<PeerId | undefined>(undefined)
