/** Where one stands while not in the mesh: on the way in, turned away, or gone ashore. */
import { useSignal } from '@preact/signals'
import { type Address, linkWith } from './address.ts'
import { advice } from './advice.ts'
import { ShoalMark } from './fish.tsx'
import { explain, type Phase, type Session } from './session.ts'

export function Harbour({ session, address, phase }: { session: Session; address: Address; phase: Phase }) {
  if (phase.kind === 'joining') {
    return (
      <section class="panel harbour" data-testid="joining">
        <ShoalMark />
        <h2>Swimming to {address.room}</h2>
        <p role="status">Asking {address.signaling} who is there.</p>
        <button type="button" onClick={() => void session.leave()}>
          Give up
        </button>
      </section>
    )
  }
  if (phase.kind === 'closed') {
    return (
      <section class="panel harbour" data-testid="closed" data-code={phase.code}>
        <ShoalMark />
        <h2>This tab has left {address.room}</h2>
        <p role="status">
          {closings[phase.code] ?? `The mesh has ended (${phase.code}).`} Come back whenever you like, as a new fish.
        </p>
        <button type="button" class="primary" onClick={() => void session.enter()} data-testid="rejoin">
          Rejoin
        </button>
      </section>
    )
  }
  if (phase.kind === 'in') return null
  return (
    <section class="panel harbour" data-testid="refused" data-code={phase.error.code}>
      <ShoalMark />
      <h2>Not in {address.room} yet</h2>
      <p role="alert">{explain(phase.error)}</p>
      <p>{advice(phase.error.code)}</p>
      <button type="button" class="primary" onClick={() => void session.enter()} data-testid="retry">
        Try again
      </button>
      <Elsewhere address={address} />
    </section>
  )
}

/** Why a mesh ended, by the code of its `closed` event. */
const closings: Readonly<Record<string, string>> = {
  ERR_CLOSED: 'The others were told.',
  ERR_ABORTED: 'You gave up before anybody answered.',
  ERR_DUPLICATE_IDENTITY: 'The same identity joined in a newer tab.',
}

/** Another room or another server is another address, so this is a plain form. */
function Elsewhere({ address }: { address: Address }) {
  const room = useSignal(address.room)
  const signaling = useSignal(address.signaling)
  return (
    <form
      class="elsewhere"
      onSubmit={(event) => {
        event.preventDefault()
        location.href = linkWith(location.href, { room: room.value, signaling: signaling.value })
      }}
    >
      <label>
        Room
        <input value={room.value} required onInput={({ currentTarget }) => (room.value = currentTarget.value)} />
      </label>
      <label>
        Signaling server
        <input
          value={signaling.value}
          required
          onInput={({ currentTarget }) => (signaling.value = currentTarget.value)}
        />
      </label>
      <button type="submit">Go there</button>
    </form>
  )
}
