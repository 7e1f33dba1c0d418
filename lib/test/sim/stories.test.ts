/** Scenarios as stories, each in a world of its own. */
import { describe, expect, it } from 'vitest'
import { conditionDefaults, Experiment, liar, scenarios, viewDifference } from 'shoal/sim'
import type { Conditions, Liar, SimPeer } from 'shoal/sim'

function mesh(peers: number, seed: string, conditions: Partial<Conditions> = {}): Experiment {
  const experiment = new Experiment({ ...conditionDefaults, peers, seed, ...conditions })
  experiment.settle()
  return experiment
}

const statusAt = (observer: SimPeer, subject: SimPeer): string | undefined =>
  observer.machine.members().get(subject.id)?.status

/** What an observer was told of a subject, in order, without repetitions. */
function story(experiment: Experiment, observer: SimPeer, subject: SimPeer): string[] {
  const told: string[] = []
  experiment.world.observe({
    onNotify(peer, event) {
      if (peer !== observer || !('member' in event) || event.member.id !== subject.id) return
      if (told[told.length - 1] !== event.type) told.push(event.type)
    },
  })
  return told
}

function breaches(experiment: Experiment): readonly string[] {
  return experiment.finish({}).breaches
}

function three(experiment: Experiment): [SimPeer, SimPeer, SimPeer] {
  const [a, b, c] = experiment.peers
  if (a === undefined || b === undefined || c === undefined) throw new Error('fewer than three peers')
  return [a, b, c]
}

describe('of one contact', () => {
  it('sixty who all know the same one peer, and it has room for sixteen: everybody is in within seconds', () => {
    const scenario = scenarios.find(({ name }) => name === 'one-contact')
    if (scenario === undefined) throw new Error('no such scenario')
    const { viewsFullMs, more, breaches } = scenario.run({ ...conditionDefaults, peers: 60, seed: 'one contact' })
    expect(breaches).toEqual([])
    expect(viewsFullMs[0]).toBeLessThan(5000)
    expect(more['linksAtRestMax']).toBeLessThanOrEqual(10)
  })
})

