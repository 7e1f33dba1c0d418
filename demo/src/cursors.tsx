/** The arrows of the others over the reef or over a slate. They are for the eye alone: nobody is read out each move. */
import { useComputed, useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { type Label, labelHeight, type Pin, placeLabels } from './cursor-labels.ts'
import type { Member, PeerId } from './mesh.ts'
import type { Pointing } from './others-presence.ts'
import { pointedAt } from './pointed-at.ts'
import { hueOf, nameOf } from './portrait.ts'
import type { SharedPresence } from './shared-presence.ts'

interface CursorsProps {
  readonly presence: SharedPresence
  /** The key of a slate, or null for the reef. */
  readonly on: string | null
  readonly members: ReadonlyMap<PeerId, Member>
}

/** More arrows than this are a cloud, and cost as much as one. */
const shownMax = 48

const none: readonly Pointing[] = []

/** To be put into what they point at, which has to be a positioned element. */
export function Cursors({ presence, on, members }: CursorsProps) {
  const cursors = useComputed(() => presence.cursors.value.get(on) ?? none).value
  const layer = useRef<HTMLDivElement>(null)
  const size = useSignal({ width: 0, height: 0 })
  const labels = useRef<ReadonlyMap<PeerId, Label>>(new Map())
  useLayoutEffect(() => {
    const element = layer.current
    if (!element) return
    const measure = () => (size.value = { width: element.clientWidth, height: element.clientHeight })
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const { width, height } = size.value
  const pins = cursors.slice(0, shownMax).flatMap(({ peer, x, y, stepMs }) => {
    const member = members.get(peer)
    // Whole pixels: letters between them are blurred.
    const at = { x: Math.round((x * width) / 1000), y: Math.round((y * height) / 1000) }
    return member ? [{ peer, name: nameOf(member), ...at, stepMs }] : []
  })
  labels.current = placeLabels(pins, size.value, labels.current, pointedAt.value)
  return (
    <div class="cursors" aria-hidden="true" ref={layer}>
      {width > 0 && pins.map((pin) => <Cursor key={pin.peer} {...pin} label={labels.current.get(pin.peer)} />)}
      {cursors.length > shownMax && <span class="cursors-more">and {cursors.length - shownMax} more</span>}
    </div>
  )
}

interface CursorProps extends Pin, Pick<Pointing, 'stepMs'> {
  readonly label: Label | undefined
}

function Cursor({ peer, name, x, y, stepMs, label }: CursorProps) {
  return (
    <div
      class="cursor"
      data-testid="cursor"
      data-peer-id={peer}
      style={{
        '--hue': hueOf(peer),
        transform: `translate(${x}px, ${y}px)`,
        transitionDuration: `${Math.round(stepMs)}ms`,
      }}
    >
      <svg width="16" height="19" viewBox="-1 -1 16 19">
        <path d="M0 0L13 10.500L7 11L4 16.500Z" />
      </svg>
      {label && (
        <span
          class="cursor-name"
          style={{
            transform: `translate(${label.dx}px, ${label.dy}px)`,
            maxWidth: `${label.width}px`,
            height: `${labelHeight}px`,
          }}
        >
          {name}
        </span>
      )}
    </div>
  )
}
