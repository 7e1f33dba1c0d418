import { describe, expect, it } from 'vitest'
import type { CoreMember, Effect } from '../core/effect.ts'
import type { Input, LinkId } from '../core/input.ts'
import type { Message } from '../core/message.ts'
import type { Millis } from '../identity/millis.ts'
import type { InstanceId, PeerId } from '../identity/peer-id.ts'
import { networkDefaults } from './network.ts'
import type { Machine } from './peer.ts'
import { SimPeer } from './peer.ts'
import type { Population } from './population.ts'
import { World } from './world.ts'

/** The simplest thing with a core's contract: dials whom the door names, and pings each link once a second. */
class Pinger implements Machine {
  readonly heard: { at: number; input: Input }[] = []
  readonly links = new Map<LinkId, PeerId>()
  #next: number | undefined

  start(now: Millis): readonly Effect[] {
    this.#next = now + 1000
    return []
  }

  handle(input: Input, now: Millis): readonly Effect[] {
    this.heard.push({ at: now, input })
    if (input.type === 'door-opened') return input.sample.map((peer) => ({ type: 'dial', peer }))
    if (input.type === 'signal-out') return [{ type: 'door-signal', to: input.to, payload: input.payload }]
    if (input.type === 'signal-in') return [{ type: 'signal', from: input.from, payload: input.payload }]
    if (input.type === 'link-opened') this.links.set(input.link, input.peer)
    if (input.type === 'link-closed') this.links.delete(input.link)
    if (input.type !== 'tick') return []
    this.#next = now + 1000
    const message: Message = { type: 'nack', nonce: new Uint8Array(16) }
    return [...this.links.keys()].map((link) => ({ type: 'send', link, message, priority: 'probe' }))
  }

  deadline(): Millis | undefined {
    return this.#next as Millis | undefined
  }

  members(): ReadonlyMap<PeerId, CoreMember> {
    return new Map()
  }

  present(): Iterable<PeerId> {
    return []
  }

  edges(): readonly (readonly [PeerId, PeerId])[] {
    return []
  }

  readonly state = { read: () => [], root: '' }

  received(): number[] {
    return this.heard.filter(({ input }) => input.type === 'received').map(({ at }) => at)
  }
}

const pingers: Population = {
  create: (world, door, index) =>
    new SimPeer(world, door, {
      index,
      id: `peer-${index}` as PeerId,
      instance: `run-${index}` as InstanceId,
      skewMs: 0,
      uptimeMs: 5000 * index,
      liar: undefined,
      machine: () => new Pinger(),
      pipe: (peer) => ({
        encode: () => new Uint8Array([1, 2, 3]),
        onFrame: (end) =>
          peer.arrive({ type: 'received', link: end.link, message: { type: 'nack', nonce: new Uint8Array(16) } }),
        seal: () => undefined,
        sign: () => undefined,
        onLink: () => undefined,
        onClose: () => undefined,
        ownClaims: () => [],
      }),
    }),
}

function settled(seed: string, network: Partial<typeof networkDefaults> = {}, peers = 4): World {
  const world = new World({ seed, population: pingers, network: { ...networkDefaults, ...network } })
  for (let i = 0; i < peers; i++) {
    world.spawn()
    world.runFor(500)
  }
  world.runFor(3000)
  return world
}

const pinger = (peer: SimPeer | undefined): Pinger => peer?.machine as Pinger

