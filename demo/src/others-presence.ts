/**
 * Where the others point and what they hold, as far as they said so lately. Who means it says when it ends; for whom that was
 * lost, or who never says it, there are ends here too. It has no clock and no timer, as `own-presence.ts` has none.
 */
import type { PeerId } from './mesh.ts'
import { idleMs, restMs } from './own-presence.ts'
import { type Place, readPresence } from './presence-message.ts'

/** The speaker's own ends, and time for the news of them to come. */
export const pointsMs = restMs + 5_000
export const holdsMs = idleMs + 15_000
/** Nobody can look at more; in a room of more the rest come in as these end. */
export const peersMax = 500

/** How long a cursor swims from place to place: as long as the news of it takes, or it would halt at each. */
const stepMsMin = 80
const stepMsMax = 1_000
/** After a rest it starts at once. */
const startMs = 120

export interface Pointing extends Place {
  readonly peer: PeerId
  /** How long the way here takes. */
  readonly stepMs: number
}

interface Heard {
  readonly pointing: Pointing | undefined
  readonly holds: string | null
  readonly at: number
}

export class OthersPresence {
  readonly #heard = new Map<PeerId, Heard>()

  /** Whoever is in the room may say whatever it likes. Answers whether anything is to be shown otherwise. */
  hear(peer: PeerId, data: unknown, now: number): boolean {
    const presence = readPresence(data)
    if (!presence) return false
    const { points, holds } = presence
    const before = this.#heard.get(peer)
    if (!points && holds === null) return this.forget(peer)
    if (!before && this.#heard.size >= peersMax) return false
    const rested = now - (before?.at ?? -Infinity)
    const stepMs = rested > stepMsMax ? startMs : Math.max(stepMsMin, rested)
    this.#heard.set(peer, { pointing: points ? { ...points, peer, stepMs } : undefined, holds, at: now })
    return true
  }

  /** Answers whether there was anything to forget. */
  forget(peer: PeerId): boolean {
    return this.#heard.delete(peer)
  }

  /** Forgets what nobody has renewed. Answers whether there was any. */
  expire(now: number): boolean {
    let any = false
    for (const [peer, { pointing, holds, at }] of this.#heard) {
      const points = pointing && now < at + pointsMs ? pointing : undefined
      const held = now < at + holdsMs ? holds : null
      if (points === pointing && held === holds) continue
      any = true
      if (points || held !== null) this.#heard.set(peer, { pointing: points, holds: held, at })
      else this.#heard.delete(peer)
    }
    return any
  }

  /** When something is forgotten next; Infinity when there is nothing. */
  deadline(): number {
    let first = Infinity
    for (const { pointing, at } of this.#heard.values()) first = Math.min(first, at + (pointing ? pointsMs : holdsMs))
    return first
  }

  get pointing(): readonly Pointing[] {
    return [...this.#heard.values()].flatMap(({ pointing }) => pointing ?? [])
  }

  get holding(): readonly (readonly [PeerId, string])[] {
    return [...this.#heard].flatMap(([peer, { holds }]) => (holds === null ? [] : [[peer, holds] as const]))
  }
}
