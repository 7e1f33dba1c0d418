/**
 * Refusals as the application hears of them: the first of a kind at once, and those that follow it within a second in one
 * event, with their number. A page that shows every refusal would else be kept busy by whoever sends rubbish (measured:
 * `npm run bench:junk`).
 */
import type { PeerId } from '../identity/peer-id.ts'
import type { Alarms } from './alarms.ts'

export interface Refusal {
  readonly from: PeerId | undefined
  readonly code: string
  readonly count: number
}

/** As often as anybody can read. A guess. */
export const togetherMs = 1000
/** Kinds that are told apart in that time: sixteen links with four faults each. From whom the rest came is not told. */
export const refusalKindsMax = 64

export class Refusals {
  readonly #alarms: Pick<Alarms, 'after'>
  readonly #tell: (refusal: Refusal) => void
  /** Told once in this second, and how many have come since. */
  readonly #since = new Map<string, Refusal>()
  #cancel: (() => void) | undefined

  constructor(alarms: Pick<Alarms, 'after'>, tell: (refusal: Refusal) => void) {
    this.#alarms = alarms
    this.#tell = tell
  }

  add(from: PeerId | undefined, code: string): void {
    const kind = `${code} ${from ?? ''}`
    const known = this.#since.get(kind)
    if (known === undefined && from !== undefined && this.#since.size >= refusalKindsMax)
      return this.add(undefined, code)
    this.#since.set(kind, { from, code, count: (known?.count ?? -1) + 1 })
    if (known !== undefined) return
    this.#cancel ??= this.#alarms.after(togetherMs, () => this.flush())
    this.#tell({ from, code, count: 1 })
  }

  /** Tells what is still to be told. */
  flush(): void {
    this.#cancel?.()
    this.#cancel = undefined
    const rest = [...this.#since.values()]
    this.#since.clear()
    for (const refusal of rest) if (refusal.count > 0) this.#tell(refusal)
  }
}
