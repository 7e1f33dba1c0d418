/**
 * One visit to a room as the page shows it. It turns the mesh's events and figures into signals,
 * remembers for a while who has gone, and can end and begin again without the page being reloaded.
 */
import { batch, signal } from '@preact/signals'
import { type Topic, type Tone, EventLog } from './event-log.ts'
import type { Member, Mesh, MeshEventMap, MeshStats, PeerId } from './mesh.ts'
import { nameOf } from './portrait.ts'
import { SharedBoard } from './shared-board.ts'
import { SharedNotes } from './shared-notes.ts'
import { SharedPresence } from './shared-presence.ts'

export type CodedError = Error & { readonly code: string }

export type Phase =
  | { readonly kind: 'joining' }
  | {
      readonly kind: 'in'
      readonly mesh: Mesh
      readonly board: SharedBoard
      readonly notes: SharedNotes
      readonly presence: SharedPresence
    }
  | { readonly kind: 'refused'; readonly error: CodedError }
  | { readonly kind: 'closed'; readonly code: string }

/** Somebody who is no longer here, kept after the mesh itself has forgotten. */
export interface Departed {
  readonly id: PeerId
  readonly name: string
  readonly status: 'dead' | 'left'
  readonly at: number
}

/** Where somebody who has gone stays among the living, marked, so that the eye can see who it was. */
export const lingerMs = 15_000
/** The last part of that, in which they fade. */
export const fadeMs = 3_000
const departedMax = 50
/** Round-trip times, ages and local health change without an event. */
const refreshMs = 1_000
/** Whatever comes in is drawn no more often than this: who floods the room must not keep the page busy. */
const drawMs = 50

const nobody: ReadonlyMap<PeerId, Member> = new Map()

export class Session {
  readonly phase = signal<Phase>({ kind: 'joining' })
  readonly members = signal(nobody)
  readonly departed = signal<readonly Departed[]>([])
  readonly stats = signal<MeshStats | undefined>(undefined)
  readonly now = signal(Date.now())
  readonly log = new EventLog((show) => setTimeout(show, drawMs))
  readonly #join: (name: string, signal: AbortSignal) => Promise<Mesh>
  #name: string
  #visit = new AbortController()
  #refreshing = false
  #refreshedAt = -Infinity

  /** `join` is asked again at every `enter`. */
  constructor(name: string, join: (name: string, signal: AbortSignal) => Promise<Mesh>) {
    this.#name = name
    this.#join = join
  }

