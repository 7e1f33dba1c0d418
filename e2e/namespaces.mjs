/**
 * Whether this machine can make networks of its own, which the tests of partitions need: Linux, root, and `ip` of
 * Debian's iproute2, which is installed when it is missing.
 */
import { spawnSync } from 'node:child_process'

/** Says to vitest.config.ts that there can be none here, so that what needs them is left out. */
export const noNamespaces = { name: 'SHOAL_NAMESPACES', value: 'none' }

const installHint = 'apt-get install iproute2'

/** Undefined when a namespace can be made, else why not. @returns {string | undefined} */
function whyNot() {
  const name = `shoal-${process.pid}-trial`
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' })
  if (made.error !== undefined) return `no \`ip\` (${installHint})`
  if (made.status !== 0) return `\`ip netns add\` does not work here: ${made.stderr.trim()}`
  spawnSync('ip', ['netns', 'del', name])
  return undefined
}

/**
 * Undefined when namespaces can be made, else why not, in words.
 *
 * @param {import('./browsers.mjs').Run} run @param {(line: string) => void} say
 * @returns {Promise<string | undefined>}
 */
export async function ensureNamespaces(run, say) {
  if (process.platform !== 'linux') return 'only Linux has them'
  if (process.getuid?.() !== 0) return 'only root may make them'
  if (spawnSync('ip', ['-V']).error !== undefined) {
    say(`No \`ip\` here. Installing it with \`${installHint}\`.`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    await run('apt-get', ['update', '-qq'], { env, deadlineMs: 5 * 60_000 })
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'iproute2'], { env, deadlineMs: 600_000 })
  }
  return whyNot()
}
