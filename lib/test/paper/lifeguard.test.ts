/**
 * What "Lifeguard: Local Health Awareness for More Accurate Failure Detection" (Dadgar, Phillips, Currey,
 * arXiv 1707.00788) adds to SWIM, held against our detector in a simulated world.
 */
import { describe, expect, it } from 'vitest'
import { conditionDefaults, Experiment, scenarios } from 'shoal/sim'
import type { Conditions, SimPeer } from 'shoal/sim'

function settled(peers: number, seed: string, more: Partial<Conditions> = {}): Experiment {
  const experiment = new Experiment({ ...conditionDefaults, peers, seed, ...more })
  experiment.settle()
  return experiment
}

function first(experiment: Experiment): SimPeer {
  const [peer] = experiment.peers
  if (peer === undefined) throw new Error('no peer')
  return peer
}

describe('Lifeguard', () => {
  it('§IV-A: a helper "will send a nack back at 80% of the probe timeout unless it receives an ack by that time"', () => {
    const experiment = settled(6, 'nack')
    const { world } = experiment
    const asked = new Map<string, { at: number; timeoutMs: number }>()
    const waited: number[] = []
    world.observe({
      onInput(peer, input) {
        if (input.type !== 'received' || input.message.type !== 'ping-req') return
        // Without a link to the target there is nothing to wait for, and the nack goes out at once.
        const target = world.find(input.message.target)
        if (target === undefined || !peer.linkedTo(target)) return
        asked.set(`${peer.id}/${input.message.nonce.join()}`, { at: world.now, timeoutMs: input.message.timeoutMs })
      },
      onSend(end, message) {
        if (message.type !== 'nack') return
        const request = asked.get(`${end.peer.id}/${message.nonce.join()}`)
        if (request !== undefined) waited.push((world.now - request.at) / request.timeoutMs)
      },
    })
    world.crash(first(experiment))
    world.runFor(6000)
    expect(waited.length).toBeGreaterThan(3)
    for (const share of waited) expect(share).toBeCloseTo(0.8, 2)
  })

  it('§IV-C: "any node that pings a suspected node […] will communicate the suspicion as part of the ping"', () => {
    const experiment = settled(8, 'buddy')
    const { world } = experiment
    const slow = first(experiment)
    experiment.excuse(slow)
    let pinged = 0
    let told = 0
    world.observe({
      onSend(end, message) {
        if (message.type !== 'ping' || end.other.peer !== slow) return
        if (end.peer.machine.members().get(slow.id)?.status !== 'suspect') return
        pinged++
        if (message.claims.some((claim) => claim.type === 'accuse' && claim.subject === slow.id)) told++
      },
    })
    slow.stall(6000, 'messages')
    world.runFor(20_000)
    expect(pinged).toBeGreaterThan(3)
    expect(told).toBe(pinged)
  })

  it('§IV-A: a member that is slow itself grows patient, and recovers its confidence when it is well', () => {
    const experiment = settled(8, 'patient')
    const { world } = experiment
    const slow = first(experiment)
    experiment.excuse(slow)
    const health = (): number => (slow.machine as unknown as { localHealth: number }).localHealth
    expect(health()).toBe(0)
    slow.stall(3000, 'process')
    world.runFor(3500)
    expect(health()).toBeGreaterThan(0)
    world.runFor(60_000)
    expect(health()).toBe(0)
  })

  it('abstract: "slow message processing can cause SWIM to mark healthy members as failed", and ours does not', () => {
    const scenario = scenarios.find(({ name }) => name === 'lifeguard')
    if (scenario === undefined) throw new Error('no such scenario')
    const sums: Record<string, number> = {}
    for (const seed of ['1', '2', '3']) {
      const { more } = scenario.run({
        ...conditionDefaults,
        ...scenario.defaults,
        peers: 24,
        seconds: 60,
        count: 5,
        seed,
      })
      for (const [name, value] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + value
    }
    expect(sums['falsePositivesPlain']).toBeGreaterThan(0)
    expect(sums['falsePositives']).toBeLessThanOrEqual(0.05 * (sums['falsePositivesPlain'] ?? 0))
    // "The false positive rate and detection time for true failures can be reduced simultaneously."
    expect(sums['detectionP50Ms']).toBeLessThanOrEqual(sums['detectionP50PlainMs'] ?? 0)
  })
})
