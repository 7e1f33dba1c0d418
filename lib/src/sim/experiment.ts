/**
 * A world with everything that looks at it: figures and, always, the checkers. A scenario is a script
 * that makes one, does something to it and answers what came of it.
 */
import type { SwimConfig } from '../swim/config.ts'
import type { Gossip } from '../swim/messages.ts'
import { BroadcastsInOrder, NoBroadcastLost } from './broadcast-checkers.ts'
import type { Checker, Excuse, Expected } from './checkers.ts'
import {
  Bounded,
  DeadStaysDead,
  NoFalseDeath,
  NoForgery,
  NoHonestBlamed,
  ViewsAgree,
  viewDifference,
} from './checkers.ts'
import { doorDefaults } from './door.ts'
import type { DoorOptions } from './door.ts'
import type { Traffic } from './figures.ts'
import { Figures } from './figures.ts'
import { linkingDefaults } from './linking.ts'
import type { Impairment, NetworkOptions } from './network.ts'
import { networkDefaults } from './network.ts'
import type { SimPeer } from './peer.ts'
import { NoWriteLost, ReplicasAgree, SiblingsAreConcurrent } from './state-checkers.ts'
import { population } from './population.ts'
import { frameBytesMax } from '../wire/limits.ts'
import { World } from './world.ts'

/** What a scenario can be asked for; each has its own defaults. */
export interface Conditions {
  readonly peers: number
  readonly seed: string
  readonly network: NetworkOptions
  readonly clockSkewMs: number
  readonly crypto: 'fast' | 'real'
  readonly swim: Partial<SwimConfig>
  readonly door: DoorOptions
  /** A crash closes the victim's links, as a killed tab's browser does. */
  readonly closeHint: boolean
  /** Length of what is measured, in virtual seconds. */
  readonly seconds: number
  /** How many of something: crashes, slow members, liars, as the scenario says. */
  readonly count: number
}

export const conditionDefaults: Conditions = {
  peers: 16,
  seed: '1',
  network: networkDefaults,
  clockSkewMs: 2000,
  crypto: 'fast',
  swim: {},
  door: doorDefaults,
  closeHint: false,
  seconds: 60,
  count: 1,
}

/** What one run answers. Times are virtual milliseconds. */
export interface Outcome {
  readonly traceHash: string
  readonly events: number
  readonly virtualMs: number
  /** Running, reachable peers that somebody declared dead. */
  readonly falseDeaths: number
  /** What the checkers found; empty in a run that is as it should be. */
  readonly breaches: readonly string[]
  /** From a crash to the first and to the last survivor's verdict; one pair for each crash. */
  readonly firstVerdictMs: readonly number[]
  readonly lastVerdictMs: readonly number[]
  /** From the start until every view held everyone. */
  readonly viewsFullMs: readonly number[]
  /** From a claim's making to the last peer that learnt it. */
  readonly everywhereMs: readonly number[]
  /** Direct pings and acks sent, per peer and protocol period; undefined when it was not measured. */
  readonly probeMessagesPerPeriod: number | undefined
  readonly bytesPerPeerPerSecond: number | undefined
  /** Most times that any peer sent the claim that was followed. */
  readonly sendsPerPeerMax: number | undefined
  readonly linksPerPeerMax: number
  /** What else the scenario measures, by name. */
  readonly more: Readonly<Record<string, number>>
  /** For the plots. */
  readonly curves: {
    /** [ms since the claim was made, share of peers that hold it] */
    readonly infection?: readonly (readonly [ms: number, share: number])[]
    /** Every survivor's verdict, ms after the crash. */
    readonly detections?: readonly number[]
  }
}

export interface Scenario {
  readonly name: string
  readonly summary: string
  readonly defaults: Partial<Conditions>
  run(conditions: Conditions): Outcome
  /** Ratios and the like, from the sums of `more` over all runs. */
  derive?(sums: Readonly<Record<string, number>>): Record<string, number>
}

/** A warm world is told of in so much time: long beside the 10 ms that news waits for company, short for anyone to miss an ack. */
const tellingMs = 100

/** Links that one peer may come to hold: 8 ring neighbours, and as many again while rings move. */
const linksMax = 24

