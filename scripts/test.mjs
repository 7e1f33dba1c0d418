/**
 * `npm test`: everything that decides whether a change is good, from a fresh clone on. Each step is
 * one line with its duration; what a step printed is shown when it failed. The last line is the sum.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bold, build, dim, green, install, installIsDue, red, run, seconds, tool } from './bootstrap.mjs'

/** @typedef {{ passed: number, failed: number, text: string, note?: string }} Outcome */

const total = { passed: 0, failed: 0 }
const scratch = mkdtempSync(join(tmpdir(), 'shoal-test-'))

/** A check that passes or fails as one. @param {{ code: number, text: string }} result @returns {Outcome} */
const asOne = ({ code, text }) => ({ passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, text })

/** Preparation: nothing is proved when it works. @param {{ code: number, text: string }} result @param {string} note @returns {Outcome} */
const asNone = ({ code, text }, note) => ({ passed: 0, failed: code === 0 ? 0 : 1, text, note })

/** @param {string} name @param {() => Promise<Outcome>} work @returns {Promise<boolean>} whether it passed */
async function step(name, work) {
  const started = performance.now()
  const { passed, failed, text, note } = await work().catch(
    /** @returns {Outcome} */ (error) => ({ passed: 0, failed: 1, text: String(error?.stack ?? error) }),
  )
  total.passed += passed
  total.failed += failed
  const counts = [failed > 0 ? red(`${failed} failed`) : '', passed > 0 ? `${passed} passed` : ''].filter(Boolean)
  const verdict = failed > 0 ? red('✗') : green('✓')
  console.log(
    `${verdict} ${name.padEnd(10)} ${dim(seconds(started).padStart(8))}  ${failed === 0 && note !== undefined ? note : counts.join(', ')}`,
  )
  if (failed > 0) console.log(`\n${text.trimEnd().replace(/^/gm, '    ')}\n`)
  return failed === 0
}

/**
 * One vitest project. A run without tests, a skipped test, a file that does not load and an error
 * outside any test are failures too: each is a way to be green without having looked.
 *
 * @param {string} project @param {number} deadlineMinutes @returns {Promise<Outcome>}
 */
async function suite(project, deadlineMinutes) {
  const report = join(scratch, `${project}.json`)
  const { code, text } = await tool(
    'vitest/vitest.mjs',
    ['run', '--project', project, '--reporter', 'default', '--reporter', 'json', '--outputFile.json', report],
    { deadlineMs: deadlineMinutes * 60_000, env: { ...process.env, CI: '1', NO_COLOR: '1' } },
  )
  /** @type {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, testResults: { status: string, assertionResults: { status: string }[] }[] }} */
  let counts
  try {
    counts = JSON.parse(readFileSync(report, 'utf8'))
  } catch {
    return { passed: 0, failed: 1, text: `${text}\nNo report: no test was run.` }
  }
  const passed = counts.numPassedTests
  const skipped = counts.numPendingTests + counts.numTodoTests
  const unloaded = counts.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((result) => result.status === 'failed'),
  ).length
  let failed = counts.numFailedTests + unloaded + skipped
  let reason = skipped > 0 ? `\n${skipped} skipped: a skipped test counts as failed.` : ''
  if (failed === 0 && passed === 0) [failed, reason] = [1, '\nNo test was run.']
  if (failed === 0 && code !== 0) [failed, reason] = [1, '\nEvery test passed, and yet something went wrong.']
  return { passed, failed, text: text + reason }
}

async function everything() {
  if (installIsDue() && !(await step('install', async () => asNone(await install(), 'what the lock file names'))))
    return
  if (!(await step('build', async () => asNone(await build(), 'packages and demo')))) return

  // Two cores: what is quick and quiet runs at once; suites that watch the clock run alone.
  const [, , , browsers] = await Promise.all([
    step('lint', async () =>
      asOne(
        await tool('oxlint/bin/oxlint', ['-c', 'oxlint.config.mjs', '--ignore-pattern', 'scripts/lint-fixtures/**']),
      ),
    ),
    step('format', async () => asOne(await tool('prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']))),
    step('types', async () => {
      const all = await tool('typescript/bin/tsc', ['-b'])
      return asOne(all.code === 0 ? await tool('typescript/bin/tsc', ['-p', 'demo']) : all)
    }),
    step('browsers', async () => {
      const { browserNames, ensureBrowser } = await import('../e2e/browsers.mjs')
      const found = []
      for (const name of browserNames) found.push(await ensureBrowser(name, run, (line) => console.log(`  ${line}`)))
      return {
        passed: 0,
        failed: 0,
        text: '',
        note: found.map(({ version, from }) => `${version} (${from})`).join(', '),
      }
    }),
  ])
  // Said in a line of its own: what is left out is never left out in silence.
  await step('networks', async () => {
    const { ensureNamespaces, noNamespaces } = await import('../e2e/namespaces.mjs')
    const reason = await ensureNamespaces(run, (line) => console.log(`  ${line}`))
    if (reason !== undefined) process.env[noNamespaces.name] = noNamespaces.value
    const note = reason === undefined ? 'namespaces of this kernel' : `none, so nothing is partitioned: ${reason}`
    return { passed: 0, failed: 0, text: '', note }
  })
  await step('unit', () => suite('unit', 15))
  await step('sim', () => suite('sim', 20))
  if (browsers) await step('e2e', () => suite('e2e', 40))
}

console.log(bold('\nShoal: the whole of the tests\n'))
const started = performance.now()
try {
  await everything()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
console.log(dim(`\n${seconds(started)} in all`))
console.log(`${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0
