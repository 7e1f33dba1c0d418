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
  #nextKey = 0

  /** `count`: how often it happened. */
  add(at: number, topic: Topic, tone: Tone, text: string, quote?: string, count = 1): void {
    const entries = this.entries.value
    const last = entries.at(-1)
    if (last && last.topic === topic && last.text === text && last.quote === quote) {
      this.entries.value = [...entries.slice(0, -1), { ...last, at, count: last.count + count }]
      return
    }
    const entry = { key: this.#nextKey++, at, topic, tone, text, quote, count }
    this.entries.value = [...entries, entry].slice(-entriesMax)
  }
}
