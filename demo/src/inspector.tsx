/** Inside the shared state: its digest, the sixteen branches of its tree, and the newest entries with their clocks. */
import type { InspectedEntry, Member, Mesh, MeshStats, PeerId } from './mesh.ts'
import { hueOf, nameOf, shortId, span } from './portrait.ts'

const mapNames = ['reef', 'slates'] as const
/** More would be a list that nobody reads, made anew every second. */
const rowsMax = 40

interface InspectorProps {
  readonly mesh: Mesh
  readonly stats: MeshStats | undefined
  readonly members: ReadonlyMap<PeerId, Member>
  readonly now: number
}

interface Found extends InspectedEntry {
  readonly map: string
}

export function Inspector({ mesh, stats, members, now }: InspectorProps) {
  if (!stats) return null
  const { state } = stats
  const known = [...state.neighbours.values()].filter((digest) => digest !== '')
  const equal = known.filter((digest) => digest === state.digest).length
  return (
    <section class="panel inspector" aria-labelledby="inspector-title">
      <header class="panel-head">
        <h2 id="inspector-title">Shared state</h2>
        <p class="figures" data-testid="digest" data-digest={state.digest} data-equal={equal === known.length}>
          {state.entries} entries, {state.bytes.toLocaleString('en')} bytes signed,{' '}
          {known.length === 0 ? 'nobody to compare with' : `${equal} of ${known.length} neighbours equal`}
        </p>
      </header>
      <ol class="places" aria-label={`Digest ${state.digest}; entries in each of the tree's sixteen branches`}>
        {state.places.map(({ entries, hash }, i) => (
          <li key={i} title={`Branch ${i.toString(16)}: ${entries} entries, hash ${hash}`}>
            <span style={{ '--part': state.entries === 0 ? 0 : entries / Math.max(1, largest(state.places)) }} />
            <b>{i.toString(16)}</b>
          </li>
        ))}
      </ol>
      <div class="scroll" tabIndex={0} role="region" aria-label="Entries">
        <table data-testid="entries">
          <thead>
            <tr>
              <th scope="col">Key</th>
              <th scope="col">Value</th>
              <th scope="col">Writer</th>
              <th scope="col">Clock</th>
              <th scope="col">Had seen</th>
            </tr>
          </thead>
          <tbody>
            {newest(mesh).map((entry) => (
              <tr key={`${entry.map} ${entry.key} ${entry.instance} ${entry.seq}`}>
                <th scope="row">
                  {entry.map}/{entry.key}
                </th>
                <td class="value">{entry.deleted ? <i class="quiet">deleted</i> : shown(entry.value)}</td>
                <td title={entry.writer}>
                  <span class="dot" style={{ '--hue': hueOf(entry.writer) }} aria-hidden="true" />{' '}
                  {called(entry.writer, members)}
                </td>
                <td title={`${new Date(entry.clock.wall).toISOString()}, counter ${entry.clock.counter}`}>
                  {span(now - entry.clock.wall)} ago{entry.clock.counter > 0 && ` + ${entry.clock.counter}`}
                </td>
                <td class="clock">{vector(entry)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

const largest = (places: MeshStats['state']['places']): number => Math.max(...places.map(({ entries }) => entries))

function newest(mesh: Mesh): readonly Found[] {
  return mapNames
    .flatMap((map) =>
      mesh
        .map(map)
        .inspect()
        .map((entry) => ({ ...entry, map })),
    )
    .sort((a, b) => b.clock.wall - a.clock.wall || b.clock.counter - a.clock.counter)
    .slice(0, rowsMax)
}

/** Its own dot, and what of others its writer had seen. */
function vector({ instance, seq, context }: InspectedEntry): string {
  const own = `${instance.slice(0, 3)}:${seq}`
  if (!context) return `${own}, all before`
  return [own, ...[...context].map(([other, number]) => `${other.slice(0, 3)}:${number}`)].join(' ')
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return text.length > 40 ? `${text.slice(0, 39)}…` : text
}

function called(peer: PeerId, members: ReadonlyMap<PeerId, Member>): string {
  const member = members.get(peer)
  return member ? nameOf(member) : shortId(peer)
}
