/**
 * The reef: a board of coloured cells that everybody may paint. Each cell is a register whose last
 * writer wins, by (Lamport clock, id), so painting in any order and more than once ends the same
 * everywhere. A stroke is broadcast; a whole board goes over each link when it opens, both ways,
 * which brings newcomers up to date and heals what a cut made different.
 *
 * Nothing here is signed by the writer: a member could repaint the reef in another's name. That is
 * the difference between a few lines over `broadcast` and a replicated map.
 */
import { signal } from '@preact/signals'
import type { Mesh, MeshEventMap, PeerId } from './mesh.ts'

export const columns = 12
export const rows = 8
/** The first is clear water: painting it clears the cell. */
export const colours = ['water', 'coral', 'anemone', 'sponge', 'kelp', 'lagoon', 'urchin'] as const

export interface Cell {
  readonly colour: number
  readonly clock: number
  readonly by: PeerId
}

export type Cells = readonly (Cell | undefined)[]

/** One writer's cells, each as index, colour, clock. */
type Strokes = readonly (readonly [index: number, colour: number, clock: number])[]

interface BoardMessage {
  readonly reef: readonly { readonly by: PeerId; readonly strokes: Strokes }[]
}

/** Beyond this a clock is a lie: no board sees so many strokes, and one cell must not be locked for ever. */
const clockMax = 2 ** 31

export class SharedBoard {
  readonly cells = signal<Cells>(Array.from({ length: columns * rows }, () => undefined))
  readonly #mesh: Mesh
  readonly #listening = new AbortController()
  readonly #greeted = new Set<PeerId>()
  #clock = 0

  constructor(mesh: Mesh) {
    this.#mesh = mesh
    const { signal } = this.#listening
    const greetMember = (event: CustomEvent<MeshEventMap['member-joined']>) => this.#greet(event.detail.member.id)
    mesh.addEventListener('message', ({ detail }) => this.#onMessage(detail.data), { signal })
    mesh.addEventListener('link-opened', ({ detail }) => this.#greet(detail.peer), { signal })
    mesh.addEventListener('link-closed', ({ detail }) => this.#greeted.delete(detail.peer), { signal })
    // A link may open before the first claim of the member behind it has come.
    mesh.addEventListener('member-joined', greetMember, { signal })
    mesh.addEventListener('member-recovered', greetMember, { signal })
    for (const member of mesh.members.values()) this.#greet(member.id)
  }

  paint(index: number, colour: number): Promise<void> {
    const stroke = [index, colour, this.#clock + 1] as const
    this.#merge(this.#mesh.id, [stroke])
    return this.#mesh.broadcast({ reef: [{ by: this.#mesh.id, strokes: [stroke] }] } satisfies BoardMessage)
  }

  close(): void {
    this.#listening.abort()
  }

  #greet(peer: PeerId): void {
    if (!this.#mesh.members.get(peer)?.linked || this.#greeted.has(peer)) return
    const reef = this.#byWriter()
    this.#greeted.add(peer)
    if (reef.length === 0) return
    // Gone again already: it is greeted anew with its next link.
    this.#mesh.send(peer, { reef } satisfies BoardMessage).catch(() => this.#greeted.delete(peer))
  }

  #byWriter(): BoardMessage['reef'] {
    const writers = new Map<PeerId, (readonly [number, number, number])[]>()
    this.cells.value.forEach((cell, index) => {
      if (!cell) return
      const strokes = writers.get(cell.by) ?? []
      strokes.push([index, cell.colour, cell.clock])
      writers.set(cell.by, strokes)
    })
    return [...writers].map(([by, strokes]) => ({ by, strokes }))
  }

  #onMessage(data: unknown): void {
    if (!isBoardMessage(data)) return
    for (const { by, strokes } of data.reef) this.#merge(by, strokes)
  }

  #merge(by: PeerId, strokes: Strokes): void {
    const cells = [...this.cells.value]
    let changed = false
    for (const [index, colour, clock] of strokes) {
      this.#clock = Math.max(this.#clock, clock)
      const next = { colour, clock, by }
      if (!wins(next, cells[index])) continue
      cells[index] = next
      changed = true
    }
    if (changed) this.cells.value = cells
  }
}

function wins(a: Cell, b: Cell | undefined): boolean {
  if (!b) return true
  if (a.clock !== b.clock) return a.clock > b.clock
  // One writer never uses a clock twice for a cell; a liar who does must still end the same everywhere.
  if (a.by !== b.by) return a.by > b.by
  return a.colour > b.colour
}

function isBoardMessage(data: unknown): data is BoardMessage {
  if (typeof data !== 'object' || data === null || !('reef' in data) || !Array.isArray(data.reef)) return false
  return data.reef.length <= columns * rows && data.reef.every(isWriter)
}

function isWriter(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('by' in value) || !('strokes' in value)) return false
  if (typeof value.by !== 'string' || value.by.length > 64) return false
  return Array.isArray(value.strokes) && value.strokes.length <= columns * rows && value.strokes.every(isStroke)
}

function isStroke(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 3) return false
  const below = (number: unknown, end: number) =>
    Number.isInteger(number) && Number(number) >= 0 && Number(number) < end
  return below(value[0], columns * rows) && below(value[1], colours.length) && below(value[2], clockMax)
}
