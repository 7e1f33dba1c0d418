/** A peer says goodbye. Everyone should hear of it at once, and nobody take it for a crash. */
import type { Scenario } from '../experiment.ts'
import { settled } from './crash.ts'

const patienceMs = 30_000

export const leave: Scenario = {
  name: 'leave',
  summary: 'a peer leaves in order; when the first and the last survivor know, and whether any takes it for a failure',
  defaults: { peers: 64, seconds: 10 },
  run(conditions) {
    const experiment = settled(conditions)
    const { world, figures } = experiment
    const leaving = world.prng.pick(world.running)
    const leftAt = world.now
    leaving.arrive({ type: 'leave' })
    const others = world.running.length - (leaving.running ? 1 : 0)
    const heard = (): boolean => figures.departures.length + figures.leavesTakenForDeaths.length >= others
    world.runUntil(world.now + patienceMs, heard)
    const missed = others - figures.departures.length
    const after = figures.departures.map(({ afterMs, subject }) => afterMs + (subject.endedAt ?? leftAt) - leftAt)
    const curve = after.slice().sort((a, b) => a - b)
    world.runFor(conditions.seconds * 1000)
    return experiment.finish({
      firstVerdictMs: curve.length === 0 ? [] : [Math.min(...curve)],
      lastVerdictMs: missed > 0 ? [patienceMs] : [Math.max(...curve)],
      more: { takenForFailures: figures.leavesTakenForDeaths.length, unseen: missed },
      curves: { detections: curve, infection: curve.map((ms, at) => [ms, (at + 1) / others] as const) },
    })
  },
}
