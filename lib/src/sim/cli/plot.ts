/**
 * The curve that people would rather look at, as an SVG: how a claim spreads, when survivors know of a
 * crash, or what a peer sends as the mesh grows. Which one follows from what was measured.
 */
import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'
import type { Outcome } from '../experiment.ts'
import type { Run, Summary } from './summary.ts'

const ink = '#1f2a37'
const faint = '#6b7785'
const line = '#0b7285'
const bar = '#1098ad'

export async function plot(summaries: readonly Summary[], runs: readonly Run[]): Promise<string> {
  const view = new View(parse(compile(chart(summaries, runs)).spec), { renderer: 'none' })
  return view.toSVG()
}

function chart(summaries: readonly Summary[], runs: readonly Run[]): TopLevelSpec {
  const outcomes = runs.map(({ outcome }) => outcome)
  const [summary] = summaries
  if (summary === undefined) throw new Error('nothing to plot')
  if (summaries.length > 1) return overPeers(summaries)
  if (outcomes.some(({ curves }) => (curves.infection?.length ?? 0) > 0)) return infection(summary, outcomes)
  if (outcomes.some(({ curves }) => (curves.detections?.length ?? 0) > 0)) return detections(summary, outcomes)
  return times(summary, outcomes)
}

function base(title: string, subtitle: string): Pick<TopLevelSpec, 'config' | 'title' | 'background' | 'padding'> {
  return {
    background: 'white',
    padding: 16,
    title: { text: title, subtitle, anchor: 'start', offset: 14 },
    config: {
      font: 'Inter, system-ui, sans-serif',
      title: {
        fontSize: 17,
        fontWeight: 600,
        color: ink,
        subtitleFontSize: 12,
        subtitleColor: faint,
        subtitlePadding: 6,
      },
      axis: {
        labelColor: faint,
        titleColor: ink,
        labelFontSize: 11,
        titleFontSize: 12,
        titleFontWeight: 500,
        titlePadding: 10,
        gridColor: '#e9edf1',
        domainColor: '#c5ccd3',
        tickColor: '#c5ccd3',
      },
      view: { stroke: null },
    },
  }
}

const size = { width: 640, height: 320 } as const

const subtitle = ({ peers, seeds }: Summary): string =>
  `${peers.toLocaleString('en')} peers, ${seeds.toLocaleString('en')} ${seeds === 1 ? 'seed' : 'seeds'}`

function infection(summary: Summary, outcomes: readonly Outcome[]): TopLevelSpec {
  const title = summary.scenario === 'leave' ? 'How the news of a leave spreads' : 'How a fresh claim spreads'
  const values = outcomes.flatMap(({ curves }, run) => [
    { run, ms: 0, share: 0 },
    ...(curves.infection ?? []).map(([ms, share]) => ({ run, ms, share })),
  ])
  return {
    ...base(title, subtitle(summary)),
    ...size,
    data: { values },
    mark: {
      type: 'line',
      interpolate: 'step-after',
      color: line,
      strokeWidth: outcomes.length > 1 ? 1.2 : 2.2,
      opacity: outcomes.length > 1 ? 0.35 : 1,
    },
    encoding: {
      x: { field: 'ms', type: 'quantitative', title: 'since it was signed, ms' },
      y: {
        field: 'share',
        type: 'quantitative',
        title: 'peers that hold it',
        axis: { format: '%' },
        scale: { domain: [0, 1] },
      },
      detail: { field: 'run', type: 'nominal' },
    },
  }
}

