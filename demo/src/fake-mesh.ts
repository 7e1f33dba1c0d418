/**
 * A mesh without a network, for the gallery: any number of members in any state, the same at every
 * run, so that the page can be looked at (and photographed) as it is with 1, 3 or 30 peers.
 */
import { FakeMap } from './fake-map.ts'
import { fishName } from './fish-name.ts'
import type {
  Member,
  Mesh,
  MeshEventMap,
  MeshStats,
  PeerId,
  Query,
  ReplicatedMap,
  Topic,
  TopicMessage,
} from './mesh.ts'
import type { Presence } from './presence-message.ts'
import { colours, columns, rows } from './shared-board.ts'

const zones = ['eu-west', 'eu-north', 'us-east', 'ap-south', undefined]

export class FakeMesh implements Mesh {
  readonly id: PeerId
  readonly room: string
  readonly #target = new EventTarget()
  readonly #random: () => number
  #members = new Map<PeerId, Member>()
  #signaling: MeshStats['signaling'] = 'connected'
  #isolated = false
  readonly #maps = new Map<string, FakeMap<unknown>>()
  /** On topics. */
  readonly #said = new EventTarget()
  #swum = 0

  constructor(room: string, name: string, peers: number, seed: number) {
    this.room = room
    this.#random = mulberry32(seed)
    this.id = this.#peerId()
    this.#put(this.#member(this.id, { self: true, metadata: { name } }))
    for (let i = 1; i < peers; i++) this.#put(this.#member(this.#peerId(), {}))
    this.#link()
  }

  get self(): Member {
    return this.#at(this.id)
  }

  get members(): ReadonlyMap<PeerId, Member> {
    return this.#members
  }

  addEventListener<K extends keyof MeshEventMap>(
    type: K,
    listener: (event: CustomEvent<MeshEventMap[K]>) => void,
    options?: AddEventListenerOptions | boolean,
  ): void {
    this.#target.addEventListener(type, listener as EventListener, options)
  }

  removeEventListener<K extends keyof MeshEventMap>(
    type: K,
    listener: (event: CustomEvent<MeshEventMap[K]>) => void,
    options?: EventListenerOptions | boolean,
  ): void {
    this.#target.removeEventListener(type, listener as EventListener, options)
  }

  setMetadata(metadata: Member['metadata']): void {
    this.#change(this.id, { metadata })
  }

  map<T>(name: string): ReplicatedMap<T> {
    return this.#openMap<T>(name)
  }

  topic<T>(name: string): Topic<T> {
    const silence: AsyncIterator<TopicMessage<T>> = { next: async () => ({ value: undefined, done: true }) }
    return {
      name,
      publish: async () => {},
      send: async () => {},
      close: () => {},
      subscribe: (callback) => {
        const listener = (event: Event) => callback((event as CustomEvent<TopicMessage<T>>).detail)
        this.#said.addEventListener(name, listener)
        return () => this.#said.removeEventListener(name, listener)
      },
      [Symbol.asyncIterator]: () => silence,
    }
  }

