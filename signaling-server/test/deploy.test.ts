/** What is written for operators names only what there is: options, variables, metrics, files. */
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { settings, variableOf } from '../src/options.ts'
import { startSignalingServer } from '../src/server.ts'
import { Callers } from './caller.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const guide = read('docs/HOSTING.md')
const callers = new Callers()
afterAll(() => callers.end())

test('every variable in the guide, the compose file, the unit and the Worker is one', () => {
  const variables = new Set(Object.keys(settings).map(variableOf))
  const files = [
    guide,
    read('signaling-server/deploy/compose.yaml'),
    read('signaling-server/deploy/shoal-signaling.service'),
    read('signaling-server/worker/wrangler.jsonc'),
    read('signaling-server/Dockerfile'),
  ]
  for (const [name] of files.join('\n').matchAll(/SHOAL_[A-Z0-9_]+/g)) {
    // SHOAL_DOMAIN is the compose file's own, handed in by whoever runs it.
    if (name !== 'SHOAL_DOMAIN') expect(variables, name).toContain(name.replace(/_FILE$/, ''))
  }
})

test('every limit in the guide has the default that the server has', () => {
  const rows = [...guide.matchAll(/^\| ((?:`[a-z][A-Za-z]+`(?:, )?)+) +\| (\d[^|]*?) +\|/gm)]
  const documented = new Map<string, number>()
  for (const [, names, defaults] of rows) {
    const values = [...defaults!.matchAll(/([\d,]*\d)( KiB| MiB| s\b)?/g)].map(([, digits, unit]) => {
      const scale = { ' KiB': 1_024, ' MiB': 1_048_576, ' s': 1_000 }[unit ?? ''] ?? 1
      return Number(digits!.replaceAll(',', '')) * scale
    })
    const listed = [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => name!)
    listed.forEach((name, n) => documented.set(name, values[n]!))
  }
  expect(documented.size).toBeGreaterThanOrEqual(20)
  for (const [name, value] of documented) {
    expect(settings, name).toHaveProperty(name)
    expect(value, name).toBe(settings[name as keyof typeof settings].fallback)
  }
})

test('every file that the guide links to is there', () => {
  const links = [...guide.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(([, path]) => path!)
  expect(links.length).toBeGreaterThan(4)
  for (const path of links) expect(existsSync(new URL(path, new URL('docs/', root))), path).toBe(true)
})

test('every metric on the dashboard, and in the guide, is one that the server has', async () => {
  const metricsToken = 'm'.repeat(16)
  const server = await startSignalingServer({ port: 0, metricsToken })
  // A counter with a label shows up with the first thing that it counts.
  const a = await callers.join(server.url)
  a.say('nonsense')
  await a.closed()
  const headers = { authorization: `Bearer ${metricsToken}` }
  const text = await (await fetch(`http://127.0.0.1:${server.port}/metrics`, { headers })).text()
  await server.close()
  const dashboard = JSON.parse(read('signaling-server/deploy/grafana-dashboard.json')) as {
    panels: { targets: { expr: string }[] }[]
  }
  const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
  expect(expressions.length).toBeGreaterThanOrEqual(14)
  const wanted = [...expressions, guide].join('\n').matchAll(/\b(?:shoal_signaling|nodejs|process)_[a-z0-9_]+/g)
  for (const [name] of wanted) expect(text, name).toContain(`# TYPE ${name.replace(/_bucket$/, '')} `)
})