function detections(summary: Summary, outcomes: readonly Outcome[]): TopLevelSpec {
  const values = outcomes.flatMap(({ curves }) => (curves.detections ?? []).map((ms) => ({ seconds: ms / 1000 })))
  const p99 = values.map(({ seconds }) => seconds).sort((a, b) => a - b)[Math.ceil(0.99 * values.length) - 1] ?? 0
  return {
    ...base('When survivors know of a crash', `${subtitle(summary)}, ${values.length.toLocaleString('en')} verdicts`),
    ...size,
    layer: [
      {
        data: { values },
        mark: { type: 'bar', color: bar, binSpacing: 1 },
        encoding: {
          x: { field: 'seconds', type: 'quantitative', bin: { maxbins: 60 }, title: 'since the crash, s' },
          y: { aggregate: 'count', type: 'quantitative', title: 'verdicts' },
        },
      },
      {
        data: { values: [{ seconds: p99, text: `99 % by ${p99.toFixed(2)} s` }] },
        mark: { type: 'rule', color: ink, strokeDash: [4, 3] },
        encoding: { x: { field: 'seconds', type: 'quantitative' } },
      },
      {
        data: { values: [{ seconds: p99, text: `99 % by ${p99.toFixed(2)} s` }] },
        mark: { type: 'text', align: 'right', dx: -6, y: 10, color: ink, fontSize: 11 },
        encoding: { x: { field: 'seconds', type: 'quantitative' }, text: { field: 'text' } },
      },
    ],
  }
}

function overPeers(summaries: readonly Summary[]): TopLevelSpec {
  const [first] = summaries
  const [title, axis, of] = axisOf(summaries)
  const values = summaries.map((summary) => ({ peers: summary.peers, value: of(summary) }))
  return {
    ...base(title, `${first?.scenario ?? ''}, ${first?.seeds ?? 0} ${first?.seeds === 1 ? 'seed' : 'seeds'} each`),
    ...size,
    data: { values },
    mark: { type: 'line', color: line, strokeWidth: 2.2, point: { filled: true, color: line, size: 55 } },
    encoding: {
      x: {
        field: 'peers',
        type: 'quantitative',
        title: 'peers',
        scale: { type: 'log' },
        axis: { values: values.map(({ peers }) => peers), grid: false },
      },
      y: { field: 'value', type: 'quantitative', title: axis, scale: { zero: true } },
    },
  }
}

type Axis = readonly [title: string, axis: string, of: (summary: Summary) => number]

function axisOf(summaries: readonly Summary[]): Axis {
  if (summaries.every(({ lastVerdictMs }) => lastVerdictMs !== null)) {
    return ['When the last survivor knows', 'mean, s', ({ lastVerdictMs }) => (lastVerdictMs?.mean ?? 0) / 1000]
  }
  if (summaries.every(({ viewsFullMs }) => viewsFullMs !== null)) {
    return ['When every view is full', 'slowest seed, s', ({ viewsFullMs }) => (viewsFullMs?.max ?? 0) / 1000]
  }
  if (summaries.every(({ everywhereMs }) => everywhereMs !== null)) {
    return ['When a fresh claim is everywhere', 'mean, ms', ({ everywhereMs }) => everywhereMs?.mean ?? 0]
  }
  return ['What a peer sends', 'bytes per second', ({ bytesPerPeerPerSecond }) => bytesPerPeerPerSecond ?? 0]
}

/** What a scenario without a curve of its own has most to tell: one bar for each seed's time. */
function times(summary: Summary, outcomes: readonly Outcome[]): TopLevelSpec {
  const healed = outcomes.flatMap(({ more }) => (more['healMs'] === undefined ? [] : [more['healMs']]))
  const full = outcomes.flatMap(({ viewsFullMs }) => viewsFullMs)
  const [title, measured] =
    healed.length > 0 ? ['How long views take to heal', healed] : ['When every view is full', full]
  if (measured.length === 0)
    throw new Error(`${summary.scenario} has no curve at one size: give several, as in --peers 8,64,1000`)
  return {
    ...base(title, subtitle(summary)),
    ...size,
    data: { values: measured.map((ms) => ({ seconds: ms / 1000 })) },
    mark: { type: 'bar', color: bar, binSpacing: 1 },
    encoding: {
      x: { field: 'seconds', type: 'quantitative', bin: { maxbins: 40 }, title: 's' },
      y: { aggregate: 'count', type: 'quantitative', title: 'seeds', axis: { tickMinStep: 1 } },
    },
  }
}
