/** The slates: short notes that many write at once, in a replicated map that keeps concurrent writes side by side. */
import { signal } from '@preact/signals'
import type { Mesh, ReplicatedMap, Sibling } from './mesh.ts'

export const noteCharsMax = 140

export interface Note {
  readonly key: string
  /** What stands: one text, or several that do not know of each other; undefined for one that was wiped. */
  readonly siblings: readonly Sibling<string>[]
}

export class SharedNotes {
  readonly notes = signal<readonly Note[]>([])
  readonly close: () => void
  readonly #mesh: Mesh
  readonly #map: ReplicatedMap<string>

  constructor(mesh: Mesh) {
    this.#mesh = mesh
    this.#map = mesh.map<string>('slates', { conflict: 'siblings' })
    this.close = this.#map.subscribe(() => this.#read())
    this.#read()
  }

  /** Answers the new slate's key. */
  async add(text: string): Promise<void> {
    await this.write(`${Date.now().toString(36)}-${this.#mesh.id.slice(0, 6)}`, text)
  }

  /** Takes the place of all that stands on the slate, and so settles a conflict. */
  async write(key: string, text: string): Promise<void> {
    await (text.trim() === '' ? this.#map.delete(key) : this.#map.set(key, text.slice(0, noteCharsMax)))
  }

  #read(): void {
    this.notes.value = [...this.#map.keys()]
      .sort()
      .map((key) => ({ key, siblings: this.#map.siblings(key).filter(({ value }) => isText(value)) }))
      .filter(({ siblings }) => siblings.some(({ value }) => value !== undefined))
  }
}

/** Whoever is in the room may write whatever it likes into the map. */
function isText(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && value.length <= noteCharsMax)
}
