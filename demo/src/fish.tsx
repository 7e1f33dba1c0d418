/** One fish, swimming right, about 32 by 18 around the origin. Its status shows in colour, outline, eye and posture. */
import type { Member } from './mesh.ts'

export const statusWords: Readonly<Record<Member['status'], string>> = {
  alive: 'alive',
  suspect: 'suspect',
  dead: 'dead',
  left: 'left',
}

const body = 'M16 0C10-8.500-3-9-9-1.500L-16-7.500C-14-2.500-14 2.500-16 7.500L-9 1.500C-3 9 10 8.500 16 0Z'

export function Fish({ status, hue }: { status: Member['status']; hue?: number | undefined }) {
  return (
    <g class={`fish fish-${status}`}>
      <path class="fish-body" d={body} />
      {hue !== undefined && <path class="fish-stripe" d="M1.500-6.200C-1-2-1 2 1.500 6.200" style={{ '--hue': hue }} />}
      {status === 'dead' ? (
        <path class="fish-eye-shut" d="M7-3.500l3.600 3.600M10.600-3.500l-3.600 3.600" />
      ) : (
        <circle class="fish-eye" cx="9" cy="-1.600" r="1.500" />
      )}
    </g>
  )
}

export function FishIcon({
  status,
  hue,
  size = 28,
}: {
  status: Member['status']
  hue?: number | undefined
  size?: number
}) {
  return (
    <svg class="fish-icon" width={size} height={size * 0.625} viewBox="-17.500 -11 35 22" aria-hidden="true">
      <Fish status={status} hue={hue} />
    </svg>
  )
}

/** Three of them: the mark of the house. */
export function ShoalMark() {
  return (
    <svg class="shoal-mark" viewBox="-30 -24 60 48" width="50" height="40" aria-hidden="true">
      {[
        [9, -13],
        [-8, 1],
        [12, 13],
      ].map(([x, y]) => (
        <path key={y} d={body} transform={`translate(${x} ${y}) scale(.92)`} />
      ))}
    </svg>
  )
}
