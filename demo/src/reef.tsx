/** The shared board, to be painted with pointer, finger or keyboard. */
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { Cursors } from './cursors.tsx'
import type { Member, PeerId } from './mesh.ts'
import { hueOf, nameOf, shortId } from './portrait.ts'
import { placeIn } from './presence-message.ts'
import { type Cell, colours, columns, rows, type SharedBoard } from './shared-board.ts'
import type { SharedPresence } from './shared-presence.ts'

interface ReefProps {
  readonly board: SharedBoard
  readonly presence: SharedPresence
  readonly members: ReadonlyMap<PeerId, Member>
  readonly paint: (index: number, colour: number) => void
}

const steps: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

export function Reef({ board, presence, members, paint }: ReefProps) {
  const brush = useSignal(1)
  const focused = useSignal(0)
  const grid = useRef<HTMLDivElement>(null)
  const stroke = useRef<Set<number> | undefined>(undefined)

  const touch = (index: number) => {
    if (!stroke.current || stroke.current.has(index)) return
    stroke.current.add(index)
    if ((board.cells.value[index]?.colour ?? 0) !== brush.value) paint(index, brush.value)
  }
  /** A finger keeps sending its moves to where it came down, so the cell is looked up by place. */
  const touchAt = ({ clientX, clientY }: PointerEvent) => {
    const cell = document.elementFromPoint(clientX, clientY)?.closest<HTMLElement>('[data-cell]')
    if (cell && grid.current?.contains(cell)) touch(Number(cell.dataset.cell))
  }
  const point = (event: PointerEvent) => {
    if (grid.current) presence.point(placeIn(null, grid.current.getBoundingClientRect(), event))
  }
  /** Whoever walks with the keys points at the cell; with the pointer that is known better. */
  const onCell = (index: number, cell: HTMLElement) => {
    focused.value = index
    if (!grid.current || !cell.matches(':focus-visible')) return
    const { left, top, width, height } = cell.getBoundingClientRect()
    const centre = { clientX: left + width / 2, clientY: top + height / 2 }
    presence.point(placeIn(null, grid.current.getBoundingClientRect(), centre))
  }
  const walk = (event: KeyboardEvent) => {
    const step = steps[event.key]
    if (!step) return
    event.preventDefault()
    const x = Math.min(columns - 1, Math.max(0, (focused.value % columns) + step[0]))
    const y = Math.min(rows - 1, Math.max(0, Math.floor(focused.value / columns) + step[1]))
    focused.value = y * columns + x
    grid.current?.querySelector<HTMLElement>(`[data-cell="${focused.value}"]`)?.focus()
  }

  return (
    <section class="panel reef" aria-labelledby="reef-title">
      <header class="panel-head">
        <h2 id="reef-title">The reef</h2>
        <p class="figures">A replicated map: everybody paints, the last stroke stands.</p>
      </header>
      <div class="brushes" role="radiogroup" aria-label="Brush">
        {colours.map((colour, index) => (
          <label key={colour} class="brush">
            <input type="radio" name="brush" checked={brush.value === index} onChange={() => (brush.value = index)} />
            <span class={`dab colour-${index}`} aria-hidden="true" />
            <span class="brush-name">{colour}</span>
          </label>
        ))}
      </div>
      <div
        class="cells"
        ref={grid}
        role="grid"
        aria-labelledby="reef-title"
        aria-describedby="reef-help"
        data-testid="reef"
        style={{ '--columns': columns }}
        onKeyDown={walk}
        onPointerDown={(event) => {
          if (event.button !== 0) return
          stroke.current = new Set()
          touchAt(event)
          point(event)
        }}
        onPointerMove={(event) => {
          touchAt(event)
          point(event)
        }}
        onPointerUp={() => (stroke.current = undefined)}
        onPointerLeave={() => {
          stroke.current = undefined
          presence.leave()
        }}
        onFocusOut={({ currentTarget, relatedTarget }) => {
          if (!currentTarget.contains(relatedTarget as Node | null)) presence.leave()
        }}
        onPointerCancel={() => (stroke.current = undefined)}
      >
        {Array.from({ length: rows }, (_, y) => (
          <div key={y} class="cell-row" role="row">
            {Array.from({ length: columns }, (_, x) => {
              const index = y * columns + x
              const cell = board.cells.value[index]
              return (
                <div key={x} role="gridcell">
                  <button
                    type="button"
                    class={`cell colour-${cell?.colour ?? 0}`}
                    data-cell={index}
                    data-colour={cell?.colour ?? 0}
                    tabIndex={focused.value === index ? 0 : -1}
                    aria-label={describe(x, y, cell, members)}
                    onFocus={({ currentTarget }) => onCell(index, currentTarget)}
                    // Pointers paint on the way down; this is for the keyboard, whose clicks have no detail.
                    onClick={({ detail }) => detail === 0 && paint(index, brush.value)}
                  >
                    {/* A new stroke is a new element, so that its ripple, in the painter's colour, runs again. */}
                    {cell && <span key={`${cell.at} ${cell.by}`} class="ripple" style={{ '--hue': hueOf(cell.by) }} />}
                  </button>
                </div>
              )
            })}
          </div>
        ))}
        <Cursors presence={presence} on={null} members={members} />
      </div>
      <p id="reef-help" class="unseen">
        Arrow keys move, space or enter paints with the chosen brush.
      </p>
    </section>
  )
}

function describe(x: number, y: number, cell: Cell | undefined, members: ReefProps['members']): string {
  const place = `Column ${x + 1}, row ${y + 1}: `
  if (!cell) return `${place}clear water`
  const painter = members.get(cell.by)
  return `${place}${colours[cell.colour]}, by ${painter ? nameOf(painter) : shortId(cell.by)}`
}