export class Experiment {
  readonly world: World
  readonly figures: Figures
  readonly checkers: readonly Checker[]
  readonly conditions: Conditions
  readonly #excused = new Set<SimPeer>()
  /** Told apart: peers that are expected to be held gone although they run. */
  readonly #givenUp = new Set<SimPeer>()
  #tolerant = false

  constructor(conditions: Conditions, leases: 'young' | 'old' = 'young') {
    this.conditions = conditions
    this.world = new World({
      seed: `${conditions.seed}`,
      network: conditions.network,
      door: conditions.door,
      linking: linkingDefaults,
      clockSkewMs: conditions.clockSkewMs,
      population: population({
        crypto: conditions.crypto,
        swim: conditions.swim,
        oldLeases: leases === 'old' ? conditions.peers : undefined,
      }),
    })
    this.figures = new Figures(this.world)
    const excused: Excuse = (observer, subject) =>
      this.#tolerant ||
      this.#excused.has(observer) ||
      this.#excused.has(subject) ||
      // What becomes of a liar is its own fault.
      subject.liar !== undefined ||
      !this.world.network.passes(observer.index, subject.index) ||
      !this.world.network.passes(subject.index, observer.index)
    this.checkers = [
      new NoFalseDeath(this.world, excused),
      new DeadStaysDead(this.world),
      new NoForgery(this.world),
      new NoHonestBlamed(this.world),
      new Bounded(this.world, { linksMax, frameBytesMax, framesPerSecondMax: 500 }),
      new ViewsAgree(this.world, () => this.expected()),
      new ReplicasAgree(this.world),
      new NoWriteLost(this.world),
      new SiblingsAreConcurrent(this.world),
      new BroadcastsInOrder(this.world),
      new NoBroadcastLost(this.world),
    ]
    this.world.observe(this.figures)
    for (const checker of this.checkers) this.world.observe(checker)
  }

  get peers(): readonly SimPeer[] {
    return this.world.peers
  }

  /** From now on false deaths are counted, but are no breach: the network is not quiet. */
  tolerate(): void {
    this.#tolerant = true
  }

  /** Verdicts about and by these are no breach. */
  excuse(peer: SimPeer): void {
    this.#excused.add(peer)
  }

  /** In the end this one, although it runs, is rightly in nobody's view. */
  giveUp(peer: SimPeer): void {
    this.#excused.add(peer)
    this.#givenUp.add(peer)
  }

  impair(peer: SimPeer, impairment: Partial<Impairment>): void {
    this.excuse(peer)
    this.world.network.impair(peer.index, impairment)
  }

  /** Everyone starts within `spreadMs`. */
  start(spreadMs: number): void {
    const { world } = this
    const zero = world.now
    this.figures.expectViews(this.conditions.peers - 1)
    for (let i = 0; i < this.conditions.peers; i++)
      world.at(zero + world.prng.between(0, spreadMs), () => world.spawn())
    world.runUntil(zero + spreadMs)
  }

  /** Runs until every view is full, or the patience is spent; answers whether they are. */
  untilFull(patienceMs: number): boolean {
    return this.world.runUntil(this.world.now + patienceMs, () => this.figures.viewsFullAt !== undefined)
  }

  /** The peers, as they are some time after they all met. Throws when they never do. */
  settle(): void {
    this.start(200)
    if (!this.untilFull(60_000)) throw new Error(`seed ${this.conditions.seed}: views were not full after 60 s`)
    this.world.runFor(8000)
  }

