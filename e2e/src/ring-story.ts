/**
 * What a mesh of many is for, told with real links: they meet, nobody holds many links, the signaling server dies,
 * some crash, the rest agree and mend the rings by themselves, everybody reaches everybody, and the server's return
 * lets newcomers in. A test tells it with few, a benchmark with many.
 */
import { eventually } from './eventually.ts'
import { Fleet } from './fleet.ts'
import type { PeerKind } from './peer.ts'
import { living, type Sea } from './sea.ts'
import type { Tab } from './tab.ts'

export interface RingSizes {
  /** Node peers, of which so many crash. */
  readonly nodes: number
  readonly crashing: number
  readonly tabs: readonly Exclude<PeerKind, 'node'>[]
}

export interface RingFigures {
  /** From the first join to the last full view. */
  readonly meetMs: number
  readonly linksMax: number
  readonly linksMean: number
  /** From the crash to the last survivor's verdict on the last victim. */
  readonly lastVerdictMs: number
  /** Verdicts on anybody who had not crashed, while all were starting included. */
  readonly falseDeaths: number
  /** From the crash until everybody was linked to all of its neighbours. */
  readonly ringsWholeMs: number
  /** Both counted from the server's death to its return, over all survivors. */
  readonly linksOpened: number
  readonly framesToServer: number
  /** From each tab to each Node peer that runs. */
  readonly messages: number
  readonly messagesArrived: number
  /** From the opening of a new tab, once the server was back, until its view was full. */
  readonly newcomerMs: number
}

/** In one process more peers wait for each other: each link costs its thread some 50 ms, most of it in the engine. */
const peersPerProcess = 8
/** Looking at so many costs them a part of the time that they have. */
const lookMs = 500
/** Links that nobody needs go after five seconds: nobody is at rest before. */
const restMs = 8000

export async function ringStory(sea: Sea, sizes: RingSizes): Promise<RingFigures> {
  const { room, signaling } = sea
  const size = sizes.nodes + sizes.tabs.length
  const startedAt = performance.now()
  const [survivors, victims] = [new Fleet(), new Fleet()]
  const tabs: Tab[] = []
  try {
    // They come a few at a time, and each time the others are let know: on two cores a storm of engines is what is measured.
    const everybody = (): Promise<void> =>
      full([survivors, victims], tabs, survivors.ids.length + victims.ids.length + tabs.length)
    for (let left = sizes.nodes - sizes.crashing; left > 0; left -= peersPerProcess) {
      await survivors.add(room, Math.min(left, peersPerProcess), signaling.url)
      await everybody()
    }
    await victims.add(room, sizes.crashing, signaling.url)
    await everybody()
    for (const kind of sizes.tabs) {
      tabs.push(await (await sea.openTab(kind)).joinedAtLast())
      await everybody()
    }
    const meetMs = performance.now() - startedAt
    await eventually(
      'whole rings',
      () => unlinked([survivors, victims], tabs),
      (pairs) => pairs.length === 0,
      lookMs,
    )
    await new Promise((resolve) => setTimeout(resolve, restMs))
    const rest = [...(await linksOf(survivors, tabs)), ...(await victims.look()).map(({ links }) => links)]

    await signaling.kill()
    const before = await totals(survivors, tabs)
    const crashedAt = Date.now()
    await victims.kill()
    const left = size - sizes.crashing
    const ofVictims = await eventually(
      'every verdict',
      async () => (await failures(survivors, tabs)).filter(({ peer }) => victims.ids.includes(peer)),
      (verdicts) => verdicts.length === left * sizes.crashing,
      lookMs,
    )
    await eventually(
      'whole rings again',
      () => unlinked([survivors], tabs),
      (pairs) => pairs.length === 0,
      lookMs,
    )
    const ringsWholeMs = Date.now() - crashedAt

    const sent = await Promise.all(tabs.flatMap((tab) => survivors.ids.map((id) => tab.call('send', id, `to ${id}`))))
    const arrived = async (): Promise<number> =>
      (await survivors.heard()).reduce(
        (sum, { id, messages }) => sum + messages.filter(({ data }) => data === `to ${id}`).length,
        0,
      )
    await eventually('every message', arrived, (count) => count >= sent.length, lookMs)
    const after = await totals(survivors, tabs)

    await signaling.restart()
    // Whoever keeps the door knocks again when its wait is over, which is not what is measured here.
    await eventually(
      'somebody at the door',
      async () => (await totals(survivors, tabs)).framesToServer > after.framesToServer,
    )
    const openedAt = performance.now()
    const newcomer = await sea.tab('chromium')
    await eventually('a full view', async () => living(await newcomer.members()).length === left + 1)
    return {
      meetMs,
      linksMax: Math.max(...rest),
      linksMean: rest.reduce((sum, links) => sum + links, 0) / rest.length,
      lastVerdictMs: Math.max(...ofVictims.map(({ at }) => at)) - crashedAt,
      falseDeaths: (await failures(survivors, tabs)).length - ofVictims.length,
      ringsWholeMs,
      linksOpened: after.linksOpened - before.linksOpened,
      framesToServer: after.framesToServer - before.framesToServer,
      messages: sent.length,
      messagesArrived: await arrived(),
      newcomerMs: performance.now() - openedAt,
    }
  } finally {
    await Promise.all([survivors.kill(), victims.kill()])
  }
}

