/** What a page loads that uses the package as it was built. The figure in the README is this one's. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/**
 * 60 kB were the aim, with everything; a page that shares state and sends large messages loads more. What grows beyond this
 * has to be meant: raise it in the change that does it, and say there what it buys. (The last 9 kB: maps that are
 * kept, capabilities at every claim and their revocation, evidence against whoever says two things, whom else to ask where
 * there is no room for a link, replicas that agree whatever they were told first, differences that are found with half of
 * the bytes and a tenth of the questions, and a budget for whatever a neighbour may pour in: claims, members, calls,
 * broadcasts of one author, questions, and the accusations of one who accuses in vain.)
 */
const bytesMax = 101_800

interface Size {
  readonly initialGzip: number
  readonly lazyGzip: number
  readonly chunks: readonly { readonly when: string; readonly packages: readonly string[] }[]
  readonly parts: readonly { readonly owner: string; readonly gzip: number }[]
}

test('a page loads little, and nothing that it does not need', async () => {
  const root = new URL('../..', import.meta.url)
  const { stdout } = await promisify(execFile)('node', ['scripts/size.mjs', '--json'], { cwd: root })
  const { initialGzip, chunks, parts } = JSON.parse(stdout) as Size
  expect(initialGzip).toBeLessThan(bytesMax)
  const theirs = parts.filter(({ owner }) => !owner.startsWith('shoal: '))
  expect(theirs.map(({ owner }) => owner).sort()).toEqual(['@noble/hashes', 'cbor-x', 'simple-peer', 'the bundler'])
  // simple-peer brings 20 kB of Node's streams along, unless it is built without.
  expect(theirs.reduce((sum, { gzip }) => sum + gzip, 0)).toBeLessThan(28_000)
  // Signatures in script are for browsers without their own.
  const atOnce = chunks.filter(({ when }) => when === 'at once').flatMap(({ packages }) => packages)
  expect(atOnce).not.toContain('@noble/ed25519')
  expect(chunks.filter(({ when }) => when === 'lazily').flatMap(({ packages }) => packages)).toContain('@noble/ed25519')
})
