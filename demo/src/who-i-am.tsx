/** This tab: its name, its place in the mesh, how it fares, and what it can do. */
import { useSignal } from '@preact/signals'
import { cleanName, linkWith } from './address.ts'
import { FishIcon } from './fish.tsx'
import type { Mesh, MeshStats } from './mesh.ts'
import { hueOf, nameOf, shortId } from './portrait.ts'
import type { Session } from './session.ts'

export function WhoIAm({ session, mesh, stats }: { session: Session; mesh: Mesh; stats: MeshStats | undefined }) {
  const { self } = mesh
  const health = stats?.localHealth ?? 0
  /** Into the address too, so that a reload keeps it. */
  const rename = (name: string) => {
    session.rename(name)
    history.replaceState(history.state, '', linkWith(location.href, { name }))
  }
  return (
    <section class="panel me" aria-labelledby="me-title">
      <h2 id="me-title" class="unseen">
        This tab
      </h2>
      <div class="me-name">
        <span class="me-fish" style={{ '--hue': hueOf(self.id) }}>
          <FishIcon status="alive" hue={hueOf(self.id)} size={44} />
        </span>
        <NameField key={nameOf(self)} name={nameOf(self)} rename={rename} />
      </div>
      <dl class="facts">
        <Fact term="Id">
          <code title={self.id} data-testid="my-id" data-peer-id={self.id}>
            {shortId(self.id)}
          </code>
        </Fact>
        <Fact term="Zone">{self.zone ?? <span class="quiet">not said</span>}</Fact>
        <Fact term="Local health">
          <Health score={health} />
        </Fact>
        <Fact term="Sent">{bytes(stats?.bytesSent ?? 0)}</Fact>
        <Fact term="Received">{bytes(stats?.bytesReceived ?? 0)}</Fact>
      </dl>
      <div class="controls">
        <a
          class="button primary"
          href={linkWith(location.href, { name: undefined })}
          target="_blank"
          rel="noopener"
          data-testid="another-tab"
        >
          Open another tab
        </a>
        <CopyLink />
        <button type="button" onClick={() => void session.leave()} data-testid="leave">
          Leave
        </button>
      </div>
    </section>
  )
}

function Fact({ term, children }: { term: string; children: preact.ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function NameField({ name, rename }: { name: string; rename: (name: string) => void }) {
  const draft = useSignal(name)
  const take = () => {
    const next = cleanName(draft.value)
    if (next === undefined) draft.value = name
    else if (next !== name) rename(next)
  }
  return (
    <form
      class="name-form"
      onSubmit={(event) => {
        event.preventDefault()
        take()
      }}
    >
      <label for="name">My name</label>
      <input
        id="name"
        data-testid="name"
        autocomplete="off"
        spellcheck={false}
        maxLength={40}
        value={draft.value}
        onInput={({ currentTarget }) => (draft.value = currentTarget.value)}
        onBlur={take}
      />
    </form>
  )
}

/** Lifeguard counts from 0, well, to 8; the words are for everybody else. */
function Health({ score }: { score: number }) {
  const word = score === 0 ? 'well' : score <= 3 ? 'strained' : 'poor'
  return (
    <span
      class={`health health-${word}`}
      data-testid="local-health"
      title="Lifeguard's local health: 0 is well, 8 is the worst"
    >
      <span class="health-bar" aria-hidden="true">
        {Array.from({ length: 8 }, (_, i) => (
          <i key={i} class={i < score ? 'on' : ''} />
        ))}
      </span>
      {word}, {score} of 8
    </span>
  )
}

function CopyLink() {
  const said = useSignal('Copy room link')
  const copy = async () => {
    const link = linkWith(location.href, { name: undefined })
    try {
      await navigator.clipboard.writeText(link)
      said.value = 'Copied'
    } catch {
      // No clipboard without a secure page or permission: then the visitor copies it.
      prompt('The link to this room', link)
      return
    }
    setTimeout(() => (said.value = 'Copy room link'), 2_000)
  }
  return (
    <button type="button" onClick={() => void copy()} data-testid="copy-link">
      <span aria-live="polite">{said.value}</span>
    </button>
  )
}

function bytes(count: number): string {
  if (count < 1_000) return `${count} B`
  if (count < 1_000_000) return `${(count / 1_000).toFixed(1)} kB`
  return `${(count / 1_000_000).toFixed(1)} MB`
}