  async enter(): Promise<void> {
    this.#visit.abort()
    const visit = (this.#visit = new AbortController())
    batch(() => {
      this.phase.value = { kind: 'joining' }
      this.members.value = nobody
      this.departed.value = []
      this.stats.value = undefined
    })
    try {
      const mesh = await this.#join(this.#name, visit.signal)
      if (visit.signal.aborted) return
      this.#attend(mesh, visit)
    } catch (error) {
      if (!visit.signal.aborted) this.phase.value = { kind: 'refused', error: coded(error) }
    }
  }

  async leave(): Promise<void> {
    const phase = this.phase.value
    if (phase.kind === 'in') await phase.mesh.leave()
    else if (phase.kind === 'joining') {
      this.#visit.abort()
      this.phase.value = { kind: 'closed', code: 'ERR_ABORTED' }
    }
  }

  /** What was said is logged here too, since a broadcast does not come back to its sender. */
  say(text: string): void {
    this.#act('message', async (mesh) => {
      await mesh.broadcast(text)
      this.#note('messages', 'voice', 'You', text)
    })
  }

  rename(name: string): void {
    this.#act('name', async (mesh) => {
      mesh.setMetadata({ ...mesh.self.metadata, name })
      this.#name = name
    })
  }

  paint(index: number, colour: number): void {
    const phase = this.phase.value
    if (phase.kind === 'in') this.#act('stroke', () => phase.board.paint(index, colour))
  }

  /** Something done to the slates. */
  scribble(work: () => Promise<void>): void {
    this.#act('slate', work)
  }

  #act(what: string, act: (mesh: Mesh) => Promise<void>): void {
    const phase = this.phase.value
    if (phase.kind !== 'in') return
    act(phase.mesh).then(
      () => this.#refreshSoon(),
      (error: unknown) => this.#note('refusals', 'bad', `Your ${what} was not taken: ${explain(coded(error))}`),
    )
  }

  #attend(mesh: Mesh, visit: AbortController): void {
    const board = new SharedBoard(mesh)
    const notes = new SharedNotes(mesh)
    const presence = new SharedPresence(mesh, () => matchMedia('(prefers-reduced-motion: reduce)').matches)
    const clock = setInterval(() => this.#refresh(), refreshMs)
    visit.signal.addEventListener('abort', () => {
      clearInterval(clock)
      board.close()
      notes.close()
      presence.close()
    })
    const on = <K extends keyof MeshEventMap>(type: K, react: (detail: MeshEventMap[K]) => void) =>
      mesh.addEventListener(
        type,
        (event) => {
          react(event.detail)
          this.#refreshSoon()
        },
        { signal: visit.signal },
      )
    /** Every vain try to reconnect is told; the first loss is news. */
    let lost = false
    const called = (id: PeerId | undefined) => {
      const member = id && mesh.members.get(id)
      return member ? nameOf(member) : (id?.slice(0, 6) ?? 'somebody')
    }

    on('member-joined', ({ member }) => {
      this.departed.value = this.departed.value.filter(({ id }) => id !== member.id)
      this.#note('members', 'good', `${nameOf(member)} joined`)
    })
    on('member-suspected', ({ member }) => this.#note('members', 'doubt', `${nameOf(member)} is silent: suspected`))
    on('member-recovered', ({ member }) => {
      this.departed.value = this.departed.value.filter(({ id }) => id !== member.id)
      this.#note('members', 'good', `${nameOf(member)} is back`)
    })
    on('member-failed', ({ member }) => {
      this.#depart(member, 'dead')
      this.#note('members', 'bad', `${nameOf(member)} failed`)
    })
    on('member-left', ({ member }) => {
      this.#depart(member, 'left')
      this.#note('members', 'gone', `${nameOf(member)} left`)
    })
    on('member-updated', ({ member }) => {
      // Not refreshed yet, so this is what was known before. A member also renews what it says without changing it.
      const before = this.members.value.get(member.id)
      if (before && nameOf(before) !== nameOf(member))
        this.#note('members', 'plain', `${nameOf(before)} is now called ${nameOf(member)}`)
    })
    on('zone-unreachable', ({ zone, members }) =>
      this.#note('members', 'bad', `Zone ${zone} is out of reach, ${members.length} members with it`),
    )
    on('zone-recovered', ({ zone }) => this.#note('members', 'good', `Zone ${zone} is within reach again`))
    on('isolated', () =>
      this.#note('members', 'doubt', 'Everybody fell silent at once: it is this tab that is cut off'),
    )
    on('reconnected', () => this.#note('members', 'good', 'This tab hears the others again'))
    on('link-opened', ({ peer }) => this.#note('links', 'plain', `Link to ${called(peer)} opened`))
    on('link-closed', ({ peer, code }) => this.#note('links', 'plain', `Link to ${called(peer)} closed (${code})`))
    on('signaling-connected', () => {
      lost = false
      this.#note('links', 'good', 'Signaling server connected')
    })
    on('signaling-lost', ({ code }) => {
      if (!lost) this.#note('links', 'doubt', `Signaling server lost (${code}): the mesh goes on without it`)
      lost = true
    })
    on('claim-rejected', ({ from, code, count }) =>
      this.#note('refusals', 'bad', `Refused a claim from ${called(from)} (${code})`, undefined, count),
    )
    on('message', ({ from, data, hops }) => {
      if (typeof data !== 'string') return
      this.#note(
        'messages',
        'voice',
        hops === undefined
          ? called(from)
          : `${called(from)}, to you alone, over ${hops} ${hops === 1 ? 'link' : 'links'}`,
        data.slice(0, quoteCharsMax),
      )
    })
    on('error', ({ error }) => this.#note('refusals', 'bad', explain(error)))
    on('closed', ({ code }) => {
      visit.abort()
      this.phase.value = { kind: 'closed', code }
    })

    this.phase.value = { kind: 'in', mesh, board, notes, presence }
    this.#refresh()
  }

  #depart(member: Member, status: Departed['status']): void {
    const others = this.departed.value.filter(({ id }) => id !== member.id)
    const departed = { id: member.id, name: nameOf(member), status, at: Date.now() }
    this.departed.value = [departed, ...others].slice(0, departedMax)
  }

  #note(topic: Topic, tone: Tone, text: string, quote?: string, count?: number): void {
    this.log.add(Date.now(), topic, tone, text, quote, count)
  }

  /** Many events in one turn are one look at the mesh. Not on an animation frame: hidden tabs have none. */
  #refreshSoon(): void {
    if (this.#refreshing) return
    this.#refreshing = true
    const refresh = (): void => {
      this.#refreshing = false
      this.#refreshedAt = performance.now()
      this.#refresh()
    }
    const waitMs = this.#refreshedAt + drawMs - performance.now()
    if (waitMs > 0) setTimeout(refresh, waitMs)
    else queueMicrotask(refresh)
  }

  #refresh(): void {
    const phase = this.phase.value
    if (phase.kind !== 'in') return
    batch(() => {
      this.now.value = Date.now()
      this.members.value = phase.mesh.members
      this.stats.value = phase.mesh.stats()
    })
  }
}

const quoteCharsMax = 500

function coded(error: unknown): CodedError {
  if (error instanceof Error)
    return Object.assign(error, { code: 'code' in error ? String(error.code) : 'ERR_UNEXPECTED' })
  return Object.assign(new Error(String(error)), { code: 'ERR_UNEXPECTED' })
}

/** The library's messages say what is allowed; the code is for whoever searches for it. */
export function explain({ message, code }: CodedError): string {
  return message.includes(code) ? message : `${message} (${code})`
}
