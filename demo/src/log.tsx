/** What has happened, with the time of each, and a line to say something to everybody. */
import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { EventLog, LogEntry, Tone, Topic } from './event-log.ts'
import { LineForm } from './line-form.tsx'

const filters: readonly (readonly [Topic | undefined, string])[] = [
  [undefined, 'All'],
  ['members', 'Members'],
  ['links', 'Links'],
  ['messages', 'Messages'],
  ['refusals', 'Refusals'],
]

const glyphs: Readonly<Record<Tone, string>> = { good: '↑', doubt: '?', bad: '×', gone: '↓', plain: '·', voice: '“' }

export function Log({ log, say }: { log: EventLog; say: ((text: string) => void) | undefined }) {
  const filter = useSignal<Topic | undefined>(undefined)
  const list = useRef<HTMLDivElement>(null)
  const following = useRef(true)
  const entries = log.entries.value.filter(({ topic }) => filter.value === undefined || topic === filter.value)

  // New lines are followed, unless somebody has scrolled up to read.
  useLayoutEffect(() => {
    if (following.current && list.current) list.current.scrollTop = list.current.scrollHeight
  }, [entries.at(-1)?.key, filter.value])

  return (
    <section class="panel log" aria-labelledby="log-title">
      <header class="panel-head">
        <h2 id="log-title">Log</h2>
        <div class="filters" role="group" aria-label="Show in the log">
          {filters.map(([topic, word]) => (
            <button
              key={word}
              type="button"
              aria-pressed={filter.value === topic}
              onClick={() => (filter.value = topic)}
            >
              {word}
            </button>
          ))}
        </div>
      </header>
      <div
        class="entries"
        ref={list}
        role="log"
        aria-live="polite"
        aria-relevant="additions"
        aria-labelledby="log-title"
        tabIndex={0}
        data-testid="log"
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          following.current = scrollHeight - scrollTop - clientHeight < 24
        }}
      >
        <ol>
          {entries.map((entry) => (
            <Entry key={entry.key} entry={entry} />
          ))}
        </ol>
        {entries.length === 0 && <p class="quiet empty">Nothing yet.</p>}
      </div>
      {say && (
        <LineForm
          id="message"
          label="Message to everybody"
          placeholder="Say something to everybody"
          button="Send"
          charsMax={messageCharsMax}
          enter={say}
        />
      )}
    </section>
  )
}

function Entry({ entry: { at, tone, topic, text, quote, count } }: { entry: LogEntry }) {
  const time = new Date(at)
  return (
    <li class={`entry tone-${tone}`} data-topic={topic}>
      <time dateTime={time.toISOString()}>{time.toLocaleTimeString(undefined, { hour12: false })}</time>
      <span class="glyph" aria-hidden="true">
        {glyphs[tone]}
      </span>
      <span class="text">
        {quote === undefined ? text : <b>{text}</b>}
        {quote !== undefined && <q>{quote}</q>}
        {count > 1 && <span class="count"> × {count}</span>}
      </span>
    </li>
  )
}

/** A message is one claim; the library refuses what is too long, this only keeps a line a line. */
const messageCharsMax = 500
