/** The peers and their links as they are now, as a shoal in the water. The table beside it says the same in words. */
import { useSignal, useSignalEffect } from '@preact/signals'
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { Fish, FishIcon, statusWords } from './fish.tsx'
import { GraphLayout, type Line } from './graph-layout.ts'
import { isHere } from './is-here.ts'
import type { MeshStats, PeerId } from './mesh.ts'
import { hueOf, nameOf } from './portrait.ts'
import type { Present } from './roster.ts'
import { pointedAt } from './pointed-at.ts'

export function Graph({
  peers,
  stats,
  self,
  route,
}: {
  peers: readonly Present[]
  stats: MeshStats | undefined
  self: PeerId
  /** The way to a member: relays, then the member. */
  route: (to: PeerId) => readonly PeerId[] | undefined
}) {
  const frame = useRef<HTMLDivElement>(null)
  const svg = useRef<SVGSVGElement>(null)
  const size = useSignal({ width: 0, height: 0 })
  const layout = useMemo(() => new GraphLayout(), [])
  const { width, height } = size.value

  useLayoutEffect(() => {
    const element = frame.current
    if (!element) return
    const observer = new ResizeObserver(([entry]) => {
      if (!entry) return
      const { width, height } = entry.contentRect
      size.value = { width: Math.round(width), height: Math.round(height) }
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const lines = linesOf(peers, stats, self)
  const shape = `${width}×${height} ${peers.map(({ member }) => member.id).join()} ${lines.map(({ key }) => key).join()}`

  // The elements are Preact's; where they stand is set by hand, since it changes with every frame.
  useLayoutEffect(() => {
    if (width === 0 || !svg.current) return
    layout.set(
      peers.map(({ member }) => member.id),
      self,
      lines,
      width,
      height,
    )
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) {
      layout.settle()
      place(svg.current, layout)
      return
    }
    place(svg.current, layout)
    let next = requestAnimationFrame(function swim() {
      if (!svg.current || !layout.step()) return
      place(svg.current, layout)
      next = requestAnimationFrame(swim)
    })
    return () => cancelAnimationFrame(next)
  }, [shape])

  useSignalEffect(() => {
    const id = pointedAt.value
    const way = id === undefined ? new Set<string>() : keysOf(self, route(id) ?? [])
    for (const element of svg.current?.querySelectorAll<SVGElement>('[data-peer-id], [data-a]') ?? []) {
      const { peerId, a, b } = element.dataset
      element.classList.toggle('pointed-at', id !== undefined && (peerId === id || a === id || b === id))
      element.classList.toggle('on-route', a !== undefined && b !== undefined && way.has(`${a}${b}`))
    }
  })

  const here = peers.filter(({ member }) => isHere(member)).length
  const open = lines.filter(({ kind }) => kind === 'open').length
  const crowd = peers.length > 14 ? 'crowd' : 'few'
  const scale = peers.length > 14 ? 1 : peers.length > 6 ? 1.3 : 1.6
  return (
    <section class="panel sea" aria-labelledby="graph-title">
      <header class="panel-head">
        <h2 id="graph-title">The shoal</h2>
        <p class="figures">
          <b data-testid="peer-count">{here}</b> {here === 1 ? 'peer' : 'peers'} ·{' '}
          <b data-testid="link-count">{open}</b> open {open === 1 ? 'link' : 'links'} of mine
        </p>
      </header>
      <div class="graph" ref={frame} data-crowd={crowd}>
        <Depths />
        <svg
          ref={svg}
          width={width}
          height={height}
          role="img"
          aria-label={`${here} peers; this tab has ${open} open links and ${lines.length - open} other links are drawn. The member table lists them.`}
        >
          <g class="lines">
            {lines.map(({ key, a, b, kind }) => (
              <line key={key} class={`line line-${kind}`} data-a={a} data-b={b} />
            ))}
          </g>
          {peers.map(({ member, fading }) => (
            <g
              key={member.id}
              class={`swimmer${member.self ? ' swimmer-self' : ''}${fading ? ' fading' : ''}`}
              data-peer-id={member.id}
              data-status={member.status}
              onPointerEnter={() => (pointedAt.value = member.id)}
              onPointerLeave={() => (pointedAt.value = undefined)}
            >
              <g class="arrival">
                <circle class="halo" r={24 * scale} />
                <g transform={`scale(${scale})`}>
                  <g class="posture">
                    <Fish status={member.status} hue={hueOf(member.id)} />
                  </g>
                </g>
                {member.status === 'suspect' && (
                  <text class="doubt" x={15 * scale} y={-9 * scale}>
                    ?
                  </text>
                )}
                <text class="label" y={member.self ? 24 * scale + 15 : 10 * scale + 14}>
                  {nameOf(member)}
                </text>
                {member.self && (
                  <text class="label-you" y={24 * scale + 28}>
                    this tab
                  </text>
                )}
              </g>
            </g>
          ))}
        </svg>
        {here === 1 && <p class="alone">Nobody else yet. Open another tab, or send somebody the link to this room.</p>}
      </div>
      <Legend />
      <Rings peers={peers} rings={stats?.rings ?? []} />
    </section>
  )
}

function place(svg: SVGSVGElement, layout: GraphLayout): void {
  for (const element of svg.querySelectorAll<SVGGElement>('.swimmer')) {
    const at = layout.places.get(element.dataset.peerId as PeerId)
    if (at) element.setAttribute('transform', `translate(${at.x.toFixed(1)} ${at.y.toFixed(1)})`)
  }
  for (const element of svg.querySelectorAll<SVGLineElement>('.line')) {
    const a = layout.places.get(element.dataset.a as PeerId)
    const b = layout.places.get(element.dataset.b as PeerId)
    if (!a || !b) continue
    element.setAttribute('x1', a.x.toFixed(1))
    element.setAttribute('y1', a.y.toFixed(1))
    element.setAttribute('x2', b.x.toFixed(1))
    element.setAttribute('y2', b.y.toFixed(1))
  }
}

/** Our own links as they are; everybody else's as the member list says that they should be. */
function linesOf(peers: readonly Present[], stats: MeshStats | undefined, self: PeerId): readonly Line[] {
  const here = new Map(peers.filter(({ member }) => isHere(member)).map(({ member }) => [member.id, member]))
  const lines = new Map<string, Line>()
  const draw = (from: PeerId, to: PeerId, kind: Line['kind']) => {
    const [a, b] = inOrder(from, to)
    lines.set(`${a}${b}`, { key: `${a}${b}`, a, b, kind })
  }
  for (const [a, b] of stats?.edges ?? []) {
    if (here.has(a) && here.has(b)) draw(a, b, a === self || b === self ? 'wanted' : 'other')
  }
  for (const { id, linked } of here.values()) if (linked) draw(self, id, 'open')
  return [...lines.values()]
}

const inOrder = (a: PeerId, b: PeerId): readonly [PeerId, PeerId] => (a < b ? [a, b] : [b, a])

/** The lines that a message crosses on its way. */
function keysOf(self: PeerId, path: readonly PeerId[]): ReadonlySet<string> {
  return new Set(path.map((to, i) => inOrder(path[i - 1] ?? self, to).join('')))
}

/** Our neighbours ring by ring, in words. */
function Rings({ peers, rings }: { peers: readonly Present[]; rings: MeshStats['rings'] }) {
  const name = (id: PeerId | undefined): string => {
    const peer = peers.find(({ member }) => member.id === id)
    return peer === undefined ? 'nobody' : nameOf(peer.member)
  }
  return (
    <details class="rings" data-testid="rings">
      <summary>My places on the rings</summary>
      <ol>
        {rings.map(({ before, after }, ring) => (
          <li key={ring}>
            {name(before)} <span aria-hidden="true">→</span> <b>me</b> <span aria-hidden="true">→</span> {name(after)}
          </li>
        ))}
      </ol>
    </details>
  )
}

/** Depth lines, as on a chart. */
function Depths() {
  return (
    <svg class="depths" viewBox="0 0 800 480" preserveAspectRatio="none" aria-hidden="true">
      <path d="M-10 92C120 40 210 128 350 96S620 20 810 84" />
      <path d="M-10 176C90 132 230 214 380 172S640 104 810 168" />
      <path d="M-10 262C140 226 240 306 420 256S660 196 810 258" />
      <path d="M-10 348C110 316 270 392 430 340S680 290 810 344" />
      <path d="M-10 430C130 404 290 468 450 424S690 384 810 426" />
    </svg>
  )
}

function Legend() {
  return (
    <ul class="legend" aria-label="Legend">
      {(['alive', 'suspect', 'dead', 'left'] as const).map((status) => (
        <li key={status}>
          <FishIcon status={status} size={22} /> {statusWords[status]}
        </li>
      ))}
      <li>
        <svg width="24" height="8" aria-hidden="true">
          <line class="line line-open" x1="1" x2="23" y1="4" y2="4" />
        </svg>{' '}
        my open links
      </li>
      <li>
        <svg width="24" height="8" aria-hidden="true">
          <line class="line line-wanted" x1="1" x2="23" y1="4" y2="4" />
        </svg>{' '}
        not open yet
      </li>
      <li>
        <svg width="24" height="8" aria-hidden="true">
          <line class="line line-other" x1="1" x2="23" y1="4" y2="4" />
        </svg>{' '}
        links of others
      </li>
    </ul>
  )
}
