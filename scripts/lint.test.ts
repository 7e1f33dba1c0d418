/** Every gate can go red: each fixture breaks one rule, and lint or the compiler must say so. */
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)

/** Runs a package's command with this Node, so that it works without a shell. */
function run(name: string, file: string, args: readonly string[]): Promise<{ code: number; text: string }> {
  const script = join(dirname(require.resolve(`${name}/package.json`)), file)
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { cwd: root }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, text: stdout + stderr })
    })
  })
}

/** The complaints about a fixture as `file: message`, paths shortened. */
async function lint(fixture: string): Promise<{ code: number; complaints: string[] }> {
  const folder = `scripts/lint-fixtures/${fixture}`
  const { code, text } = await run('oxlint', 'bin/oxlint', ['-c', 'oxlint.config.mjs', '-f', 'unix', folder])
  const complaints = text
    .split('\n')
    .filter((line) => line.startsWith(folder))
    .map((line) => line.slice(`${folder}/lib/src/`.length).replace(/:\d+:\d+:/, ':'))
  return { code, complaints }
}

describe('lint goes red', { timeout: 60_000 }, () => {
  test('when a room imports what the layer table does not give it', async () => {
    const { code, complaints } = await lint('layers')
    expect(code).not.toBe(0)
    expect(complaints.map((line) => line.replace(/ \[.*$/, '')).sort()).toEqual([
      'pipeline/ingress.ts: The layer table: pipeline may import only types from core.',
      'swim/deeper/suspicion.ts: The layer table: swim may not import overlay: only identity.',
      'swim/digest.ts: The layer table: swim may not use the package cbor-x.',
      'swim/lazy.ts: The layer table: swim may not import core: only identity.',
      'swim/probe.ts: The layer table: swim may not import overlay: only identity.',
      'swim/timer.ts: The layer table: swim may not import mesh: only identity.',
      'tools/tools.ts: The layer table: tools is not a room: add it to the table, with its reason, or put the file into one.',
    ])
  })

  test('when two files import each other', async () => {
    const { code, complaints } = await lint('cycle')
    expect(code).not.toBe(0)
    expect(complaints).toHaveLength(2)
    for (const line of complaints) expect(line).toContain('no-cycle')
  })

  test('when anyone but mesh/host.ts reads a clock, sets a timer or throws dice', async () => {
    const { code, complaints } = await lint('clock')
    expect(code).not.toBe(0)
    expect(complaints.every((line) => line.startsWith('core/core.ts:'))).toBe(true)
    expect(complaints).toHaveLength(6)
  })

  test('when a promise floats or an `any` gets in', async () => {
    const { code, complaints } = await lint('promises')
    expect(code).not.toBe(0)
    expect(complaints.join('\n')).toContain('no-floating-promises')
    expect(complaints.join('\n')).toContain('no-explicit-any')
  })
})

test('the compiler refuses a timer, a page, a socket and a process above the wall', { timeout: 60_000 }, async () => {
  const { code, text } = await run('typescript', 'bin/tsc', ['-p', 'scripts/lint-fixtures/wall'])
  expect(code).not.toBe(0)
  for (const name of ['setTimeout', 'document', 'WebSocket', 'process'])
    expect(text).toContain(`Cannot find name '${name}'`)
})
