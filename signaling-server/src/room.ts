/** Who is registered in one room, with a random draw that costs the same however many they are. */
import type { PeerId } from 'shoal/signaling'

export class Room<Seat> {
  readonly #ids: PeerId[] = []
  readonly #seats = new Map<PeerId, { seat: Seat; at: number }>()

  get size(): number {
    return this.#ids.length
  }

  get(id: PeerId): Seat | undefined {
    return this.#seats.get(id)?.seat
  }

  set(id: PeerId, seat: Seat): void {
    const known = this.#seats.get(id)
    if (known !== undefined) {
      known.seat = seat
      return
    }
    this.#seats.set(id, { seat, at: this.#ids.length })
    this.#ids.push(id)
  }

  delete(id: PeerId): void {
    const known = this.#seats.get(id)
    if (known === undefined) return
    this.#seats.delete(id)
    // The last one takes the freed place, so that the list has no holes.
    const last = this.#ids.pop()!
    if (last === id) return
    this.#ids[known.at] = last
    this.#seats.get(last)!.at = known.at
  }

  /** At most `count` distinct ids other than `but`, each set of them as likely as any other. */
  sample(count: number, but: PeerId, random: () => number): PeerId[] {
    const size = this.#ids.length
    if (size <= count + 1)
      return shuffled(
        this.#ids.filter((id) => id !== but),
        random,
      ).slice(0, count)
    const drawn = new Set<PeerId>()
    while (drawn.size < count) {
      const id = this.#ids[Math.floor(random() * size)]!
      if (id !== but) drawn.add(id)
    }
    return [...drawn]
  }
}

function shuffled<T>(items: T[], random: () => number): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[items[i], items[j]] = [items[j]!, items[i]!]
  }
  return items
}
