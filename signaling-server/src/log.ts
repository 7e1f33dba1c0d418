/**
 * What the server says of itself: JSON lines, by pino. Never a payload, a token, a credential, a room's
 * name or a whole address. What strangers can cause is summed up, one line for each interval, so that an
 * attack does not fill the disk as well.
 */
import { pino, type Logger } from 'pino'
import type { LogLevel } from './options.ts'
import type { Tally } from './tally.ts'

export type { Logger }

export function openLog(level: LogLevel): Logger {
  const options = { level, base: { service: 'shoal-signaling' }, timestamp: pino.stdTimeFunctions.isoTime }
  return pino(options, openOutput())
}

/**
 * Standard output, until nobody reads it any more. Left to itself, sonic-boom tries for ever to write the
 * last line while the process exits: a server whose supervisor has died could not be stopped. Written at
 * once, a line that cannot be written is known before that.
 */
function openOutput() {
  const output = pino.destination({ dest: 1, sync: true })
  output.on('error', () => {
    output.write = () => true
    output.flushSync = () => {}
  })
  return output
}

/** An id as logs show it: enough to follow one peer, too little to look it up. */
export function shortId(id: string): string {
  return id.slice(0, 8)
}

/** Reports what was added to tallies since the last report, if anything was. */
export class Summary {
  readonly #tallies: Readonly<Record<string, Tally>>
  readonly #last = new Map<string, number>()

  constructor(tallies: Readonly<Record<string, Tally>>) {
    this.#tallies = tallies
  }

  /** Counts by `name.label`; undefined when nothing happened. */
  take(): Record<string, number> | undefined {
    const changes: [string, number][] = []
    for (const [name, tally] of Object.entries(this.#tallies)) {
      for (const [label, count] of tally.entries()) {
        const key = `${name}.${label}`
        const change = count - (this.#last.get(key) ?? 0)
        if (change > 0) changes.push([key, change])
        this.#last.set(key, count)
      }
    }
    return changes.length === 0 ? undefined : Object.fromEntries(changes)
  }
}