  /**
   * The same without the meeting: everyone is handed everyone's claim, and links are made at a wish.
   * For worlds whose meeting would take longer than what is to be measured.
   */
  warm(): void {
    const { world, figures } = this
    figures.expectViews(this.conditions.peers - 1)
    world.warming = true
    const peers = Array.from({ length: this.conditions.peers }, () => world.spawn())
    const claims = peers.flatMap((peer) => peer.pipe.ownClaims())
    peers.forEach((peer, index) => {
      const next = peers[(index + 1) % peers.length]
      if (next !== undefined && next !== peer && !peer.linkedTo(next)) world.link(peer, next)
    })
    // One after another, each done with what was news to it before many others begin, and in small messages: what all
    // keep for a while, only to forget it, fills gigabytes at thousands of peers.
    const messages: Gossip[] = []
    for (let at = 0; at < claims.length; at += 64) messages.push({ type: 'gossip', claims: claims.slice(at, at + 64) })
    peers.forEach((peer, index) => {
      const [link] = peer.ends.keys()
      if (link === undefined) return
      world.at(world.now + Math.floor((index / peers.length) * tellingMs), () => {
        for (const message of messages) peer.arrive({ type: 'received', link, message })
      })
    })
    world.runFor(tellingMs)
    for (const [one, other] of peers[0]?.machine.edges() ?? []) {
      const [a, b] = [world.find(one), world.find(other)]
      if (a !== undefined && b !== undefined && !a.linkedTo(b)) world.link(a, b)
    }
    // Long enough for what was fresh to be flushed to nowhere, too short for anyone to miss an ack.
    world.runFor(60)
    world.warming = false
    for (const peer of peers) peer.linking.stop()
  }

  /** Who should be in every view: liars may be or not. */
  expected(): Expected {
    const here = new Set(this.world.honest.filter((peer) => !this.#givenUp.has(peer)))
    return { here, indifferent: new Set(this.world.running.filter((peer) => peer.liar !== undefined)) }
  }

  /** Everybody whose view is not exactly the running peers. */
  disagreeing(): number {
    const expected = this.expected()
    let count = 0
    for (const peer of expected.here) {
      const { missing, surplus } = viewDifference(peer, expected)
      if (missing.length + surplus.length > 0) count++
    }
    return count
  }

  /** Crashes a peer, waits, and answers when the first and the last survivor had its verdict, in ms. */
  crash(victims: readonly SimPeer[], patienceMs: number): { first: number[]; last: number[]; unseen: number } {
    const { world, figures } = this
    const before = figures.verdicts.length
    for (const victim of victims) world.crash(victim, this.conditions.closeHint)
    const survivors = world.honest.length
    world.runUntil(world.now + patienceMs, () => figures.verdicts.length - before >= survivors * victims.length)
    const first: number[] = []
    const last: number[] = []
    let unseen = 0
    for (const victim of victims) {
      const seen = figures.verdicts.filter(({ subject }) => subject === victim)
      unseen += survivors - seen.length
      if (seen.length === 0) continue
      first.push(seen.reduce((least, { afterMs }) => Math.min(least, afterMs), Infinity))
      // Whoever never saw it counts with the whole wait, so that a tail cannot hide.
      last.push(seen.length < survivors ? patienceMs : seen.reduce((most, { afterMs }) => Math.max(most, afterMs), 0))
    }
    return { first, last, unseen }
  }

  perPeer(traffic: Traffic): { probesPerPeriod: number; bytesPerSecond: number; framesPerSecond: number } {
    const peers = this.world.running.length
    const seconds = traffic.ms / 1000
    const periods = traffic.ms / (this.conditions.swim.protocolPeriodMs ?? 1000)
    return {
      probesPerPeriod: traffic.probes / peers / periods,
      bytesPerSecond: traffic.bytes / peers / seconds,
      framesPerSecond: traffic.frames / peers / seconds,
    }
  }

  /** Ends the run: asks the liveness checkers, and answers what was measured. */
  finish(measured: Partial<Outcome>): Outcome {
    for (const checker of this.checkers) checker.atEnd?.()
    return {
      traceHash: this.world.trace.hash,
      events: this.world.trace.events,
      virtualMs: this.world.now,
      falseDeaths: this.figures.falseDeaths.length,
      breaches: this.checkers.flatMap(({ name, breaches }) => breaches.map((breach) => `${name}: ${breach}`)),
      firstVerdictMs: [],
      lastVerdictMs: [],
      viewsFullMs: [],
      everywhereMs: [],
      probeMessagesPerPeriod: undefined,
      bytesPerPeerPerSecond: undefined,
      sendsPerPeerMax: undefined,
      linksPerPeerMax: this.figures.linksPerPeerMax,
      more: {},
      curves: {},
      ...measured,
    }
  }
}
