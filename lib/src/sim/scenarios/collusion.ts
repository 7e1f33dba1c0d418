/**
 * A part of the mesh conspires: its members accuse everybody else at the same moments, and pass nothing on.
 * What the honest ones send, and how soon they see a crash, is measured in one world before the conspirators
 * come and while they do their worst: in their first half minute, and after it.
 */
import type { Experiment, Scenario } from '../experiment.ts'
import { liar } from '../liars.ts'
import { settled } from './crash.ts'

/** Past any lease of a mesh of this size, in which a crashed member is gone without any accuser. */
const leaseMs = (peers: number): number => 3 * Math.max(60_000, 10_000 * peers * 1.2) + 60_000

const attackedSeconds = 30

export const collusion: Scenario = {
  name: 'collusion',
  summary: '`--count` of `--peers` conspire; no one honest may be taken for dead, and a crash must be seen',
  defaults: { peers: 50, seconds: 8, count: 5 },
  run(conditions) {
    const { count, seconds } = conditions
    // One more, who is gone when the conspirators arrive.
    const experiment = settled({ ...conditions, peers: conditions.peers - count + 1 })
    const { world } = experiment
    const quiet = sentByHonest(experiment, seconds)
    const before = experiment.crash([world.prng.pick(world.honest)], leaseMs(conditions.peers))
    world.runFor(3000)
    for (let i = 0; i < count; i++) world.spawn({ liar: liar('collude') })
    let loudMs = 0
    let inAll = 0
    for (let second = 1; second <= attackedSeconds; second++) {
      const sent = sentByHonest(experiment, 1)
      inAll += sent
      if (sent > 3 * quiet) loudMs = second * 1000
    }
    const later = sentByHonest(experiment, seconds)
    const under = experiment.crash([world.prng.pick(world.honest)], leaseMs(conditions.peers))
    world.runFor(3000)
    const outcome = experiment.finish({
      firstVerdictMs: under.first,
      lastVerdictMs: under.last,
      bytesPerPeerPerSecond: inAll / attackedSeconds,
      more: {
        liars: count,
        unseen: under.unseen,
        quietLastMs: before.last[0] ?? NaN,
        attackedLastMs: under.last[0] ?? NaN,
        quietBytes: quiet,
        attackedBytes: inAll / attackedSeconds,
        laterBytes: later,
        loudMs,
      },
    })
    // What becomes of the conspirators is their own fault: only the honest count here.
    const wronged = experiment.figures.falseDeaths.filter(({ subject }) => subject.liar === undefined)
    return { ...outcome, falseDeaths: wronged.length }
  },
  derive: (sums) => ({
    crashSeenOverQuiet: (sums['attackedLastMs'] ?? 0) / (sums['quietLastMs'] ?? 1),
    trafficOverQuiet: (sums['attackedBytes'] ?? 0) / (sums['quietBytes'] ?? 1),
    laterOverQuiet: (sums['laterBytes'] ?? 0) / (sums['quietBytes'] ?? 1),
  }),
}

/** Bytes per honest peer and second, measured for so long. */
function sentByHonest({ world }: Experiment, seconds: number): number {
  let bytes = 0
  let counting = true
  world.observe({
    onSend(end, _message, frame) {
      if (counting && end.peer.liar === undefined) bytes += frame.length
    },
  })
  world.runFor(seconds * 1000)
  counting = false
  return bytes / world.honest.length / seconds
}
