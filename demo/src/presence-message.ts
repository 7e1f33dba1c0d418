/**
 * What each tab says of where its visitor points and which slate is held there, to everybody, and stored by nobody. Who reads
 * it believes nothing that is not of exactly this shape.
 */

export interface Place {
  /** The key of a slate; null is the reef. */
  readonly on: string | null
  /** Thousandths of its width and height, so that wide and narrow windows agree. */
  readonly x: number
  readonly y: number
}

export interface Presence {
  readonly points: Place | null
  /** The key of the slate that is written on or chosen from. */
  readonly holds: string | null
}

/** Those of our own slates have about 15. */
export const keyCharsMax = 64
const whole = 1000

/** The place in a box on the screen, the nearest one where it is outside. */
export function placeIn(
  on: string | null,
  box: DOMRect,
  at: { readonly clientX: number; readonly clientY: number },
): Place {
  return { on, x: part(at.clientX - box.left, box.width), y: part(at.clientY - box.top, box.height) }
}

/** Answers a copy, without whatever else came along; undefined for anything that is not as we would say it ourselves. */
export function readPresence(data: unknown): Presence | undefined {
  if (!isRecord(data)) return undefined
  const { points, holds } = data
  if (!isKey(holds)) return undefined
  if (points === null) return { points, holds }
  if (!isRecord(points)) return undefined
  const { on, x, y } = points
  return isKey(on) && isPart(x) && isPart(y) ? { points: { on, x, y }, holds } : undefined
}

function part(length: number, of: number): number {
  return of > 0 ? Math.round(Math.min(1, Math.max(0, length / of)) * whole) : 0
}

function isRecord(data: unknown): data is Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null
}

function isKey(data: unknown): data is string | null {
  return data === null || (typeof data === 'string' && data.length <= keyCharsMax)
}

function isPart(data: unknown): data is number {
  return typeof data === 'number' && Number.isInteger(data) && data >= 0 && data <= whole
}
