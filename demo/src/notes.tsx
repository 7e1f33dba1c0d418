/** The slates, to be written on by many at once; what was written side by side is shown so, and settled by a click. */
import { useSignal } from '@preact/signals'
import { LineForm } from './line-form.tsx'
import type { Member, PeerId, Sibling } from './mesh.ts'
import { hueOf, nameOf, shortId } from './portrait.ts'
import { type Note, noteCharsMax, type SharedNotes } from './shared-notes.ts'

interface NotesProps {
  readonly notes: SharedNotes
  readonly members: ReadonlyMap<PeerId, Member>
  readonly act: (work: () => Promise<void>) => void
}

export function Notes({ notes, members, act }: NotesProps) {
  const all = notes.notes.value
  const conflicts = all.filter(({ siblings }) => siblings.length > 1).length
  return (
    <section class="panel notes" aria-labelledby="notes-title">
      <header class="panel-head">
        <h2 id="notes-title">Slates</h2>
        <p class="figures" role="status">
          {conflicts === 0
            ? 'Written by two at once, both texts stay until somebody chooses.'
            : `${conflicts} written by two at once`}
        </p>
      </header>
      <ul class="slates" data-testid="slates">
        {all.map((note) => (
          <Slate key={note.key} note={note} notes={notes} members={members} act={act} />
        ))}
      </ul>
      {all.length === 0 && <p class="quiet empty">No slate yet: write the first.</p>}
      <LineForm
        id="new-slate"
        label="A new slate"
        placeholder="Write a new slate"
        button="Add"
        charsMax={noteCharsMax}
        enter={(text) => act(() => notes.add(text))}
      />
    </section>
  )
}

interface SlateProps extends NotesProps {
  readonly note: Note
}

function Slate({ note: { key, siblings }, notes, members, act }: SlateProps) {
  const draft = useSignal<string | undefined>(undefined)
  const holders = [...notes.holders.value].filter(([, held]) => held === key).map(([peer]) => peer)
  const [first] = siblings
  const texts = siblings.flatMap(({ value }) => (value === undefined ? [] : [value]))
  const write = (text: string) => act(() => notes.write(key, text))
  const commit = () => {
    if (draft.value !== undefined && draft.value !== texts[0]) write(draft.value)
    draft.value = undefined
    notes.hold(null)
  }
  return (
    <li
      class={`slate${siblings.length > 1 ? ' torn' : ''}`}
      data-testid="slate"
      data-key={key}
      data-siblings={siblings.length}
      style={first && { '--hue': hueOf(first.writer) }}
    >
      {siblings.length > 1 ? (
        <>
          <ol class="versions" aria-label="Versions that stand side by side">
            {siblings.map((sibling) => (
              <Version
                key={`${sibling.writer} ${sibling.at}`}
                sibling={sibling}
                members={members}
                keep={() => write(sibling.value ?? '')}
              />
            ))}
          </ol>
          {texts.length > 1 && (
            <button
              type="button"
              class="button"
              data-testid="merge"
              onClick={() => write([...new Set(texts)].join(' / '))}
            >
              Keep all of it
            </button>
          )}
        </>
      ) : (
        <label>
          <span class="unseen">Slate by {called(first?.writer, members)}</span>
          <textarea
            rows={2}
            maxLength={noteCharsMax}
            value={draft.value ?? texts[0] ?? ''}
            onFocus={() => notes.hold(key)}
            onInput={({ currentTarget }) => (draft.value = currentTarget.value)}
            onBlur={commit}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || event.shiftKey) return
              event.preventDefault()
              event.currentTarget.blur()
            }}
          />
        </label>
      )}
      <p class="holders quiet" data-testid="holders">
        {holders.length > 0 ? (
          <>
            {holders.map((peer) => (
              <span key={peer} class="dot" style={{ '--hue': hueOf(peer) }} aria-hidden="true" />
            ))}
            {holders.map((peer) => called(peer, members)).join(', ')} at it
          </>
        ) : (
          siblings.length === 1 && called(first?.writer, members)
        )}
      </p>
    </li>
  )
}

interface VersionProps {
  readonly sibling: Sibling<string>
  readonly members: ReadonlyMap<PeerId, Member>
  readonly keep: () => void
}

function Version({ sibling: { value, writer }, members, keep }: VersionProps) {
  const by = called(writer, members)
  return (
    <li style={{ '--hue': hueOf(writer) }}>
      <span class="version-text">{value ?? <i>wiped</i>}</span>
      <span class="quiet">{by}</span>
      <button type="button" class="button" aria-label={`Keep what ${by} wrote`} onClick={keep}>
        Keep this
      </button>
    </li>
  )
}

function called(peer: PeerId | undefined, members: ReadonlyMap<PeerId, Member>): string {
  if (peer === undefined) return 'somebody'
  const member = members.get(peer)
  return member ? nameOf(member) : shortId(peer)
}
