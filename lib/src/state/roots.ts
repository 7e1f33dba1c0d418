/**
 * Our root now, and those that we had. It rides on probes: 8 bytes, and for a while after a change up to three
 * earlier ones. Whoever shows a root that we once had is behind us, and will ask; we need not.
 */
import type { Millis } from '../identity/millis.ts'
import { fromBase64Url, toBase64Url } from '../identity/base64url.ts'
import { hashBytes } from './tree.ts'

/** How a neighbour's root relates to ours, as far as roots can tell. */
export type Standing = 'equal' | 'behind' | 'ahead' | 'apart'

const shownMax = 3

export class Roots {
  readonly #max: number
  readonly #shownMs: number
  /** Oldest first; the last is the newest one that was shown or compared. */
  #past: string[] = []
  #changedAt: Millis | undefined

  constructor(max: number, shownMs: number) {
    this.#max = max
    this.#shownMs = shownMs
  }

  /** For a probe. Empty while nothing is shared. */
  advertise(root: Uint8Array, now: Millis): Uint8Array {
    this.#note(root, now)
    const recent =
      this.#changedAt !== undefined && now < this.#changedAt + this.#shownMs
        ? this.#past.slice(0, -1).slice(-shownMax).reverse()
        : []
    if (recent.length === 0 && root.every((byte) => byte === 0)) return new Uint8Array(0)
    const bytes = new Uint8Array(hashBytes * (1 + recent.length))
    bytes.set(root)
    recent.forEach((past, i) => bytes.set(bytesOf(past), hashBytes * (1 + i)))
    return bytes
  }

  /** Where the neighbour stands that showed this. */
  compare(root: Uint8Array, shown: Uint8Array, now: Millis): Standing {
    this.#note(root, now)
    const [theirs = nothing, ...theirPast] = namesOf(shown)
    const ours = toBase64Url(root)
    if (theirs === ours) return 'equal'
    if (this.#past.includes(theirs)) return 'behind'
    return theirPast.includes(ours) ? 'ahead' : 'apart'
  }

  /** Whether a neighbour that had that root when it was heard last is neither equal to us nor behind. */
  isApart(root: Uint8Array, theirs: string, now: Millis): boolean {
    this.#note(root, now)
    return !this.#past.includes(theirs)
  }

  #note(root: Uint8Array, now: Millis): void {
    const name = toBase64Url(root)
    if (this.#past.at(-1) === name) return
    if (this.#past.length > 0) this.#changedAt = now
    this.#past = [...this.#past.filter((past) => past !== name), name].slice(-this.#max)
  }
}

/** The root of a replica that holds nothing. */
const nothing = toBase64Url(new Uint8Array(hashBytes))

function namesOf(shown: Uint8Array): string[] {
  const names: string[] = []
  for (let at = 0; at + hashBytes <= shown.length; at += hashBytes)
    names.push(toBase64Url(shown.subarray(at, at + hashBytes)))
  return names
}

function bytesOf(name: string): Uint8Array {
  return fromBase64Url(name) ?? new Uint8Array(hashBytes)
}
