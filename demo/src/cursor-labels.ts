/**
 * Which cursors have their name beside them, and where: inside the board, and none over another, however many there are. Whose
 * name finds no place is an arrow in its colour; who had a name before keeps it, so that names do not flicker.
 */
import type { PeerId } from './mesh.ts'

export interface Pin {
  readonly peer: PeerId
  readonly name: string
  /** In pixels, as all is here. */
  readonly x: number
  readonly y: number
}

/** From the tip of the arrow to the upper left corner of the name. */
export interface Label {
  readonly dx: number
  readonly dy: number
  readonly width: number
}

export const labelHeight = 20
const widthMax = 150
/** Of the style sheet's letters, somewhat more than they are on average. */
const letterWidth = 6.8
const wideLetterWidth = 13
const paddingWidth = 14
const arrowWidth = 13
const arrowHeight = 17
/** The corner of a name fits into the notch of its arrow, which is not there on the other sides. */
const below = 17
const beside = 9

interface Box {
  readonly width: number
  readonly height: number
}

interface Spot {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** `first` is somebody whose name is wanted before all others'. */
export function placeLabels(
  pins: readonly Pin[],
  box: Box,
  before: ReadonlyMap<PeerId, Label>,
  first: PeerId | undefined,
): ReadonlyMap<PeerId, Label> {
  const rank = ({ peer }: Pin) => (peer === first ? 0 : before.has(peer) ? 1 : 2)
  const arrows = pins.map(({ x, y }) => ({ left: x, top: y, width: arrowWidth, height: arrowHeight }))
  const taken: Spot[] = []
  const labels = new Map<PeerId, Label>()
  for (const pin of [...pins].sort((a, b) => rank(a) - rank(b) || (a.peer < b.peer ? -1 : 1))) {
    const free = [...offers(pin, box)]
      .map((label) => ({
        label,
        spot: { left: pin.x + label.dx, top: pin.y + label.dy, width: label.width, height: labelHeight },
      }))
      .filter(({ spot }) => !taken.some((other) => overlap(spot, other)))
    // Rather under somebody's arrow than nowhere.
    const best = free.find(({ spot }) => !arrows.some((arrow) => overlap(spot, arrow))) ?? free[0]
    if (!best) continue
    taken.push(best.spot)
    labels.set(pin.peer, best.label)
  }
  return labels
}

function overlap(a: Spot, b: Spot): boolean {
  return a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height
}

/** Below and to the right if there is room, as one expects it; else on another side. */
function* offers({ name, x, y }: Pin, box: Box): Generator<Label> {
  const width = Math.min(widthOf(name), widthMax, box.width)
  const inside = (dx: number) => Math.min(Math.max(dx, -x), box.width - x - width)
  for (const dy of [below, -labelHeight - 2])
    for (const dx of [beside, -width])
      if (y + dy >= 0 && y + dy + labelHeight <= box.height) yield { dx: inside(dx), dy, width }
}

function widthOf(name: string): number {
  let width = paddingWidth
  for (const letter of name) width += letter >= '\u1100' ? wideLetterWidth : letterWidth
  return Math.ceil(width)
}
