/** Figures as a table for people and as JSON for whoever compares them later. */
import { loadavg } from 'node:os'

export interface Figure {
  readonly what: string
  readonly unit: string
  readonly values: readonly number[]
  /** What is to be beaten, and whose figure it is. */
  readonly bar?: string
}

export class Figures {
  readonly #figures: Figure[] = []

  add(what: string, unit: string, values: readonly number[], bar = ''): void {
    this.#figures.push({ what, unit, values, bar })
    const shown = values.map((value) => value.toFixed(value < 10 ? 1 : 0)).join(' ')
    console.log(`  ${what}: ${shown} ${unit}   (load ${loadavg()[0]!.toFixed(1)})`)
  }

  print(): void {
    const rows = this.#figures.map(({ what, unit, values, bar = '' }) => {
      const sorted = values.toSorted((a, b) => a - b)
      const show = (value: number | undefined): string => (value === undefined ? '–' : `${round(value)} ${unit}`)
      return { what, n: values.length, median: show(sorted[sorted.length >> 1]), worst: show(sorted.at(-1)), bar }
    })
    console.table(rows)
    console.log(JSON.stringify({ load: loadavg(), figures: this.#figures }))
  }
}

function round(value: number): number {
  return value < 10 ? Math.round(value * 10) / 10 : Math.round(value)
}
