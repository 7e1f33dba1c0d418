/** The page: a header that always stands, and below it either the mesh or the harbour. */
import { useComputed, useSignalEffect } from '@preact/signals'
import { useCallback } from 'preact/hooks'
import type { Address } from './address.ts'
import { ShoalMark } from './fish.tsx'
import { Graph } from './graph.tsx'
import { Harbour } from './harbour.tsx'
import { Log } from './log.tsx'
import { Members } from './members.tsx'
import type { MeshStats, PeerId } from './mesh.ts'
import { Inspector } from './inspector.tsx'
import { isHere } from './is-here.ts'
import { Notes } from './notes.tsx'
import { Reef } from './reef.tsx'
import { gone, present } from './roster.ts'
import type { Session } from './session.ts'
import { theme, toggleTheme } from './theme.ts'
import { WhoIAm } from './who-i-am.tsx'

export function App({ session, address }: { session: Session; address: Address }) {
  const phase = session.phase.value
  const stats = session.stats.value
  const now = session.now.value
  const here = useComputed(() => [...session.members.value.values()].filter(isHere).length)
  useSignalEffect(() => {
    document.title = here.value > 0 ? `(${here.value}) ${address.room} · Shoal` : 'Shoal'
  })

  return (
    <>
      <header class="top">
        <a class="skip" href="#main">
          Skip to the mesh
        </a>
        <h1>
          <ShoalMark /> Shoal
        </h1>
        <p class="room">
          <span class="quiet">room</span> <b data-testid="room">{address.room}</b>
        </p>
        {phase.kind === 'in' && <Signaling state={stats?.signaling ?? 'connecting'} />}
        <button type="button" class="theme" onClick={toggleTheme} aria-label={`Switch to ${other()} colours`}>
          <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
            <circle cx="10" cy="10" r="7.500" />
            <path d="M10 2.500a7.500 7.500 0 0 1 0 15z" />
          </svg>
        </button>
      </header>
      <main id="main" tabIndex={-1}>
        {phase.kind === 'in' ? (
          <>
            {stats?.isolated && <Isolated />}
            <WhoIAm session={session} mesh={phase.mesh} stats={stats} />
            <Panels session={session} stats={stats} now={now} phase={phase} />
          </>
        ) : (
          <Harbour session={session} address={address} phase={phase} />
        )}
      </main>
      <footer class="bottom">
        <p>
          No server holds this room: every tab keeps watch over its neighbours and signs what it says.{' '}
          <code>window.mesh</code> is the mesh, for the console.
        </p>
      </footer>
    </>
  )
}

interface PanelsProps {
  readonly session: Session
  readonly stats: MeshStats | undefined
  readonly now: number
  readonly phase: Extract<Session['phase']['value'], { kind: 'in' }>
}

function Panels({ session, stats, now, phase }: PanelsProps) {
  const peers = present(session.members.value, now)
  // The same function each time: whose properties have not changed is not drawn again, and every second something has.
  const { mesh } = phase
  const route = useCallback((to: PeerId) => mesh.route(to), [mesh])
  const paint = useCallback((index: number, colour: number) => session.paint(index, colour), [session])
  const act = useCallback((work: () => Promise<void>) => session.scribble(work), [session])
  const say = useCallback((text: string) => session.say(text), [session])
  return (
    <div class="panels">
      <Graph peers={peers} stats={stats} self={mesh.id} route={route} />
      <Members peers={peers} gone={gone(session.departed.value, now)} now={now} state={stats?.state} route={route} />
      <Reef board={phase.board} presence={phase.presence} members={session.members.value} paint={paint} />
      <Notes notes={phase.notes} presence={phase.presence} members={session.members.value} act={act} />
      <Inspector mesh={mesh} stats={stats} members={session.members.value} now={now} />
      <Log log={session.log} say={say} />
    </div>
  )
}

function other(): string {
  return theme.value === 'dark' ? 'light' : 'dark'
}

const signalingWords: Readonly<Record<MeshStats['signaling'], string>> = {
  connected: 'Signaling connected',
  connecting: 'Signaling lost: the mesh goes on without it',
  closed: 'Signaling closed: the mesh goes on without it',
}

function Signaling({ state }: { state: MeshStats['signaling'] }) {
  return (
    <p class={`signaling signaling-${state}`} role="status" data-testid="signaling" data-state={state}>
      <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
        {state === 'connected' ? <circle cx="7" cy="7" r="5" /> : <path d="M7 1.500L13 12.500H1z" />}
      </svg>
      {signalingWords[state]}
    </p>
  )
}

function Isolated() {
  return (
    <p class="isolated" role="alert" data-testid="isolated">
      <b>This tab is cut off.</b> Everybody fell silent at once, so it accuses nobody and waits to hear from them again.
    </p>
  )
}