describe('a world', () => {
  it('links a newcomer with those whom the server names, at both ends', () => {
    const world = settled('links')
    for (const peer of world.peers) expect(pinger(peer).links.size).toBe(3)
  })

  it('does the same things at the same instants from the same seed, and others from another', () => {
    const hash = (seed: string): string => settled(seed, { loss: 0.1, duplication: 0.1, reordering: 0.1 }).trace.hash
    expect(hash('one')).toBe(hash('one'))
    expect(hash('one')).not.toBe(hash('two'))
  })

  it('ticks a stalled machine late and hands it what waited', () => {
    const world = settled('stall')
    const [slow] = world.peers
    if (slow === undefined) throw new Error('no peer')
    const from = slow.localNow
    slow.stall(2500, 'process')
    world.runFor(2499)
    expect(pinger(slow).heard.filter(({ at }) => at > from)).toEqual([])
    expect(slow.backlog).toBeGreaterThan(3)
    world.runFor(1)
    const woken = pinger(slow).heard.filter(({ at }) => at > from)
    expect(woken.filter(({ input }) => input.type === 'tick')).toHaveLength(1)
    expect(woken.length).toBeGreaterThan(4)
    expect(slow.backlog).toBe(0)
  })

  it('runs the timers of a machine whose messages are stalled', () => {
    const world = settled('messages')
    const [slow, other] = world.peers
    if (slow === undefined) throw new Error('no peer')
    const from = slow.localNow
    const othersBefore = pinger(other).received().length
    slow.stall(2500, 'messages')
    world.runFor(2400)
    expect(pinger(slow).heard.filter(({ at, input }) => at > from && input.type === 'tick').length).toBe(2)
    expect(
      pinger(slow)
        .received()
        .filter((at) => at > from),
    ).toEqual([])
    const withoutSlow = pinger(other).received().length - othersBefore
    world.runFor(200)
    expect(pinger(other).received().length - othersBefore - withoutSlow).toBeGreaterThanOrEqual(2)
  })

  it('lets nothing across a partition, and gives up the links when ICE would', () => {
    const world = settled('partition')
    const [a, b, c, d] = world.peers
    if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error('no peers')
    world.partition([a, b], [c, d])
    world.runFor(100)
    const before = pinger(a).received().length
    world.runFor(10_000)
    expect(pinger(a).received().length - before).toBe(10) // from b alone
    expect(pinger(a).links.size).toBe(3)
    world.runFor(10_000)
    expect(pinger(a).links.size).toBe(1)
  })

  it('keeps the links of a partition that heals before ICE gives up', () => {
    const world = settled('short')
    const [a, b, c, d] = world.peers
    if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error('no peers')
    world.partition([a, b], [c, d])
    world.runFor(10_000)
    world.heal()
    world.runFor(20_000)
    expect(pinger(a).links.size).toBe(3)
  })

  it('leaves the links of a silent crash open, and closes those of a killed tab after one latency', () => {
    for (const closeHint of [false, true]) {
      const world = settled('crash')
      const [victim, witness] = world.peers
      if (victim === undefined) throw new Error('no peer')
      world.crash(victim, closeHint)
      world.runFor(100)
      expect(pinger(witness).links.size).toBe(closeHint ? 2 : 3)
      world.runFor(20_000)
      expect(pinger(witness).links.size).toBe(2)
    }
  })

  it('fails a dial between two that cannot be linked, after the deadline', () => {
    const world = new World({ seed: 'nat', population: pingers })
    world.network.forbid(0, 1)
    const first = world.spawn()
    world.runFor(500)
    const second = world.spawn()
    world.runFor(10_000)
    expect(pinger(first).links.size).toBe(0)
    const failure = pinger(second).heard.find(({ input }) => input.type === 'dial-failed')
    expect(failure?.input).toMatchObject({ peer: first.id, code: 'ERR_DIAL_TIMEOUT' })
  })

  it('makes one link when two dial each other at once', () => {
    const world = new World({ seed: 'glare', population: pingers })
    const first = world.spawn()
    const second = world.spawn()
    world.runFor(200)
    first.linking.dial(second.id)
    second.linking.dial(first.id)
    world.runFor(2000)
    expect(pinger(first).links.size).toBe(1)
    expect(pinger(second).links.size).toBe(1)
  })

  it('delivers everything, late and in order, over a reliable link that loses a third', () => {
    const lossy = settled('loss', { loss: 0.33 }, 2)
    const reliable = settled('loss', { loss: 0.33, reliable: true }, 2)
    lossy.runFor(100_000)
    reliable.runFor(100_000)
    const count = (world: World): number => pinger(world.peers[0]).received().length
    expect(count(reliable)).toBeGreaterThanOrEqual(97)
    expect(count(lossy)).toBeLessThan(85)
    expect(count(lossy)).toBeGreaterThan(50)
  })
})
