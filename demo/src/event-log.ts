/**
 * What happened, newest last, bounded. An entry equal to the last one raises its count instead of
 * taking a line, so that a neighbour sending rubbish cannot push everything else out of sight.
 */
import { signal } from '@preact/signals'

export type Topic = 'members' | 'links' | 'messages' | 'refusals'

/** How an entry is marked: colour and glyph both. */
export type Tone = 'good' | 'doubt' | 'bad' | 'gone' | 'plain' | 'voice'

export interface LogEntry {
  readonly key: number
  readonly at: number
  readonly topic: Topic
  readonly tone: Tone
  readonly text: string
  /** For a message: what was said. */
  readonly quote: string | undefined
  readonly count: number
}

export const entriesMax = 300

export class EventLog {
  readonly entries = signal<readonly LogEntry[]>([])
  readonly #later: (show: () => void) => void
  #kept: readonly LogEntry[] = []
  #showing = false
  #nextKey = 0

  /** `later` calls back when what was added may be shown, so that a flood of it is drawn a few times a second. */
  constructor(later: (show: () => void) => void = (show) => show()) {
    this.#later = later
  }

  /** `count`: how often it happened. */
  add(at: number, topic: Topic, tone: Tone, text: string, quote?: string, count = 1): void {
    const last = this.#kept.at(-1)
    if (last && last.topic === topic && last.text === text && last.quote === quote) {
      this.#kept = [...this.#kept.slice(0, -1), { ...last, at, count: last.count + count }]
    } else {
      const entry = { key: this.#nextKey++, at, topic, tone, text, quote, count }
      this.#kept = [...this.#kept, entry].slice(-entriesMax)
    }
    if (this.#showing) return
    this.#showing = true
    this.#later(() => {
      this.#showing = false
      this.entries.value = this.#kept
    })
  }
}
