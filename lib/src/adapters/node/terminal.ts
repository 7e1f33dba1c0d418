/** How a mesh looks in a terminal: one line for each thing that happens, in columns, with colours where they are seen. */
import { styleText } from 'node:util'
import type { Member } from '../../mesh/mesh.ts'

export interface Screen {
  write(text: string): void
  readonly colours: boolean
  /** Calendar time, ms since 1970. */
  now(): number
}

const styles = {
  good: 'green',
  doubt: 'yellow',
  bad: 'red',
  gone: 'gray',
  voice: 'cyan',
  plain: 'reset',
} as const

export type Tone = keyof typeof styles

const whatWidth = 11
const nameWidth = 16
const textCharsMax = 2_000

export class Terminal {
  readonly #screen: Screen

  constructor(screen: Screen) {
    this.#screen = screen
  }

  /** `12:03:41  joined      kQx3f9  Ada              eu-west` */
  line(tone: Tone, what: string, id: Member['id'] | undefined, name: string, text = ''): void {
    const time = new Date(this.#screen.now()).toTimeString().slice(0, 8)
    const columns = [this.#style('gray', time), this.#style(styles[tone], what.padEnd(whatWidth))]
    columns.push(
      this.#style('gray', (id ?? '').slice(0, 6).padEnd(6)),
      clean(name).slice(0, nameWidth).padEnd(nameWidth),
    )
    this.#screen.write(`${[...columns, clean(text).slice(0, textCharsMax)].join('  ').trimEnd()}\n`)
  }

  #style(style: Parameters<typeof styleText>[0], text: string): string {
    return this.#screen.colours ? styleText(style, text, { validateStream: false }) : text
  }
}

/** What a member calls itself; its metadata is its own, and may be anything. */
export function nameOf(member: Member | undefined): string {
  const name = member?.metadata.name
  return typeof name === 'string' ? name : ''
}

/**
 * Names and messages come from strangers, and a terminal obeys what it is sent: no control character of
 * theirs reaches it.
 */
export function clean(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ' ')
}
