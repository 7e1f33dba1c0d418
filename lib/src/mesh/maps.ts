/** The maps that an application has opened, and the writes that it waits for. */
import type { Write } from '../core/state.ts'
import { type ErrorCode, errorCodes, ShoalError } from './errors.ts'
import { type MapOptions, type MapPort, MapView } from './replicated-map.ts'

export interface MapsPort extends Omit<MapPort, 'write'> {
  /** Asks the core; it answers with `written`. */
  ask(writes: readonly Write[], ref: number): void
}

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: ShoalError) => void
}

export class Maps {
  readonly #port: MapsPort
  readonly #views = new Map<string, MapView<never>>()
  readonly #waiting = new Map<number, Waiting>()
  #ref = 0
  #closedBy: ShoalError | undefined

  constructor(port: MapsPort) {
    this.#port = port
  }

  open<T>(name: string, options: MapOptions<T>): MapView<T> {
    const known = this.#views.get(name) as MapView<T> | undefined
    if (known === undefined) {
      const view = new MapView<T>(name, options, { ...this.#port, write: (writes) => this.#write(writes) })
      this.#views.set(name, view as unknown as MapView<never>)
      return view
    }
    if (options.conflict === undefined || options.conflict === known.conflict) return known
    throw new ShoalError('ERR_OPTION_INVALID', `The map ${name} is open with another way to treat conflicts.`)
  }

  onChanged(map: string, keys: readonly string[]): void {
    this.#views.get(map)?.onChanged(keys)
  }

  onWritten(ref: number, code: string | undefined): void {
    const waiting = this.#waiting.get(ref)
    this.#waiting.delete(ref)
    if (code === undefined) return waiting?.resolve()
    const known = Object.hasOwn(errorCodes, code) ? (code as ErrorCode & keyof typeof errorCodes) : 'ERR_INTERNAL'
    waiting?.reject(new ShoalError(known, errorCodes[known]))
  }

  /** Another run has taken over: what the last one did not finish will not be finished. */
  onRestarted(): void {
    this.#rejectAll(new ShoalError('ERR_ABORTED', 'The page was put aside before this was written.'))
    for (const view of this.#views.values()) view.reload()
  }

  close(error: ShoalError): void {
    this.#closedBy = error
    this.#rejectAll(error)
  }

  #write(writes: readonly Write[]): Promise<void> {
    if (this.#closedBy) throw this.#closedBy
    const ref = ++this.#ref
    return new Promise((resolve, reject) => {
      this.#waiting.set(ref, { resolve, reject })
      this.#port.ask(writes, ref)
    })
  }

  #rejectAll(error: ShoalError): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
