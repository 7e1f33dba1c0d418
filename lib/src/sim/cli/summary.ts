/** Many runs as one object: what `--json` prints. The fields are told in docs/SIMULATION.md. */
import type { Outcome, Scenario } from '../experiment.ts'
import type { Spread } from '../figures.ts'
import { spread } from '../figures.ts'

export interface Run {
  readonly seed: string
  readonly outcome: Outcome
}

export interface Summary {
  readonly scenario: string
  readonly peers: number
  readonly seeds: number
  readonly traceHash: string
  readonly falseDeaths: number
  readonly breaches: readonly { readonly seed: string; readonly breach: string }[]
  readonly firstVerdictMs: Spread | null
  readonly lastVerdictMs: Spread | null
  readonly viewsFullMs: Spread | null
  readonly everywhereMs: Spread | null
  readonly probeMessagesPerPeriod: number | null
  readonly bytesPerPeerPerSecond: number | null
  readonly sendsPerPeerMax: number | null
  readonly linksPerPeerMax: number
  readonly wallMs: number
  readonly virtualMs: number
  readonly events: number
  readonly more: Readonly<Record<string, Spread>>
  readonly derived: Readonly<Record<string, number>>
}

export function summarise(scenario: Scenario, peers: number, runs: readonly Run[], wallMs: number): Summary {
  const outcomes = runs.map(({ outcome }) => outcome)
  const all = (of: (outcome: Outcome) => readonly number[]): Spread | null => rounded(spread(outcomes.flatMap(of)))
  const sums: Record<string, number> = {}
  const more: Record<string, Spread> = {}
  for (const name of new Set(outcomes.flatMap((outcome) => Object.keys(outcome.more)))) {
    const values = outcomes.map((outcome) => outcome.more[name]).filter((value) => value !== undefined)
    const measured = rounded(spread(values))
    if (measured !== null) more[name] = measured
    sums[name] = total(values)
  }
  return {
    scenario: scenario.name,
    peers,
    seeds: runs.length,
    traceHash: combined(outcomes.map(({ traceHash }) => traceHash)),
    falseDeaths: total(outcomes.map(({ falseDeaths }) => falseDeaths)),
    breaches: runs.flatMap(({ seed, outcome }) => outcome.breaches.map((breach) => ({ seed, breach }))),
    firstVerdictMs: all(({ firstVerdictMs }) => firstVerdictMs),
    lastVerdictMs: all(({ lastVerdictMs }) => lastVerdictMs),
    viewsFullMs: all(({ viewsFullMs }) => viewsFullMs),
    everywhereMs: all(({ everywhereMs }) => everywhereMs),
    probeMessagesPerPeriod: mean(outcomes.map((outcome) => outcome.probeMessagesPerPeriod)),
    bytesPerPeerPerSecond: mean(outcomes.map((outcome) => outcome.bytesPerPeerPerSecond)),
    sendsPerPeerMax: most(outcomes.map((outcome) => outcome.sendsPerPeerMax)),
    linksPerPeerMax: most(outcomes.map((outcome) => outcome.linksPerPeerMax)) ?? 0,
    wallMs: Math.round(wallMs),
    virtualMs: Math.round(total(outcomes.map(({ virtualMs }) => virtualMs))),
    events: total(outcomes.map(({ events }) => events)),
    more,
    derived: scenario.derive?.(sums) ?? {},
  }
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

const round = (value: number): number => Math.round(value * 100) / 100

function rounded(measured: Spread | undefined): Spread | null {
  if (measured === undefined) return null
  const { mean, p50, p99, max } = measured
  return { mean: round(mean), p50: round(p50), p99: round(p99), max: round(max) }
}

function mean(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? null : round(total(known) / known.length)
}

function most(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? null : Math.max(...known)
}

/** One run's hash as it is; of many, a hash of the hashes. */
function combined(hashes: readonly string[]): string {
  if (hashes.length === 1 && hashes[0] !== undefined) return hashes[0]
  let a = 0x811c9dc5
  let b = 0x9e3779b9
  for (const character of hashes.join()) {
    a = Math.imul(a ^ character.charCodeAt(0), 0x01000193)
    b = Math.imul(b ^ a, 0x85ebca6b) ^ (b >>> 13)
  }
  return [a, b].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}
