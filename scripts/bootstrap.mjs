/**
 * What has to happen in a fresh clone before anything else can: check Node, install, build. Node's
 * own modules only, since nothing is installed yet when this runs.
 */
import { spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Shoal needs Node 20.19 or later; this is ${process.version}.`)
  process.exit(1)
}

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()

/** @param {import('node:child_process').ChildProcess} child @param {NodeJS.Signals} signal */
function stop(child, signal) {
  try {
    // The whole group: a test runner's workers and browsers go with it.
    if (process.platform === 'win32' || child.pid === undefined) child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {
    // Gone already.
  }
}

/** While a command runs, Ctrl-C ends it too. @param {NodeJS.Signals} signal */
function interrupt(signal) {
  for (const child of running) stop(child, signal)
  process.exit(1)
}

const interrupts = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])

/**
 * Runs a command to its end and keeps what it says. Never rejects: a command that cannot be started
 * has code -1, one that outlives `deadlineMs` is stopped and says so.
 *
 * @param {string} command @param {readonly string[]} args
 * @param {{ deadlineMs?: number, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ code: number, text: string }>}
 */
export function run(command, args, { deadlineMs = 20 * 60_000, env = process.env } = {}) {
  return new Promise((resolve) => {
    let text = ''
    const child = spawn(command, args, {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    })
    if (running.size === 0) for (const signal of interrupts) process.on(signal, interrupt)
    running.add(child)
    const deadline = setTimeout(() => {
      text += `\nStopped: still running after ${Math.round(deadlineMs / 60_000)} minutes.\n`
      stop(child, 'SIGKILL')
    }, deadlineMs)
    /** @param {number} code */
    const end = (code) => {
      clearTimeout(deadline)
      running.delete(child)
      if (running.size === 0) for (const signal of interrupts) process.off(signal, interrupt)
      resolve({ code, text })
    }
    child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk) => (text += chunk))
    child.on('error', (error) => {
      text += `${error.message}\n`
      end(-1)
    })
    child.on('close', (code) => end(code ?? -1))
  })
}

/** Runs one of npm's own commands. On Windows `npm` is a script, and only its JavaScript can be spawned as it is. */
export const npm = (/** @type {string[]} */ ...args) => {
  const script = process.env['npm_execpath']
  return script?.endsWith('.js') ? run(process.execPath, [script, ...args]) : run('npm', args)
}

/** Runs a package's command with this very Node. @param {string} path below node_modules @param {readonly string[]} args */
export const tool = (path, args, options = {}) =>
  run(process.execPath, [join(root, 'node_modules', path), ...args], options)

/** True when nothing is installed, or what is installed is older than the lock file. */
export function installIsDue() {
  const installed = join(root, 'node_modules', '.package-lock.json')
  return !existsSync(installed) || statSync(installed).mtimeMs < statSync(join(root, 'package-lock.json')).mtimeMs
}

export const install = () => npm('ci', '--no-audit', '--no-fund', '--loglevel=error')

/** Builds the packages, then the demo, which uses them as they will be published. */
export async function build() {
  const packages = await tool('typescript/bin/tsc', ['-b', 'lib/tsconfig.world.json', 'signaling-server'])
  if (packages.code !== 0) return packages
  const lean = await run(process.execPath, [join(root, 'scripts/lean/build.mjs')])
  if (lean.code !== 0) return { code: lean.code, text: packages.text + lean.text }
  const demo = await tool('vite/bin/vite.js', ['build', '--logLevel', 'warn'])
  return { code: demo.code, text: packages.text + lean.text + demo.text }
}

const colours = process.stdout.isTTY && process.env['NO_COLOR'] === undefined
const paint = (/** @type {number} */ code) => (/** @type {string} */ text) =>
  colours ? `\u001b[${code}m${text}\u001b[0m` : text
export const dim = paint(2)
export const bold = paint(1)
export const red = paint(31)
export const green = paint(32)

/** @param {number} since as `performance.now()` gave it */
export const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`
