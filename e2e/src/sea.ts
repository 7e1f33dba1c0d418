/**
 * The world of one test: browsers, a demo, a signaling server, and whoever swims there. It closes what
 * it opened, and says what went wrong unseen.
 */
import type { Browser } from 'playwright'
import { launch } from './browsers.ts'
import { Demo } from './demo.ts'
import { Edge } from './edge.ts'
import { eventually } from './eventually.ts'
import type { MemberNote, Peer, PeerKind } from './peer.ts'
import { Signaling } from './signaling.ts'
import { Tab } from './tab.ts'

export interface PeerOptions {
  readonly room?: string
  readonly name?: string
  readonly zone?: string
  readonly signaling?: string
  /** Of a Node peer: its key, 32 bytes in hexadecimal, for whoever has to know it. */
  readonly seed?: string
  /** Of a Node peer: the network namespace that it lives in. Default: ours. */
  readonly network?: string
  /** Of a tab: the room's secret, base64url. */
  readonly secret?: string
}

let rooms = 0

export class Sea {
  readonly demo: Demo
  readonly signaling: Signaling
  readonly #browsers = new Map<Tab['kind'], Promise<Browser>>()
  readonly #peers = new Set<Peer>()
  /** A new one for each test. */
  room = ''
  #named = 0

  private constructor(demo: Demo, signaling: Signaling) {
    this.demo = demo
    this.signaling = signaling
  }

  /** With these browsers started; others start when they are needed. */
  static async open(...browsers: readonly Tab['kind'][]): Promise<Sea> {
    const sea = new Sea(await Demo.serve(), await Signaling.start())
    await Promise.all(browsers.map((kind) => sea.browser(kind)))
    return sea
  }

  /** To be called before each test. */
  newRoom(): void {
    this.#named = 0
    this.room = `sea ${process.pid} ${++rooms}`
  }

  browser(kind: Tab['kind']): Promise<Browser> {
    const browser = this.#browsers.get(kind) ?? launch[kind]()
    this.#browsers.set(kind, browser)
    return browser
  }

  /** A tab whose page is loaded, joined or not. What is given as `before` runs there before anything else. */
  async openTab(kind: Tab['kind'], options: PeerOptions = {}, before?: () => void): Promise<Tab> {
    return this.#openTab(await this.browser(kind), kind, options, before)
  }

  /** A tab that is in the mesh. */
  async tab(kind: Tab['kind'], options: PeerOptions = {}): Promise<Tab> {
    return (await this.openTab(kind, options)).joined()
  }

  /** A tab that is in the mesh, in a Chromium that the test brings and closes. */
  async tabIn(browser: Browser): Promise<Tab> {
    return (await this.#openTab(browser, 'chromium', {})).joined()
  }

  /** A tab that the test has opened by itself. */
  adopt(tab: Tab): Tab {
    this.#peers.add(tab)
    return tab
  }

  /** A Node process that is in the mesh. */
  async edge(options: PeerOptions = {}): Promise<Edge> {
    const { room = this.room, name = this.#name('node'), signaling = this.signaling.url, zone, seed, network } = options
    const own = {
      signaling,
      metadata: { name },
      ...(zone === undefined ? {} : { zone }),
      ...(seed === undefined ? {} : { seed }),
    }
    const edge = await Edge.start(name, room, own, network)
    this.#peers.add(edge)
    return edge
  }

  /** Opens these at once, and waits until every view is full. */
  async peers(...kinds: readonly PeerKind[]): Promise<Peer[]> {
    const peers = await Promise.all(kinds.map((kind) => (kind === 'node' ? this.edge() : this.tab(kind))))
    await allAgree(peers)
    return peers
  }

  async #openTab(browser: Browser, kind: Tab['kind'], options: PeerOptions, before?: () => void): Promise<Tab> {
    const { room = this.room, name = this.#name(kind), zone, signaling = this.signaling.url } = options
    const open = this.demo.url({ room, name, signaling, ...(zone === undefined ? {} : { zone }) })
    const { secret } = options
    // As an invitation has it: room and secret in the fragment, and the room nowhere else.
    const url = secret === undefined ? open : invitation(open, room, secret)
    const tab = await Tab.open(browser, kind, name, url, before)
    this.#peers.add(tab)
    return tab
  }

  #name(kind: PeerKind): string {
    return `${kind} ${++this.#named}`
  }

  /** To be called after each test. Throws for an error that nobody caught in any peer. */
  async clear(): Promise<void> {
    const peers = [...this.#peers]
    this.#peers.clear()
    const troubles: string[] = []
    for (const peer of peers) troubles.push(...(await peer.troubles()).map((trouble) => `${peer.name}: ${trouble}`))
    await Promise.all(peers.map((peer) => peer.close()))
    if (troubles.length > 0) throw new Error(`errors that nobody caught:\n${troubles.join('\n')}`)
  }

  async close(): Promise<void> {
    for (const browser of this.#browsers.values()) await (await browser).close()
    await this.signaling.kill()
    await this.demo.close()
  }
}

function invitation(address: string, room: string, secret: string): string {
  const url = new URL(address)
  url.searchParams.delete('room')
  url.hash = new URLSearchParams({ room, secret }).toString()
  return url.href
}

/** Ids of those who are here in this view. */
export function living(view: Readonly<Record<string, MemberNote>>): string[] {
  return Object.entries(view).flatMap(([id, { status }]) => (status === 'alive' ? [id] : []))
}

/** Waits until each of these sees exactly these alive. */
export async function allAgree(peers: readonly Peer[]): Promise<void> {
  const wanted = peers.map(({ id }) => id).sort()
  for (const peer of peers) {
    await eventually(
      `${peer.name} to see ${peers.map(({ name }) => name).join(', ')}`,
      async () => living(await peer.members()).sort(),
      (seen) => seen.join() === wanted.join(),
    )
  }
}

/** Waits until each of these shows `subject` with this status. */
export async function allSee(peers: readonly Peer[], subject: Peer, status: string): Promise<void> {
  for (const peer of peers) {
    await eventually(
      `${peer.name} to see ${subject.name} ${status}`,
      async () => (await peer.members())[subject.id]?.status,
      (seen) => seen === status,
    )
  }
}

/** What this peer noticed of that one after it had joined, in order. */
export async function news(peer: Peer, subject: Peer): Promise<string[]> {
  return (await peer.notes())
    .filter((note) => note.peer === subject.id && /^member-(?!joined)/.test(note.type))
    .map(({ type }) => type)
}

/** Who of these held which other of them to have failed, by name. */
export async function deaths(peers: readonly Peer[]): Promise<string[]> {
  const all: string[] = []
  for (const peer of peers)
    for (const other of peers)
      if ((await news(peer, other)).includes('member-failed')) all.push(`${other.name} in the eyes of ${peer.name}`)
  return all
}
