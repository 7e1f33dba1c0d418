/**
 * In place of `readable-stream` (and the `events`, `buffer` and `process` that come with it, 20 kB of simple-peer's own
 * browser build): what simple-peer needs of a Duplex when nobody uses it as a stream. Ours never do:
 * lib/src/transport/simple-peer.ts reads and writes the channel itself.
 */
export class Duplex {
  /** @type {Map<string, Set<(...args: any[]) => void>>} */
  #listeners = new Map()
  _readableState = { ended: false }
  _writableState = { finished: false }

  /** @param {string} type @param {(...args: any[]) => void} listener */
  on(type, listener) {
    const all = this.#listeners.get(type) ?? new Set()
    this.#listeners.set(type, all.add(listener))
    return this
  }

  /** @param {string} type @param {(...args: any[]) => void} listener */
  once(type, listener) {
    /** @param {any[]} args */
    const first = (...args) => {
      this.removeListener(type, first)
      listener(...args)
    }
    return this.on(type, first)
  }

  /** @param {string} type @param {(...args: any[]) => void} listener */
  removeListener(type, listener) {
    this.#listeners.get(type)?.delete(listener)
    return this
  }

  /** @param {string} type @param {any[]} args */
  emit(type, ...args) {
    const listeners = [...(this.#listeners.get(type) ?? [])]
    // As everywhere in Node: an error that nobody listens for is thrown.
    if (type === 'error' && listeners.length === 0) throw args[0]
    for (const listener of listeners) listener(...args)
    return listeners.length > 0
  }

  push() {
    this._readableState.ended = true
    return false
  }

  end() {
    this._writableState.finished = true
    return this
  }
}
