/**
 * Who points where, and who holds which slate, among those who are here. The thin half: the topic, the one timer, and
 * the signals that the page shows; what is said and what is forgotten is decided in `own-presence.ts` and `others-presence.ts`.
 */
import { batch, signal } from '@preact/signals'
import { isHere } from './is-here.ts'
import type { Mesh, PeerId, Topic } from './mesh.ts'
import { OthersPresence, type Pointing } from './others-presence.ts'
import { OwnPresence, paceMs } from './own-presence.ts'
import type { Place, Presence } from './presence-message.ts'

/** Faster than anybody speaks; what is heard in between, from however many, is one look. */
const drawMs = 50
/** For those who asked for less motion, cursors are set down anew now and then. */
const calmDrawMs = 500

export class SharedPresence {
  /** By what they point at: the key of a slate, or null for the reef. A list stays the same one until it changes. */
  readonly cursors = signal<ReadonlyMap<string | null, readonly Pointing[]>>(new Map())
  /** By the key of a slate. */
  readonly holders = signal<ReadonlyMap<string, readonly PeerId[]>>(new Map())
  readonly #mesh: Mesh
  readonly #topic: Topic<Presence>
  readonly #drawMs: () => number
  readonly #own = new OwnPresence()
  readonly #others = new OthersPresence()
  readonly #listening = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined
  /** The last message has not been taken yet: another would only wait behind it. */
  #saying = false
  #stale = false
  #drawnAt = -Infinity

  constructor(mesh: Mesh, calm: () => boolean) {
    this.#mesh = mesh
    this.#drawMs = () => (calm() ? calmDrawMs : drawMs)
    this.#topic = mesh.topic<Presence>('presence')
    const { signal } = this.#listening
    const end = this.#topic.subscribe(({ from, data }) => this.#hear(from, data))
    signal.addEventListener('abort', end)
    for (const type of ['member-left', 'member-failed', 'member-revoked'] as const)
      mesh.addEventListener(type, ({ detail }) => this.#forget(detail.member.id), { signal })
    const greet = () => {
      this.#own.onJoined(performance.now())
      this.#turn()
    }
    mesh.addEventListener('member-joined', greet, { signal })
    mesh.addEventListener('member-recovered', greet, { signal })
  }

  /** The slate that we hold. */
  get holds(): string | null {
    return this.#own.holds
  }

  point(place: Place): void {
    this.#own.point(place, performance.now())
    this.#turn()
  }

  /** The pointer is on no board any more. */
  leave(): void {
    this.#own.leave(performance.now())
    this.#turn()
  }

  /** Also for each key that is pressed in it. */
  hold(key: string | null): void {
    this.#own.hold(key, performance.now())
    this.#turn()
  }

  close(): void {
    this.#listening.abort()
    clearTimeout(this.#timer)
  }

  #hear(from: PeerId, data: unknown): void {
    // Said before it went, and heard after.
    if (!this.#isHere(from)) return
    if (!this.#others.hear(from, data, performance.now())) return
    // Whoever floods us is drawn as often as all others: the timer is set to that already.
    if (this.#stale) return
    this.#stale = true
    this.#turn()
  }

  #forget(peer: PeerId): void {
    if (!this.#others.forget(peer)) return
    this.#draw(performance.now())
    this.#turn()
  }

  /** After whatever happened: everything that is due, and the timer to what will be next. */
  #turn(): void {
    clearTimeout(this.#timer)
    if (this.#listening.signal.aborted) return
    const now = performance.now()
    this.#stale = this.#others.expire(now) || this.#stale
    const everyMs = paceMs(this.#others.pointing.length + 1)
    if (!this.#saying) this.#say(this.#own.say(now, everyMs))
    if (this.#stale && now >= this.#drawnAt + this.#drawMs()) this.#draw(now)
    const next = Math.min(
      this.#saying ? Infinity : this.#own.deadline(everyMs),
      this.#others.deadline(),
      this.#stale ? this.#drawnAt + this.#drawMs() : Infinity,
    )
    // A timer that fires a fraction too early would find nothing due, and be set again, over and over.
    if (next < Infinity) this.#timer = setTimeout(() => this.#turn(), Math.ceil(next - now))
  }

  #say(presence: Presence | undefined): void {
    if (!presence || ![...this.#mesh.members.values()].some((member) => !member.self && isHere(member))) return
    this.#saying = true
    const said = () => {
      this.#saying = false
      this.#turn()
    }
    // Lost, the next one makes up for it, or the others forget; it is only a courtesy.
    this.#topic.publish(presence).then(said, said)
  }

  #draw(now: number): void {
    this.#stale = false
    this.#drawnAt = now
    const before = this.cursors.value
    const pointing = this.#others.pointing.filter(({ peer }) => this.#isHere(peer))
    const cursors = grouped(pointing, ({ on }) => on)
    const holding = this.#others.holding.filter(([peer]) => this.#isHere(peer))
    const holders = grouped(holding, ([, key]) => key)
    batch(() => {
      this.cursors.value = new Map([...cursors].map(([on, list]) => [on, sameOr(before.get(on), list)]))
      this.holders.value = new Map([...holders].map(([key, list]) => [key, list.map(([peer]) => peer)]))
    })
  }

  #isHere(peer: PeerId): boolean {
    const member = this.#mesh.members.get(peer)
    return member !== undefined && !member.self && isHere(member)
  }
}

/** `Map.groupBy`, which browsers of 2023 do not have. */
function grouped<K, T>(list: readonly T[], keyOf: (each: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>()
  for (const each of list) {
    const group = groups.get(keyOf(each))
    if (group) group.push(each)
    else groups.set(keyOf(each), [each])
  }
  return groups
}

function sameOr<T>(before: readonly T[] | undefined, list: readonly T[]): readonly T[] {
  return before?.length === list.length && before.every((each, i) => each === list[i]) ? before : list
}
