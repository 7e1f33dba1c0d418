/**
 * The experiment of the Lifeguard paper (arXiv 1707.00788, §V, "interval"): of 128 members, C are slow.
 * For a duration they neither send nor receive, for an interval they are well, and so on for two
 * minutes, all at once. Whoever is healthy and yet declared dead is a false positive. Half way a
 * healthy member crashes, so that the price in latency shows. The same is done to plain SWIM.
 */
import type { Conditions, Scenario } from '../experiment.ts'
import { Experiment } from '../experiment.ts'
import type { SwimConfig } from '../../swim/config.ts'

/** The paper's concurrent anomalies, C. */
export const slowCounts: readonly number[] = [1, 4, 8, 12, 16, 20, 24, 28, 32]
/** The paper's durations D, and intervals I, in ms; one pair is drawn for each run. */
const durationsMs = [128, 512, 2048, 8192, 16_384, 32_768] as const
const intervalsMs = [1, 4, 16, 64, 256, 1024, 4096, 16_384] as const

/**
 * SWIM §4 as it stands: fixed timeouts, one accuser, a fixed suspicion time of 5 log₁₀ n periods, no health of
 * one's own, and a verdict that binds whoever hears of it. It keeps our probes on hearsay and our buddy rule.
 */
export function plainSwim(peers: number): Partial<SwimConfig> {
  return {
    awarenessMax: 0,
    stallMs: Number.MAX_SAFE_INTEGER,
    probeTimeoutInitialMs: 500,
    probeTimeoutMinMs: 500,
    probeTimeoutMaxMs: 500,
    accusersNeededMax: 1,
    suspicionMinMs: 5000 * Math.max(1, Math.log10(peers)),
    suspicionMaxFactor: 1,
    accusationAgeCounted: 1,
    freshEvidenceMs: 0,
    cooldownMs: 0,
    refuteIntervalMs: 0,
  }
}

interface Arm {
  falsePositives: number
  falsePositivesAtHealthy: number
  messages: number
  bytes: number
  detections: number[]
  hash: string
  breaches: readonly string[]
}

function run(conditions: Conditions, slowCount: number): Arm {
  const experiment = new Experiment(conditions)
  const { world, figures } = experiment
  experiment.warm()
  world.runFor(15_000)
  experiment.tolerate()
  const slow = new Set(world.prng.sample(world.running, slowCount))
  for (const peer of slow) experiment.excuse(peer)
  const durationMs = world.prng.pick(durationsMs)
  const intervalMs = world.prng.pick(intervalsMs)
  const startedAt = world.now
  const endsAt = startedAt + conditions.seconds * 1000
  const anomaly = (): void => {
    if (world.now >= endsAt) return
    for (const peer of slow) peer.stall(Math.min(durationMs, endsAt - world.now), 'messages')
    world.after(durationMs + intervalMs, anomaly)
  }
  figures.openWindow()
  anomaly()
  world.runUntil(startedAt + (conditions.seconds * 1000) / 2)
  const victim = world.prng.pick(world.running.filter((peer) => !slow.has(peer)))
  world.crash(victim)
  world.runUntil(endsAt)
  const { frames, bytes } = figures.traffic
  const healthy = figures.falseDeaths.filter(({ subject }) => !slow.has(subject))
  const detections = figures.verdicts.filter(({ observer }) => !slow.has(observer)).map(({ afterMs }) => afterMs)
  world.runFor(30_000)
  return {
    falsePositives: healthy.length,
    falsePositivesAtHealthy: healthy.filter(({ observer }) => !slow.has(observer)).length,
    messages: frames,
    bytes,
    detections,
    hash: world.trace.hash,
    breaches: experiment.finish({}).breaches,
  }
}

export const lifeguard: Scenario = {
  name: 'lifeguard',
  summary: "the Lifeguard paper's slow members (`--count` C, else its whole list), ours against plain SWIM",
  defaults: { peers: 128, seconds: 120, count: 0 },
  run(conditions) {
    const sums = { ours: empty(), plain: empty() }
    const breaches: string[] = []
    let hash = ''
    for (const slowCount of conditions.count > 0 ? [conditions.count] : slowCounts) {
      const seed = `${conditions.seed}/${slowCount}`
      const ours = run({ ...conditions, seed }, slowCount)
      const plain = run({ ...conditions, seed, swim: plainSwim(conditions.peers) }, slowCount)
      add(sums.ours, ours)
      add(sums.plain, plain)
      breaches.push(...ours.breaches)
      hash += ours.hash + plain.hash
    }
    const { ours, plain } = sums
    return {
      traceHash: hash,
      events: 0,
      virtualMs: 0,
      falseDeaths: ours.falsePositives,
      breaches,
      firstVerdictMs: [],
      lastVerdictMs: [],
      viewsFullMs: [],
      everywhereMs: [],
      probeMessagesPerPeriod: undefined,
      bytesPerPeerPerSecond: undefined,
      sendsPerPeerMax: undefined,
      linksPerPeerMax: 0,
      more: {
        falsePositives: ours.falsePositives,
        falsePositivesPlain: plain.falsePositives,
        falsePositivesAtHealthy: ours.falsePositivesAtHealthy,
        falsePositivesAtHealthyPlain: plain.falsePositivesAtHealthy,
        messages: ours.messages,
        messagesPlain: plain.messages,
        bytes: ours.bytes,
        bytesPlain: plain.bytes,
        detectionP50Ms: median(ours.detections),
        detectionP50PlainMs: median(plain.detections),
      },
      curves: { detections: ours.detections },
    }
  },
  derive: (sums) => ({
    falsePositivesPercent: percent(sums, 'falsePositives'),
    falsePositivesAtHealthyPercent: percent(sums, 'falsePositivesAtHealthy'),
    messagesPercent: percent(sums, 'messages'),
    bytesPercent: percent(sums, 'bytes'),
  }),
}

/** Ours as a part of plain SWIM's. */
function percent(sums: Readonly<Record<string, number>>, name: string): number {
  return (100 * (sums[name] ?? 0)) / (sums[`${name}Plain`] ?? 0)
}

function empty(): Arm {
  return {
    falsePositives: 0,
    falsePositivesAtHealthy: 0,
    messages: 0,
    bytes: 0,
    detections: [],
    hash: '',
    breaches: [],
  }
}

function add(sum: Arm, arm: Arm): void {
  sum.falsePositives += arm.falsePositives
  sum.falsePositivesAtHealthy += arm.falsePositivesAtHealthy
  sum.messages += arm.messages
  sum.bytes += arm.bytes
  sum.detections.push(...arm.detections)
}

function median(values: readonly number[]): number {
  const sorted = values.slice().sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