describe('in a small mesh', () => {
  it('three peers agree; one is cut off, suspected, then dead; the cut heals; it refutes and returns', () => {
    const experiment = mesh(3, 'cut off')
    const [a, b, c] = three(experiment)
    const told = story(experiment, a, c)
    experiment.tolerate()
    experiment.world.partition([a, b], [c])
    experiment.world.runFor(12_000)
    expect(told).toEqual(['member-suspected', 'member-failed'])
    expect(statusAt(b, c)).toBe('dead')
    const before = c.machine.members().get(c.id)?.incarnation ?? 0
    experiment.world.heal()
    experiment.world.runFor(15_000)
    expect(told).toEqual(['member-suspected', 'member-failed', 'member-recovered'])
    expect(statusAt(b, c)).toBe('alive')
    expect(c.machine.members().get(c.id)?.incarnation).toBeGreaterThan(before)
    expect(breaches(experiment)).toEqual([])
  })

  it('whoever hears nobody at all says that it is isolated, and accuses nobody', () => {
    const experiment = mesh(5, 'isolated')
    const [a] = three(experiment)
    const events: string[] = []
    experiment.world.observe({ onNotify: (peer, event) => void (peer === a && events.push(event.type)) })
    experiment.tolerate()
    experiment.world.partition(experiment.peers.slice(1), [a])
    experiment.world.runFor(10_000)
    expect(events).toContain('isolated')
    expect(events).not.toContain('member-failed')
    experiment.world.heal()
    experiment.world.runFor(15_000)
    expect(events).toContain('reconnected')
    expect(breaches(experiment)).toEqual([])
  })

  it('a tab that leaves is gone at once, and nobody ever calls it failed', () => {
    const experiment = mesh(8, 'leave')
    const [a, b] = three(experiment)
    const told = story(experiment, a, b)
    b.arrive({ type: 'leave' })
    experiment.world.runFor(500)
    expect(told).toEqual(['member-left'])
    experiment.world.runFor(20_000)
    expect(told).toEqual(['member-left'])
    expect(breaches(experiment)).toEqual([])
  })

  it('a tab that was reloaded under the same key is the same member again, in a newer run', () => {
    const experiment = mesh(6, 'reload')
    const [a, b] = three(experiment)
    experiment.world.crash(b, true)
    experiment.world.runFor(300)
    const again = experiment.world.spawn({ again: b })
    experiment.world.runFor(15_000)
    expect(again.id).toBe(b.id)
    const member = a.machine.members().get(b.id)
    expect(member).toMatchObject({ status: 'alive', instance: again.instance })
    expect(breaches(experiment)).toEqual([])
  })

  it('a frozen tab is dead after a while, and alive again soon after it thaws', () => {
    const experiment = mesh(6, 'frozen')
    const [a, b] = three(experiment)
    const told = story(experiment, a, b)
    experiment.excuse(b)
    b.stall(20_000, 'process')
    experiment.world.runFor(19_000)
    expect(told).toEqual(['member-suspected', 'member-failed'])
    experiment.world.runFor(11_000)
    expect(told.slice(2)).toEqual(['member-recovered'])
    for (const peer of experiment.peers) if (peer !== b) expect(statusAt(b, peer)).toBe('alive')
    expect(breaches(experiment)).toEqual([])
  })

  it('a tab that froze only for a moment is not declared dead, and declares nobody dead', () => {
    const experiment = mesh(8, 'moment')
    const [, b] = three(experiment)
    b.stall(1200, 'process')
    experiment.world.runFor(30_000)
    expect(experiment.figures.falseDeaths).toEqual([])
    expect(breaches(experiment)).toEqual([])
  })

  it('the mesh goes on without its server: it sees a crash, and mends itself', () => {
    const experiment = mesh(14, 'no server')
    const [a, b] = three(experiment)
    experiment.world.door.kill()
    experiment.world.runFor(2000)
    const { last, unseen } = experiment.crash([b], 20_000)
    expect(unseen).toBe(0)
    expect(Math.max(...last)).toBeLessThan(8000)
    experiment.world.runFor(15_000)
    const relayed = experiment.world.door.relayed
    const neighbours = a.machine.edges().filter((edge) => edge.includes(a.id))
    for (const edge of neighbours) {
      const other = experiment.world.find(edge[0] === a.id ? edge[1] : edge[0])
      expect(other !== undefined && a.linkedTo(other)).toBe(true)
    }
    experiment.world.runFor(1000)
    expect(experiment.world.door.relayed).toBe(relayed)
    expect(breaches(experiment)).toEqual([])
  })

  it('no relay reads an offer or an answer: all that goes over the mesh is sealed to its receiver', () => {
    const experiment = mesh(14, 'sealed')
    const [, b] = three(experiment)
    const payloads: Uint8Array[] = []
    experiment.world.observe({
      onSend(_end, message) {
        if (message.type === 'forward' && message.claim.kind === 'signal') payloads.push(message.claim.payload)
      },
    })
    experiment.crash([b], 20_000)
    experiment.world.spawn()
    experiment.world.runFor(15_000)
    expect(payloads.length).toBeGreaterThan(10)
    // docs/protocol/handshake.md: version 1, kind 7.
    expect(payloads.filter(([version, kind]) => version !== 1 || kind !== 7)).toEqual([])
    expect(breaches(experiment)).toEqual([])
  })

  it('a newcomer whose contacts tell of nobody but themselves learns of everybody by another path', () => {
    const experiment = mesh(12, 'hiding all')
    const { world } = experiment
    // Says what it must of itself and passes nothing on.
    const hiding: Liar = {
      name: 'hides everybody',
      onSend(message, { peer }) {
        if (message.type === 'sync-buckets' || message.type === 'sync-rows' || message.type === 'sync-want') return []
        if (!('claims' in message)) return [message]
        return [{ ...message, claims: message.claims.filter(({ author }) => author === peer.id) } as typeof message]
      },
    }
    for (let n = 0; n < 12; n++) world.spawn({ liar: hiding })
    world.runFor(10_000)
    const firstContacts: boolean[] = []
    for (let n = 0; n < 12; n++) {
      const newcomer = world.spawn()
      world.runUntil(world.now + 3000, () => newcomer.ends.size > 0)
      const [first] = newcomer.ends.values()
      firstContacts.push(first?.other.peer.liar !== undefined)
      world.runUntil(world.now + 5000, () => viewDifference(newcomer, experiment.expected()).missing.length === 0)
      expect(viewDifference(newcomer, experiment.expected()).missing).toEqual([])
    }
    expect(firstContacts, 'both kinds were met first').toEqual(expect.arrayContaining([true, false]))
  })

  it('a newcomer gets in after the server was restarted', () => {
    const experiment = mesh(6, 'restart')
    experiment.world.door.kill()
    experiment.world.runFor(10_000)
    experiment.world.door.restart()
    experiment.world.runFor(40_000)
    experiment.world.spawn()
    experiment.world.runFor(5000)
    expect(experiment.disagreeing()).toBe(0)
    expect(breaches(experiment)).toEqual([])
  })

  it('two who can never be linked are members of each other all the same', () => {
    const experiment = new Experiment({ ...conditionDefaults, peers: 6, seed: 'nat' })
    experiment.world.network.forbid(0, 1)
    experiment.settle()
    experiment.world.runFor(60_000)
    const [a, b] = three(experiment)
    expect(a.linkedTo(b)).toBe(false)
    expect(statusAt(a, b)).toBe('alive')
    expect(experiment.figures.falseDeaths).toEqual([])
    expect(breaches(experiment)).toEqual([])
  })

  it('a cut in one direction between two is bridged by the others', () => {
    const experiment = mesh(8, 'one way')
    const [a, b] = three(experiment)
    experiment.world.cut(a, b)
    experiment.world.runFor(60_000)
    expect(experiment.figures.falseDeaths).toEqual([])
    experiment.world.heal()
    experiment.world.runFor(15_000)
    expect(breaches(experiment)).toEqual([])
  })

  it('clocks that are half a minute off harm nobody', () => {
    const experiment = mesh(8, 'skew', { clockSkewMs: 30_000 })
    experiment.world.runFor(60_000)
    const { unseen } = experiment.crash([three(experiment)[1]], 20_000)
    expect(unseen).toBe(0)
    expect(breaches(experiment)).toEqual([])
  })

  it('ten in a hundred packets lost, some twice, some late: still nobody dies who lives', () => {
    const network = { ...conditionDefaults.network, loss: 0.1, duplication: 0.05, reordering: 0.1 }
    const experiment = mesh(12, 'lossy', { network })
    experiment.world.runFor(120_000)
    expect(experiment.figures.falseDeaths).toEqual([])
    expect(breaches(experiment)).toEqual([])
  })

  it('links as data channels are, slow instead of lossy, change nothing of that', () => {
    const network = { ...conditionDefaults.network, loss: 0.05, reliable: true }
    const experiment = mesh(12, 'reliable', { network })
    experiment.world.runFor(60_000)
    expect(experiment.figures.falseDeaths).toEqual([])
    expect(breaches(experiment)).toEqual([])
  })

  it('a liar who accuses everyone of being dead gets nobody evicted', () => {
    const experiment = mesh(10, 'accuser')
    experiment.world.spawn({ liar: liar('accuse-all') })
    experiment.world.runFor(60_000)
    expect(experiment.figures.falseDeaths).toEqual([])
    expect(breaches(experiment)).toEqual([])
  })

  it('whoever forges is refused, and loses its links; whoever only passes on what it got does not', () => {
    const experiment = mesh(10, 'forger')
    const forger = experiment.world.spawn({ liar: liar('forge') })
    const hungUp = new Map<SimPeer, number>()
    experiment.world.observe({
      onHangUp(end, code) {
        if (code === 'ERR_CLAIM_SIGNATURE') hungUp.set(end.other.peer, (hungUp.get(end.other.peer) ?? 0) + 1)
      },
    })
    experiment.world.runFor(30_000)
    expect([...hungUp.keys()]).toEqual([forger])
    expect(breaches(experiment)).toEqual([])
  })

  it('a zone that falls silent as a whole is one event to each observer, and one more when it returns', () => {
    const experiment = new Experiment({ ...conditionDefaults, peers: 16, seed: 'uplink' })
    const { world } = experiment
    for (let i = 0; i < 16; i++) world.spawn({ zone: i < 5 ? 'island' : 'mainland' })
    world.runFor(15_000)
    const [island, mainland] = [world.peers.slice(0, 5), world.peers.slice(5)]
    const told = new Map<SimPeer, string[]>(mainland.map((peer) => [peer, []]))
    world.observe({
      onNotify(peer, { type }) {
        if (/^zone-|^member-(failed|left)$/.test(type)) told.get(peer)?.push(type)
      },
    })
    experiment.tolerate()
    world.partition(mainland, island)
    world.runFor(20_000)
    world.heal()
    world.runFor(15_000)
    for (const events of told.values()) expect(events).toEqual(['zone-unreachable', 'zone-recovered'])
    expect(breaches(experiment)).toEqual([])
  })

  it('of 256 that start at once one whose first contacts know little gets a full view in three seconds too', () => {
    const scenario = scenarios.find(({ name }) => name === 'bootstrap')
    const outcome = scenario?.run({ ...conditionDefaults, ...scenario.defaults, peers: 256, seed: '38' })
    expect(outcome?.breaches).toEqual([])
    for (const ms of outcome?.viewsFullMs ?? [Infinity]) expect(ms).toBeLessThanOrEqual(3000)
  })

  it('a split too short for all verdicts heals in five seconds, for those who lost every link in it too', () => {
    const scenario = scenarios.find(({ name }) => name === 'partition')
    // In both the smaller side is so scattered over the rings that most of it was left without a link.
    for (const seed of ['2', '5']) {
      const outcome = scenario?.run({ ...conditionDefaults, peers: 128, seconds: 5, seed })
      expect([seed, outcome?.breaches]).toEqual([seed, []])
      expect(outcome?.more['healMs']).toBeLessThanOrEqual(5000)
    }
  })

  it('two of sixty who lose four packets in five are gone from every view in the end, and nobody else is', () => {
    const scenario = scenarios.find(({ name }) => name === 'loss80')
    const outcome = scenario?.run({ ...conditionDefaults, peers: 60, count: 2, seconds: 120, seed: 'rapid' })
    expect(outcome?.more).toMatchObject({ exactViews: 58, healthy: 58, wrongVerdicts: 0 })
    expect(outcome?.breaches).toEqual([])
  })

  it('one failure in a zone of the well is reported as such, and without delay', () => {
    const experiment = new Experiment({ ...conditionDefaults, peers: 12, seed: 'one of a zone' })
    for (let i = 0; i < 12; i++) experiment.world.spawn({ zone: i < 6 ? 'east' : 'west' })
    experiment.world.runFor(15_000)
    const [a] = three(experiment)
    const { last, unseen } = experiment.crash([a], 20_000)
    expect(unseen).toBe(0)
    expect(last[0]).toBeLessThan(6000)
    expect(breaches(experiment)).toEqual([])
  })

  it('twenty in a hundred frames lost: every broadcast is handed out everywhere, once and in order', () => {
    const scenario = scenarios.find(({ name }) => name === 'broadcast')
    const network = { ...conditionDefaults.network, loss: 0.2 }
    const outcome = scenario?.run({ ...conditionDefaults, peers: 16, seconds: 10, seed: 'lossy news', network })
    expect(outcome?.more).toMatchObject({ incomplete: 0, missed: 0 })
    expect(outcome?.breaches).toEqual([])
  })

  it('what was said while the mesh was split for longer than news is kept is told as lost', () => {
    const experiment = mesh(6, 'long split')
    const [a, b] = three(experiment)
    const told: (number | string)[] = []
    experiment.world.observe({
      onNotify(peer, event) {
        if (peer !== b) return
        if (event.type === 'broadcast') told.push(event.payload[0] ?? -1)
        if (event.type === 'broadcast-gap') told.push(`lost ${event.missed}`)
      },
    })
    let said = 0
    const say = (): void => a.arrive({ type: 'broadcast', topic: '', payload: Uint8Array.of((said += 1)), ref: said })
    experiment.tolerate()
    say()
    experiment.world.runFor(2000)
    experiment.world.partition(
      experiment.peers.filter((peer) => peer !== b),
      [b],
    )
    for (let i = 0; i < 2; i++) say()
    experiment.world.runFor(70_000)
    experiment.world.heal()
    experiment.world.runFor(40_000)
    say()
    experiment.world.runFor(20_000)
    expect(told).toEqual([1, 'lost 2', 4])
    expect(breaches(experiment)).toEqual([])
  })

  it('with real signatures it is the same story', () => {
    const experiment = mesh(4, 'real', { crypto: 'real' })
    const [a, b] = three(experiment)
    const told = story(experiment, a, b)
    experiment.crash([b], 20_000)
    expect(told).toEqual(['member-suspected', 'member-failed'])
    expect(breaches(experiment)).toEqual([])
  })
})