  query<A>(): Query<A> {
    const silence = async (): Promise<IteratorResult<never>> => ({ value: undefined, done: true })
    return {
      acks: new Set(),
      next: silence,
      return: silence,
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  respond(): () => void {
    return () => {}
  }

  async revoke(): Promise<void> {}

  async renewCapability(): Promise<void> {}

  async send(): Promise<void> {}

  async broadcast(): Promise<void> {}

  /** Breadth first over links that are as they should be. */
  route(to: PeerId): readonly PeerId[] | undefined {
    const before = new Map<PeerId, PeerId | undefined>([[this.id, undefined]])
    for (const at of before.keys()) {
      for (const [a, b] of this.#edges()) {
        const next = a === at ? b : b === at ? a : undefined
        if (next === undefined || before.has(next)) continue
        if (at !== this.id || this.#at(next).linked) before.set(next, at)
      }
    }
    const path: PeerId[] = []
    for (let at: PeerId | undefined = to; at !== undefined && at !== this.id; at = before.get(at)) path.unshift(at)
    return before.has(to) && path.length > 0 ? path : undefined
  }

  stats(): MeshStats {
    const rings = this.#rings().map((ring) => {
      const at = ring.indexOf(this.id)
      const others = ring.length > 1
      return {
        before: others ? ring.at(at - 1) : undefined,
        after: others ? ring[(at + 1) % ring.length] : undefined,
      }
    })
    const links = this.#others().filter(({ linked }) => linked)
    return {
      links: links.map(({ id, startedAt, rttMs }) => ({
        peer: id,
        initiator: id < this.id,
        openedAt: startedAt,
        rttMs,
        bytesSent: 20_480,
        bytesReceived: 18_432,
        bufferedBytes: 0,
        rings: rings.flatMap(({ before, after }, ring) => (before === id || after === id ? [ring] : [])),
      })),
      bytesSent: 20_480 * links.length,
      bytesReceived: 18_432 * links.length,
      framesSent: 160 * links.length,
      framesReceived: 144 * links.length,
      signalingFramesSent: 12,
      rejected: {},
      localHealth: this.#isolated ? 6 : 0,
      isolated: this.#isolated,
      signaling: this.#signaling,
      edges: this.#edges(),
      rings,
      state: {
        digest: 'c2hvYWxpbmc',
        entries: 24,
        bytes: 4_560,
        // One neighbour in five has not caught up yet.
        neighbours: new Map(links.map(({ id }, i) => [id, i % 5 === 4 ? 'YmVoaW5kLi4' : 'c2hvYWxpbmc'])),
        places: Array.from({ length: 16 }, (_, i) => ({ entries: (i * 5) % 4, hash: `place-${i}` })),
      },
    }
  }

  async leave(): Promise<void> {
    this.#emit('closed', { code: 'ERR_CLOSED' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave()
  }

  /** A moment in the life of a room: some talk, some painting, and where there are enough peers, one of each fate. */
  act(): void {
    const others = this.#others()
    for (const { id } of others.slice(0, 3)) this.#emit('link-opened', { peer: id })
    for (const member of others.slice(0, 6)) this.#emit('member-joined', { member })
    this.#paintReef(others)
    this.#writeSlates(others)
    const [first, second, third, fourth, fifth, ...rest] = others
    if (first)
      this.#emit('message', {
        from: first.id,
        data: 'Morning, all. The water is lovely.',
        broadcast: true,
        hops: undefined,
      })
    if (!second) return
    this.#emit('message', { from: second.id, data: 'Who painted the kelp?', broadcast: true, hops: undefined })
    if (!third || !fourth || !fifth) return
    this.fate(third.id, 'suspect')
    this.fate(fourth.id, 'dead')
    this.fate(fifth.id, 'left')
    this.#emit('claim-rejected', { from: rest[0]?.id, code: 'ERR_CLAIM_SIGNATURE', count: 1 })
    this.#emit('signaling-lost', { url: 'ws://localhost:8787/', code: 'ERR_SIGNALING_LOST' })
    this.#signaling = 'connecting'
  }

  /** The next of those who are here points a little further than the last time; some hold a slate, and some point at one. */
  swim(): void {
    const others = this.#others()
    const round = Math.floor(this.#swum / Math.max(1, others.length))
    const nth = this.#swum++ % Math.max(1, others.length)
    const from = others[nth]
    if (from?.status !== 'alive') return
    const along = (home: number, swing: number) => Math.round(80 + (home % 840) + 70 * swing)
    const x = along(nth * 755 + 300, Math.cos(round / 4 + nth))
    const y = along(nth * 570 + 500, Math.sin(round / 5 + nth))
    const presence: Presence = { points: { on: nth % 7 === 1 ? '2' : null, x, y }, holds: nth % 4 === 0 ? '1' : null }
    const detail: TopicMessage<Presence> = { from: from.id, data: presence, missed: 0, direct: false }
    this.#said.dispatchEvent(new CustomEvent('presence', { detail }))
  }

  fate(id: PeerId, status: Member['status']): void {
    const since = Date.now()
    const here = status === 'alive' || status === 'suspect'
    this.#change(id, here ? { status, since } : { status, since, linked: false, rttMs: undefined })
    const events = {
      alive: 'member-recovered',
      suspect: 'member-suspected',
      dead: 'member-failed',
      left: 'member-left',
    } as const
    this.#emit(events[status], { member: this.#at(id) })
  }

  arrive(): void {
    const id = this.#peerId()
    this.#put(this.#member(id, { startedAt: Date.now() }))
    this.#link()
    this.#emit('member-joined', { member: this.#at(id) })
  }

  cutOff(): void {
    this.#isolated = true
    this.#emit('isolated', {})
  }

  /** Members come, falter and go, about one change a second. */
  stir(): void {
    const dice = this.#random()
    const someone = this.#others()
      .filter(({ status }) => status === 'alive' || status === 'suspect')
      .at(Math.floor(dice * 7))
    if (dice < 0.35 || !someone) this.arrive()
    else if (someone.status === 'suspect') this.fate(someone.id, dice < 0.7 ? 'alive' : 'dead')
    else this.fate(someone.id, dice < 0.7 ? 'suspect' : 'left')
  }

  #others(): readonly Member[] {
    return [...this.#members.values()].filter(({ self }) => !self)
  }

  #at(id: PeerId): Member {
    const member = this.#members.get(id)
    if (!member) throw new Error(`no member ${id} in the fake mesh`)
    return member
  }

  #put(member: Member): void {
    this.#members = new Map(this.#members).set(member.id, member)
  }

  #change(id: PeerId, change: Partial<Member>): void {
    this.#put({ ...this.#at(id), ...change })
  }

  #member(id: PeerId, given: Partial<Member>): Member {
    const startedAt = Date.now() - Math.floor(this.#random() ** 3 * 7_200_000) - 5_000
    return {
      id,
      status: 'alive',
      self: false,
      metadata: { name: fishName(this.#random) },
      zone: zones[Math.floor(this.#random() * zones.length)],
      instance: id.slice(0, 22),
      incarnation: 0,
      startedAt,
      since: startedAt,
      linked: false,
      rttMs: undefined,
      ...given,
    }
  }

  #link(): void {
    const linked = new Set(
      this.#edges()
        .filter((edge) => edge.includes(this.id))
        .flat(),
    )
    for (const { id } of this.#others()) {
      if (linked.has(id)) this.#change(id, { linked: true, rttMs: 2 + Math.round(this.#random() * 80) })
    }
  }

  /** Everybody on four rings. */
  #rings(): readonly (readonly PeerId[])[] {
    const ids = [...this.#members.values()]
      .filter(({ status }) => status === 'alive' || status === 'suspect')
      .map(({ id }) => id)
    return [0, 1, 2, 3].map((ring) => [...ids].sort((a, b) => (a.slice(ring) < b.slice(ring) ? -1 : 1)))
  }

  /** Everyone with everyone up to nine; then neighbours on the rings. */
  #edges(): readonly (readonly [PeerId, PeerId])[] {
    const rings = this.#rings()
    const [ids = []] = rings
    const pairs =
      ids.length <= 9
        ? ids.flatMap((a, i) => ids.slice(i + 1).map((b) => [a, b] as const))
        : rings.flatMap((ring) => ring.map((a, i) => [a, ring[(i + 1) % ring.length] ?? a] as const))
    return [
      ...new Map(
        pairs.map(([a, b]) => (a < b ? ([a, b] as const) : ([b, a] as const))).map((pair) => [pair.join(), pair]),
      ).values(),
    ]
  }

  #paintReef(others: readonly Member[]): void {
    const reef = this.#openMap<number>('reef')
    for (const [i, { id: writer }] of [this.self, ...others].slice(0, 5).entries()) {
      const centre = Math.floor(this.#random() * columns * rows)
      for (const step of [0, 1, 2, columns, columns + 1, -columns, -1]) {
        const at = Date.now() - 1000 * i
        if (centre + step >= 0 && centre + step < columns * rows)
          reef.stand(`${centre + step}`, [{ value: 1 + (i % (colours.length - 1)), writer, at }])
      }
    }
  }

  /** Three slates, one of them written by two at once. */
  #writeSlates([first, second, third]: readonly Member[]): void {
    const slates = this.#openMap<string>('slates')
    const by = (member: Member | undefined, value: string, ago: number) => ({
      value,
      writer: member?.id ?? this.id,
      at: Date.now() - ago,
    })
    slates.stand('1', [by(first, 'Low tide at 16:40, bring nets', 300_000)])
    slates.stand('2', [by(this.self, 'Count the herring again', 90_000)])
    if (second && third)
      slates.stand('3', [by(second, 'Meet at the kelp', 20_000), by(third, 'Meet at the wreck', 20_400)])
  }

  #openMap<T>(name: string): FakeMap<T> {
    const known = this.#maps.get(name) as FakeMap<T> | undefined
    if (known) return known
    const map = new FakeMap<T>(name, this.id)
    this.#maps.set(name, map as FakeMap<unknown>)
    return map
  }

  #peerId(): PeerId {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    return Array.from({ length: 43 }, () => alphabet[Math.floor(this.#random() * 64)]).join('') as PeerId
  }

  #emit<K extends keyof MeshEventMap>(type: K, detail: MeshEventMap[K]): void {
    this.#target.dispatchEvent(new CustomEvent(type, { detail }))
  }
}

/** Numbers in [0, 1) that are the same for the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
