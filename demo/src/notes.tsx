/** The slates, to be written on by many at once; what was written side by side is shown so, and settled by a click. */
import { useComputed, useSignal } from '@preact/signals'
import { Fragment } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Cursors } from './cursors.tsx'
import { LineForm } from './line-form.tsx'
import type { Member, PeerId, Sibling } from './mesh.ts'
import { hueOf, nameOf, shortId } from './portrait.ts'
import { placeIn } from './presence-message.ts'
import { type Note, noteCharsMax, type SharedNotes } from './shared-notes.ts'
import type { SharedPresence } from './shared-presence.ts'

interface NotesProps {
  readonly notes: SharedNotes
  readonly presence: SharedPresence
  readonly members: ReadonlyMap<PeerId, Member>
  readonly act: (work: () => Promise<void>) => void
}

export function Notes({ notes, presence, members, act }: NotesProps) {
  const all = notes.notes.value
  const conflicts = all.filter(({ siblings }) => siblings.length > 1).length
  const point = (event: PointerEvent) => {
    const slate = (event.target as Element).closest<HTMLElement>('[data-key]')
    if (slate) presence.point(placeIn(slate.dataset.key ?? null, slate.getBoundingClientRect(), event))
    else presence.leave()
  }
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
      <ul class="slates" data-testid="slates" onPointerMove={point} onPointerLeave={() => presence.leave()}>
        {all.map((note) => (
          <Slate key={note.key} note={note} notes={notes} presence={presence} members={members} act={act} />
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

function Slate({ note: { key, siblings }, notes, presence, members, act }: SlateProps) {
  const draft = useSignal<string | undefined>(undefined)
  const slate = useRef<HTMLLIElement>(null)
  const holders = useComputed(() => presence.holders.value.get(key) ?? nobody).value.filter((peer) => members.has(peer))
  const [holder] = holders
  const [first] = siblings
  const texts = siblings.flatMap(({ value }) => (value === undefined ? [] : [value]))
  const write = (text: string) => act(() => notes.write(key, text))
  const commit = () => {
    if (draft.value !== undefined && draft.value !== texts[0]) write(draft.value)
    draft.value = undefined
  }
  const letGo = () => {
    if (presence.holds === key) presence.hold(null)
  }
  // What had the focus can be gone with no word of it: the text when another version comes, the versions when one is kept.
  useEffect(() => {
    if (!slate.current?.contains(document.activeElement)) letGo()
  })
  useEffect(() => letGo, [])
  return (
    <li
      ref={slate}
      class={`slate${siblings.length > 1 ? ' torn' : ''}${holder ? ' held' : ''}`}
      data-testid="slate"
      data-key={key}
      data-siblings={siblings.length}
      style={{
        ...(first && { '--hue': hueOf(first.writer) }),
        ...(holder && { '--holder': hueOf(holder) }),
      }}
      onFocusIn={() => presence.hold(key)}
      onFocusOut={({ currentTarget, relatedTarget }) => currentTarget.contains(relatedTarget as Node | null) || letGo()}
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
            onInput={({ currentTarget }) => {
              draft.value = currentTarget.value
              presence.hold(key)
            }}
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
            {/* The spaces are for those who hear it. */}
            {holders.slice(0, holdersShownMax).map((peer) => (
              <Fragment key={peer}>
                <span class="holder" style={{ '--hue': hueOf(peer) }}>
                  {called(peer, members)}
                </span>{' '}
              </Fragment>
            ))}
            {holders.length > holdersShownMax && `and ${holders.length - holdersShownMax} more `}at it
          </>
        ) : (
          siblings.length === 1 && called(first?.writer, members)
        )}
      </p>
      <Cursors presence={presence} on={key} members={members} />
    </li>
  )
}

const nobody: readonly PeerId[] = []
const holdersShownMax = 3

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
