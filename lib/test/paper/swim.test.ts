/**
 * What "SWIM: Scalable Weakly-consistent Infection-style Process Group Membership Protocol" (Das, Gupta,
 * Motivala, DSN 2002) promises, held against our detector in a simulated world.
 */
import { describe, expect, it } from 'vitest'
import { conditionDefaults, Experiment, scenarios } from 'shoal/sim'
import type { Conditions, Outcome } from 'shoal/sim'

function settled(peers: number, seed: string, more: Partial<Conditions> = {}): Experiment {
  const experiment = new Experiment({ ...conditionDefaults, peers, seed, ...more })
  experiment.settle()
  return experiment
}

function run(name: string, peers: number, seed: string, more: Partial<Conditions> = {}): Outcome {
  const scenario = scenarios.find((each) => each.name === name)
  if (scenario === undefined) throw new Error(name)
  return scenario.run({ ...conditionDefaults, ...scenario.defaults, peers, seed, ...more })
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** From a silent crash to the first suspicion, in ms. */
function firstDetection(peers: number, seed: string): number {
  const experiment = settled(peers, seed)
  const { world, figures } = experiment
  world.runFor(world.prng.between(0, 3000))
  const victim = world.prng.pick(world.running)
  world.crash(victim)
  world.runUntil(world.now + 30_000, () => figures.suspicions.length > 0)
  return figures.suspicions[0]?.afterMs ?? Infinity
}

describe('SWIM', () => {
  it('abstract: "the expected message load per member, do[es] not vary with group size"', () => {
    const load = (peers: number): number => run('steady', peers, 'load', { seconds: 20 }).probeMessagesPerPeriod ?? 0
    for (const peers of [4, 16, 48]) expect(load(peers)).toBeCloseTo(2, 1)
  })

  it('abstract: "the expected time to first detection of each process failure" does not either', () => {
    const small = mean(Array.from({ length: 24 }, (_, seed) => firstDetection(5, `first ${seed}`)))
    const large = mean(Array.from({ length: 12 }, (_, seed) => firstDetection(24, `first ${seed}`)))
    expect(large / small).toBeLessThan(1.5)
    expect(small / large).toBeLessThan(1.5)
  })

  it('abstract: "the protocol guarantees a deterministic time bound to detect failures"', () => {
    // A round robin of m neighbours, shuffled anew after each round, comes to each of them within
    // 2m − 1 periods, and then the probe itself takes less than two.
    const peers = 5
    const boundMs = (2 * (peers - 1) - 1 + 2) * 1000
    for (let seed = 0; seed < 24; seed++) expect(firstDetection(peers, `bound ${seed}`)).toBeLessThan(boundMs)
  })

  it('abstract: membership changes are "propagated via piggybacking on ping messages and acknowledgments"', () => {
    // Leases of 15 s, renewed every 5 s: for a minute nobody's runs out, and no frame but probes was sent. Everyone
    // is told of a renewal, as in the paper; by default two are, and whoever was missed asks.
    const swim = { leaseRenewMinMs: 5000, leasePerMemberMs: 1, clockSkewMs: 1000, renewalFanout: 5 }
    const experiment = settled(6, 'piggyback', { swim, clockSkewMs: 0 })
    const { world, figures } = experiment
    figures.openWindow()
    world.runFor(60_000)
    expect([...figures.traffic.byType.keys()].sort()).toEqual(['ack', 'ping'])
    expect(figures.falseDeaths).toEqual([])
    expect(experiment.disagreeing()).toBe(0)
  })

  it('abstract: members "suspect a process before declaring it as failed", and "rectify false failure detections"', () => {
    const experiment = settled(8, 'rectify')
    const { world } = experiment
    const [slow] = world.peers
    if (slow === undefined) throw new Error('no peer')
    const before = slow.machine.members().get(slow.id)?.incarnation ?? 0
    const events: string[] = []
    let refutedAt = 0
    world.observe({
      onNotify(peer, event) {
        if (peer === slow || !('member' in event) || event.member.id !== slow.id) return
        events.push(event.type)
        if (event.type === 'member-recovered') refutedAt = Math.max(refutedAt, event.member.incarnation)
      },
    })
    // Silent until enough of the others say so, and well again at once.
    slow.stall(30_000, 'messages')
    world.runUntil(world.now + 30_000, () => events.includes('member-suspected'))
    world.runFor(400)
    slow.resume()
    world.runFor(10_000)
    expect(new Set(events)).toEqual(new Set(['member-suspected', 'member-recovered']))
    // §4.2: only the member itself raises its incarnation number, and that is what overrides the suspicion.
    expect(refutedAt).toBeGreaterThan(before)
  })

  it('§3.1: a member that does not answer the ping itself is asked through k others, and is not accused if they reach it', () => {
    const experiment = settled(8, 'indirect')
    const { world, figures } = experiment
    const [one, other] = world.peers
    if (one === undefined || other === undefined) throw new Error('no peers')
    let asked = 0
    world.observe({
      onSend(end, message) {
        if (end.peer === one && message.type === 'ping-req' && message.target === other.id) asked++
      },
    })
    world.network.cut(one.index, other.index)
    world.runFor(14_000)
    expect(asked).toBeGreaterThanOrEqual(3)
    expect(figures.suspicions).toEqual([])
  })
})
