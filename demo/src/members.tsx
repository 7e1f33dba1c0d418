/** Who is here, in words and figures; and, more briefly, who no longer is. */
import { FishIcon, statusWords } from './fish.tsx'
import { isHere } from './is-here.ts'
import type { MeshStats, PeerId } from './mesh.ts'
import { hueOf, nameOf, shortId, span } from './portrait.ts'
import { pointedAt } from './pointed-at.ts'
import type { Present } from './roster.ts'
import type { Departed } from './session.ts'

interface MembersProps {
  readonly peers: readonly Present[]
  readonly gone: readonly Departed[]
  readonly now: number
  readonly state: MeshStats['state'] | undefined
  /** The way to a member: relays, then the member. */
  readonly route: (to: PeerId) => readonly PeerId[] | undefined
}

export function Members({ peers, gone, now, state, route }: MembersProps) {
  const names = new Map(peers.map(({ member }) => [member.id, nameOf(member)]))
  return (
    <section class="panel members" aria-labelledby="members-title">
      <header class="panel-head">
        <h2 id="members-title">Members</h2>
        <p class="figures">{counts(peers)}</p>
      </header>
      <div class="scroll" tabIndex={0} role="region" aria-label="Member table">
        <table data-testid="members">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Status</th>
              <th scope="col" class="zone">
                Zone
              </th>
              <th scope="col" class="number">
                <abbr title="Round-trip time">RTT</abbr>
              </th>
              <th scope="col" class="number age">
                Age
              </th>
              <th scope="col">Link</th>
              <th scope="col" class="digest">
                <abbr title="Digest of its shared state">State</abbr>
              </th>
            </tr>
          </thead>
          <tbody>
            {peers.map((peer) => (
              <Row
                key={peer.member.id}
                peer={peer}
                now={now}
                state={state}
                relays={relaysTo(peer, route)?.map((id) => names.get(id) ?? shortId(id))}
              />
            ))}
          </tbody>
        </table>
      </div>
      <Gone gone={gone} now={now} />
    </section>
  )
}

/** `6 alive, 1 suspect`: what there is none of is not named. */
function counts(peers: readonly Present[]): string {
  return (['alive', 'suspect', 'dead', 'left'] as const)
    .map((status) => [peers.filter(({ member }) => member.status === status).length, statusWords[status]] as const)
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(', ')
}

interface RowProps {
  readonly peer: Present
  readonly now: number
  readonly state: MeshStats['state'] | undefined
  /** Names of those over whom it is reached; undefined when there is a link, or no way at all. */
  readonly relays: readonly string[] | undefined
}

function relaysTo({ member }: Present, route: MembersProps['route']): readonly PeerId[] | undefined {
  if (member.self || member.linked || !isHere(member)) return undefined
  return route(member.id)?.slice(0, -1)
}

function Row({ peer: { member, fading }, now, state, relays }: RowProps) {
  const { id, status, zone, startedAt, self } = member
  // A link may outlive its peer for a moment; nobody is reached over it.
  const linked = member.linked && isHere(member)
  const rttMs = linked ? member.rttMs : undefined
  return (
    <tr
      class={`member status-${status}${fading ? ' fading' : ''}${pointedAt.value === id ? ' pointed-at' : ''}`}
      data-testid="member"
      data-peer-id={id}
      data-status={status}
      data-linked={linked}
      data-self={self}
      onPointerEnter={() => (pointedAt.value = id)}
      onPointerLeave={() => (pointedAt.value = undefined)}
    >
      <th scope="row" title={id}>
        <span class="swatch" style={{ '--hue': hueOf(id) }} />
        <span class="name">{nameOf(member)}</span>
        <span class="id">
          {self && <span class="tag">you</span>}
          <span class={zone === undefined ? '' : 'short-id'}>{shortId(id)}</span>
          {zone !== undefined && <span class="zone-small">{zone}</span>}
        </span>
      </th>
      <td class="status">
        <FishIcon status={status} size={22} />
        <span>{statusWords[status]}</span>
      </td>
      <td class="zone">{zone ?? <Nothing />}</td>
      <td class="number">
        {rttMs === undefined ? <Nothing /> : `${rttMs < 10 ? rttMs.toFixed(1) : Math.round(rttMs)} ms`}
      </td>
      <td class="number age">{span(now - startedAt)}</td>
      <td class="link">{linked ? <Linked /> : relays === undefined ? <Nothing /> : <Routed relays={relays} />}</td>
      <td class="digest">
        <Digest own={state?.digest} digest={self ? state?.digest : linked ? state?.neighbours.get(id) : undefined} />
      </td>
    </tr>
  )
}

/** The first letters of a replica's root: the same letters, the same state. */
function Digest({ own, digest }: { own: string | undefined; digest: string | undefined }) {
  if (!digest) return <Nothing />
  const equal = digest === own
  return (
    <span class={`root ${equal ? 'equal' : 'differs'}`} data-testid="root" data-equal={equal} title={digest}>
      <span aria-hidden="true">{equal ? '=' : '≠'}</span> <span class="letters">{digest.slice(0, 4)}</span>
      <span class="unseen">{equal ? ', equal to ours' : ', not equal to ours'}</span>
    </span>
  )
}

function Nothing() {
  return (
    <span class="quiet">
      <span aria-hidden="true">–</span>
      <span class="unseen">none</span>
    </span>
  )
}

function Linked() {
  return (
    <span class="linked">
      <svg width="18" height="8" aria-hidden="true">
        <line x1="3" x2="15" y1="4" y2="4" />
        <circle cx="3" cy="4" r="2.500" />
        <circle cx="15" cy="4" r="2.500" />
      </svg>
      <span>open</span>
    </span>
  )
}

/** It is reached over others: how many links that takes, and over whom. */
function Routed({ relays }: { relays: readonly string[] }) {
  const over = `over ${relays.join(', then ')}`
  return (
    <span class="routed" data-testid="route" title={over}>
      {relays.length + 1} hops<span class="unseen"> {over}</span>
    </span>
  )
}

function Gone({ gone, now }: { gone: readonly Departed[]; now: number }) {
  if (gone.length === 0) return null
  const shown = gone.slice(0, goneShownMax)
  return (
    <section class="gone" aria-labelledby="gone-title">
      <h3 id="gone-title">Gone</h3>
      <ul>
        {shown.map(({ id, name, status, at }) => (
          <li key={id} data-testid="gone" data-peer-id={id} data-status={status} title={id}>
            <FishIcon status={status} size={18} /> {name}{' '}
            <span class="quiet">{`${status}, ${span(now - at)} ago`}</span>
          </li>
        ))}
        {gone.length > shown.length && <li class="quiet">and {gone.length - shown.length} more</li>}
      </ul>
    </section>
  )
}

const goneShownMax = 8
