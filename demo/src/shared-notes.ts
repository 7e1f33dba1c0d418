/**
 * The slates: short notes that many write at once, in a replicated map that keeps concurrent writes side by side.
 * Who holds which slate is said to everybody, and to whoever comes, but never stored.
 */
import { signal } from '@preact/signals'
import type { Mesh, MeshEventMap, PeerId, ReplicatedMap, Sibling, Topic } from './mesh.ts'

export const noteCharsMax = 140

export interface Note {
  readonly key: string
  /** What stands: one text, or several that do not know of each other; undefined for one that was wiped. */
  readonly siblings: readonly Sibling<string>[]
}

export class SharedNotes {
  readonly notes = signal<readonly Note[]>([])
  /** Which slate each of the others holds. */
  readonly holders = signal<ReadonlyMap<PeerId, string>>(new Map())
  readonly #mesh: Mesh
  readonly #map: ReplicatedMap<string>
  /** The key of the slate that somebody holds, or null. */
  readonly #presence: Topic<string | null>
  readonly #listening = new AbortController()
  readonly #unsubscribe: () => void
  #held: string | null = null

  constructor(mesh: Mesh) {
    this.#mesh = mesh
    this.#map = mesh.map<string>('slates', { conflict: 'siblings' })
    this.#presence = mesh.topic<string | null>('presence')
    const ends = [
      this.#map.subscribe(() => this.#read()),
      this.#presence.subscribe(({ from, data }) => isKey(data) && this.#hold(from, data)),
    ]
    this.#unsubscribe = () => ends.forEach((end) => end())
    const { signal } = this.#listening
    const forget = ({ detail }: CustomEvent<MeshEventMap['member-left']>) => this.#hold(detail.member.id, null)
    mesh.addEventListener('member-left', forget, { signal })
    mesh.addEventListener('member-failed', forget, { signal })
    mesh.addEventListener('member-joined', () => this.#held !== null && this.#sayHeld(), { signal })
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

  /** Tells everybody which slate we hold. */
  hold(key: string | null): void {
    if (key === this.#held) return
    this.#held = key
    this.#sayHeld()
  }

  close(): void {
    this.#listening.abort()
    this.#unsubscribe()
  }

  #sayHeld(): void {
    // Lost, it is said again with the next slate; it is only a courtesy.
    this.#presence.publish(this.#held).catch(() => {})
  }

  #hold(peer: PeerId, key: string | null): void {
    const holders = new Map(this.holders.value)
    if (key === null) holders.delete(peer)
    else holders.set(peer, key)
    this.holders.value = holders
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

function isKey(data: unknown): data is string | null {
  return data === null || (typeof data === 'string' && data.length <= 64)
}
