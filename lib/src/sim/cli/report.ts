/** A summary for people: what was asked, what came out, and whether everything held. */
import Table from 'cli-table3'
import type { Spread } from '../figures.ts'
import type { Summary } from './summary.ts'

/** Breaches told in full; the rest are counted. */
const breachesTold = 10

export function report(summaries: readonly Summary[]): string {
  return summaries.map(one).join('\n\n')
}

function one(summary: Summary): string {
  const { scenario, peers, seeds, traceHash, wallMs, virtualMs, events } = summary
  const lines = [
    `${scenario}: ${count(peers, 'peer')}, ${count(seeds, 'seed')}, trace ${traceHash}`,
    `${(virtualMs / 1000).toFixed(1)} virtual seconds and ${events.toLocaleString('en')} events in ${(wallMs / 1000).toFixed(1)} s`,
    '',
  ]
  const times = new Table({
    head: ['', 'mean', 'p50', 'p99', 'max'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: quiet,
  })
  const spreads: readonly (readonly [string, Spread | null])[] = [
    ['first verdict, ms', summary.firstVerdictMs],
    ['last verdict, ms', summary.lastVerdictMs],
    ['views full, ms', summary.viewsFullMs],
    ['everywhere, ms', summary.everywhereMs],
    ...Object.entries(summary.more).map(([name, spread]) => [spoken(name), spread] as const),
  ]
  for (const [name, spread] of spreads) {
    if (spread !== null) times.push([name, ...[spread.mean, spread.p50, spread.p99, spread.max].map(figure)])
  }
  lines.push(times.toString(), '')
  const single = new Table({ colAligns: ['left', 'right'], style: quiet })
  const figures: readonly (readonly [string, number | null])[] = [
    ['false deaths', summary.falseDeaths],
    ['probe messages per peer and period', summary.probeMessagesPerPeriod],
    ['bytes per peer and second', summary.bytesPerPeerPerSecond],
    ['sends of the claim by one peer, most', summary.sendsPerPeerMax],
    ['links of one peer, most', summary.linksPerPeerMax],
    ...Object.entries(summary.derived).map(([name, value]) => [spoken(name), value] as const),
  ]
  for (const [name, value] of figures) if (value !== null) single.push([name, figure(value)])
  lines.push(single.toString(), '', verdict(summary))
  return lines.join('\n')
}

function verdict({ breaches, seeds }: Summary): string {
  if (breaches.length === 0) return `every checker held in ${seeds === 1 ? 'this run' : `all ${seeds} runs`}`
  const told = breaches.slice(0, breachesTold).map(({ seed, breach }) => `  seed ${seed} · ${breach}`)
  const rest = breaches.length - told.length
  if (rest > 0) told.push(`  and ${rest} more`)
  return [`${count(breaches.length, 'breach', 'breaches')}:`, ...told].join('\n')
}

/** cli-table3 colours its head and borders otherwise, pipe or not. */
const quiet = { head: [], border: [], compact: true }

const count = (n: number, one: string, many = `${one}s`): string => `${n.toLocaleString('en')} ${n === 1 ? one : many}`

const figure = (value: number): string =>
  Number.isInteger(value)
    ? value.toLocaleString('en')
    : value.toLocaleString('en', { maximumFractionDigits: Math.abs(value) < 10 ? 3 : 1 })

/** `detectionP50Ms` as words. */
function spoken(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase()
  return words.endsWith(' ms') ? `${words.slice(0, -3)}, ms` : words
}