/** Every view holds so many. */
async function full(fleets: readonly Fleet[], tabs: readonly Tab[], size: number): Promise<void> {
  await eventually(
    `views of ${size}`,
    async () => {
      const looks = (await Promise.all(fleets.map((fleet) => fleet.look()))).flat().map(({ alive }) => alive)
      const views = await Promise.all(tabs.map(async (tab) => living(await tab.members()).length))
      return [...looks, ...views].filter((alive) => alive !== size)
    },
    (wrong) => wrong.length === 0,
    lookMs,
  )
}

async function linksOf(fleet: Fleet, tabs: readonly Tab[]): Promise<number[]> {
  const ofTabs = await Promise.all(tabs.map((tab) => tab.page.evaluate(() => window.mesh!.stats().links.length)))
  return [...(await fleet.look()).map(({ links }) => links), ...ofTabs]
}

interface Totals {
  readonly linksOpened: number
  readonly framesToServer: number
}

async function totals(fleet: Fleet, tabs: readonly Tab[]): Promise<Totals> {
  const ofTabs = await Promise.all(
    tabs.map((tab) =>
      tab.page.evaluate(() => ({
        linksOpened: window.notes.filter(({ type }) => type === 'link-opened').length,
        signalingFramesSent: window.mesh!.stats().signalingFramesSent,
      })),
    ),
  )
  const all = [...(await fleet.look()), ...ofTabs]
  return {
    linksOpened: all.reduce((sum, { linksOpened }) => sum + linksOpened, 0),
    framesToServer: all.reduce((sum, { signalingFramesSent }) => sum + signalingFramesSent, 0),
  }
}

async function failures(fleet: Fleet, tabs: readonly Tab[]): Promise<{ readonly peer: string; readonly at: number }[]> {
  const ofTabs = await Promise.all(
    tabs.map(async (tab) =>
      (await tab.notes()).flatMap(({ type, peer, at }) =>
        type === 'member-failed' && peer !== undefined ? [{ peer, at }] : [],
      ),
    ),
  )
  return [...(await fleet.failures()), ...ofTabs.flat()]
}

/** Pairs that a ring names and that have no link: who lacks it, and whom. */
async function unlinked(fleets: readonly Fleet[], tabs: readonly Tab[]): Promise<string[]> {
  const ofTabs = await Promise.all(
    tabs.map(async (tab) => ({
      id: tab.name,
      unlinked: await tab.page.evaluate(() => {
        const { rings, links } = window.mesh!.stats()
        const linked = new Set<string | undefined>(links.map(({ peer }) => peer))
        return rings.flatMap(({ before, after }) => [before, after]).filter((peer) => !linked.has(peer))
      }),
    })),
  )
  const name = (id: string | undefined) => tabs.find((tab) => tab.id === id)?.name ?? id
  const looks = await Promise.all(fleets.map((fleet) => fleet.look()))
  return [...ofTabs, ...looks.flat()].flatMap(({ id, unlinked }) => unlinked.map((peer) => `${id} – ${name(peer)}`))
}
