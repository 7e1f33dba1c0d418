/**
 * Which Chromium and which Firefox the browser tests drive, and how a missing one is installed. The
 * order is: an environment variable, Playwright's own download, the system's.
 */
import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { createRequire } from 'node:module'
import { spawnSync } from 'node:child_process'
import { chromium, firefox } from 'playwright'

/** @typedef {'chromium' | 'firefox'} BrowserName */
/** @typedef {{ path: string, from: 'environment' | 'playwright' | 'system', version: string }} Found */

/** @type {readonly BrowserName[]} */
export const browserNames = ['chromium', 'firefox']

const variable = { chromium: 'SHOAL_CHROMIUM', firefox: 'SHOAL_FIREFOX' }
const debianPackage = { chromium: 'chromium', firefox: 'firefox-esr' }
const commands = {
  chromium: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
  firefox: ['firefox-esr', 'firefox'],
}
const programFiles = [process.env['ProgramFiles'], process.env['ProgramFiles(x86)'], process.env['LOCALAPPDATA']]
const elsewhere = {
  chromium: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ...programFiles.map((folder) => join(folder ?? '', 'Google/Chrome/Application/chrome.exe')),
  ],
  firefox: [
    '/Applications/Firefox.app/Contents/MacOS/firefox',
    ...programFiles.map((folder) => join(folder ?? '', 'Mozilla Firefox/firefox.exe')),
  ],
}

/**
 * What the browser calls itself, or undefined when it does not run: a download without its system
 * libraries is there, and useless. (On Windows the question opens a window, so there it is not asked.)
 *
 * @param {string} path
 */
function versionOf(path) {
  if (!existsSync(path)) return undefined
  if (process.platform === 'win32') return 'version not asked'
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 60_000 })
  return status === 0 ? stdout.trim().split('\n').at(-1) : undefined
}

/**
 * @param {BrowserName} name
 * @returns {Found | undefined}
 * @throws when the environment names a browser that does not run: it is not second-guessed.
 */
export function findBrowser(name) {
  const named = process.env[variable[name]]
  if (named !== undefined && named !== '') {
    const version = versionOf(named)
    if (version === undefined) throw new Error(`${variable[name]} is ${named}, and that does not run.`)
    return { path: named, from: 'environment', version }
  }
  const own = { chromium, firefox }[name].executablePath()
  const ownVersion = versionOf(own)
  if (ownVersion !== undefined) return { path: own, from: 'playwright', version: ownVersion }
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  for (const path of [
    ...commands[name].flatMap((command) => folders.map((folder) => join(folder, command))),
    ...elsewhere[name],
  ]) {
    const version = versionOf(path)
    if (version !== undefined) return { path, from: 'system', version }
  }
  return undefined
}

/**
 * @typedef {(command: string, args: readonly string[], options?: { deadlineMs?: number, env?: NodeJS.ProcessEnv }) => Promise<{ code: number, text: string }>} Run
 */

/**
 * Finds a browser, or installs it: Playwright's download first, then, for root with apt, Debian's package.
 *
 * @param {BrowserName} name @param {Run} run @param {(line: string) => void} say
 * @returns {Promise<Found>}
 */
export async function ensureBrowser(name, run, say) {
  const there = findBrowser(name)
  if (there !== undefined) return there
  const root = process.getuid?.() === 0
  const apt = root && existsSync('/usr/bin/apt-get')
  const playwright = join(dirname(createRequire(import.meta.url).resolve('playwright/package.json')), 'cli.js')

  say(`No ${name} here. Downloading it with \`npx playwright install ${name}\`.`)
  const download = await run(process.execPath, [playwright, 'install', name], { deadlineMs: 10 * 60_000 })
  if (download.code === 0 && apt && findBrowser(name) === undefined) {
    say(`It lacks system libraries. Installing them with \`npx playwright install-deps ${name}\`.`)
    await run(process.execPath, [playwright, 'install-deps', name], { deadlineMs: 10 * 60_000 })
  }
  const downloaded = findBrowser(name)
  if (downloaded !== undefined) return downloaded

  let text = download.text
  if (apt) {
    const packageName = debianPackage[name]
    say(`That did not work. Installing Debian's package with \`apt-get install ${packageName}\`.`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    await run('apt-get', ['update', '-qq'], { env, deadlineMs: 5 * 60_000 })
    const installed = await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', packageName], {
      env,
      deadlineMs: 10 * 60_000,
    })
    const found = findBrowser(name)
    if (found !== undefined) return found
    text += installed.text
  }
  const last = text.trim().split('\n').slice(-8).join('\n')
  throw new Error(
    `No ${name} to test with, and none could be installed. Install it, or set ${variable[name]} to its path.\n${last}`,
  )
}
