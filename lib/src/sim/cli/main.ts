#!/usr/bin/env node
/**
 * `npm run sim -- <scenario>`: runs a scenario under many seeds and tells what came out. Exits with 1
 * when any checker found a breach, so that it can stand in a script.
 */
import { writeFileSync } from 'node:fs'
import { SingleBar } from 'cli-progress'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { Conditions, Scenario } from '../experiment.ts'
import { conditionDefaults } from '../experiment.ts'
import { scenarios } from '../scenarios/index.ts'
import { plot } from './plot.ts'
import { report } from './report.ts'
import type { Run, Summary } from './summary.ts'
import { summarise } from './summary.ts'

interface Flags {
  readonly peers?: readonly number[]
  readonly seed: string
  readonly seeds: number
  readonly seconds?: number
  readonly count?: number
  readonly loss: number
  readonly duplication: number
  readonly reordering: number
  readonly latency: readonly [number, number]
  readonly reliable: boolean
  readonly clockSkew: number
  readonly closeHint: boolean
  readonly crypto: 'fast' | 'real'
  readonly swim: Conditions['swim']
  readonly json: boolean
  readonly plot?: string
}

const program = new Command('sim')
  .description('Runs the mesh in a simulated world: the same core and pipeline, on a virtual clock, from a seed.')
  .addHelpText(
    'after',
    `\nScenarios:\n${scenarios.map(({ name, summary }) => `  ${name.padEnd(12)} ${summary}`).join('\n')}`,
  )
  .argument('<scenario>', 'one of those listed below', scenarioNamed)
  .option('--peers <n>', 'how many peers; several sizes as 8,64,1000', list)
  .option('--seed <seed>', 'the first seed, any text', '1')
  .option('--seeds <m>', 'how many seeds: the given one and the next', whole, 1)
  .option('--seconds <s>', 'length of what is measured, virtual', number)
  .option('--count <n>', 'how many crash, are slow, lose packets or lie', whole)
  .option('--loss <p>', 'chance that a frame is lost', chance, 0)
  .option('--duplication <p>', 'chance that a frame arrives twice', chance, 0)
  .option('--reordering <p>', 'chance that a frame is held back up to 100 ms', chance, 0)
  .option('--latency <ms>', 'one-way latency, evenly from low to high as 20-60', range, [20, 60] as const)
  .option('--reliable', 'links retransmit and keep order, as data channels do', false)
  .option('--clock-skew <ms>', 'how far calendars are off, either way', number, conditionDefaults.clockSkewMs)
  .option('--close-hint', "a crash closes its links, as a killed tab's does", false)
  .addOption(new Option('--crypto <kind>', 'signatures').choices(['fast', 'real']).default('fast'))
  .option('--swim <json>', 'parameters of the failure detector, as {"protocolPeriodMs":500}', json, {})
  .option('--json', 'print one object, and nothing else', false)
  .option('--plot <file>', 'draw what was measured, as SVG')
  .showHelpAfterError()
  .action(main)

await program.parseAsync()

async function main(scenario: Scenario, flags: Flags): Promise<void> {
  const sizes = flags.peers ?? [scenario.defaults.peers ?? conditionDefaults.peers]
  const summaries: Summary[] = []
  const allRuns: Run[] = []
  const bar = new SingleBar({
    format: '{bar} {value}/{total} runs · {eta_formatted} left · seed {seed}',
    stream: process.stderr,
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    noTTYOutput: false,
  })
  bar.start(sizes.length * flags.seeds, 0, { seed: flags.seed })
  for (const peers of sizes) {
    const from = process.hrtime.bigint()
    const runs: Run[] = []
    for (let i = 0; i < flags.seeds; i++) {
      const seed = seedAfter(flags.seed, i)
      bar.update({ seed })
      runs.push({ seed, outcome: scenario.run(conditions(scenario, flags, peers, seed)) })
      bar.increment()
    }
    summaries.push(summarise(scenario, peers, runs, Number(process.hrtime.bigint() - from) / 1e6))
    allRuns.push(...runs)
  }
  bar.stop()
  if (flags.plot !== undefined) writeFileSync(flags.plot, await plot(summaries, allRuns))
  if (flags.json)
    console.log(
      JSON.stringify(summaries.length === 1 ? summaries[0] : { scenario: scenario.name, sizes: summaries }, null, 2),
    )
  else console.log(report(summaries))
  if (summaries.some(({ breaches }) => breaches.length > 0)) process.exitCode = 1
}

function conditions(scenario: Scenario, flags: Flags, peers: number, seed: string): Conditions {
  const { loss, duplication, reordering, latency: latencyMs, reliable } = flags
  return {
    ...conditionDefaults,
    ...scenario.defaults,
    ...(flags.seconds === undefined ? {} : { seconds: flags.seconds }),
    ...(flags.count === undefined ? {} : { count: flags.count }),
    peers,
    seed,
    network: { ...conditionDefaults.network, loss, duplication, reordering, latencyMs, reliable },
    clockSkewMs: flags.clockSkew,
    closeHint: flags.closeHint,
    crypto: flags.crypto,
    swim: { ...scenario.defaults.swim, ...flags.swim },
  }
}

/** 7, 8, 9 … after a number; any other text gets a number of its own. */
function seedAfter(first: string, i: number): string {
  if (/^\d+$/.test(first)) return String(Number(first) + i)
  return i === 0 ? first : `${first}-${i}`
}

function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name)
  if (found === undefined)
    throw new InvalidArgumentError(`Choose one of ${scenarios.map((each) => each.name).join(', ')}.`)
  return found
}

function number(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) throw new InvalidArgumentError('Not a number.')
  return value
}

function whole(text: string): number {
  const value = number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Not a whole number above zero.')
  return value
}

function chance(text: string): number {
  const value = number(text)
  if (value > 1) throw new InvalidArgumentError('A chance is from 0 to 1.')
  return value
}

function list(text: string): number[] {
  const sizes = text.split(',').map(whole)
  if (sizes.some((size) => size < 2)) throw new InvalidArgumentError('A mesh has two peers at least.')
  return sizes
}

function range(text: string): [number, number] {
  const [low, high = low] = text.split('-').map(number)
  if (low === undefined || high === undefined || high < low) throw new InvalidArgumentError('Write it as 20-60.')
  return [low, high]
}

function json(text: string): Conditions['swim'] {
  try {
    return JSON.parse(text) as Conditions['swim']
  } catch {
    throw new InvalidArgumentError('Not JSON.')
  }
}
