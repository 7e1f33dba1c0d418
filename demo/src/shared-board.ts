/**
 * The reef: a board of coloured cells that everybody may paint, kept in a replicated map: a cell's place is the
 * key, its colour the value, and the last stroke stands. Signing, newcomers, cuts and conflicts are the map's
 * business, so this is all there is to it.
 */
import { signal } from '@preact/signals'
import type { Mesh, PeerId, ReplicatedMap } from './mesh.ts'

export const columns = 12
export const rows = 8
/** The first is clear water: painting it clears the cell. */
export const colours = ['water', 'coral', 'anemone', 'sponge', 'kelp', 'lagoon', 'urchin'] as const

export interface Cell {
  readonly colour: number
  readonly by: PeerId
  readonly at: number
}

export type Cells = readonly (Cell | undefined)[]

export class SharedBoard {
  readonly cells = signal<Cells>([])
  readonly close: () => void
  readonly #map: ReplicatedMap<number>

  constructor(mesh: Mesh) {
    this.#map = mesh.map<number>('reef')
    this.close = this.#map.subscribe(() => this.#read())
    this.#read()
  }

  paint(index: number, colour: number): Promise<void> {
    return colour === 0 ? this.#map.delete(`${index}`) : this.#map.set(`${index}`, colour)
  }

  #read(): void {
    this.cells.value = Array.from({ length: columns * rows }, (_, index) => {
      const [stroke] = this.#map.siblings(`${index}`)
      return stroke && isColour(stroke.value) ? { colour: stroke.value, by: stroke.writer, at: stroke.at } : undefined
    })
  }
}

/** Whoever is in the room may write whatever it likes into the map. */
function isColour(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < colours.length
}
